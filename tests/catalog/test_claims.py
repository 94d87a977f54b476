"""Positions and times as recorders write them."""

from __future__ import annotations

import pytest

from catalog.claims import Point, Refused, claimed_time, iso6709, point, thinned, track


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        ("39.71", "118.12", Point("39.71", "118.12")),
        ("-33.8568", "-151.2153", Point("-33.8568", "-151.2153")),
        ("45.5006666666667", "9.11033333333333", Point("45.5006667", "9.1103333")),
        ("5e-05", "-0.00", Point("0.00005", "0")),
        ("0", "10", Point("0", "10")),
        ("90", "-180", Point("90", "-180")),
    ],
)
def test_a_position_is_decimal_degrees_as_text(lat: str, lon: str, expected: Point) -> None:
    assert point(lat, lon) == expected


@pytest.mark.parametrize(
    ("lat", "lon", "reason"),
    [
        ("0", "0", "position 0,0"),
        ("0.000000", "-0.0", "position 0,0"),
        ("90.01", "0", "position out of range: 90.01,0"),
        ("12", "180.5", "position out of range: 12,180.5"),
        ("nan", "inf", "position is no number: nan,inf"),
        ("", "1", "position is no number: ,1"),
        ("١٢", "1", "position is no number: ١٢,1"),
    ],
)
def test_nonsense_is_no_position(lat: str, lon: str, reason: str) -> None:
    assert point(lat, lon) == Refused(reason)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+32.0929+034.8620+028.516/", Point("32.0929", "34.862")),
        ("+51.4169-000.0806/", Point("51.4169", "-0.0806")),
        ("-33.8568+151.2153/", Point("-33.8568", "151.2153")),
        ("+4030.5-07400.75/", Point("40.5083333", "-74.0125")),
        ("-334512.6+1511234.5/", Point("-33.7535", "151.2095833")),
        ("+00.0000+000.0000/", Refused("position 0,0")),
        ("+95.0000+000.0000/", Refused("position out of range: +95.0000,+000.0000")),
        ("+4099.5-07400.75/", Refused("position not in ISO 6709: +4099.5-07400.75/")),
        ("somewhere", Refused("position not in ISO 6709: somewhere")),
    ],
)
def test_iso_6709_in_degrees_minutes_and_seconds(text: str, expected: Point | Refused) -> None:
    assert iso6709(text) == expected


def test_a_track_knows_all_four_hemispheres() -> None:
    lines = [
        "$G:2026-11-20 08:15:30-N39.71-E118.12",
        "1\n00:00:01,000 --> 00:00:02,000\n<font>$G:2026-11-20 08:15:31-S33.85-E151.21</font>",
        "$G:2026-11-20 08:15:32-N40.71-W74.00",
        "$G:2026-11-20 08:15:33-S34.60-W58.38",
    ]
    found = track("\n\n".join(lines))
    assert [(where.lat, where.lon) for _, where in found.points] == [
        ("39.71", "118.12"),
        ("-33.85", "151.21"),
        ("40.71", "-74"),
        ("-34.6", "-58.38"),
    ]
    assert found.points[0][0] == "2026-11-20T08:15:30"
    assert found.refused == ()


def test_a_receiver_without_a_fix_leaves_no_points() -> None:
    found = track("$G:2026-11-20 08:15:30-N0.00-E0.00\n$G:2026-13-20 08:15:30-N39.71-E118.12\n$G:nothing\nhello")
    assert found.points == ()
    assert found.refused == (Refused("position 0,0"), Refused("impossible time: 2026-13-20 08:15:30"))


@pytest.mark.parametrize(("many", "at_most"), [(0, 5), (5, 5), (6, 5), (3600, 300), (7, 2)])
def test_a_thinned_track_keeps_its_ends_and_its_order(many: int, at_most: int) -> None:
    items = list(range(many))
    kept = thinned(items, at_most)
    assert len(kept) == min(many, at_most)
    assert kept == sorted(set(kept))
    if many:
        assert (kept[0], kept[-1]) == (0, many - 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019:07:24 11:25:40+03:00", ("2019-07-24T11:25:40+03:00", "local")),
        ("2019-07-24T11:25:40+0300", ("2019-07-24T11:25:40+03:00", "local")),
        ("2019:04:24 22:24:00+02:00 DST", ("2019-04-24T22:24:00+02:00", "local")),
        ("2021:05:16 19:27:55Z", ("2021-05-16T19:27:55Z", "utc")),
        ("2017-02-22T08:20:28.000000Z", ("2017-02-22T08:20:28Z", "utc")),
        ("2011:05:06 09:59:48", ("2011-05-06T09:59:48", "unzoned")),
        ("2011:05:06 09:59:48.120", ("2011-05-06T09:59:48.12", "unzoned")),
        ("2020:08:28", ("2020-08-28", "unzoned")),
        ("1970:01:01 00:00:00", ("1970-01-01T00:00:00", "unzoned")),
    ],
)
def test_a_time_is_kept_as_claimed_with_what_is_known_of_its_zone(text: str, expected: tuple[str, str]) -> None:
    assert claimed_time(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0000:00:00 00:00:00", "    :  :     :  :  ", "1904:01:01 00:00:00", "1904-01-01T00:00:07Z"]
)
def test_an_unset_time_is_no_time(text: str) -> None:
    assert claimed_time(text) is None


@pytest.mark.parametrize(
    "text",
    ["2026:13:01 00:00:00", "2026:02:30 00:00:00", "2026:01:01 25:00:00", "yesterday 1", "2026:01:01 00:00:00+15:00"],
)
def test_an_impossible_time_is_refused(text: str) -> None:
    assert claimed_time(text) == Refused(f"impossible date: {text}")
