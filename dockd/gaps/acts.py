"""What people do with gaps: explain them, by a time in a recording or in writing, and review the explanation.

`catalog.watching.gap_states` decides who may; every step is an entry in the custody log, and a report that is attached
lies in the vault like a recording (QX article 9: reviewed by the leader, kept by the recorder manager).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.event import Event
from catalog.model import Clip
from catalog.watching.events import GapExplained, GapReviewed
from catalog.watching.gap_states import Explain, Refusal, Review, Role, Spoken, Standing, State, Written, advance
from catalog.watching.model import GapRow

from ..documents import Document, keep
from ..errors import BeyondClip, GapRefused
from ..ledger import export
from ..station import Station


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody and the role he acts in; `actor` is the account that the custody log names."""

    by: str
    role: Role
    actor: str


def standing_of(gap: GapRow) -> Standing:
    """Where a gap stands, as `gap_states` sees it."""
    reason: Spoken | Written | None = None
    if gap.state != State.OPEN:
        spoken = gap.clip_of_words is not None
        reason = (
            Spoken(gap.clip_of_words or "", gap.at_ms or 0)
            if spoken
            else Written(gap.text or "", gap.attachment_digest)
        )
    return Standing(State(gap.state), frozenset(gap.explainers), reason, gap.reviewed_by)


def explain_spoken(station: Station, gaps: Sequence[GapRow], who: Who, clip: Clip, at_ms: int) -> None:
    """Record that the reason of these gaps is spoken in a clip from `at_ms` on; of all of them or none.

    Raises GapRefused, BeyondClip (the clip ends before), CatalogFault, TargetFault.
    """
    if clip.duration_ms is not None and at_ms > clip.duration_ms:
        raise BeyondClip(clip.id, at_ms, clip.duration_ms)
    for gap in gaps:
        _allowed(station, gap, who, Spoken(clip.id, at_ms))
    _record(station, who, [GapExplained(gap.id, who.by, who.role.value, clip.id, at_ms) for gap in gaps])


def explain_written(
    station: Station, gaps: Sequence[GapRow], who: Who, text: str, attach: str | None = None
) -> Document | None:
    """Record a written reason of these gaps, with a document that is kept in the vault; what was kept. All or none.

    Raises GapRefused, DocumentUnreadable, NoSpace, CatalogFault, TargetFault.
    """
    for gap in gaps:
        _allowed(station, gap, who, Written(text))
    kept = keep(station, attach, f"gap:{gaps[0].id}") if attach is not None else None
    where = None if kept is None else kept.vault_path
    digest = None if kept is None else kept.digest
    said = [
        GapExplained(gap.id, who.by, who.role.value, text=text, attachment=where, attachment_digest=digest)
        for gap in gaps
    ]
    entry = [] if kept is None or kept.kept is None else [kept.kept]
    _record(station, who, [*entry, *said])
    return kept


def review(station: Station, gaps: Sequence[GapRow], who: Who, *, accepted: bool, note: str) -> None:
    """Record that a leader takes these explanations, or sends them back; of all of them or none.

    Raises GapRefused, CatalogFault, TargetFault.
    """
    for gap in gaps:
        act = Review(who.by, who.role, station.clock(), accepted, note)
        _unless_refused(gap, advance(standing_of(gap), act))
    _record(station, who, [GapReviewed(gap.id, who.by, who.role.value, accepted, note) for gap in gaps])


def _allowed(station: Station, gap: GapRow, who: Who, reason: Spoken | Written) -> None:
    act = Explain(who.by, who.role, station.clock(), reason)
    _unless_refused(gap, advance(standing_of(gap), act))


def _unless_refused(gap: GapRow, then: Standing | Refusal) -> None:
    if isinstance(then, Refusal):
        raise GapRefused(gap.id, then.why)


def _record(station: Station, who: Who, events: Sequence[Event]) -> None:
    station.catalog.append(events, actor=who.actor)
    export(station)
