"""The nightly sweep: what is due is proposed, what was approved and passed its grace is destroyed.

    terms ─► usual share? ─► spare ─► destroy what is ready ─► propose what is due

Facts and holds are read anew at every step, the last time inside the transaction that writes a tombstone. Nothing goes
by a pack that is not the adopted one; a catalogue that cannot be read stops all of it; a full disk makes nothing due.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby

from catalog.disposing.events import ClipDestroyed, ClipSpared, DisposalProposed, SweepRan, SweepStopped
from catalog.disposing.model import ALLOWED, ASKED_FOR, BatchRow, SweepRow
from catalog.disposing.queries import (
    Sum,
    approved_batches,
    clips_in,
    due_clips,
    due_sums,
    holdings,
    last_sweep,
    no_longer_due,
    sweeps_that_went,
)
from catalog.event import Event
from catalog.keeping.model import TermFacts
from catalog.keeping.queries import adopted_pack
from catalog.keeping.terms import term_facts
from catalog.model import Clip
from catalog.requests.model import OPEN, OPEN_STATES, Kind
from catalog.requests.queries import clips_of_request, requests_asked
from retention.pack import Pack
from retention.share import USUAL_SWEEPS, Exceeded, Go, SweepCount, judge_share
from retention.terms import Judge, verdict_on
from retention.verdicts import Due, Keep

from ..assembly import Opened
from ..keeping.deciding import agency_day, decide, set_pack
from ..ledger import export
from ..lock import WriterLock
from .destroying import finish

# A batch is read and decided about by people, and proposed in one transaction.
BATCH_CLIPS = 5_000
# Tombstones of so many clips are one transaction, or of one session that has more: its record is written whole.
STONES_AT_ONCE = 500

NOTHING = Sum(0, 0)

Tell = Callable[[str, int, int], None]
"""Told what is being done (`propose`, `destroy`), how many recordings of it are done, of how many."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep came to, in ids of clips: proposed for disposal, destroyed for good, spared by what changed since.

    `day` is of the agency's zone. `stopped` are the limits that it exceeded: then it proposed and destroyed nothing.
    `due` and `ready` are what it found due that no batch had, and what it found approved with its grace over.
    `asked_for` wait of both, out of any batch: copies of them are asked for and not yet given.
    """

    day: date
    proposed: tuple[str, ...] = ()
    destroyed: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    stopped: tuple[Exceeded, ...] = ()
    due: Sum = NOTHING
    ready: Sum = NOTHING
    batches: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()


def sweep(opened: Opened, *, dry_run: bool = False, tell: Tell | None = None) -> Swept:
    """Run one sweep as of now. `dry_run` tells what it would do; of all it writes only terms are worked out.

    Raises PackUnusable, PackNotAdopted (nothing went), CatalogFault, TargetFault, LedgerFault, Busy (another sweep
    is at work).
    """
    with WriterLock(opened.station.sweep_lock):
        return _Sweep(opened, set_pack(opened), dry_run, tell or (lambda _what, _done, _of: None)).run()


class _Sweep:
    def __init__(self, opened: Opened, pack: Pack, dry_run: bool, tell: Tell) -> None:
        self._opened = opened
        self._catalog = opened.station.catalog
        self._pack = pack
        self._dry = dry_run
        self._tell = tell
        self._today = agency_day(opened, pack)
        self._now = opened.station.clock()
        self._terms = Judge(pack)
        self._spared: list[str] = []
        self._id = opened.station.random_hex(16)
        self._wanted = _copies_asked_for(opened)
        self._waiting: list[str] = []

    def run(self) -> Swept:
        if not self._dry:
            finish(self._opened.station)
        self._decide()
        self._spare()
        due = due_sums(self._catalog, self._today, self._now)
        found = Sum(sum(one.clips for one in due.values()), sum(one.size_bytes for one in due.values()))
        ripe = [
            one for one in approved_batches(self._catalog) if one.ready_at is not None and one.ready_at <= self._now
        ]
        ready = Sum(sum(one.left_clips for one in ripe), sum(one.left_bytes for one in ripe))
        held = holdings(self._catalog)
        exceeded = self._unusual(found, ready, held)
        self._record(found, ready, held, exceeded, sorted({*due, *(one.department for one in ripe)}))
        destroyed: list[str] = []
        proposed: list[str] = []
        batches: list[str] = []
        if not exceeded:
            for batch in ripe:
                destroyed += self._destroy(batch, len(destroyed), ready.clips)
            for name, ids in self._propose(found.clips):
                proposed += ids
                batches.append(name)
        if not self._dry:
            export(self._opened.station)
        went = (tuple(proposed), tuple(destroyed), tuple(dict.fromkeys(self._spared)), exceeded)
        return Swept(self._today, *went, found, ready, tuple(batches), tuple(dict.fromkeys(self._waiting)))

    def _decide(self) -> None:
        """Work terms out. The first pack of a station is adopted by an entry in the log: not by a dry run."""
        if not self._dry or adopted_pack(self._catalog) is not None:
            decide(self._opened, self._pack)
            return
        while self._catalog.decide_terms(self._terms):
            pass

    # ------------------------------------------------------------------------------------------- is this usual?

    def _unusual(self, due: Sum, ready: Sum, held: Sum) -> tuple[Exceeded, ...]:
        """What is above the usual share of what is newly due; and a clock that leapt, whatever there is to do.

        What a person let go on is taken off: only what came since is judged.
        """
        went = sweeps_that_went(self._catalog, USUAL_SWEEPS + 1)
        # One that was let go on is the same recordings again in the sweep that went on with it.
        history = [_count(one) for n, one in enumerate(went) if one.state != ALLOWED or n == len(went) - 1]
        last = last_sweep(self._catalog)
        known = Sum(last.due_clips, last.due_bytes) if last is not None and last.state == ALLOWED else NOTHING
        new = Sum(max(due.clips - known.clips, 0), max(due.size_bytes - known.size_bytes, 0))
        now = SweepCount(self._today, new.clips, new.size_bytes, held.clips, held.size_bytes)
        agreed = due.clips - new.clips + ready.clips
        said = judge_share(history, now, self._opened.config.sweep.limits, agreed_clips=agreed)
        return () if isinstance(said, Go) else said.exceeded

    def _record(self, due: Sum, ready: Sum, held: Sum, exceeded: Sequence[Exceeded], departments: list[str]) -> None:
        if self._dry:
            return
        counts = (due.clips, due.size_bytes, ready.clips, ready.size_bytes, held.clips, held.size_bytes)
        event: Event = SweepRan(self._id, self._today.isoformat(), *counts)
        if exceeded:
            told = [one.as_data() for one in exceeded]
            event = SweepStopped(self._id, self._today.isoformat(), *counts, told, departments)
        self._catalog.append([event], actor=self._opened.actor)

    # --------------------------------------------------------------------------------------------------- spare

    def _spare(self) -> None:
        """What lies in an open batch and is not due any more leaves it, whatever step that has come to."""
        for batch, some in groupby(no_longer_due(self._catalog, self._today), key=lambda one: one[0]):
            ids = [clip for _batch, clip in some]
            self._append(ids, partial(spared_of, batch, self._pack, self._today))

    def _append(self, ids: Sequence[str], judge: Callable[[list[TermFacts]], Iterable[Event]]) -> list[Event]:
        """What is made of clips as they stand now: written down in one transaction, in a dry run only told."""
        made: list[Event] = []

        def judged(facts: list[TermFacts]) -> Sequence[Event]:
            # A transaction that the database undid is done again.
            made[:] = judge(facts)
            return made

        if self._dry:
            judged(term_facts(self._catalog, ids))
        else:
            self._catalog.append_judged(ids, judged, actor=self._opened.actor)
        self._spared += [event.clip for event in made if isinstance(event, ClipSpared)]
        return made

    # ------------------------------------------------------------------------------------------------- destroy

    def _destroy(self, batch: BatchRow, done: int, of: int) -> list[str]:
        gone: list[str] = []
        for some in _whole_sessions(clips_in(self._catalog, batch.id)):
            known = {clip.id: clip for clip in some}
            events = self._append(list(known), partial(self._stones, batch, known))
            gone += [event.clip for event in events if isinstance(event, ClipDestroyed)]
            self._tell("destroy", done + len(gone), of)
        if not self._dry:
            finish(self._opened.station)
        return gone

    def _stones(self, batch: BatchRow, known: dict[str, Clip], facts: Iterable[TermFacts]) -> Iterator[Event]:
        """The last judgement: due by today's pack, or spared."""
        day = self._today.isoformat()
        for one in facts:
            verdict = verdict_on(one, self._pack, self._today)
            if not isinstance(verdict, Due):
                yield _spared(batch.id, one.id, verdict, self._today)
                continue
            if not self._may_go(one.id):
                # It leaves the batch, so that what a batch takes from a session goes at once: one record says it all.
                yield ClipSpared(batch.id, one.id, day, ASKED_FOR, None)
                continue
            clip, ground = known[one.id], verdict.why.ground
            yield ClipDestroyed(
                batch=batch.id,
                clip=one.id,
                day=day,
                vault_path=clip.vault_path,
                size_bytes=clip.size_bytes,
                digest=clip.digests["b3"],
                pack=self._pack.name,
                pack_digest=self._pack.digest,
                reason=ground.reason.value,
                rule=ground.rule,
                article=ground.article,
                until=verdict.until.isoformat(),
            )

    def _may_go(self, clip: str) -> bool:
        """Whether nobody waits for a copy of it; else it is proposed once he was answered."""
        if clip in self._wanted:
            self._waiting.append(clip)
            return False
        return True

    # ------------------------------------------------------------------------------------------------- propose

    def _propose(self, of: int) -> Iterator[tuple[str, list[str]]]:
        """A batch for each department, several where it has very many."""
        waiting: dict[str, dict[str, int]] = defaultdict(dict)
        done = 0
        for clip in due_clips(self._catalog, self._today, self._now):
            own = waiting[clip.department]
            if self._may_go(clip.id):
                own[clip.id] = clip.size_bytes
            if len(own) >= BATCH_CLIPS:
                yield from self._batch(clip.department, waiting.pop(clip.department))
                done += BATCH_CLIPS
                self._tell("propose", done, of)
        for department, own in sorted((name, some) for name, some in waiting.items() if some):
            yield from self._batch(department, own)
            done += len(own)
            self._tell("propose", done, of)

    def _batch(self, department: str, sizes: dict[str, int]) -> Iterator[tuple[str, list[str]]]:
        settings = self._opened.config.sweep
        name = self._opened.station.random_hex(16)
        today = self._today.isoformat()

        def judge(facts: list[TermFacts]) -> list[Event]:
            ids = [one.id for one in facts if self._terms(one) < today]
            if not ids:
                return []
            total = sum(sizes[clip] for clip in ids)
            how = (settings.approval, settings.grace_days, total, ids)
            return [DisposalProposed(name, self._id, department, today, *how)]

        for event in self._append(list(sizes), judge):
            assert isinstance(event, DisposalProposed)
            yield name, event.clips


def _copies_asked_for(opened: Opened) -> frozenset[str]:
    """Clips that somebody asked to be given, as long as the request is neither answered nor over (QH article 36)."""
    catalog, now = opened.station.catalog, opened.station.clock()
    asked = requests_asked(catalog, states=OPEN_STATES)
    waiting = [one for one in asked if one.kind is not Kind.VIEW and one.standing_at(now) in OPEN]
    return frozenset(clip.id for one in waiting for clip in clips_of_request(catalog, one.id))


def spared_of(batch: str, pack: Pack, today: date, facts: Iterable[TermFacts]) -> list[Event]:
    """Entries for those of a batch's clips that are not due as they stand."""
    verdicts = ((one.id, verdict_on(one, pack, today)) for one in facts)
    return [_spared(batch, clip, verdict, today) for clip, verdict in verdicts if not isinstance(verdict, Due)]


def _spared(batch: str, clip: str, verdict: Keep, today: date) -> ClipSpared:
    until = None if verdict.until is None else verdict.until.isoformat()
    return ClipSpared(batch, clip, today.isoformat(), verdict.why.ground.reason.value, until)


def _count(row: SweepRow) -> SweepCount:
    return SweepCount(row.day, row.due_clips, row.due_bytes, row.held_clips, row.held_bytes)


def _whole_sessions(clips: Iterable[Clip]) -> Iterator[list[Clip]]:
    """Clips in groups that part no session."""
    some: list[Clip] = []
    for _session, own in groupby(clips, key=lambda clip: clip.session):
        more = list(own)
        if some and len(some) + len(more) > STONES_AT_ONCE:
            yield some
            some = []
        some += more
    if some:
        yield some
