"""Runs contenders against each other: in turns, on the same data, caches dropped, each into a fresh folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .contenders import Contender
from .running import Failed, Sample, drop_caches, measure

REPOSITORY = Path(__file__).resolve().parents[2]
Samples = dict[str, list[tuple[Sample, ...]]]
"""Of each contender, by its key: what each round came to, a sample for each step."""


@dataclass(slots=True)
class Track:
    """Where races are held. `targets` lies on the file system that is written to."""

    targets: Path
    rounds: int
    tell: Callable[[str], None]
    expected: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    warm: bool = True

    def race(
        self,
        title: str,
        contenders: Sequence[Contender],
        rounds: int | None = None,
        *,
        keep: bool = False,
        **places: str,
    ) -> Samples:
        """Every contender once a round, the first one another each time; raises Failed.

        `keep`: what was copied is removed only after the race. For some minutes ext4 searches past the inodes of files
        that were deleted, one by one: with thousands of them that would be measured with whoever comes next.
        """
        with TemporaryDirectory(prefix="run-", dir=self.targets, ignore_cleanup_errors=True) as lanes:
            return self._race(title, contenders, rounds or self.rounds, Path(lanes) if keep else None, places)

    def _race(
        self, title: str, contenders: Sequence[Contender], wanted: int, lanes: Path | None, places: dict[str, str]
    ) -> Samples:
        samples: Samples = {contender.key: [] for contender in contenders}
        for number in range(wanted):
            turn = number % len(contenders)
            for contender in (*contenders[turn:], *contenders[:turn]):
                steps = self._one(contender, places, lanes / f"{contender.key}-{number}" if lanes else None)
                samples[contender.key].append(steps)
                seconds = " + ".join(f"{step.wall_s:.2f}" for step in steps)
                peak = max(step.peak_bytes for step in steps) / 2**20
                cpu = sum(step.cpu_s for step in steps)
                self.tell(
                    f"{title} {number + 1}/{wanted}  {contender.title:44} {seconds} s  cpu {cpu:.2f} s  {peak:.0f} MiB"
                )
        return samples

    def _one(self, contender: Contender, places: dict[str, str], lane: Path | None) -> tuple[Sample, ...]:
        target = lane or self.targets / "target"
        listing = self.targets / "target.list"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        environment = {
            **os.environ,
            **self.environment,
            **places,
            "PYTHON": sys.executable,
            "PYTHONPATH": str(REPOSITORY),
            "TARGET": str(target),
            "LIST": str(listing),
            # Compiled once, as installing does it, and not anew in every process that is measured.
            "PYTHONPYCACHEPREFIX": str(self.targets / "bytecode"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        try:
            if contender.prepare:
                subprocess.run(["sh", "-ec", contender.prepare], env=environment, check=True, stdout=subprocess.DEVNULL)
            return tuple(self._step(contender, step, environment) for step in contender.steps)
        finally:
            if lane is None:
                shutil.rmtree(target, ignore_errors=True)
            listing.unlink(missing_ok=True)

    def _step(self, contender: Contender, step: str, environment: dict[str, str]) -> Sample:
        drop_caches()
        if self.warm:
            warm_up(environment)
        sample = measure(["sh", "-ec", step], environment, str(REPOSITORY), contender.until)
        if contender.own_clock:
            sample = replace(sample, wall_s=float(sample.facts()["seconds"]))
        if contender.key.startswith("dockd"):
            _all_ingested(step, sample)
        return sample


# A whole session of another home, with nothing on its recorder: what is not imported then is not needed either.
_WARM_UP = """
home=$(mktemp -d) && mkdir "$home/empty"
"$PYTHON" -m dockd --home "$home/home" init --yes && "$PYTHON" -m dockd --home "$home/home" dock "$home/empty"
rm -r "$home"
cp --version; rsync --version; rclone version; b3sum --version; find /dev/null; xargs --version; sync -f /dev/null
"""


def warm_up(environment: dict[str, str]) -> None:
    """Load the programs themselves: a station's are in memory; what is measured is the recordings' way."""
    quiet = subprocess.DEVNULL
    subprocess.run(
        ["sh", "-c", _WARM_UP], env=environment, cwd=REPOSITORY, check=True, stdin=quiet, stdout=quiet, stderr=quiet
    )


def sessions_of(sample: Sample) -> list[dict[str, object]]:
    """What `dockd dock --json` told."""
    found = json.loads(sample.said)
    assert isinstance(found, list)
    return found


def _all_ingested(step: str, sample: Sample) -> None:
    """A fast docking that took in less than all is no measurement."""
    for session in sessions_of(sample):
        if session["state"] != "sealed" or session["ingested"] != session["on_recorder"]:
            raise Failed([step], 0, sample.said)
