"""One docking session: from a listed recorder to a sealed session.

    listing ─► plan ─► copy ─► land ─► catalogue ─► seal

A recorder's fault costs its entry; a fault of the vault or the catalogue leaves the session unsealed and stops
(TargetFault, CatalogFault): recovery closes it at the next start. Called from one thread a recorder; the copy engine
has its own threads behind it.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

from catalog.event import Event
from catalog.events import ClipIngested, CopyCondemned, EntryResolved, SessionOpened, SessionSealed
from catalog.fixity.model import DAMAGED
from catalog.people.queries import registered
from hashing.copying import Checkpointed, Condemned, Outcome, SourceFault, Verified, copy_all
from hashing.digest import Algorithm
from hashing.reading import fingerprint_of

from . import session as rules
from .clocks.observing import Docked, Observed, observe, unobserved
from .examining import heads_of
from .first_look import SMALL_BYTES, FirstLook
from .listing import Listing, Volume, list_volume
from .naming import vault_path
from .partials import Partials
from .reading_logs import logs_of
from .recorders import Match, match
from .results import Note, Progress, Result
from .sealing import Story, seal
from .session import Act, Holding, Planned, Sum
from .station import Station
from .usb import Origin
from .vault import CLIPS_FOLDER
from .vital_signs import VitalSigns
from .whose import Whose

# Entries that need no copy reach the catalogue in groups of this size, so that a transaction stays short.
GROUP = 256


class Docking:
    """Takes one recorder in. `run` gives the Result; afterwards `opened`, `clips` and `resolved` tell it all.

    `only` and `source_name` are for drop folders: the entries that are still, and the folder's name for a recorder's.
    `look` saves the listing where somebody has it already. `origin` is where the volume comes from.
    """

    def __init__(
        self,
        station: Station,
        source: str,
        *,
        slot: int | None,
        progress: Progress,
        stop: threading.Event,
        only: frozenset[bytes] | None = None,
        source_name: str | None = None,
        look: FirstLook | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.station = station
        self.source = source
        self._only = only
        self._source_name = source_name
        self._look = look
        self._origin = origin or Origin()
        self.slot = slot
        self.progress = progress
        self.stop = stop
        self.clips: list[ClipIngested] = []
        self.resolved: list[EntryResolved] = []
        self.planned: list[Planned] = []
        self.notes: list[Note] = []
        self.signs = VitalSigns(station)
        self.match: Match
        self.whose: Whose
        self.clock: Observed
        self._started_s = 0.0
        self.opened: SessionOpened
        self.opened_at = ""
        self.quarantine_dir = ""
        self._digest_to_clip: dict[str, tuple[str, str]] = {}
        self._names: dict[str, str] = {}

    def run(self, volume: Volume) -> Result:
        """List, copy, catalogue and seal.

        Raises OSError (the recorder cannot be listed at all), TargetFault, CatalogFault, NoSpace.
        """
        self._started_s = time.monotonic()
        began = self.station.clock()
        self.progress.state = "listing"
        listing = self._look.found()[1] if self._look else self.list_entries(volume)
        found = match(self.station.families, listing, volume, station_now=began, usb=self._origin.usb)
        if self._source_name is not None:
            found = replace(found, recorder=self._source_name)
        # Cloned serial numbers exist: two recorders of one name take turns, or their partials would collide.
        with self.station.turn(found.recorder):
            self._open(volume, listing, found, began)
            if self._look is not None:
                self._look.enough()
            self.progress.state = "copying"
            self._resolve_without_copy(volume)
            self._copy(volume)
            self.progress.state = "sealing"
            if self._source_name is None:
                self.signs.take(volume, listing, found, self.opened.session, self.clock, whole=not self._stopped)
            sealed = self._seal()
        return Result(
            session=self.opened.session,
            recorder=found.recorder,
            family=found.family.name,
            slot=self.slot,
            sum=Sum(self.opened.on_recorder, sealed.ingested, sealed.already_held, sealed.quarantined, sealed.failed),
            ingested_bytes=sealed.ingested_bytes,
            seconds=sealed.milliseconds / 1000,
            state=sealed.state,
            notes=tuple(self.notes),
            duty=self.signs.duty,
        )

    def list_entries(self, volume: Volume) -> Listing:
        """The entries this session is about: all of them, or of a drop folder those that are still."""
        listing = list_volume(self.station.files, volume)
        if self._only is None:
            return listing
        return replace(listing, entries=tuple(entry for entry in listing.entries if entry.path in self._only))

    # ---------------------------------------------------------------------------------------------- before copying

    def _open(self, volume: Volume, listing: Listing, found: Match, began: datetime) -> None:
        self.whose = Whose.of(self.station.catalog, found, began)
        listed = registered(self.station.catalog, found.recorder)
        department = (listed.department if listed else found.department) or self.station.department
        session = self.station.new_session_id(began)
        day = self.station.local_day(began)
        self.match = found
        self.planned = rules.plan(listing, found, self._holdings(found.recorder), heads_of(volume, listing, found))
        self.notes += [Note("clock-not-set", name) for name in found.clock_orders_left]
        newer = rules.newer_files(self.planned, found, session)
        self.notes += [Note("newer-than-docking", file["path"]) for seen in newer for file in seen.files]
        if self._source_name is not None:
            self.clock = unobserved(found, began)
        else:
            docked = Docked(found, tuple(self.planned), session, began, self._origin, volume.facts())
            self.clock = observe(self.station, docked, logs_of(volume, listing, found))
        self.notes += self.clock.notes
        self.opened = SessionOpened(
            session=session,
            recorder=found.recorder,
            family=found.family.name,
            family_reason=found.reason,
            label=found.label,
            slot=self.slot,
            department=department,
            officer=found.officer,
            source=self.source,
            vault_dir=self.station.vault.session_dir(department, found.recorder, day, session),
            on_recorder=len(listing.entries),
            size_bytes=sum(entry.size_bytes for entry in listing.entries if entry.kind == "file"),
            station_synced=self.station.clock_synced(),
            volume=volume.facts(),
        )
        self.quarantine_dir = self.station.vault.quarantine_dir(found.recorder, day, session)
        to_copy = sum(p.listed.size_bytes for p in self.planned if p.act in (Act.COPY, Act.SET_ASIDE))
        self.station.refuse_without_space(to_copy)
        self.progress.recorder, self.progress.family, self.progress.session = found.recorder, found.family.name, session
        self.progress.total_entries = len(self.planned)
        self.progress.total_bytes = to_copy
        self.opened_at = self.station.catalog.append([self.opened, *self.clock.events, *newer])[0].at

    def _holdings(self, recorder: str) -> dict[str, list[Holding]]:
        holdings: dict[str, list[Holding]] = {}
        for held in self.station.catalog.held_many(recorder):
            if held.doubt is None:
                # Else the recorder gave two different things for it, and is read once more.
                holdings.setdefault(held.path, []).append(
                    Holding(held.size_bytes, held.fingerprint, held.clip, held.vault_path, held.digest)
                )
            if held.clip is not None and held.doubt != DAMAGED:  # a damaged one must not cost the recorder's good copy
                self._digest_to_clip[held.digest] = (held.clip, held.path)
                self._names[held.path] = held.clip
        return holdings

    def _resolve_without_copy(self, volume: Volume) -> None:
        """Entries that need no copy get their outcome; those the vault may hold are compared by fingerprint."""
        ready: list[EntryResolved] = []
        for index, entry in enumerate(self.planned):
            if entry.act is Act.CHECK:
                self.planned[index] = entry = self._check(volume, entry, ready)
            elif entry.act is Act.DESCRIBE:
                ready.append(self._resolution(entry, rules.Outcome.QUARANTINED, entry.reason))
            elif entry.act is Act.FAIL:
                ready.append(self._resolution(entry, rules.Outcome.FAILED, entry.reason))
            if len(ready) >= GROUP:
                self._record(ready)
                ready = []
        self._record(ready)

    def _check(self, volume: Volume, entry: Planned, ready: list[EntryResolved]) -> Planned:
        """The entry as it was when its fingerprint is one we hold (its outcome is in `ready`); else to be copied."""
        files = self.station.files
        try:
            fd = volume.open_entry(entry.listed.path, 0)
            try:
                found = str(fingerprint_of(files, fd, entry.listed.size_bytes))
            finally:
                files.close(fd)
        except OSError as error:
            self.signs.fault(error.errno)
            ready.append(self._resolution(entry, rules.Outcome.FAILED, _reason(error)))
            return entry
        except EOFError:
            ready.append(self._resolution(entry, rules.Outcome.FAILED, "shrank"))
            return entry
        for holding in entry.holdings:
            if holding.fingerprint == found:
                outcome = rules.Outcome.ALREADY_HELD if holding.clip else rules.Outcome.QUARANTINED
                reason = "same-entry" if holding.clip else "quarantined-before"
                ready.append(self._resolution(entry, outcome, reason, holding=holding))
                return entry
        self.progress.total_bytes += entry.listed.size_bytes
        act = Act.COPY if entry.as_clip else Act.SET_ASIDE
        return Planned(entry.seq, entry.listed, entry.shown, act, entry.taken, entry.reason)

    # ---------------------------------------------------------------------------------------------------- copying

    def _copy(self, volume: Volume) -> None:
        todo = {p.seq: p for p in self.planned if p.act in (Act.COPY, Act.SET_ASIDE)}
        if not todo:
            return
        partials = self.station.partials
        settings = self.station.copying
        outcomes = copy_all(
            self.station.files,
            # Small files first: what they cost the catalogue is then paid while the long ones are still being read.
            partials.tasks(
                self.opened.recorder,
                volume,
                sorted(((p.seq, p.listed) for p in todo.values()), key=lambda one: one[1].size_bytes > SMALL_BYTES),
            ),
            algorithms=self.station.algorithms,
            block_bytes=settings.block_bytes,
            blocks=settings.blocks,
            checkpoint_bytes=settings.checkpoint_bytes,
            batch_files=settings.batch_files,
            stall_s=settings.stall_s,
            stop=self.stop,
            on_bytes=self.progress.add_bytes,
            read_time=self.signs.read_time,
        )
        answered: set[int] = set()
        # Closed here and now: a fault of ours must not leave the engine's threads to the garbage collector.
        with closing(outcomes):
            for batch in outcomes:
                answered.update(self._take(batch, todo, partials))
        # The engine ends early when the recorder stalls or we are told to stop: what it never began has failed too.
        rest = [todo[seq] for seq in todo if seq not in answered]
        self._record([self._resolution(p, rules.Outcome.FAILED, "stopped") for p in rest])

    def _take(self, batch: list[Outcome], todo: dict[int, Planned], partials: Partials) -> list[int]:
        """Land what was verified, record what failed: one transaction a batch. The entries that now have an outcome."""
        events: list[Event] = []
        folders: set[str] = set()
        finished: list[tuple[int, str]] = []
        for outcome in batch:
            entry = todo[outcome.task.key]
            identity = partials.identity_in(outcome.task.partial)
            match outcome:
                case Checkpointed():
                    partials.keep(self.opened.recorder, entry.listed, outcome.kept)
                case Condemned():
                    partials.forget(identity)
                    events.append(CopyCondemned(self.opened.session, entry.seq, entry.shown, outcome.reason))
                    self.notes.append(Note("condemned", entry.shown, outcome.reason))
                case SourceFault():
                    self.signs.fault(outcome.errno, outcome.reason)
                    if outcome.kept is not None:
                        partials.keep(self.opened.recorder, entry.listed, outcome.kept)
                    else:
                        partials.forget(identity)
                    reason = f"{outcome.reason} at byte {outcome.at_bytes}"
                    events.append(self._resolution(entry, rules.Outcome.FAILED, reason))
                    finished.append((entry.seq, ""))
                case Verified():
                    events.append(self._land(entry, outcome, folders))
                    finished.append((entry.seq, identity))
        self.station.vault.settle(folders)
        self._record(events)
        for _seq, identity in finished:
            if identity:
                partials.landed(identity)
        return [seq for seq, _identity in finished]

    def _land(self, entry: Planned, copy: Verified, folders: set[str]) -> Event:
        """Give the copy its name, or drop it when this recorder delivered these bytes before; what then to record."""
        vault = self.station.vault
        digest = str(copy.digests[Algorithm.BLAKE3])
        if entry.taken is None:
            path = f"{self.quarantine_dir}/{CLIPS_FOLDER}/{vault_path(entry.listed.path)}"
            folders.add(vault.land(copy.task.partial, path))
            return self._resolution(
                entry,
                rules.Outcome.QUARANTINED,
                entry.reason,
                holding=Holding(copy.size_bytes, str(copy.fingerprint), None, path, digest),
            )
        before = self._digest_to_clip.get(digest)
        if before is not None:
            vault.remove_partial(copy.task.partial)
            clip, path = before
            holding = Holding(copy.size_bytes, str(copy.fingerprint), clip, "", digest)
            return self._resolution(entry, rules.Outcome.ALREADY_HELD, f"same-bytes as {path}", holding=holding)
        path = f"{self.opened.vault_dir}/{CLIPS_FOLDER}/{vault_path(entry.listed.path)}"
        folders.add(vault.land(copy.task.partial, path))
        clip = self.station.clip_id(self.opened.session, entry.seq)
        self._digest_to_clip[digest] = (clip, entry.shown)
        same_name = self._names.get(entry.shown)
        if same_name is not None:
            self.notes.append(Note("same-name", entry.shown, same_name))
        taken = entry.taken
        times = self.clock.timing.of(entry.seq, taken)
        return ClipIngested(
            clip=clip,
            session=self.opened.session,
            seq=entry.seq,
            recorder=self.opened.recorder,
            department=self.opened.department,
            path=entry.shown,
            path_hex=entry.path_hex,
            name=os.path.basename(entry.shown),
            kind=taken.kind,
            size_bytes=copy.size_bytes,
            digests={algorithm.value: str(value) for algorithm, value in copy.digests.items()},
            fingerprint=str(copy.fingerprint),
            vault_path=path,
            claimed_at=taken.claimed_at,
            **times,
            time_source=taken.time_source,
            key_mark=taken.key_mark,
            read_back=copy.read_back,
            same_name_as=same_name,
            **self.whose.of_clip(times, taken),
        )

    # --------------------------------------------------------------------------------------------------- recording

    @property
    def _stopped(self) -> bool:
        return self.stop.is_set() or any(entry.reason.startswith("stopped") for entry in self.resolved)

    def _seal(self) -> SessionSealed:
        return seal(
            self.station,
            Story(self.opened, self.opened_at, self.clips, self.resolved, self.signs.learned(self.clock)),
            state="interrupted" if self._stopped else "sealed",
            milliseconds=int((time.monotonic() - self._started_s) * 1000),
        )

    def _resolution(
        self, entry: Planned, outcome: rules.Outcome, reason: str, *, holding: Holding | None = None
    ) -> EntryResolved:
        return EntryResolved(
            session=self.opened.session,
            seq=entry.seq,
            path=entry.shown,
            path_hex=entry.path_hex,
            size_bytes=entry.listed.size_bytes,
            outcome=outcome.value,
            reason=reason,
            clip=holding.clip if holding else None,
            vault_path=holding.vault_path or None if holding else None,
            digest=holding.digest if holding else None,
            fingerprint=holding.fingerprint if holding else None,
        )

    def _record(self, events: list[Any]) -> None:
        """One transaction; only what the catalogue took counts as done."""
        if not events:
            return
        self.station.catalog.append(events)
        for event in events:
            if isinstance(event, ClipIngested):
                self.clips.append(event)
            elif isinstance(event, EntryResolved):
                self.resolved.append(event)
        self.progress.done_entries = len(self.clips) + len(self.resolved)


def _reason(error: OSError) -> str:
    return f"unreadable ({error.strerror or error})"
