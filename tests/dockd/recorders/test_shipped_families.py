"""Every shipped family on a simulated volume of its own: who it is, what its names say, where that is known from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockd.listing import list_volume
from dockd.recorders import Taken, Trace, load_families, read_log
from dockd.recorders.family import ClockMethod
from dockd.recorders.logs import LogKind
from dockd.recorders.rogues import HEAD_BYTES
from dockd.recorders.trails import read_trail
from dockd.root.wipelist import Clock, WipeList, read_wipe_list
from fixtures.build import build_ambarella, build_gat947
from fixtures.volumes import AXIS_SERIAL, AXIS_USER, BOUND_OFFICER, BOUND_SERIAL, FAMILIES, build_volume
from tests.simulators.cards import FILES, card, matched, taken

SHIPPED = {family.name: family for family in load_families()}
SIMULATED = str(Path(__file__).resolve().parents[3] / "fixtures" / "families")


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("volumes")
    for family in FAMILIES:
        build_volume(out, family)
    build_gat947(out, "small")
    build_ambarella(out, "small")
    return out


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_family_has_a_volume_that_it_recognises(volumes: Path, name: str) -> None:
    found = matched(volumes / name)
    assert found.family.name == name
    listed = list_volume(FILES, str(volumes / name)).entries
    assert sum(isinstance(found.classify(entry), Taken) for entry in listed) >= 3


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_family_says_what_it_is_known_from_and_what_nobody_knows(name: str) -> None:
    assert SHIPPED[name].sources
    assert SHIPPED[name].not_known


def test_no_shipped_family_claims_to_read_logs_whose_format_is_not_public() -> None:
    assert [name for name, family in SHIPPED.items() if family.logs] == []
    assert any("format of the text logs" in text for text in SHIPPED["gat947"].not_known)


def test_axis_containers_say_recorder_user_and_time_in_utc(volumes: Path) -> None:
    found = matched(volumes / "axis")
    assert (found.recorder, found.officer) == (AXIS_SERIAL, AXIS_USER)
    container = f"{AXIS_USER}_{AXIS_SERIAL}_20251120_001500"
    clip = taken(found, f"{container}/20251120_001430_A1F3.mkv")
    assert (clip.claimed_at, clip.recorded_at, clip.recording) == (
        "2025-11-20T00:14:30",
        "2025-11-20T00:14:30Z",
        "A1F3",
    )
    assert taken(found, f"{container}/20251120_001432_A1F3.mkv").recording == "A1F3"
    assert taken(found, f"{container}/bookmark_20251120001500_1").kind == "bookmark"
    assert taken(found, f"{container}/20251120_001430_A1F3.key").kind == "data"


def test_an_axis_trail_is_read_as_places_and_times(volumes: Path) -> None:
    (path,) = (volumes / "axis").rglob("*_gpstrail.json")
    assert taken(matched(volumes / "axis"), str(path.relative_to(volumes / "axis"))).kind == "track"
    trail = read_trail(path.read_bytes())
    assert len(trail.points) == 5 and not trail.refused
    at, where = trail.points[0]
    assert (at, where.lat, where.lon) == ("2025-11-20T00:14:30Z", "39.630867", "118.180194")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no CoordinateEntries"),
        (b'{"CoordinateEntries":[7]}', "no WKT point"),
        (b'{"CoordinateEntries":[{"LocationWKT":"LINESTRING(1 2, 3 4)"}]}', "no WKT point"),
        (b'{"CoordinateEntries":[{"LocationWKT":"POINT(1 2)","Timestamp":"2026-11-21"}]}', "no time in UTC"),
        (
            b'{"CoordinateEntries":[{"LocationWKT":"POINT(1 99)","Timestamp":"2026-11-21T00:00:00Z"}]}',
            "position out of range: 99,1",
        ),
    ],
)
def test_a_trail_that_is_none_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    trail = read_trail(data)
    assert (trail.points, [one.reason for one in trail.refused]) == ((), [reason])


def test_havis_names_say_time_continuation_and_event(volumes: Path) -> None:
    found = matched(volumes / "havis")
    first = taken(found, "Nov.20.2025/CAR07_Nov.20.2025_08.15.00.avi")
    assert (first.recorded_at, first.continuation, first.event_mark) == ("2025-11-20T00:15:00Z", False, False)
    assert taken(found, "Nov.20.2025/CAR07_Nov.20.2025_08.25.00+.avi").continuation
    event = taken(found, "Dec.02.2025/CAR07_Dec.02.2025_13.15.00#.avi")
    assert (event.event_mark, event.key_mark, event.claimed_at) == (True, True, "2025-12-02T13:15:00")
    for suffix in ("+#", "#+"):
        both = taken(found, f"Nov.20.2025/CAR07_Nov.20.2025_08.35.00{suffix}.avi")
        assert both.continuation and both.event_mark
    assert found.family.segment_s == 600


def test_a_tecsar_recorder_is_its_label(volumes: Path) -> None:
    assert matched(volumes / "tecsar", label="TC-0042").recorder == "TC-0042"
    assert matched(volumes / "tecsar").recorder == "tecsar"


def test_the_longer_spelling_of_a_binding_file_is_understood(volumes: Path) -> None:
    found = matched(volumes / "bound")
    assert (found.recorder, found.officer, found.department) == (BOUND_SERIAL, BOUND_OFFICER, "市场执法二中队")
    assert found.binding["date"] == "2025-11-01 09:00:00"


def test_the_length_of_files_is_not_handed_on_to_other_families() -> None:
    assert (SHIPPED["dcim"].segment_s, SHIPPED["gat947"].segment_s) == (300, None)


def test_programs_among_recordings_are_found_by_name_and_by_their_first_bytes(volumes: Path) -> None:
    found = matched(volumes / "folder")
    said = {}
    for entry in list_volume(FILES, str(volumes / "folder")).entries:
        head = (volumes / "folder" / entry.path.decode()).read_bytes()[:HEAD_BYTES]
        one = found.classify(entry, head)
        if isinstance(one, Trace):
            said[entry.path.decode()] = one.reason
    assert said == {
        "播放器.exe": "rogue-executable named exe",
        "现场/holiday.mp4": "rogue-executable is pe",
    }


# ------------------------------------------------------------------------------------------------------ clocks


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_clock_order_that_lies_on_the_card_still_is_told(tmp_path: Path, name: str) -> None:
    assert {order.file for order in SHIPPED[name].clock.orders} == {"TIMESET.TXT", "time.txt", "settime.txt"}
    found = matched(card(tmp_path / "card", "DCIM/100MEDIA/DSC_0001.MP4", "timeset.txt", "DCIM/time.txt"))
    assert found.clock_orders_left == ("timeset.txt",)
    assert "clock-order-left=timeset.txt" in found.because


def test_every_clock_order_is_one_that_root_accepts() -> None:
    for order in SHIPPED["folder"].clock.orders:
        wish = WipeList("s", "sdb1", None, "seal", (), (), Clock(order.file, order.format))
        assert read_wipe_list(wish.to_json()).clock == wish.clock


def test_only_a_family_that_says_so_has_its_clock_set() -> None:
    by_file = {name for name, family in SHIPPED.items() if family.clock.set_by_file}
    by_protocol = {name for name, family in SHIPPED.items() if family.clock.set_by_protocol}
    assert (by_file, by_protocol) == (set(), {"ambarella", "gat947"})


# ------------------------------------------------------------------------------- the simulated recorder's own words


def test_the_simulated_family_adds_to_the_shipped_one_of_its_name(volumes: Path) -> None:
    families = load_families(SIMULATED)
    found = matched(volumes / "gat947", families=families)
    assert found.family.name == "gat947" and found.family.origin.startswith(SIMULATED)
    assert "names=32/32" in found.because
    assert found.family.clock.measure == (ClockMethod.LOG_LINE, ClockMethod.NEWEST_FILE)
    assert found.family.clock.set_by_file is not None and found.family.clock.set_by_file.file == "TIMESET.TXT"
    assert found.family.sources[0].startswith("made up")
    assert len(families) == len(SHIPPED)


def test_the_simulated_logs_tell_power_battery_and_recordings(volumes: Path) -> None:
    found = matched(volumes / "gat947", families=load_families(SIMULATED))
    path = sorted((volumes / "gat947").rglob("*.txt"))[0]
    form = found.family.log_of(str(path.relative_to(volumes / "gat947")))
    assert form is not None
    read = read_log(path.read_bytes(), form)
    assert read.encoding == "gb18030"
    assert [(event.kind, event.value) for event in read.events[:3]] == [
        (LogKind.POWER_ON, None),
        (LogKind.BATTERY, 96),
        (LogKind.RECORD_START, None),
    ]
    assert read.events[2].at == "2025-11-20T08:15:00"
    assert LogKind.UNKNOWN not in {event.kind for event in read.events}


def test_a_recorder_states_its_health_in_a_file_of_its_own(tmp_path: Path) -> None:
    root = card(tmp_path / "card", "4500123_012345_20261120081500.mp4")
    (root / "device.ini").write_text("[state]\nBattery=81\ncycles = 212\nfirmware=2.1.7\nvoltage_mv=\n")
    found = matched(root, families=load_families(SIMULATED))
    assert found.health == {"battery_percent": "81", "battery_cycles": "212", "firmware": "2.1.7"}
    assert taken(found, "device.ini").kind == "data"
    assert matched(root).health == {}


def test_a_usb_id_is_evidence(tmp_path: Path) -> None:
    folder = tmp_path / "families"
    folder.mkdir()
    (folder / "own.toml").write_text(
        'name = "own"\nextends = "folder"\ntitle = { zh = "自有", en = "own" }\nrank = 90\n'
        '[[recognise]]\nusb = ["46f4:0001"]\n'
    )
    from dockd.listing import Volume
    from dockd.recorders import match

    root = card(tmp_path / "card", "a.mp4")
    now = datetime(2026, 11, 21, tzinfo=UTC)
    with Volume.open(FILES, str(root)) as volume:
        listing = list_volume(FILES, volume)
        families = load_families(str(folder))
        assert match(families, listing, volume, station_now=now, usb="46f4:0001").family.name == "own"
        assert match(families, listing, volume, station_now=now).family.name == "folder"
