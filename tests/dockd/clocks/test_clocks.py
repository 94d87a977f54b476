"""What a docking learns of a recorder's clock, what follows for its recordings, and whether setting it took."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.model import Clip
from catalog.watching.queries import clock_readings_of, clock_settings_of
from dockd.docking import Docking
from dockd.listing import Volume
from dockd.results import Progress, Result
from dockd.session import read_seal
from dockd.usb import Origin
from dockd.verifying import Verifying
from tests.simulators.agency import Command
from tests.simulators.worn import ORDER, SERIAL, Worn, docked, knows_worn, station_at

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def home(quick_path: Path) -> Path:
    """An initialised station that knows the simulated recorder."""
    Command(quick_path).ok("init", "--yes", "--department", "城关中队")
    knows_worn(quick_path / "station")
    return quick_path / "station"


@pytest.fixture
def worn(quick_path: Path) -> Worn:
    """A recorder five minutes ahead."""
    return Worn(quick_path / "card", offset=5 * MINUTE)


def clips(home: Path, kind: str = "video") -> dict[str, Clip]:
    with station_at(home, MONDAY + 90 * DAY) as station:
        return {clip.name: clip for clip in station.catalog.clips() if clip.kind == kind}


def kinds(home: Path, session: str) -> list[str]:
    with station_at(home, MONDAY + 90 * DAY) as station:
        return [entry.kind for entry in station.catalog.session_log(session)]


def test_a_log_line_of_being_connected_measures_the_clock_where_the_station_saw_the_plug(
    home: Path, worn: Worn
) -> None:
    worn.records(MONDAY - HOUR)
    result = docked(home, worn, MONDAY)
    with station_at(home, MONDAY + DAY) as station:
        (reading,) = clock_readings_of(station.catalog, SERIAL)
    assert (reading.method, reading.offset_ms, reading.uncertainty_ms) == ("log-line", 300_000, 3_000)
    assert (reading.measured_at, reading.recorder_at, reading.synced) == (MONDAY, "2026-11-16T17:05:00", True)
    assert kinds(home, result.session)[:2] == ["session-opened", "clock-measured"]


def test_without_a_witness_of_the_plug_the_line_is_only_a_bound(home: Path, worn: Worn) -> None:
    docked(home, worn, MONDAY, seen=False)
    with station_at(home, MONDAY + DAY) as station:
        (reading,) = clock_readings_of(station.catalog, SERIAL)
    assert reading.method == "newest-file"
    assert reading.offset_ms <= 300_000


def test_a_recorder_that_logs_nothing_is_known_by_its_newest_file(home: Path, quick_path: Path) -> None:
    worn = Worn(quick_path / "card", logs=False)
    worn.records(MONDAY - 20 * HOUR)
    worn.records(MONDAY - 16 * HOUR)
    docked(home, worn, MONDAY)
    found = clips(home)
    with station_at(home, MONDAY + DAY) as station:
        (reading,) = clock_readings_of(station.catalog, SERIAL)
    assert (reading.method, reading.recorder_at) == ("newest-file", "2026-11-16T01:00:00")
    for name, true in worn.truth.items():
        assert (found[name].time_basis, found[name].recorded_at) == ("bound", true)
        assert found[name].recorded_earliest is None
        # It counts from when it was first seen at the earliest.
        assert (found[name].anchor_at or found[name].ingested_at) > MONDAY


def test_the_line_of_an_earlier_docking_is_not_measured_again(home: Path, worn: Worn) -> None:
    docked(home, worn, MONDAY)
    worn.logs = False
    worn.records(MONDAY + HOUR)
    docked(home, worn, MONDAY + DAY)
    with station_at(home, MONDAY + 2 * DAY) as station:
        assert [one.method for one in clock_readings_of(station.catalog, SERIAL)] == ["log-line", "newest-file"]


def test_a_line_after_which_it_recorded_is_not_of_this_docking(home: Path, worn: Worn) -> None:
    worn.plugged(MONDAY - DAY)  # at another station
    worn.records(MONDAY - HOUR)
    worn.logs = False
    docked(home, worn, MONDAY)
    with station_at(home, MONDAY + DAY) as station:
        assert [one.method for one in clock_readings_of(station.catalog, SERIAL)] == ["newest-file"]


def test_two_dockings_frame_a_recording_and_its_period_may_count_from_before_it_was_seen(
    home: Path, worn: Worn
) -> None:
    docked(home, worn, MONDAY)
    true = MONDAY + 5 * HOUR
    name = worn.records(true)
    docked(home, worn, MONDAY + DAY)
    clip = clips(home)[name]
    assert clip.claimed_at == "2026-11-16T22:05:00"
    assert clip.recorded_earliest is not None and clip.recorded_latest is not None and clip.recorded_at is not None
    assert clip.recorded_earliest <= true <= clip.recorded_latest
    assert clip.recorded_latest - clip.recorded_earliest < 20 * timedelta(seconds=1)
    assert abs(clip.recorded_at - true) < timedelta(seconds=2)
    assert (clip.time_basis, clip.anchor_at, clip.time_doubt) == ("both", clip.recorded_latest, None)


@pytest.mark.parametrize("synced", [False, None])
def test_a_station_whose_own_clock_is_doubtful_pulls_no_period_forward(
    home: Path, worn: Worn, synced: bool | None
) -> None:
    docked(home, worn, MONDAY, synced=synced)
    name = worn.records(MONDAY + 5 * HOUR)
    docked(home, worn, MONDAY + DAY)
    assert (clips(home)[name].time_basis, clips(home)[name].anchor_at) == ("both", None)


def test_a_clock_that_jumped_between_two_dockings_leaves_the_time_to_a_person(home: Path, worn: Worn) -> None:
    docked(home, worn, MONDAY)
    worn.offset = 3 * HOUR
    name = worn.records(MONDAY + 5 * HOUR)
    docked(home, worn, MONDAY + DAY)
    clip = clips(home)[name]
    assert (clip.time_doubt, clip.recorded_at, clip.anchor_at) == ("contradicted", None, None)
    assert clip.claimed_at == "2026-11-17T01:00:00"


@pytest.mark.parametrize(
    ("start", "doubt"),
    [
        (datetime(2000, 1, 1), "clock-reset"),
        (datetime(2010, 3, 4), "clock-reset"),
        (datetime(1970, 1, 1, 0, 5), "clock-reset"),
        (datetime(2011, 6, 1), "before-2012"),
        (datetime(2007, 6, 1), "before-2012"),
    ],
)  # fmt: skip
def test_a_clock_that_started_anew_makes_the_time_unknown(home: Path, worn: Worn, start: datetime, doubt: str) -> None:
    worn.loses_power(MONDAY - HOUR, start)
    name = worn.records(MONDAY - HOUR)
    docked(home, worn, MONDAY)
    clip = clips(home)[name]
    assert (clip.time_doubt, clip.recorded_at, clip.anchor_at) == (doubt, None, None)
    assert clip.claimed_at == start.isoformat(timespec="seconds")
    assert clip.sort_at == clip.ingested_at


def test_a_makers_own_default_is_known_by_the_family(home: Path, worn: Worn) -> None:
    worn.loses_power(MONDAY - HOUR, datetime(2016, 1, 1))
    worn.logs = False
    name = worn.records(MONDAY - HOUR)
    docked(home, worn, MONDAY)
    assert clips(home)[name].time_doubt == "clock-reset"


def test_a_clock_that_is_days_ahead_and_measured_so_is_no_doubt(home: Path, worn: Worn) -> None:
    worn.offset = 5 * DAY
    docked(home, worn, MONDAY)
    true = MONDAY + 2 * HOUR
    name = worn.records(true)
    docked(home, worn, MONDAY + DAY)
    clip = clips(home)[name]
    assert (clip.time_doubt, clip.time_basis) == (None, "both")
    assert clip.recorded_at is not None and abs(clip.recorded_at - true) < timedelta(seconds=2)


def test_numbers_that_go_up_while_times_go_back_are_doubted(home: Path, quick_path: Path) -> None:
    worn = Worn(quick_path / "card", logs=False)
    good = [worn.records(MONDAY - 30 * HOUR + step * HOUR, numbered=True) for step in range(4)]
    worn.offset = -20 * HOUR
    bad = worn.records(MONDAY - 25 * HOUR, numbered=True)
    worn.offset = timedelta()
    good.append(worn.records(MONDAY - 24 * HOUR, numbered=True))
    docked(home, worn, MONDAY)
    found = clips(home)
    assert {name for name, clip in found.items() if clip.time_doubt == "backwards"} == {bad}
    assert all(found[name].recorded_at is not None for name in good)


def test_nothing_on_a_cleared_card_is_older_than_its_clearing(home: Path, quick_path: Path) -> None:
    worn = Worn(quick_path / "card", logs=False)
    worn.records(MONDAY - HOUR)
    docked(home, worn, MONDAY, clear=True)
    (worn.card / ORDER).unlink()
    worn.offset = -30 * DAY
    name = worn.records(MONDAY + HOUR)
    worn.offset = timedelta()
    newest = worn.records(MONDAY + 20 * HOUR)
    docked(home, worn, MONDAY + DAY)
    found = clips(home)
    assert (found[name].time_doubt, found[newest].time_doubt) == ("before-last-clearing", None)


def test_what_claims_no_time_is_a_task_only_where_it_is_a_recording(home: Path, worn: Worn) -> None:
    (worn.card / "memo.wav").write_bytes(b"sound")
    (worn.card / f"{SERIAL}_100234_20261332256199.mp4").write_bytes(b"film")
    docked(home, worn, MONDAY)
    for kind, doubt in (("audio", "no-time"), ("video", "no-time"), ("log", None), ("binding", None)):
        assert [clip.time_doubt for clip in clips(home, kind).values()] == [doubt]


def test_a_docking_knows_the_device_by_its_usb_id(home: Path, worn: Worn) -> None:
    path = home / "families" / "worn.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            'files = ["worn.ini"]\n\n[[names]]', 'usb = ["46f4:0001"]\n\n[[names]]'
        )
    )
    worn.records(MONDAY - HOUR)
    for usb, known in ((None, False), ("46f4:0002", False), ("46f4:0001", True)):
        with station_at(home, MONDAY) as station, Volume.open(station.files, str(worn.card)) as volume:
            docking = Docking(
                station, str(worn.card), slot=1, progress=Progress(1), stop=threading.Event(), origin=Origin(usb)
            )
            assert (docking.run(volume).family == "worn") is known


# ------------------------------------------------------------------------------------------------- setting the clock


def set_and_wait(home: Path, worn: Worn) -> None:
    worn.offset = 3 * HOUR
    docked(home, worn, MONDAY, clear=True)


def told_of_clocks(result: Result) -> list[tuple[str, str]]:
    return [(note.what, note.path) for note in result.notes if note.what.startswith("clock")]


def took(home: Path) -> list[str | None]:
    with station_at(home, MONDAY + 90 * DAY) as station:
        return [one.took for one in clock_settings_of(station.catalog, SERIAL)]


def test_the_clock_file_is_written_last_and_put_on_record(home: Path, worn: Worn) -> None:
    worn.records(MONDAY - HOUR)
    set_and_wait(home, worn)
    told = datetime.strptime((worn.card / ORDER).read_text().strip(), "%Y-%m-%d %H:%M:%S")
    assert abs(told - datetime(2026, 11, 16, 17, 0, 10)) < timedelta(seconds=5)
    with station_at(home, MONDAY + DAY) as station:
        (setting,) = clock_settings_of(station.catalog, SERIAL)
        last = [entry.kind for entry in station.catalog.session_log(setting.session)][-2:]
    assert last == ["recorder-cleared", "clock-set"]
    assert (setting.by_file, setting.told, setting.took) == (ORDER, told.isoformat(), None)


def test_a_recorder_that_obeys_shows_at_its_next_docking_that_it_took(home: Path, worn: Worn) -> None:
    set_and_wait(home, worn)
    worn.switched_on(MONDAY + 2 * MINUTE)
    name = worn.records(MONDAY + HOUR)
    result = docked(home, worn, MONDAY + DAY)
    assert took(home) == ["yes"]
    assert told_of_clocks(result) == []
    # Nothing is known of the clock from before its setting.
    assert clips(home)[name].time_basis == "one"


def test_an_order_that_lies_there_still_was_not_obeyed_and_the_clock_ran_on(home: Path, worn: Worn) -> None:
    worn.obedient = False
    set_and_wait(home, worn)
    worn.switched_on(MONDAY + 2 * MINUTE)
    true = MONDAY + HOUR
    name = worn.records(true)
    result = docked(home, worn, MONDAY + DAY)
    assert took(home) == ["no"]
    assert told_of_clocks(result) == [("clock-not-set", ORDER)]
    clip = clips(home)[name]
    assert (clip.time_basis, clip.time_doubt) == ("both", None)
    assert clip.recorded_at is not None and abs(clip.recorded_at - true) < timedelta(seconds=2)


def test_an_order_that_is_gone_from_a_clock_that_runs_on_did_not_take_and_a_person_is_told(
    home: Path, worn: Worn
) -> None:
    set_and_wait(home, worn)
    (worn.card / ORDER).unlink()
    worn.records(MONDAY + HOUR)
    result = docked(home, worn, MONDAY + DAY)
    assert took(home) == ["no"]
    assert told_of_clocks(result) == [("clock-did-not-take", SERIAL)]


def test_where_nothing_was_measured_nobody_can_tell_whether_it_took(home: Path, worn: Worn) -> None:
    set_and_wait(home, worn)
    worn.switched_on(MONDAY + 2 * MINUTE)
    worn.logs = False
    worn.records(MONDAY + HOUR)
    docked(home, worn, MONDAY + DAY)
    assert took(home) == ["unknown"]


def test_a_clock_that_was_measured_to_be_right_is_left_alone(home: Path, quick_path: Path) -> None:
    worn = Worn(quick_path / "card", offset=timedelta(seconds=20))
    worn.records(MONDAY - HOUR)
    docked(home, worn, MONDAY, clear=True)
    assert not (worn.card / ORDER).exists()
    assert took(home) == []


def test_a_file_of_that_name_that_is_no_order_is_told_and_left(home: Path, worn: Worn) -> None:
    (worn.card / ORDER).write_bytes(b"this is evidence")
    ran = Command(home.parent).ok("dock", "--clear", "after-verify", "--facts", "later", str(worn.card))
    assert f"note: {ORDER}: could not be written" in ran.out
    assert (worn.card / ORDER).read_bytes() == b"this is evidence"
    assert took(home) == []


# -------------------------------------------------------------------------------------------- what is sealed, rebuilt


def test_the_seal_tells_what_was_measured(home: Path, worn: Worn) -> None:
    worn.records(MONDAY - HOUR)
    result = docked(home, worn, MONDAY)
    with station_at(home, MONDAY + DAY) as station:
        session = station.catalog.find_session(result.session)
        text = Path(station.vault.at(f"{session.vault_dir}/session.json")).read_bytes()
    assert json.loads(text)["clock"] == {
        "measured_at": "2026-11-16T09:00:00Z", "recorder_at": "2026-11-16T17:05:00", "offset_ms": 300_000,
        "uncertainty_ms": 3_000, "method": "log-line", "synced": True,
    }  # fmt: skip
    clock = read_seal(text).learned.clock
    assert clock is not None and clock.recorder == SERIAL


@pytest.mark.contract("P8")
@pytest.mark.parametrize("ledger_too", [False, True])
def test_clocks_and_times_come_back_from_the_vault(home: Path, worn: Worn, ledger_too: bool) -> None:
    worn.records(MONDAY - HOUR)
    docked(home, worn, MONDAY)
    worn.records(MONDAY + HOUR)
    docked(home, worn, MONDAY + DAY)
    with station_at(home, MONDAY + 2 * DAY) as station:
        before = clock_readings_of(station.catalog, SERIAL), times(station.catalog.clips())
    (home / "catalog.db").unlink()
    if ledger_too:
        with_ledger_lost(home)
    Command(home.parent).ok("catalog", "rebuild")
    with station_at(home, MONDAY + 3 * DAY) as station:
        assert (clock_readings_of(station.catalog, SERIAL), times(station.catalog.clips())) == before
        assert list(Verifying(station).everything()) == []


def times(found: Iterator[Clip]) -> list[tuple[object, ...]]:
    return [
        (c.name, c.recorded_at, c.recorded_earliest, c.recorded_latest, c.anchor_at, c.time_basis, c.time_doubt)
        for c in sorted(found, key=lambda clip: clip.name)
    ]


def with_ledger_lost(home: Path) -> None:
    for path in (home / "vault" / "ledger").iterdir():
        shutil.rmtree(path)
