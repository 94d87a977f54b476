"""An agency whose recordings fall due: days that pass at a word, and people who agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dockd import assembly
from tests.simulators.agency import Ran
from tests.simulators.keeping import Keeping

# Every recording of `due` was made on this day, and may go half a year later.
RECORDED = "2020-02-29"


@dataclass
class Calendar:
    """The station's clock, which a test puts forward."""

    now: datetime

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def pass_days(self, days: int) -> None:
        """Days go by."""
        self.now += timedelta(days=days)


@contextmanager
def calendar(monkeypatch: pytest.MonkeyPatch, now: datetime | None = None) -> Iterator[Calendar]:
    """The clock of every station that is opened meanwhile: `assembly.utc_now`, which is all that it asks."""
    made = Calendar(now or datetime.now(UTC))
    monkeypatch.setattr(assembly, "utc_now", made)
    yield made


class Sweeping(Keeping):
    """A station by the pack of CL, whose routine recordings are kept for six months."""

    @classmethod
    def of(cls, folder: Path, settings: str = "", *, people: bool = True) -> Sweeping:
        """A station with people; `settings` are lines of [sweep]."""
        made = cls.at(folder, "changli-water", people=people)
        assert isinstance(made, cls)
        made.sweep_settings(settings)
        return made

    def sweep_settings(self, lines: str) -> None:
        """Say other things in [sweep]."""
        path = self.home / "station" / "dockd.toml"
        kept = path.read_text("utf-8").partition("[sweep]")[0]
        path.write_text(f"{kept}[sweep]\n{lines}\n", encoding="utf-8")

    def due(self, *times: str, recorder: str = "8123456") -> list[str]:
        """Recordings that were made long ago, and that somebody classified: due since long."""
        clips = self.dock(*times, recorder=recorder)
        self.lasting(*clips)
        self.ok("clip", "classify", *clips, "--class", "routine", "--reason", "巡查", by="boss")
        for clip in clips:
            self.settle_time(clip, RECORDED)
        return clips

    def sweep(self, *words: str) -> Any:
        """What `dockd sweep --json` says; whoever runs the timer is nobody of the agency."""
        return self.ran_sweep(*words).json

    def ran_sweep(self, *words: str) -> Ran:
        """The same with its exit code."""
        return super().__call__("sweep", "run", "--json", *words)

    def agreed(self, batch: str, count: int) -> None:
        """The archivist and the leader agree."""
        self.ok("sweep", "endorse", batch, by="arch")
        self.ok("sweep", "approve", batch, "--count", str(count), by="boss")

    def original(self, clip: str) -> Path:
        """Where it lies, or lay."""
        path = next(row["path"] for row in self.ok("clip", "list", "--json", by="boss").json if row["id"] == clip)
        return self.home / "station" / "vault" / str(path)

    def today(self) -> date:
        """The agency's day."""
        return date.fromisoformat(self.ok("term", "status", "--json", by="boss").json["today"])
