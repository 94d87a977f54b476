"""Clears a recorder: an act of its own, after the session is sealed (contract P1-P3).

    second reading ─► verdicts ─► intent, durable ─► same listing? ─► unlink, fsync folder ─► list again ─► outcome

"Not there" from a recorder is no evidence by itself: an unlink that finds nothing is a failure, and a listing confirms
only when the volume still answers as the same device and still shows everything that was to stay.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from hashing.digest import Algorithm
from hashing.reading import SourceUnreadable, read_source
from retention.clearing import Clear, Doubt, Evidence, Keep, candidate, doubts_of_session, weigh

from .candidates import Candidate, candidates_of, intend, record_outcome
from .docking import Docking
from .listing import Listed, Listing, Volume
from .results import Result
from .session import Outcome, Planned
from .station import Station


@dataclass(frozen=True, slots=True)
class Cleared:
    """What a clearing came to: entries gone for sure, and the others with the reason they stayed."""

    removed: tuple[int, ...]
    kept: tuple[Keep, ...]


class Clearing:
    """Clears the recorder of one docking that has just been sealed."""

    def __init__(self, docking: Docking, result: Result, volume: Volume) -> None:
        self._docking = docking
        self._result = result
        self._volume = volume
        self._station: Station = docking.station

    def run(self) -> Cleared:
        """Weigh, record, remove, confirm, record. Raises TargetFault, CatalogFault; a recorder's fault keeps clips."""
        candidates = candidates_of(self._docking)
        doubts = doubts_of_session(self._result.state, self._result.sum.on_recorder, [c.outcome for c in candidates])
        if not doubts and not os.access(self._volume.root, os.W_OK):
            doubts = [Doubt.READ_ONLY]
        if doubts:
            return self._refuse_all(candidates, doubts[0])
        verdicts = weigh(self._evidence(candidate) for candidate in candidates)
        wanted = {verdict.seq for verdict in verdicts if isinstance(verdict, Clear)}
        kept = [verdict for verdict in verdicts if isinstance(verdict, Keep)]
        if not wanted:
            return self._record([], kept, "nothing-removed")
        chosen = [c for c in candidates if c.entry.seq in wanted]
        intend(self._station, self._docking, chosen)
        doubt = self._changed()
        if doubt is not None:
            return self._record([], [*kept, *(Keep(c.entry.seq, doubt) for c in chosen)], "nothing-removed")
        failed = self._remove(chosen)
        removed, unconfirmed = self._confirm([c for c in chosen if c.entry.seq not in failed], chosen)
        kept += [Keep(seq, Doubt.REMOVAL_FAILED) for seq in sorted(failed)]
        return self._record(removed, kept + unconfirmed, "listing")

    # ------------------------------------------------------------------------------------------------- weighing

    def _evidence(self, found: Candidate) -> Evidence:
        clearable = found.clearable
        second = vault = None
        if candidate(found.outcome, clearable=clearable, held_digest=found.held_digest) is None:
            second = self._second_reading(found.entry)
            if found.outcome == Outcome.INGESTED:
                # Read back from the medium a moment ago, before it got its name.
                vault = found.held_digest
            elif found.vault_path is not None:
                vault = str(self._station.vault.read_back(found.vault_path).digests[Algorithm.BLAKE3])
        return Evidence(found.entry.seq, found.outcome, clearable, found.held_digest, second, vault)

    def _second_reading(self, entry: Planned) -> str | None:
        """The recorder's file read again, not from the cache: a dying card gives other bytes each time."""
        try:
            again = read_source(
                self._station.files,
                lambda flags: self._volume.open_entry(entry.listed.path, flags),
                entry.listed.size_bytes,
                (Algorithm.BLAKE3,),
                stop=self._docking.stop,
            )
        except (OSError, SourceUnreadable):
            return None
        return str(again.digests[Algorithm.BLAKE3])

    # ------------------------------------------------------------------------------------------------- removing

    def _changed(self) -> Doubt | None:
        """Whether the recorder is no longer the one that was catalogued: same device, same listing, no double names."""
        try:
            if self._volume.facts() != self._docking.opened.volume:
                return Doubt.DEVICE_CHANGED
            now = self._docking.list_entries(self._volume)
        except OSError:
            return Doubt.DEVICE_CHANGED
        before = [entry.listed for entry in self._docking.planned]
        if _identities(now.entries) != _identities(before):
            return Doubt.LISTING_CHANGED
        return None

    def _remove(self, chosen: list[Candidate]) -> set[int]:
        """Unlink each, and make each folder durable; the entries for which either failed."""
        failed: set[int] = set()
        by_folder: dict[bytes, list[Candidate]] = {}
        for found in chosen:
            by_folder.setdefault(os.path.dirname(found.entry.listed.path), []).append(found)
        for folder, entries in by_folder.items():
            try:
                fd = self._volume.open_folder(folder)
            except OSError:
                failed.update(c.entry.seq for c in entries)
                continue
            try:
                for found in entries:
                    try:
                        self._station.files.unlink(os.path.basename(found.entry.listed.path), dir_fd=fd)
                    except OSError:
                        # ENOENT too: a pulled vfat says so of every name (faults: after its cable is pulled).
                        failed.add(found.entry.seq)
                self._station.files.fsync(fd)
            except OSError:
                failed.update(c.entry.seq for c in entries)
            finally:
                self._station.files.close(fd)
        return failed

    def _confirm(self, removed: list[Candidate], chosen: list[Candidate]) -> tuple[list[int], list[Keep]]:
        """What a fresh listing says is gone; nothing is gone when the volume no longer answers as itself."""
        expected = {entry.listed.path for entry in self._docking.planned} - {c.entry.listed.path for c in chosen}
        try:
            with Volume.open(self._station.files, self._volume.root) as fresh:
                now = self._docking.list_entries(fresh)
                same = fresh.facts() == self._docking.opened.volume
        except OSError:
            same, now = False, Listing(entries=(), device=0, capacity_bytes=0, root=self._volume.root)
        present = {entry.path for entry in now.entries}
        # What lies in a folder that cannot be listed is not gone because nobody sees it.
        same = same and all(entry.kind != "unlistable" for entry in now.entries)
        if not same or not expected <= present:
            return [], [Keep(c.entry.seq, Doubt.NOT_CONFIRMED) for c in removed]
        gone = [c.entry.seq for c in removed if c.entry.listed.path not in present]
        still = [Keep(c.entry.seq, Doubt.STILL_LISTED) for c in removed if c.entry.listed.path in present]
        return gone, still

    # ------------------------------------------------------------------------------------------------ recording

    def _refuse_all(self, candidates: list[Candidate], doubt: Doubt) -> Cleared:
        return self._record([], [Keep(c.entry.seq, doubt) for c in candidates], "nothing-removed")

    def _record(self, removed: list[int], kept: list[Keep], confirmed_by: str) -> Cleared:
        record_outcome(self._station, self._docking, removed, kept, confirmed_by)
        return Cleared(tuple(sorted(removed)), tuple(kept))


def _identities(entries: tuple[Listed, ...] | list[Listed]) -> list[tuple[bytes, str, int, int]]:
    return [(entry.path, entry.kind, entry.size_bytes, entry.mtime_ns) for entry in entries]
