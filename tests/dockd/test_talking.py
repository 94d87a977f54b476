"""A recorder that was spoken to before it became a disk, from the order to the session that tells of it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.watching.queries import clock_readings_of, clock_settings_of, health_of
from dockd.docking import Docking
from dockd.drivers import Control
from dockd.drivers.ambarella import Ambarella
from dockd.errors import UnitFailed
from dockd.listing import Volume
from dockd.recorders import load_families
from dockd.results import Progress, Result
from dockd.root.kernel import Owner
from dockd.root.talk import TalkOutcome
from dockd.root.talking import Nodes, TalkMeans, talk
from dockd.station import Station
from dockd.talking import BACK_WITHIN_S, Talking
from dockd.usb import Origin, Seen, Talked
from hashing.filecalls import OsFileCalls
from tests.simulators.station import Clock, findings, make_home, open_station
from tests.simulators.transcripts import PlayedBulk

RECORDER = "00018123"
TRANSCRIPT = """
> @Ver;8;00000000;#
< @Ver;OK;#
> @Gdv;8;12345678;#
< @Gdv;8;00018123;#
> @Sdt;8;20261120;#
< @Sdt;OK;#
> @Stm;6;17000000;#
< @Stm;OK;#
> @ATH;8;12345678;#
"""
SET_AT = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)
CONTROL = Seen("usb:1-1.3", "", "p/1.3", "4255:0001:-", ("ff0000",), None, None, None, 0, driver="ambarella")


@dataclass
class RootBelow:
    """Root's side as it is, but for the wire: what goes over that comes from a transcript."""

    run_dir: Path
    transcript: str = TRANSCRIPT
    played: list[PlayedBulk] = field(default_factory=list)

    def mount(self, name: str) -> None:
        raise AssertionError(name)

    unmount = clear = mount

    def talk(self, name: str) -> None:
        bulk = PlayedBulk(self.transcript)
        self.played.append(bulk)

        @contextmanager
        def connect(_driver: str, _nodes: Nodes) -> Iterator[Control]:
            yield Ambarella(bulk)

        owner = Owner(os.geteuid(), os.getegid())
        nodes = Nodes(str(self.run_dir / "nowhere"), "/dev")
        talk(name, nodes, TalkMeans(str(self.run_dir), owner, OsFileCalls(), lambda: SET_AT, lambda: b"", connect))


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    for name in ("talk", "outcome"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def station(quick_path: Path) -> Iterator[Station]:
    make_home(quick_path)
    with open_station(quick_path, clock=Clock(SET_AT + timedelta(seconds=8))) as opened:
        yield opened


def card(folder: Path, *names: str) -> Path:
    """What such a recorder has on its card."""
    for name in names:
        path = folder / f"DCIM/251120/{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 500)
        os.utime(path, (SET_AT.timestamp() - 7200,) * 2)
    return folder


def docked(station: Station, source: Path, talked: Talked | None) -> tuple[Docking, Result]:
    with Volume.open(station.files, str(source)) as volume:
        docking = Docking(
            station, str(source), slot=1, progress=Progress(1), stop=threading.Event(), origin=Origin(talked=talked)
        )
        return docking, docking.run(volume)


def seal(station: Station, result: Result) -> dict[str, Any]:
    folder = station.catalog.find_session(result.session).vault_dir
    text: dict[str, Any] = json.loads(Path(station.vault.at(f"{folder}/session.json")).read_bytes())
    return text


def test_a_clock_set_by_protocol_belongs_to_the_docking_that_follows(
    station: Station, run_dir: Path, tmp_path: Path
) -> None:
    root = RootBelow(run_dir)
    talking = Talking(station, root, str(run_dir))
    assert talking.talk(CONTROL, 3) is None
    assert root.played[0].played and list((run_dir / "talk").iterdir()) == []
    source = card(tmp_path / "card", f"{RECORDER}_20261120080000_0001.MP4", f"{RECORDER}_20261120160000_0002.MP4")
    docking, result = docked(station, source, talking.said_at("p/1.3"))
    (setting,) = clock_settings_of(station.catalog, RECORDER)
    assert (setting.session, setting.method, setting.set_at, setting.told, setting.by_file) == (
        result.session, "protocol", SET_AT, "2026-11-20T17:00:00", None
    )  # fmt: skip
    # How far the clock had got is told of the moment at which it was set: of the one that made these recordings.
    (reading,) = clock_readings_of(station.catalog, RECORDER)
    assert (reading.method, reading.measured_at, reading.offset_ms) == ("newest-file", SET_AT, -3_600_000)
    assert seal(station, result)["clock_set"] == {
        "set_at": "2026-11-20T09:00:00Z", "method": "protocol", "told": "2026-11-20T17:00:00", "by_file": None
    }  # fmt: skip
    kinds = [entry.kind for entry in station.catalog.custody()]
    assert kinds.index("recorder-talked-to") < kinds.index("session-opened") < kinds.index("clock-set")
    assert findings(station) == [] and docking.notes == []


def test_the_setting_says_nothing_of_recordings_made_before_it(station: Station, tmp_path: Path) -> None:
    from dockd.clocks.observing import timing_of

    source = card(tmp_path / "card", f"{RECORDER}_20261120080000_0001.MP4")
    docked(station, source, Talked("ambarella", RECORDER, None, SET_AT, "2026-11-20T17:00:00"))
    (clip,) = station.catalog.clips_of_session(clock_settings_of(station.catalog, RECORDER)[0].session)
    timing = timing_of(station, clip)
    assert timing.after is not None and timing.after.at == SET_AT
    assert clip.recorded_at is not None


def test_what_another_recorder_was_told_is_not_put_on_this_ones_record(station: Station, tmp_path: Path) -> None:
    source = card(tmp_path / "card", f"{RECORDER}_20261120080000_0001.MP4")
    docking, result = docked(station, source, Talked("ambarella", "00099999", None, SET_AT, "2026-11-20T17:00:00"))
    assert clock_settings_of(station.catalog, RECORDER) == []
    assert [(note.what, note.path, note.detail) for note in docking.notes] == [
        ("another-was-talked-to", RECORDER, "00099999")
    ]
    assert "clock_set" not in seal(station, result)


def test_a_clock_that_was_set_by_protocol_is_not_set_by_a_file_as_well(station: Station, tmp_path: Path) -> None:
    from dockd.clocks.setting import order_for

    own = tmp_path / "families"
    own.mkdir()
    text = 'name = "ambarella"\nextends = "ambarella"\ntitle = { zh = "自", en = "own" }\nrank = 60\n'
    (own / "own.toml").write_text(f'{text}[clock]\nmeasure = ["newest-file"]\nset = "TIMESET.TXT"\n')
    station = replace(station, families=load_families(str(own)))
    source = card(tmp_path / "card", f"{RECORDER}_20261120080000_0001.MP4")
    docking, _ = docked(station, source, Talked("ambarella", RECORDER, None, SET_AT, "2026-11-20T17:00:00"))
    assert order_for(docking) is None
    source = card(tmp_path / "other", "00018124_20261120080000_0001.MP4")
    docking, _ = docked(station, source, None)
    assert order_for(docking) is not None


@pytest.mark.parametrize(
    ("sources", "battery", "percent"), [("", 88, None), ('"protocol"', 88, 88), ('"protocol"', 4100, None)]
)
def test_a_battery_is_taken_for_percent_only_where_its_family_says_so(
    station: Station, tmp_path: Path, sources: str, battery: int, percent: int | None
) -> None:
    own = tmp_path / "families"
    own.mkdir()
    text = 'name = "ambarella"\nextends = "ambarella"\ntitle = { zh = "自", en = "own" }\nrank = 60\n'
    (own / "own.toml").write_text(f"{text}[health]\nsources = [{sources}]\n")
    station = replace(station, families=load_families(str(own)))
    docked(station, card(tmp_path / "card", f"{RECORDER}_20261120080000_0001.MP4"), Talked("jieli", RECORDER, battery))
    (health,) = health_of(station.catalog, RECORDER)
    assert health.battery_percent == percent


def test_what_was_said_is_told_once_and_not_of_a_recorder_that_came_much_later(station: Station, run_dir: Path) -> None:
    now = [0.0]
    talking = Talking(station, RootBelow(run_dir), str(run_dir), lambda: now[0])
    talking.talk(CONTROL, 3)
    assert talking.said_at("p/1.4") is None
    said = talking.said_at("p/1.3")
    assert said is not None and said.serial == RECORDER and said.set_at == SET_AT
    assert talking.said_at("p/1.3") is None
    talking.talk(CONTROL, 3)
    now[0] += BACK_WITHIN_S + 1
    assert talking.said_at("p/1.3") is None


def test_a_recorder_that_does_not_become_a_disk_is_on_record_with_why(station: Station, run_dir: Path) -> None:
    fails = TRANSCRIPT.replace("> @ATH;8;12345678;#\n", "> @ATH;8;12345678;#\n! 110\n")
    fault = Talking(station, RootBelow(run_dir, fails), str(run_dir)).talk(CONTROL, 3)
    assert fault is not None and fault.startswith("disk: ")
    (entry,) = [entry for entry in station.catalog.custody() if entry.kind == "recorder-talked-to"]
    assert (entry.data["slot"], entry.data["disk"], entry.data["fault"]) == (3, False, fault)
    assert entry.data["told"] == "2026-11-20T17:00:00"


def test_without_a_word_of_roots_nothing_is_put_on_record(station: Station, run_dir: Path) -> None:
    class Silent(RootBelow):
        def talk(self, name: str) -> None:
            other = TalkOutcome("1-1.4", "ambarella", disk=True)
            (self.run_dir / f"outcome/{name}.json").write_bytes(other.to_json())

    with pytest.raises(UnitFailed):
        Talking(station, Silent(run_dir), str(run_dir)).talk(CONTROL, 3)
    assert [entry.kind for entry in station.catalog.custody() if entry.kind == "recorder-talked-to"] == []
