"""A recorder to be cleared, and a clearing with all that the log says of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from catalog.events import RecorderCleared
from catalog.kinds import parse
from dockd.clearing import Cleared, Clearing
from dockd.docking import Docking, Progress, Result
from dockd.listing import Volume
from dockd.station import Station
from retention.clearing import Doubt
from tests.dockd.test_power_cuts import recording

FIRST = "1234567_100001_20261119080000.mp4"
LONG = "1234567_100001_20261119081000.mp4"
PHOTO = "sub/1234567_100001_20261119082000.jpg"
CLIPS = {FIRST: recording("first", 3000), LONG: recording("long", 300_000), PHOTO: recording("photo", 5000)}
# What a station tool put on the recorder is held but stays there, and so does what nobody knows.
BINDING = ("station_bind.ini", b"serial=1234567\nuser=100001\n")
STRANGE = ("strange.xyz", b"nobody knows me")
HELD = len(CLIPS) + 1


def recorder_with(root: Path, contents: dict[str, bytes]) -> Path:
    """A recorder with these files; the dates are the card's own."""
    for name, content in contents.items():
        path = root / "recorder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return root / "recorder"


def lying(home: Path) -> dict[str, bytes]:
    """What is on the recorder."""
    found = (home / "recorder").rglob("*")
    return {str(path.relative_to(home / "recorder")): path.read_bytes() for path in found if path.is_file()}


@dataclass(frozen=True)
class Told:
    """A clearing with what the log says of it."""

    result: Result
    cleared: Cleared
    reasons: dict[str, str]
    kinds: list[str]


def cleared(station: Station, home: Path, between: Callable[[], None] = lambda: None) -> Told:
    """Dock, let something happen, clear."""
    recorder = home / "recorder"
    with Volume.open(station.files, str(recorder)) as volume:
        docking = Docking(station, str(recorder), slot=1, progress=Progress(1), stop=threading.Event())
        result = docking.run(volume)
        between()
        outcome = Clearing(docking, result, volume).run()
    names = {entry.seq: entry.path for entry in station.catalog.session_entries(result.session)}
    log = list(station.catalog.session_log(result.session))
    last = parse(log[-1].kind, log[-1].data)
    assert isinstance(last, RecorderCleared)
    assert last.removed == list(outcome.removed)
    assert last.kept == [{"seq": keep.seq, "reason": keep.doubt.value} for keep in outcome.kept]
    assert {keep.seq for keep in outcome.kept} | set(outcome.removed) == set(names)
    return Told(result, outcome, {names[k.seq]: k.doubt.value for k in outcome.kept}, [entry.kind for entry in log])


def all_kept(told: Told, doubt: Doubt) -> None:
    """Nothing left, for this one reason."""
    assert told.cleared.removed == ()
    assert set(told.reasons.values()) <= {doubt.value, Doubt.NOT_IN_VAULT.value, Doubt.KEPT_BY_FAMILY.value}
    assert doubt.value in told.reasons.values()
