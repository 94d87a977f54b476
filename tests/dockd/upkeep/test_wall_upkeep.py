"""The wall of bays says what is wrong with the vault: how much is damaged, and how much was not read again in time."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import event

from catalog.fixity.queries import count_damaged
from dockd.bays.bay import Bay
from dockd.bays.slotfile import NO_WORD, OFF, read_all
from dockd.bays.wall import Face, Wall
from dockd.exits import Exit
from dockd.results import Progress
from dockd.screen import wall
from dockd.upkeep.damage import look_at, record
from dockd.upkeep.watch import OVERDUE_EVERY_S, UpkeepWatch, Wrong
from tests.dockd.test_daemon import Running, dockd, running
from tests.simulators.upkeep import damage, made, stored

__all__ = ["running"]

DAY = timedelta(days=1)


def drawn(states: list[dict[str, Any]]) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(wall(states))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_bay_says_what_is_wrong_as_soon_as_it_changes(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        (quick_path / "slots").mkdir()
        screen = Wall(str(quick_path), station.clock)
        faces = [Face(Bay(f"p/{slot}", slot), Progress(None), station.clock()) for slot in (1, 2)]
        for wrong in (Wrong(), Wrong(2, 0), Wrong(2, 31), Wrong(0, 0)):
            screen.wrong = wrong
            for face in faces:
                screen.show(face, "", 100.0)
            states = list(read_all(str(quick_path), station.clock()))
            assert [(one["vault_damaged"], one["vault_overdue"]) for one in states] == [
                (wrong.damaged, wrong.overdue)
            ] * 2
            text = drawn(states)
            assert ("2 damaged files" in text, "31 files not read again" in text) == (
                wrong.damaged > 0, wrong.overdue > 0
            )  # fmt: skip
        screen.wrong = Wrong(1, 0)
        for face in faces:
            screen.show(face, "", 100.0)
        (quick_path / "slots/2.json").unlink()
        (state,) = read_all(str(quick_path), station.clock())
        assert "1 damaged file " in drawn([state])
        # What nobody says any more is not shown as if it were known.
        for silent in (OFF, NO_WORD):
            assert "damaged" not in drawn([state | {"state": silent}])


def test_damage_is_counted_when_the_log_has_grown_and_what_is_overdue_now_and_then(quick_path: Path) -> None:
    kept = made(quick_path)
    with kept.station() as station:
        kept.docked(station, [100] * 3)
        watch = UpkeepWatch(station, lambda: 10)
        size = station.catalog.head().seq
        assert watch.look(size, 0.0) == Wrong(0, 0)
        asked: list[str] = []
        event.listen(station.catalog._engine, "before_cursor_execute", lambda *said: asked.append(str(said[2])))
        assert watch.look(size, OVERDUE_EVERY_S - 1) == Wrong(0, 0)
        assert asked == []
        victim = stored(station)[1]
        damage(station, victim.vault_path)
        assert record(station, victim, look_at(station, victim), "x") is not None
        assert watch.look(station.catalog.head().seq, OVERDUE_EVERY_S - 1) == Wrong(1, 0)
        assert count_damaged(station.catalog) == 1
        kept.clock.now += 11 * DAY
        assert watch.look(station.catalog.head().seq, OVERDUE_EVERY_S) == Wrong(1, 3)


@pytest.mark.duty("D07")
def test_the_wall_of_a_running_station_shows_damage_that_the_nightly_reading_found(running: Running) -> None:
    card = running.root / "card"
    card.mkdir()
    (card / "1234567_100001_20261119080000.mp4").write_bytes(b"evidence" * 1000)
    dockd(running.home, "dock", str(card), "--facts", "later", "--quiet")
    dockd(running.home, "slot", "bind", "1", "--port", "loop/loop250", "--allow-loop")
    running.start()
    running.wait("the bay", lambda: running.bay("loop/loop250").get("vault_damaged") == 0)
    assert "damaged" not in dockd(running.home, "slots", "--once")
    (original,) = (running.home / "vault").rglob("clips/*.mp4")
    original.chmod(0o640)
    original.write_bytes(b"E" + original.read_bytes()[1:])
    reading = [sys.executable, "-m", "dockd", "--home", str(running.home), "fixity", "run", "--minutes", "1"]
    assert subprocess.run(reading, capture_output=True, check=False).returncode == Exit.FINDINGS
    running.wait("damage", lambda: running.bay("loop/loop250").get("vault_damaged") == 1)
    assert "1 damaged file" in dockd(running.home, "slots", "--once")
    (bay,) = json.loads(dockd(running.home, "slots", "--json"))
    assert (bay["vault_damaged"], bay["vault_overdue"]) == (1, 0)
