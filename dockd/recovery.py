"""After any kill, power cut or fault the next start comes to rest alone: nothing lost, nothing doubled (contract P4).

What can lie about, and what becomes of it, is the table "Coming to rest" in DESIGN.md. Nothing that was verified is
ever removed here unless the catalogue has a clip with the same digest.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from catalog.events import (
    ClearingIntended,
    ClipIngested,
    CopiesSetAside,
    EntryResolved,
    RecorderCleared,
    SessionOpened,
)
from catalog.kinds import parse
from catalog.watching.events import ClockMeasured, ClockSet, DutyJudged, HealthRead
from hashing.digest import Algorithm, Digest
from retention.clearing import Doubt

from .copying_out.kept import sweep as sweep_given
from .handover.kept import sweep as sweep_handovers
from .ledger import export
from .naming import shown
from .sealing import Story, seal
from .session import Learned
from .station import Station
from .sweep.destroying import finish_interrupted
from .vault import CLIPS_FOLDER, DOCUMENTS_FOLDER, LEDGER_FOLDER, PARTIAL_FOLDER, vault_act

ORPHAN_PREFIX = "orphan-"


@dataclass(frozen=True, slots=True)
class Rest:
    """What coming to rest did: sessions sealed as interrupted, copies put aside, leftovers removed, the sessions whose
    clearing had been cut off, and how many originals a sweep that was cut off had left behind their tombstones.
    """

    sessions: tuple[str, ...]
    set_aside: int
    removed: int
    clearings: tuple[str, ...] = ()
    originals_removed: int = 0


def come_to_rest(station: Station) -> Rest:
    """Bring vault, catalogue and ledger into agreement. Raises TargetFault, CatalogFault.

    Only the one writer of this home may call it, before it begins to take anything in.
    """
    removed = sum(station.vault.remove_unfinished(folder) for folder in (LEDGER_FOLDER, DOCUMENTS_FOLDER))
    sessions, aside = [], 0
    for session in station.catalog.unsealed_sessions():
        story = story_of(station, session.id)
        aside += _put_strangers_aside(station, story)
        for folder in (story.opened.vault_dir, _quarantine_of(station, story)):
            removed += station.vault.remove_unfinished(folder)
        seal(station, story, state="interrupted", milliseconds=0)
        sessions.append(session.id)
    removed += _sweep_partials(station)
    removed += sweep_given(station) + sweep_handovers(station)
    station.partials.reload()
    clearings = [_close_clearing(station, session.id) for session in station.catalog.clearing_intended()]
    originals_removed = finish_interrupted(station)
    export(station)
    return Rest(tuple(sessions), aside, removed, tuple(clearings), originals_removed)


def story_of(station: Station, session: str) -> Story:
    """A session as its custody entries tell it."""
    opened: SessionOpened | None = None
    opened_at = ""
    clips: list[ClipIngested] = []
    resolved: list[EntryResolved] = []
    learned = Learned()
    for entry in station.catalog.session_log(session):
        event = parse(entry.kind, entry.data)
        match event:
            case SessionOpened():
                opened, opened_at = event, entry.at
            case ClipIngested():
                clips.append(event)
            case EntryResolved():
                resolved.append(event)
            case ClockMeasured():
                learned = replace(learned, clock=event)
            case ClockSet():
                learned = replace(learned, clock_set=event)
            case HealthRead():
                learned = replace(learned, health=event)
            case DutyJudged():
                learned = replace(learned, duty=event)
            case _:
                pass
    if opened is None:
        raise KeyError(session)
    return Story(opened, opened_at, clips, resolved, learned)


def _close_clearing(station: Station, session: str) -> str:
    """Give a clearing that was cut off its outcome: nothing is known to be gone, for nobody listed the recorder since.

    What may still lie there is found already held, and cleared, at its next docking.
    """
    log = (parse(entry.kind, entry.data) for entry in station.catalog.session_log(session))
    intent = [event for event in log if isinstance(event, ClearingIntended)][-1]
    kept = [{"seq": entry["seq"], "reason": Doubt.NOT_CONFIRMED.value} for entry in intent.entries]
    station.catalog.append([RecorderCleared(session, intent.recorder, [], kept, "interrupted")])
    return session


def _put_strangers_aside(station: Station, story: Story) -> int:
    """Copies in the session's folders that no custody entry names go to `.partial/`, with their digest as name."""
    named = {clip.vault_path for clip in story.clips}
    named |= {entry.vault_path for entry in story.resolved if entry.vault_path}
    copies = []
    for path in _originals_of(station, story):
        if path in named:
            continue
        found = station.vault.read_back(path)
        digest = found.digests[Algorithm.BLAKE3]
        _set_aside(station, path, digest)
        copies.append({"path": path, "digest": str(digest), "size_bytes": found.size_bytes})
    if copies:
        station.catalog.append([CopiesSetAside(story.opened.session, copies)])
    return len(copies)


def _originals_of(station: Station, story: Story) -> list[str]:
    """All plain files in the session's clips folder and in its quarantine folder."""
    found: list[str] = []
    for folder in (story.opened.vault_dir, _quarantine_of(station, story)):
        originals = station.vault.files_below(f"{folder}/{CLIPS_FOLDER}")
        found.extend(file.path for file in originals if file.size_bytes >= 0)
    return found


def _quarantine_of(station: Station, story: Story) -> str:
    """The session's quarantine folder; it has the same day as its folder of originals."""
    opened = story.opened
    return station.vault.quarantine_dir(opened.recorder, opened.vault_dir.split("/")[-2], opened.session)


def _set_aside(station: Station, path: str, digest: Digest) -> None:
    vault = station.vault
    target = vault.at(f"{PARTIAL_FOLDER}/{ORPHAN_PREFIX}{digest.hex}")
    with vault_act(target, "rename"):
        try:
            station.files.move_new(vault.at(path), target)
        except FileExistsError:
            # The same bytes lie there from an earlier interruption: one of them is enough.
            station.files.unlink(vault.at(path))
    vault.settle([PARTIAL_FOLDER, os.path.dirname(path)])


def _sweep_partials(station: Station) -> int:
    """Remove what nobody can go on with, and orphans whose bytes the catalogue has; the rest stays."""
    vault = station.vault
    station.partials.reload()
    removed = 0
    for kept in station.partials.records():
        path = shown(bytes.fromhex(kept.path_hex))
        if station.catalog.held(kept.recorder, path, kept.size_bytes):
            # The cut came between the copy's new name and the end of its old one.
            station.partials.discard(kept.identity)
            removed += 1
        elif station.partials.kept(kept.identity) is None:
            station.partials.forget(kept.identity)
    names = vault.names(PARTIAL_FOLDER)
    records = list(station.partials.records())
    wanted = {f"{kept.identity}.part" for kept in records}
    wanted |= {f"{kept.identity}.{kept.prefix.size_bytes}.json" for kept in records}
    wanted |= _orphans_to_keep(station, [name for name in names if name.startswith(ORPHAN_PREFIX)])
    for name in names:
        if name not in wanted:
            vault.remove_partial(vault.at(f"{PARTIAL_FOLDER}/{name}"))
            removed += 1
    return removed


def _orphans_to_keep(station: Station, names: list[str]) -> set[str]:
    """The orphans whose bytes neither a clip nor a quarantined copy has."""
    waiting = {}
    for name in names:
        digest = str(Digest(Algorithm.BLAKE3, bytes.fromhex(name.removeprefix(ORPHAN_PREFIX))))
        if not station.catalog.clips_with_digest(digest):
            waiting[digest] = name
    if waiting:
        for entry in station.catalog.quarantined():
            waiting.pop(entry.digest or "", None)
    return set(waiting.values())
