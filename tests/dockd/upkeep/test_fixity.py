"""Contract P7: the vault read again within a stated time, in shares, after any kill; what is damaged gets on record."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.fixity.model import CLIPS, DAMAGED, Amount
from catalog.fixity.queries import damaged
from catalog.fixity.rounds import last_read, overdue, round_of
from dockd.documents import keep
from dockd.station import Station
from dockd.upkeep import fixity_sweep
from dockd.upkeep.fixity_sweep import FILE_COST_BYTES, SPARE_NIGHTS, Budget, Sweep, share
from dockd.upkeep.shelves import Swept
from hashing.errors import TargetFault
from retention.fixity import Damage
from tests.simulators.station import dock, findings
from tests.simulators.upkeep import CountedFiles, Interrupted, clips, damage, made, stored

WITHIN = 10
DAY = timedelta(days=1)
BEGAN = datetime(2026, 12, 1, tzinfo=UTC)


def swept(station: Station, budget: Budget | None = None, within_days: int = WITHIN) -> Swept:
    return Sweep(station, within_days).run(budget or Budget())


# ------------------------------------------------------------------------------------------------------------- share


@pytest.mark.parametrize(("days_gone", "nights"), [(None, 26), (0, 26), (1, 25), (25, 1), (26, 1), (400, 1)])
def test_a_share_is_what_is_left_by_the_nights_left(days_gone: int | None, nights: int) -> None:
    left = Amount(3, 26_000_000 - 3 * FILE_COST_BYTES)
    began_at = None if days_gone is None else BEGAN
    now = BEGAN + (days_gone or 0) * DAY
    assert share(left, began_at, now, 30) == -(-26_000_000 // nights)


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(Amount(0, 0), None, BEGAN, 30) == 0


# ----------------------------------------------------------------------------------------------- within a stated time


@pytest.mark.contract("P7")
def test_every_byte_is_read_again_within_the_stated_time_and_the_log_says_when(quick_path: Path) -> None:
    """Forty-five nights with dockings between them. When a file was really opened is counted by the disk, not by us."""
    kept = made(quick_path)
    files = CountedFiles(str(quick_path / "vault"))
    really: dict[str, datetime] = {}
    read_a_night = []
    with kept.station(files=files) as station:
        for night in range(45):
            if night < 20 or night % 7 == 0:
                kept.docked(station, [1000 * (night % 5) + 10] * (1 + night % 3), strange=night % 2)
            for clip in clips(station):
                really.setdefault(clip.vault_path, kept.clock.now)
            kept.clock.now += DAY
            files.opened.clear()
            swept(station)
            opened = {path.removeprefix(f"{station.vault.root}/") for path in files.opened}
            read = opened & really.keys()
            read_a_night.append(len(read))
            really |= dict.fromkeys(read, kept.clock.now)
            for file in stored(station):
                claimed = last_read(station.catalog, file)
                assert claimed <= really[file.vault_path]
                assert kept.clock.now - claimed <= WITHIN * DAY, night
            assert overdue(station.catalog, CLIPS, kept.clock.now - WITHIN * DAY) == Amount(0, 0)
        # No night reads it all, and none reads nothing.
        held = len(really)
        assert all(0 < count <= held // 2 for count in read_a_night[30:]), (held, read_a_night)
        assert findings(station) == []
        kinds = [entry.kind for entry in station.catalog.custody()]
        assert kinds.count("fixity-read") < 4 * 45


def test_what_was_never_read_for_too_long_is_read_at_once_whatever_the_share(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [5000] * 8)
        kept.clock.now += 2 * WITHIN * DAY
        kept.docked(station, [5000] * 8)
        assert overdue(station.catalog, CLIPS, kept.clock.now - WITHIN * DAY).files == 8
        done = swept(station)
        assert done.files >= 8
        assert overdue(station.catalog, CLIPS, kept.clock.now - WITHIN * DAY) == Amount(0, 0)


def test_quarantine_and_documents_are_read_too(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100], strange=2)
        paper = quick_path / "report.txt"
        paper.write_text("the battery was empty")
        document = keep(station, str(paper), "gap:1")
        assert document.kept is not None
        station.catalog.append([document.kept])
        (entry, _other) = station.catalog.quarantined()
        for path in (entry.vault_path or "", document.vault_path):
            damage(station, path)
        for _night in range(WITHIN):
            kept.clock.now += DAY
            swept(station)
        assert {found.what for found in damaged(station.catalog)} == {"quarantined", "documents"}
        assert all(found.damage == Damage.DIFFERENT_DIGEST for found in damaged(station.catalog))


# ---------------------------------------------------------------------------------------------------------- budgets


def test_a_slice_ends_at_its_bytes_and_the_next_one_goes_on(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [3000] * 5)
        first = swept(station, Budget(size_bytes=1))
        assert (first.files, first.size_bytes, first.rounds_ended) == (1, 3000, [])
        place = round_of(station.catalog, CLIPS).after
        assert place == stored(station)[0].place
        second = swept(station, Budget(size_bytes=10 * (3000 + FILE_COST_BYTES)))
        assert (second.files, second.rounds_ended) == (4, [CLIPS])
        assert (round_of(station.catalog, CLIPS).number, round_of(station.catalog, CLIPS).after) == (2, None)


def test_minutes_end_a_run_and_one_run_reads_no_more_than_a_round(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [3000] * 5)
        ticks = itertools.count()
        some = Sweep(station, WITHIN, monotonic=lambda: float(next(ticks))).run(Budget(until_s=2.0))
        assert some.files == 3
        rest = Sweep(station, WITHIN, monotonic=lambda: 0.0).run(Budget(until_s=2.0))
        assert (rest.files, rest.rounds_ended) == (2, [CLIPS])


def test_a_long_reading_is_written_down_in_stretches(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixity_sweep, "SLICE_FILES", 2)
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [300] * 5)
        swept(station, Budget(size_bytes=2**30))
        read = [entry.data for entry in station.catalog.custody() if entry.kind == "fixity-read"]
        assert [(said["files"], said["ends_round"]) for said in read] == [(2, False), (2, False), (1, True)]
        session = clips(station)[0].session
        assert [said["first"] for said in read] == [f"{session}/{number}" for number in (1, 3, 5)]


def test_an_empty_vault_has_nothing_to_read(quick_path: Path) -> None:
    with made(quick_path).station() as station:
        before = station.catalog.head()
        assert swept(station) == Swept()
        assert station.catalog.head() == before


# ------------------------------------------------------------------------------------------------------------- kills


@pytest.mark.contract("P7")
def test_a_kill_at_any_file_costs_no_more_than_the_stretch_under_way(
    quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixity_sweep, "SLICE_FILES", 2)
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [300] * 5, strange=2)
        every = {station.vault.at(file.vault_path) for file in stored(station)}
    for kill_at in range(1, 7):
        files = CountedFiles(str(quick_path / "vault"), kill_at)
        with kept.station(files=files, rest=False) as station:
            files.opened.clear()
            number = round_of(station.catalog, CLIPS).number
            with pytest.raises(Interrupted):
                swept(station, Budget(size_bytes=2**30))
            cut = set(files.opened[:-1])
        again = CountedFiles(str(quick_path / "vault"))
        with kept.station(files=again, rest=False) as station:
            again.opened.clear()
            swept(station, Budget(size_bytes=2**30))
            assert every <= cut | set(again.opened), kill_at
            assert round_of(station.catalog, CLIPS).number == number + 1
            assert findings(station) == []


# ------------------------------------------------------------------------------------------------------------ damage


@pytest.mark.duty("D07")
@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("changed", Damage.DIFFERENT_DIGEST),
        ("short", Damage.DIFFERENT_SIZE),
        ("missing", Damage.MISSING),
    ],
)
def test_damage_is_found_put_on_record_once_and_noticed_when_it_is_mended(
    quick_path: Path, how: str, expected: Damage
) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [4000, 5000, 6000])
        victim = clips(station)[1]
        good = Path(station.vault.at(victim.vault_path)).read_bytes()
        damage(station, victim.vault_path, how)
        for _round in range(2):
            done = swept(station, Budget(size_bytes=2**30))
            assert [(one.clip, one.damage) for one in done.damaged] == [(victim.id, expected)]
        assert [entry.kind for entry in station.catalog.custody()].count("damage-found") == 1
        (read, _again) = (e.data for e in station.catalog.custody() if e.kind == "fixity-read")
        assert (read["files"], read["damaged"]) == (3, 1)
        assert station.catalog.find_clip(victim.id).doubt == DAMAGED
        # Somebody brings the right bytes back by hand.
        path = Path(station.vault.at(victim.vault_path))
        path.unlink(missing_ok=True)
        path.write_bytes(good)
        done = swept(station, Budget(size_bytes=2**30))
        assert (done.damaged, done.whole_again) == ([], 1)
        assert damaged(station.catalog) == []
        assert findings(station) == []


def test_a_recorder_that_still_has_a_damaged_recording_gives_it_once_more(quick_path: Path) -> None:
    """The damaged copy is no proof for clearing, and no reason to drop the recorder's good one."""
    kept = made(quick_path)
    recorder = quick_path / "card"
    recorder.mkdir()
    (recorder / "1234567_100001_20261119080000.mp4").write_bytes(b"evidence" * 500)
    with kept.station() as station:
        dock(station, recorder)
        (victim,) = clips(station)
        damage(station, victim.vault_path)
        swept(station, Budget(size_bytes=2**30))
        kept.clock.now += timedelta(hours=1)
        result, cleared = dock(station, recorder, clear=True)
        assert (result.sum.ingested, result.sum.already_held) == (1, 0)
        assert cleared is not None and cleared.removed == (1,)
        (again,) = [clip for clip in clips(station) if clip.id != victim.id]
        assert Path(station.vault.at(again.vault_path)).read_bytes() == b"evidence" * 500


def test_a_vault_that_is_not_mounted_has_not_lost_its_recordings(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100] * 3)
        before = station.catalog.head()
        (quick_path / "vault").rename(quick_path / "elsewhere")
        (quick_path / "vault").mkdir()
        with pytest.raises(TargetFault):
            swept(station)
        assert (damaged(station.catalog), station.catalog.head()) == ([], before)


def test_a_dying_disk_ends_the_run(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixity_sweep, "DAMAGED_AT_MOST", 2)
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100] * 5)
        for clip in clips(station):
            damage(station, clip.vault_path)
        done = swept(station, Budget(size_bytes=2**30))
        assert (len(done.damaged), done.stopped) == (2, True)


def test_the_spare_nights_fit_into_the_shortest_time() -> None:
    from dockd.config import settings_of

    about = {name: about for name, _default, about in settings_of("fixity")}
    assert about["within_days"].at_least == SPARE_NIGHTS + 1
