"""After any kill, power cut or fault the next start comes to rest alone: nothing lost, nothing doubled (contract P4).

What can lie about, and what becomes of it, is the table "Coming to rest" in DESIGN.md. Nothing that was verified is
ever removed here unless the catalogue has a clip with the same digest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
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
from hashing.writing import is_temporary
from retention.clearing import Doubt

from .copying_out.kept import sweep as sweep_given
from .documents import FILE_FOLDER
from .ledger import export
from .naming import shown
from .sealing import Story, seal
from .session import Learned
from .station import Station
from .vault import CLIPS_FOLDER, DOCUMENTS_FOLDER, LEDGER_FOLDER, PARTIAL_FOLDER, vault_act

ORPHAN_PREFIX = "orphan-"


@dataclass(frozen=True, slots=True)
class Rest:
    """What coming to rest did: sessions sealed as interrupted, copies put aside, leftovers removed, and the sessions
    whose clearing had been cut off."""

    sessions: tuple[str, ...]
    set_aside: int
    removed: int
    clearings: tuple[str, ...] = ()


def come_to_rest(station: Station) -> Rest:
    """Bring vault, catalogue and ledger into agreement. Raises TargetFault, CatalogFault.

    Only the one writer of this home may call it, before it begins to take anything in.
    """
    removed = _sweep_temporaries(station, LEDGER_FOLDER) + _sweep_temporaries(station, DOCUMENTS_FOLDER)
    sessions, aside = [], 0
    for session in station.catalog.unsealed_sessions():
        story = story_of(station, session.id)
        aside += _put_strangers_aside(station, story)
        for folder in (story.opened.vault_dir, _quarantine_of(station, story)):
            removed += _sweep_temporaries(station, folder)
        seal(station, story, state="interrupted", milliseconds=0)
        sessions.append(session.id)
    removed += _sweep_partials(station)
    removed += sweep_given(station)
    station.partials.reload()
    clearings = [_close_clearing(station, session.id) for session in station.catalog.clearing_intended()]
    export(station)
    return Rest(tuple(sessions), aside, removed, tuple(clearings))


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
    known = {kept.identity: kept for kept in station.partials.records()}
    for name in vault.names(PARTIAL_FOLDER):
        path = vault.at(f"{PARTIAL_FOLDER}/{name}")
        if name.startswith(ORPHAN_PREFIX):
            gone = _catalogued(station, Digest(Algorithm.BLAKE3, bytes.fromhex(name.removeprefix(ORPHAN_PREFIX))))
        elif name.endswith(".part"):
            gone = name.removesuffix(".part") not in known
        else:
            gone = not any(name == f"{k.identity}.{k.prefix.size_bytes}.json" for k in known.values())
        if gone:
            vault.remove_partial(path)
            removed += 1
    return removed


def _catalogued(station: Station, digest: Digest) -> bool:
    """Whether a clip or a quarantined copy has these bytes."""
    if station.catalog.clips_with_digest(str(digest)):
        return True
    return any(entry.digest == str(digest) for entry in station.catalog.quarantined())


def _sweep_temporaries(station: Station, folder: str) -> int:
    """Remove half-written text files: they never had their name, so nothing counts on them."""
    removed = 0
    for path in _temporaries(station, folder):
        with vault_act(station.vault.at(path), "unlink"):
            station.files.unlink(station.vault.at(path))
        removed += 1
    return removed


def _temporaries(station: Station, folder: str) -> Iterator[str]:
    for file in station.vault.files_below(folder):
        theirs = f"/{CLIPS_FOLDER}/" in file.path or f"/{FILE_FOLDER}/" in file.path
        if is_temporary(os.path.basename(file.path)) and not theirs:
            yield file.path
