"""Second copies are read again as originals are: within the same time, after any kill, while their disk is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog.fixity.model import CLIPS, Amount
from catalog.fixity.queries import has_copies, lost_copies
from catalog.fixity.rounds import last_read, next_files, overdue, round_of
from dockd.station import Station
from dockd.upkeep.fixity_sweep import Budget, Sweep
from dockd.upkeep.mirror_run import MirrorRun
from dockd.upkeep.mirroring import Mirror, prepare
from dockd.upkeep.shelves import Swept
from dockd.vault import Vault
from retention.fixity import Damage
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.station import findings
from tests.simulators.upkeep import CountedFiles, Interrupted, Kept, clips, damage, made

WITHIN = 10
DAY = timedelta(days=1)
ALL = Budget(size_bytes=2**30)


def swept(station: Station, mirror: Mirror | None, budget: Budget | None = None) -> Swept:
    return Sweep(station, WITHIN, mirror=mirror).run(budget or Budget())


def mirrored(kept: Kept, station: Station) -> Mirror:
    mirror = kept.mirror(station)
    MirrorRun(station, mirror).run()
    return mirror


def spoil(mirror: Mirror, path: str, how: str) -> bytes:
    """Do something to a copy behind everybody's back; the bytes that lay there."""
    copy = Path(mirror.vault.at(path))
    copy.chmod(0o640)
    data = copy.read_bytes()
    if how == "missing":
        copy.unlink()
    else:
        copy.write_bytes(data[:-1] if how == "short" else bytes([data[0] ^ 1]) + data[1:])
    return data


@pytest.mark.contract("P7")
def test_every_second_copy_is_read_again_within_the_stated_time(quick_path: Path) -> None:
    """Thirty nights with dockings between them; when a copy was really opened is counted by the disk, not by us."""
    kept = made(quick_path)
    files = CountedFiles(str(quick_path / "mirror"))
    really: dict[str, datetime] = {}
    read_a_night = []
    with kept.station(files=files) as station:
        for night in range(30):
            if night < 12 or night % 7 == 0:
                kept.docked(station, [1000 * (night % 5) + 10] * (1 + night % 3))
            mirror = mirrored(kept, station)
            for clip in clips(station):
                really.setdefault(clip.vault_path, kept.clock.now)
            kept.clock.now += DAY
            files.opened.clear()
            assert swept(station, mirror).copies_lost == []
            opened = {path.removeprefix(f"{mirror.folder}/") for path in files.opened}
            read = opened & really.keys()
            read_a_night.append(len(read))
            really |= dict.fromkeys(read, kept.clock.now)
            for file in next_files(station.catalog, CLIPS, None, at=mirror.place):
                claimed = last_read(station.catalog, file, mirror.place)
                assert claimed <= really[file.vault_path]
                assert kept.clock.now - claimed <= WITHIN * DAY, night
            assert overdue(station.catalog, CLIPS, kept.clock.now - WITHIN * DAY, mirror.place) == Amount(0, 0)
        assert all(0 < count <= len(really) // 2 for count in read_a_night[20:]), read_a_night
        assert findings(station) == []


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("changed", Damage.DIFFERENT_DIGEST),
        ("short", Damage.DIFFERENT_SIZE),
        ("missing", Damage.MISSING),
    ],
)
def test_a_copy_that_does_not_hold_counts_no_more_until_a_new_one_is_made(
    quick_path: Path, how: str, expected: Damage
) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [4000, 5000, 6000])
        mirror = mirrored(kept, station)
        one, victim, three = clips(station)
        good = spoil(mirror, victim.vault_path, how)
        done = swept(station, mirror, ALL)
        assert [(lost.place, lost.clip, lost.damage) for lost in done.copies_lost] == [
            (mirror.place, victim.id, expected)
        ]
        assert (done.damaged, done.stopped, done.mirror_left) == ([], False, False)
        assert has_copies(station.catalog, [one.id, victim.id, three.id]) == {one.id, three.id}
        assert [lost.clip for lost in lost_copies(station.catalog)] == [victim.id]
        removed = [entry.data for entry in station.catalog.custody() if entry.kind == "copies-removed"]
        assert removed == [{"clips": [victim.id], "place": mirror.place, "reason": "damaged", "size_bytes": 5000}]
        (read,) = [entry.data for entry in station.catalog.custody() if entry.kind == "copies-read"]
        assert (read["files"], read["damaged"], read["ends_round"]) == (3, 1, True)
        # What is known to be bad is not read once more, and not said once more.
        assert swept(station, mirror, ALL).copies_lost == []
        ran = MirrorRun(station, mirror).run()
        assert (ran.clips, ran.lacking) == (1, 0)
        assert Path(mirror.vault.at(victim.vault_path)).read_bytes() == good
        assert has_copies(station.catalog, [victim.id]) == {victim.id}
        assert (lost_copies(station.catalog), swept(station, mirror, ALL).copies_lost) == ([], [])
        assert findings(station) == []


def test_a_session_whose_copies_were_mended_counts_from_when_it_was_copied_first(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [4000, 5000])
        mirror = mirrored(kept, station)
        copied_at = kept.clock.now
        spoil(mirror, clips(station)[0].vault_path, "changed")
        swept(station, mirror, ALL)
        kept.clock.now += 3 * DAY
        MirrorRun(station, mirror).run()
        since = {file.since for file in next_files(station.catalog, CLIPS, None, at=mirror.place)}
        assert all(one <= copied_at for one in since)


@pytest.mark.parametrize("how", ["carried away", "failing"])
def test_a_mirror_whose_disk_went_away_has_lost_nothing(quick_path: Path, how: str) -> None:
    kept = made(quick_path)
    files = FlakyFiles()
    with kept.station(files=files) as station:
        kept.docked(station, [100] * 4)
        mirror = mirrored(kept, station)
        if how == "failing":
            files.vanish(mirror.folder)
        else:
            Path(mirror.folder).rename(quick_path / "elsewhere")
            Path(mirror.folder).mkdir()
        done = swept(station, mirror, ALL)
        assert (done.mirror_left, done.copies_lost, done.files) == (True, [], 4)
        assert len(has_copies(station.catalog, [clip.id for clip in clips(station)])) == 4
        assert round_of(station.catalog, CLIPS, mirror.place).after is None
        assert "copies-removed" not in {entry.kind for entry in station.catalog.custody()}


def test_a_disk_that_goes_in_the_middle_keeps_what_was_read_before(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100] * 4)
        mirror = mirrored(kept, station)
        third = clips(station)[2]

    class Carried(CountedFiles):
        """The disk is taken out when the third copy is opened."""

        def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def,override]
            if path == f"{mirror.folder}/{third.vault_path}":
                Path(mirror.folder).rename(quick_path / "elsewhere")
            return super().open(path, flags, mode, dir_fd=dir_fd)

    with kept.station(files=Carried(str(quick_path / "mirror")), rest=False) as station:
        opened = Mirror(mirror.place, Vault(station.files, mirror.folder))
        assert swept(station, opened, ALL).mirror_left
        assert round_of(station.catalog, CLIPS, mirror.place).after == (third.session, third.seq - 1)
        assert lost_copies(station.catalog) == []
        (quick_path / "elsewhere").rename(mirror.folder)
    with kept.station(rest=False) as station:
        done = swept(station, mirror, ALL)
        assert (done.mirror_left, mirror.place in done.rounds_ended) == (False, True)


def test_a_kill_costs_no_more_than_the_stretch_under_way(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [300] * 5)
        mirror = mirrored(kept, station)
    for kill_at in range(1, 6):
        files = CountedFiles(str(quick_path / "mirror"), kill_at)
        with kept.station(files=files, rest=False) as station:
            mirror = Mirror(mirror.place, Vault(files, mirror.folder))
            with pytest.raises(Interrupted):
                swept(station, mirror, ALL)
            cut = set(files.opened[:-1])
        again = CountedFiles(str(quick_path / "mirror"))
        with kept.station(files=again, rest=False) as station:
            mirror = Mirror(mirror.place, Vault(again, mirror.folder))
            done = swept(station, mirror, ALL)
            assert mirror.place in done.rounds_ended
            every = {mirror.vault.at(clip.vault_path) for clip in clips(station)}
            assert every <= cut | set(again.opened), kill_at


def test_each_of_two_mirrors_is_read_in_rounds_of_its_own(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [300] * 3)
        first = mirrored(kept, station)
        (quick_path / "other").mkdir()
        second = prepare(station, str(quick_path / "other"), same_disk=True, actor="user:li")
        MirrorRun(station, second).run()
        assert swept(station, first, ALL).rounds_ended == [CLIPS, first.place]
        assert round_of(station.catalog, CLIPS, second.place).number == 1
        bad = clips(station)[1]
        spoil(second, bad.vault_path, "changed")
        done = swept(station, second, ALL)
        assert [lost.place for lost in done.copies_lost] == [second.place]
        # The other disk has a copy that holds.
        assert has_copies(station.catalog, [bad.id]) == {bad.id}
        assert has_copies(station.catalog, [bad.id], second.place) == set()


def test_a_run_with_a_small_budget_reads_originals_first(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [3000] * 5)
        mirror = mirrored(kept, station)
        done = swept(station, mirror, Budget(size_bytes=1))
        assert done.files == 2
        assert round_of(station.catalog, CLIPS).after == round_of(station.catalog, CLIPS, mirror.place).after
        late = Sweep(station, WITHIN, mirror=mirror, monotonic=lambda: 9.0).run(Budget(until_s=2.0))
        assert late.files == 2


def test_a_dying_mirror_ends_the_run(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dockd.upkeep import fixity_sweep

    monkeypatch.setattr(fixity_sweep, "DAMAGED_AT_MOST", 2)
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100] * 5)
        mirror = mirrored(kept, station)
        for clip in clips(station):
            spoil(mirror, clip.vault_path, "changed")
        done = swept(station, mirror, ALL)
        assert (len(done.copies_lost), done.damaged, done.stopped) == (2, [], True)


def test_a_recording_damaged_in_both_places_is_said_of_both_and_comes_back_from_elsewhere(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [4000, 5000])
        mirror = mirrored(kept, station)
        victim = clips(station)[0]
        damage(station, victim.vault_path)
        spoil(mirror, victim.vault_path, "changed")
        done = swept(station, mirror, ALL)
        assert ([one.clip for one in done.damaged], [lost.clip for lost in done.copies_lost]) == (
            [victim.id],
            [victim.id],
        )
        assert MirrorRun(station, mirror).run().lacking == 1
        assert has_copies(station.catalog, [victim.id]) == set()
