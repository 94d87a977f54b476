"""The daemon's part in clearing a recorder: it may not touch one, so it writes what root is to remove, and records what
root says came of it.

    doubts of the session ─► intent, durable ─► wipe list ─► unmount ─► dockd-clear@ ─► outcome ─► custody entry

Root trusts no word of it (dockd.root.wiping): it checks seal, device and listing, and reads every file again itself.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from catalog.watching.events import ClockSet
from hashing.digest import Algorithm, Digest
from retention.clearing import Doubt, Keep, candidate, doubts_of_session

from .candidates import Candidate, candidates_of, intend, record_outcome
from .clocks.setting import order_for, setting_of
from .docking import Docking
from .errors import UnitFailed
from .results import Result
from .root.wipelist import Clock, Listed, Outcome, Removal, WipeList, read_outcome
from .units import Units
from .usb import Seen
from .vault import SESSION_FILE


@dataclass(frozen=True, slots=True)
class Came:
    """What a clearing came to: `kept` are the entries that stayed although they were to go, `fault` is what root says
    stopped it or kept the clock from being set.
    """

    kept: tuple[Keep, ...] = ()
    fault: str | None = None


class ClearingOrder:
    """One clearing by root, of a docking that has just been sealed."""

    def __init__(self, docking: Docking, result: Result, run_dir: str, seen: Seen) -> None:
        self._docking = docking
        self._result = result
        self._seen = seen
        self._station = docking.station
        self._wipe_path = f"{run_dir}/wipe/{seen.name}.json"
        self._outcome_path = f"{run_dir}/outcome/{seen.name}.json"

    def carry_out(self, units: Units) -> Came:
        """Have it done.

        Raises UnitFailed (recorded as nothing confirmed), CatalogFault, TargetFault.
        """
        candidates = candidates_of(self._docking)
        outcomes = [found.outcome for found in candidates]
        doubts = doubts_of_session(self._result.state, self._result.sum.on_recorder, outcomes)
        if doubts:
            all_kept = [Keep(found.entry.seq, doubts[0]) for found in candidates]
            self._record([], all_kept, "nothing-removed")
            return Came(tuple(all_kept))
        kept, chosen = self._weigh(candidates)
        clock = order_for(self._docking)
        if not chosen and clock is None:
            self._record([], kept, "nothing-removed")
            return Came()
        if chosen:
            intend(self._station, self._docking, chosen)
        self._write(self._list(chosen, clock))
        try:
            units.unmount(self._seen.name)
            units.clear(self._seen.name)
            outcome = self._read_outcome()
        except (UnitFailed, OSError, ValueError) as failed:
            self._record([], [*kept, *(Keep(found.entry.seq, Doubt.NOT_CONFIRMED) for found in chosen)], "interrupted")
            if isinstance(failed, UnitFailed):
                raise
            raise UnitFailed("clear", self._seen.name, str(failed)) from failed
        finally:
            self._tidy()
        stayed = [Keep(seq, Doubt(reason)) for seq, reason in outcome.kept]
        clock_set = setting_of(self._docking, outcome.clock.name, outcome.clock.set_at) if outcome.clock else None
        self._record(list(outcome.removed), [*kept, *stayed], outcome.confirmed_by, clock_set)
        return Came(tuple(stayed), outcome.fault)

    def _weigh(self, candidates: list[Candidate]) -> tuple[list[Keep], list[Candidate]]:
        """What stays for reasons known already, and what root is asked to remove. Copies in the vault that this session
        did not write are read back now; the second reading of the recorder is root's."""
        kept: list[Keep] = []
        chosen: list[Candidate] = []
        own = {clip.clip for clip in self._docking.clips}
        for found in candidates:
            doubt = candidate(found.outcome, clearable=found.clearable, held_digest=found.held_digest)
            if doubt is None and found.clip not in own and found.vault_path is not None:
                vault = self._station.vault.read_back(found.vault_path).digests[Algorithm.BLAKE3]
                doubt = None if str(vault) == found.held_digest else Doubt.VAULT_COPY_DIFFERS
            if doubt is None:
                chosen.append(found)
            else:
                kept.append(Keep(found.entry.seq, doubt))
        return kept, chosen

    def _list(self, chosen: list[Candidate], clock: Clock | None) -> WipeList:
        opened = self._docking.opened
        return WipeList(
            session=opened.session,
            device=self._seen.name,
            diskseq=self._seen.diskseq,
            seal=self._station.vault.at(f"{opened.vault_dir}/{SESSION_FILE}"),
            listing=tuple(
                Listed(p.listed.path, p.listed.kind, p.listed.size_bytes, p.listed.mtime_ns)
                for p in self._docking.planned
            ),
            remove=tuple(
                Removal(
                    found.entry.seq,
                    found.entry.listed.path,
                    found.entry.listed.size_bytes,
                    Digest.parse(found.held_digest or ""),
                )
                for found in chosen
            ),
            clock=clock,
        )

    def _write(self, wipe: WipeList) -> None:
        # An outcome that lies there from before is root's to remove; ours is known by its session.
        with open(f"{self._wipe_path}.new", "wb") as file:
            file.write(wipe.to_json())
        os.replace(f"{self._wipe_path}.new", self._wipe_path)

    def _read_outcome(self) -> Outcome:
        with open(self._outcome_path, "rb") as file:
            outcome = read_outcome(file.read())
        if outcome.fault is not None and not outcome.session:
            # Root could not even read what it was asked for.
            raise ValueError(outcome.fault)
        if (outcome.session, outcome.device) != (self._result.session, self._seen.name):
            raise ValueError("the outcome is of another clearing")
        return outcome

    def _tidy(self) -> None:
        for path in (self._wipe_path,):
            with suppress(OSError):
                os.unlink(path)

    def _record(self, removed: list[int], kept: list[Keep], confirmed_by: str, clock: ClockSet | None = None) -> None:
        record_outcome(self._station, self._docking, removed, kept, confirmed_by, clock=clock)
