"""What a docking learns of a recorder's health, what is sealed of it, and whether the recorder may go out again."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.events import SessionOpened
from catalog.store import Catalog
from catalog.watching.events import ClockMeasured, HealthRead
from catalog.watching.health import Thresholds
from catalog.watching.model import HealthReading
from catalog.watching.queries import health_of, last_verdict
from dockd.docking import Docking
from dockd.listing import Volume
from dockd.rebuilding import rebuild
from dockd.recorders import load_families
from dockd.recovery import come_to_rest
from dockd.results import Progress, Result
from dockd.session import read_seal
from dockd.station import Station
from dockd.vital_signs import VitalSigns, decimal
from tests.dockd.test_power_cuts import recording
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.histories import opened
from tests.simulators.loops import make_image
from tests.simulators.station import dock, findings, make_home, open_station

FAMILY = """
name = "own"
extends = "folder"
title = {{ zh = "自有", en = "own" }}
rank = 90
clear = ["video"]

[[recognise]]
names_share = 0.5

[[names]]
pattern = '(?P<recorder>R[0-9]+)_(?P<start>[0-9]{{14}})'
start = ["%Y%m%d%H%M%S"]

[health]
sources = {sources}
files = ["state.ini"]
battery_percent = ["bat"]
battery_cycles = ["cycles"]
battery_mv = ["mv"]
storage_free = ["free"]
storage_total = ["total"]
firmware = ["fw"]

[[log]]
files = ["**/*.log"]
stamp = '(?P<at>\\d{{4}}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d)\\s+'
time = ["%Y-%m-%d %H:%M:%S"]

[[log.line]]
kind = "battery"
pattern = 'battery (?P<number>\\d+)%'

[[log.line]]
kind = "storage"
pattern = 'free (?P<number>\\d+) bytes'
"""


@contextmanager
def station_at(root: Path, sources: str = '["ini", "log"]', **named: Any) -> Iterator[Station]:
    """A station that knows the family."""
    if not (root / "vault").exists():
        make_home(root)
    (root / "families").mkdir(exist_ok=True)
    (root / "families" / "own.toml").write_text(FAMILY.format(sources=sources), encoding="utf-8")
    with open_station(root, **named) as station:
        station.families = load_families(str(root / "families"))
        yield station


def card(root: Path, *, ini: str = "", log: str = "", clips: int = 2) -> Path:
    """A recorder's folder."""
    folder = root / "card"
    folder.mkdir(exist_ok=True)
    for n in range(clips):
        (folder / f"R12_2026111908{n:02d}00.mp4").write_bytes(recording(f"c{n}", 5_000))
    if ini:
        (folder / "state.ini").write_text(ini)
    if log:
        (folder / "run.log").write_text(log)
    return folder


def read(station: Station) -> HealthReading:
    """The newest reading."""
    return health_of(station.catalog, "R12")[-1]


def seal_of(station: Station, result: Result) -> dict[str, Any]:
    session = station.catalog.find_session(result.session)
    text: dict[str, Any] = json.loads(Path(station.vault.at(f"{session.vault_dir}/session.json")).read_bytes())
    return text


# ------------------------------------------------------------------------------------------- the recorder's own word


def test_an_ini_file_tells_battery_cycles_voltage_room_and_firmware(quick_path: Path) -> None:
    ini = "bat = 87%\ncycles=120\nmv=3850mV\nfree=9000 MB\ntotal=64000000000\nfw=V2.1 城关\n"
    with station_at(quick_path) as station:
        result, _ = dock(station, card(quick_path, ini=ini))
        one = read(station)
        assert (one.battery_percent, one.cycles, one.voltage_mv, one.firmware) == (87, 120, 3_850, "V2.1 城关")
        assert (one.storage_free_bytes, one.storage_total_bytes) == (9000 * 2**20, 64_000_000_000)
        sealed = seal_of(station, result)["health"]
        assert (sealed["battery_percent"], sealed["firmware"], sealed["read_errors"]) == (87, "V2.1 城关", 0)
        assert result.duty is not None and result.duty.fit
        duty = seal_of(station, result)["duty"]
        assert (duty["fit"], duty["reasons"]) == (True, [])
        assert findings(station) == []


@pytest.mark.parametrize("said", ["101%", "-3", "full", "3.7", "12 V", "9" * 40])
def test_what_cannot_be_a_charge_is_none(quick_path: Path, said: str) -> None:
    with station_at(quick_path) as station:
        dock(station, card(quick_path, ini=f"bat={said}\n"))
        assert read(station).battery_percent is None


LOG = "2026-11-19 08:00:00 battery 90%\n2026-11-19 17:00:00 free 1234 bytes\n2026-11-19 17:00:00 battery 31%\n"


def test_the_last_lines_of_a_log_count(quick_path: Path) -> None:
    with station_at(quick_path) as station:
        dock(station, card(quick_path, log=LOG))
        assert (read(station).battery_percent, read(station).storage_free_bytes) == (31, 1234)


@pytest.mark.parametrize(("sources", "battery"), [('["ini", "log"]', 87), ('["log", "ini"]', 31)])
def test_the_best_source_has_the_word(quick_path: Path, sources: str, battery: int) -> None:
    with station_at(quick_path, sources) as station:
        dock(station, card(quick_path, ini="bat=87\n", log=LOG))
        assert read(station).battery_percent == battery


def test_of_a_folder_that_is_no_mount_no_room_is_told(quick_path: Path) -> None:
    with station_at(quick_path) as station:
        dock(station, card(quick_path))
        assert (read(station).storage_free_bytes, read(station).storage_total_bytes) == (None, None)
        assert read(station).read_rate_bytes_s is None, "a few kilobytes are no rate"


def test_a_drop_folder_has_no_health(quick_path: Path) -> None:
    with station_at(quick_path) as station, Volume.open(station.files, str(card(quick_path))) as volume:
        docking = Docking(
            *(station, volume.root), slot=None, progress=Progress(None), stop=threading.Event(), source_name="room"
        )
        result = docking.run(volume)
        assert (result.state, result.duty, health_of(station.catalog, "room")) == ("sealed", None, [])
        assert "health" not in seal_of(station, result)


# ------------------------------------------------------------------------------------------------------ reading errors


@pytest.mark.parametrize(("number", "errors"), [(errno.EIO, 1), (errno.ENODATA, 1), (errno.ENODEV, 0)])
def test_a_medium_that_fails_is_a_read_error_and_a_pulled_recorder_is_none(
    quick_path: Path, number: int, errors: int
) -> None:
    files = FlakyFiles()
    with station_at(quick_path, files=files) as station:
        folder = card(quick_path)
        files.fail("preadv", number, forever=True, under=str(folder / "R12_20261119080000.mp4"))
        result, _ = dock(station, folder)
        assert result.sum.failed == 1
        assert read(station).read_errors == errors


def test_a_recorder_that_stalls_fails_once_however_many_files_it_leaves(quick_path: Path) -> None:
    with station_at(quick_path) as station:
        signs = VitalSigns(station)
        for _ in range(40):
            signs.fault(None, "stalled")
        with Volume.open(station.files, str(card(quick_path))) as volume:
            docking = Docking(station, volume.root, slot=None, progress=Progress(None), stop=threading.Event())
            docking.signs = signs
            docking.run(volume)
        assert read(station).read_errors == 1


def test_errors_of_many_dockings_add_up_to_a_recorder_that_is_not_fit(quick_path: Path) -> None:
    files = FlakyFiles()
    with station_at(quick_path, files=files) as station:
        station.thresholds = Thresholds(read_errors_max=1)
        folder = card(quick_path)
        files.fail("preadv", errno.EIO, forever=True, under=str(folder / "R12_20261119080000.mp4"))
        first, _ = dock(station, folder)
        second, _ = dock(station, folder)
        assert first.duty is not None and first.duty.fit
        assert second.duty is not None and not second.duty.fit
        assert second.duty.reasons == [{"quantity": "read_errors", "value": "2", "limit": "1", "at": None}]


# ------------------------------------------------------------------------------------------------ clock, and the seal


@pytest.mark.parametrize(
    ("method", "offset_ms", "error"),
    [("log-line", -70_000, -70_000), ("newest-file", -32_400_000, None), ("newest-file", 90_000, 90_000)],
)
def test_the_clock_error_is_what_was_measured_but_never_what_a_newest_file_leaves_open(
    quick_path: Path, method: str, offset_ms: int, error: int | None
) -> None:
    with station_at(quick_path) as station:
        station.catalog.append(
            [
                opened("s1", recorder="R12"),
                ClockMeasured(
                    "s1", "R12", "2026-11-20T09:00:00Z", "2026-11-20T17:00:00", offset_ms, 3_000, method, synced=True
                ),
            ]
        )
        signs = VitalSigns(station)
        with Volume.open(station.files, str(card(quick_path))) as volume:
            docking = Docking(station, volume.root, slot=None, progress=Progress(None), stop=threading.Event())
            docking.run(volume)
            signs.take(volume, docking.list_entries(volume), docking.match, "s1", docking.clock, whole=True)
        assert signs.health is not None and signs.health.clock_error_ms == error


def test_a_session_that_was_cut_off_has_a_reading_and_no_verdict(quick_path: Path) -> None:
    with station_at(quick_path) as station, Volume.open(station.files, str(card(quick_path, ini="bat=9"))) as volume:
        stop = threading.Event()
        stop.set()
        docking = Docking(station, volume.root, slot=None, progress=Progress(None), stop=stop)
        result = docking.run(volume)
        assert (result.state, result.duty) == ("interrupted", None)
        assert read(station).battery_percent == 9
        assert last_verdict(station.catalog, "R12") is None


def test_a_session_that_recovery_seals_keeps_its_health(quick_path: Path) -> None:
    with station_at(quick_path) as station:
        begun: SessionOpened = replace(opened("s1", recorder="R12", on_recorder=0, vault_dir="d/R12/2026-11-21/s1"))
        station.catalog.append([begun, HealthRead("s1", "R12", "2026-11-20T09:00:00Z", battery_percent=44)])
        assert come_to_rest(station).sessions == ("s1",)
        text = json.loads(Path(station.vault.at("d/R12/2026-11-21/s1/session.json")).read_bytes())
        assert text["health"]["battery_percent"] == 44 and "duty" not in text
        assert findings(station) == []


def test_without_the_ledger_health_comes_back_from_the_seals(quick_path: Path) -> None:
    with station_at(quick_path) as station:
        dock(station, card(quick_path, ini="bat=44\nfw=V1\n"))
        before, verdict = read(station), last_verdict(station.catalog, "R12")
        assert verdict is not None
    for path in (quick_path / "vault" / "ledger").rglob("*"):
        if path.name.startswith(("entries-", "checkpoint-")):
            path.unlink()
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        (quick_path / name).unlink(missing_ok=True)
    Catalog.create(f"sqlite:///{quick_path}/catalog.db")
    with station_at(quick_path, rest=False) as station:
        assert len(rebuild(station).sessions_recovered) == 1
        assert read(station) == before
        again = last_verdict(station.catalog, "R12")
        assert again is not None and (again.fit, again.reasons) == (verdict.fit, verdict.reasons)


def test_a_seal_of_before_there_was_a_verdict_in_it_is_read_as_ever(quick_path: Path) -> None:
    with station_at(quick_path) as station:
        result, _ = dock(station, card(quick_path, ini="bat=44\n"))
        old = seal_of(station, result)
    for missing in (["duty"], ["duty", "health"], ["duty", "health", "clock"]):
        text = {name: part for name, part in old.items() if name not in missing}
        read_again = read_seal(json.dumps(text).encode())
        assert read_again.learned.duty is None
        assert (read_again.learned.health is None) == ("health" in missing)
    whole = read_seal(json.dumps(old).encode()).learned
    assert whole.duty == result.duty and whole.health is not None


def test_on_postgresql_a_docking_says_the_same(quick_path: Path, postgres_database: Any) -> None:
    with station_at(quick_path, url=postgres_database.url) as station:
        result, _ = dock(station, card(quick_path, ini="bat=9\n"))
        assert result.duty is not None and not result.duty.fit
        assert read(station).battery_percent == 9
        verdict = last_verdict(station.catalog, "R12")
        assert verdict is not None and verdict.reasons == result.duty.reasons
        assert findings(station) == []


# ------------------------------------------------------------------------------------------------------ after clearing


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A card of 32 MiB, nearly full of recordings, mounted."""
    image, where = tmp_path / "card.img", tmp_path / "mnt"
    where.mkdir()
    (tmp_path / "empty").mkdir()
    make_image(image, tmp_path / "empty", label="CARD", size_mib=32)
    subprocess.run(["mount", "-o", "loop", str(image), str(where)], check=True)
    try:
        room = os.statvfs(where)
        size = (room.f_bfree * room.f_frsize) // 6 - (128 << 10)
        for n in range(6):
            (where / f"R12_2026111908{n:02d}00.mp4").write_bytes(recording(f"full{n}", size))
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


def test_a_full_card_is_not_fit_until_it_is_cleared(quick_path: Path, mounted: Path) -> None:
    with station_at(quick_path) as station:
        full, _ = dock(station, mounted)
        one = read(station)
        assert one.storage_free_bytes is not None and one.storage_total_bytes is not None
        assert one.storage_free_bytes < one.storage_total_bytes / 10 < 32 << 20
        assert full.duty is not None
        assert [reason["quantity"] for reason in full.duty.reasons] == ["storage_free_bytes"]
        _, cleared = dock(station, mounted, clear=True)
        assert cleared is not None and len(cleared.removed) == 6
        verdict = last_verdict(station.catalog, "R12")
        assert verdict is not None and (verdict.fit, verdict.reasons) == (True, [])
        kinds = [entry.kind for entry in station.catalog.session_log(verdict.session)]
        assert kinds.count("duty-judged") == 2 and kinds[-1] == "duty-judged"
        assert findings(station) == []


def test_a_card_of_which_nothing_went_keeps_its_verdict(quick_path: Path, mounted: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
    with station_at(quick_path) as station:
        _, cleared = dock(station, mounted, clear=True)
        assert cleared is not None and not cleared.removed
        verdict = last_verdict(station.catalog, "R12")
        assert verdict is not None and not verdict.fit
        kinds = [entry.kind for entry in station.catalog.session_log(verdict.session)]
        assert kinds.count("duty-judged") == 1


@pytest.mark.parametrize(
    ("value", "text"), [(12.0, "12"), (0.5, "0.5"), (-61_000.0, "-61000"), (1 / 3, "0.333"), (100.0, "100")]
)
def test_numbers_go_into_the_log_as_plain_decimals(value: float, text: str) -> None:
    assert decimal(value) == text
