"""Facts of recordings arrive after the recordings: ingest never waits for a parser.

Clips wait in the catalogue (`facts_state` pending); this works through them, one jailed exiftool for a session's folder
and one jailed ffprobe for a file. A parser that dies or hangs costs the facts of that clip, and that is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from catalog.events import FactsRead
from catalog.model import Clip
from catalog.probe import Probed

from .assembly import Opened
from .gaps.finding import examine_waiting
from .ledger import export
from .vault import CLIPS_FOLDER

# Facts of so many clips reach the catalogue in one transaction.
GROUP = 32
# And so many are asked for at once, so that a long queue needs no memory.
AT_ONCE = 1000

# Kinds that exiftool and ffprobe know something of.
PROBED_KINDS = frozenset({"video", "audio", "photo"})


@dataclass(frozen=True, slots=True)
class Read:
    """Clips whose facts were read, those of which a parser failed, sessions then examined, and new gaps in them."""

    clips: int
    failed: int
    examined: int
    gaps: int


def read_waiting(opened: Opened, *, on_clip: Callable[[int, int], None] | None = None) -> tuple[int, int]:
    """Read the facts of all clips that wait; how many were read, and how many of these had a parser that failed.

    `on_clip` is told how many are done, of how many known to wait. Raises CatalogFault, ToolMissing.
    """
    catalog = opened.station.catalog
    done = failed = 0
    while waiting := catalog.clips_without_facts(AT_ONCE):
        events: list[FactsRead] = []
        known = done + len(waiting)
        for clip, probed in _probe_all(opened, waiting):
            events.append(_event(clip, probed))
            done += 1
            failed += bool(probed.failures)
            if on_clip is not None:
                on_clip(done, known)
            if len(events) >= GROUP:
                catalog.append(events)
                events = []
        catalog.append(events)
    if done:
        export(opened.station)
    return done, failed


def read_and_examine(opened: Opened, *, on_clip: Callable[[int, int], None] | None = None) -> Read:
    """Read all facts that wait, then look for gaps in every session whose facts are complete. Raises as the two do."""
    read, failed = read_waiting(opened, on_clip=on_clip)
    examined = examine_waiting(opened.station)
    return Read(read, failed, len(examined), sum(one.new for one in examined))


def _probe_all(opened: Opened, clips: Iterable[Clip]) -> Iterator[tuple[Clip, Probed]]:
    """One box for each session's folder of originals: a parser sees no other session."""
    vault = opened.station.vault

    def folder_of(clip: Clip) -> str:
        parts = clip.vault_path.split(f"/{CLIPS_FOLDER}/", 1)
        return f"{parts[0]}/{CLIPS_FOLDER}"

    for folder, group in groupby(clips, key=folder_of):
        with opened.probe(vault.at(folder)) as probe:
            for clip in group:
                if clip.kind in PROBED_KINDS:
                    yield clip, probe.facts(vault.at(clip.vault_path), clip.kind)
                else:
                    yield clip, Probed((), ())


def _event(clip: Clip, probed: Probed) -> FactsRead:
    return FactsRead(
        clip=clip.id,
        facts=[
            {"name": fact.name, "value": fact.value, "unit": fact.unit, "source": fact.source} for fact in probed.facts
        ],
        failures=[{"parser": failure.parser, "reason": failure.reason} for failure in probed.failures],
    )
