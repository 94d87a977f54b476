"""A recorder's logs are read the same way from its card and from the vault; what is broken costs only itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dockd.listing import Listing, Volume, list_volume
from dockd.reading_logs import SEATED_LOG_BYTES, SEATED_LOGS, logs_in_vault, logs_of
from dockd.recorders import LogKind, Match, load_families, match
from hashing.errors import TargetFault
from hashing.filecalls import OsFileCalls
from tests.simulators.cards import FILES, NOW
from tests.simulators.station import dock, make_home, open_station
from tests.simulators.worn import FAMILY

LINE = "2026-11-19 08:00:00 连接采集站\n"


@pytest.fixture
def card(quick_path: Path) -> Path:
    """A recorder with the binding file of its family."""
    folder = quick_path / "card"
    folder.mkdir()
    (folder / "worn.ini").write_text("serial=4410023\n")
    (quick_path / "families").mkdir()
    (quick_path / "families" / "worn.toml").write_text(FAMILY, encoding="utf-8")
    return folder


def seated(card: Path, files: OsFileCalls = FILES) -> tuple[Volume, Listing, Match]:
    families = load_families(str(card.parent / "families"))
    volume = Volume.open(files, str(card))
    listing = list_volume(files, volume)
    return volume, listing, match(families, listing, volume, station_now=NOW)


def log(card: Path, name: str, text: str, mtime: int) -> None:
    (card / name).write_text(text, encoding="utf-8")
    os.utime(card / name, (mtime, mtime))


def test_the_newest_log_comes_first(card: Path) -> None:
    for number in (3, 1, 2):
        log(card, f"{number}.log", LINE * number, 1_700_000_000 + number)
    volume, *rest = seated(card)
    with volume:
        assert [(path, len(read.events)) for path, read in logs_of(volume, *rest)] == [
            ("3.log", 3),
            ("2.log", 2),
            ("1.log", 1),
        ]


def test_no_more_logs_are_read_before_a_copy_than_that_is_worth(card: Path) -> None:
    for number in range(SEATED_LOGS + 5):
        log(card, f"{number}.log", LINE, 1_700_000_000 + number)
    volume, *rest = seated(card)
    with volume:
        assert len(logs_of(volume, *rest)) == SEATED_LOGS


def test_of_a_log_beyond_all_measure_the_end_counts(card: Path) -> None:
    count = SEATED_LOG_BYTES // len(LINE.encode()) + 100
    log(card, "run.log", LINE * count + "2026-11-20 09:00:00 开始录像\n", 1_700_000_000)
    volume, *rest = seated(card)
    with volume:
        ((_path, read),) = logs_of(volume, *rest)
    assert read.cut
    assert (read.events[-1].kind, read.events[-1].at) == (LogKind.RECORD_START, "2026-11-20T09:00:00")


def test_a_log_that_cannot_be_read_costs_only_itself(card: Path) -> None:
    class Broken(OsFileCalls):
        def open(self, path: object, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if path == b"bad.log":
                raise OSError(5, "Input/output error")
            return super().open(path, flags, mode, dir_fd=dir_fd)  # type: ignore[arg-type]

    log(card, "bad.log", LINE, 1_700_000_009)
    log(card, "good.log", LINE, 1_700_000_000)
    volume, *rest = seated(card, Broken())
    with volume:
        assert [path for path, _read in logs_of(volume, *rest)] == ["good.log"]


def test_originals_in_the_vault_say_the_same(card: Path, quick_path: Path) -> None:
    log(card, "run.log", LINE * 2, 1_700_000_000)
    volume, *rest = seated(card)
    with volume:
        ((_path, on_card),) = logs_of(volume, *rest)
    make_home(quick_path)
    with open_station(quick_path) as station:
        station.families = load_families(str(quick_path / "families"))
        dock(station, card)
        clips = list(station.catalog.clips())
        ((clip, in_vault),) = logs_in_vault(station.vault, clips, rest[1].family)
        assert (clip.name, in_vault) == ("run.log", on_card)
        os.unlink(station.vault.at(clip.vault_path))
        with pytest.raises(TargetFault):
            logs_in_vault(station.vault, clips, rest[1].family)
