"""Whose recordings a docking brings: the ledger of its recorder, asked once, and what the recorder itself claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.errors import NotFound
from catalog.model import Clip, ClipQuery
from catalog.people.attributing import Attribution, Basis, Claims, attribute
from catalog.people.events import ClipAttributed
from catalog.people.model import Issue
from catalog.people.queries import find_officer, ledger_of
from catalog.store import Catalog

from .clocks.clip_times import Times
from .recorders import Match, Taken

_WHEN = ("recorded_at", "recorded_earliest", "recorded_latest")


@dataclass(frozen=True, slots=True)
class Whose:
    """What is on record of one recorder: lines of the ledger, and names of the officers in them."""

    lines: Sequence[Issue]
    names: Mapping[str, str]
    docked: datetime
    bound: str | None = None
    session: str | None = None

    @classmethod
    def of(cls, catalog: Catalog, found: Match, docked: datetime) -> Whose:
        """Of a recorder that is docking now. Raises CatalogFault."""
        lines = ledger_of(catalog, found.recorder)
        return cls(lines, names_in(catalog, lines), docked, found.binding.get("officer"), found.officer)

    def of_clip(self, times: Times, taken: Taken) -> dict[str, str | None]:
        """The fields of ClipIngested that name its officer, or the reason why it has none yet."""
        limits = _limits(*(_moment(times[name]) for name in _WHEN)) if self.lines else None
        claims = Claims(taken.named, self.bound, self.session)
        said = attribute(self.lines, limits, self.docked, claims, self.names)
        return {
            "officer": said.officer,
            "officer_claimed": taken.named,
            "officer_bound": self.bound,
            "officer_basis": said.basis.value,
            "officer_why": said.why.value if said.why else None,
        }


def names_in(catalog: Catalog, lines: Sequence[Issue]) -> dict[str, str]:
    """The names of the officers in some lines, by number. Raises CatalogFault."""
    names = {}
    for number in sorted({line.officer for line in lines}):
        try:
            names[number] = find_officer(catalog, number).name
        except NotFound:
            continue
    return names


def reattributed(catalog: Catalog, recorder: str) -> Iterator[tuple[Clip, Attribution]]:
    """Clips of a recorder of which the ledger now says otherwise. What a person settled stays. Raises CatalogFault."""
    lines = ledger_of(catalog, recorder)
    names = names_in(catalog, lines)
    for clip in catalog.clips(ClipQuery(recorder=recorder)):
        if clip.officer_basis == Basis.SETTLED:
            continue
        limits = _limits(clip.recorded_at, clip.recorded_earliest, clip.recorded_latest)
        # Without a ledger the claim is all there is: what the docking made of it then stands in the clip.
        session = clip.officer if clip.officer_basis == Basis.CLAIMED else clip.officer_claimed
        claims = Claims(clip.officer_claimed, clip.officer_bound, session)
        said = attribute(lines, limits, clip.ingested_at, claims, names)
        why = said.why.value if said.why else None
        if (said.officer, said.basis.value, why) != (clip.officer, clip.officer_basis, clip.officer_why):
            yield clip, said


def attributed(clip: Clip, said: Attribution, reason: str) -> ClipAttributed:
    """What is to be written down of a new attribution."""
    return ClipAttributed(clip.id, said.officer, said.basis.value, said.why.value if said.why else None, reason)


def _limits(
    likely: datetime | None, earliest: datetime | None, latest: datetime | None
) -> tuple[datetime, datetime] | None:
    """Within which a recording began. Where one is not known, the likely time stands for it: a clock of which only one
    side was ever measured would else never name anybody.
    """
    return None if likely is None else (earliest or likely, latest or likely)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
