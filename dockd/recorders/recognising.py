"""Which family a volume belongs to, and what speaks for each and against it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .family import MEDIA, Evidence, Family
from .globs import Globs


@dataclass(frozen=True, slots=True)
class Seen:
    """A volume as recognition sees it: its plain files, its label, and the USB id (`vvvv:pppp`) of its device."""

    paths: tuple[str, ...]
    label: str | None
    usb: str | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """One way of a family to recognise a volume: whether all of it held, and each part as `fact=value`; of a part that
    did not hold `no-` stands before it.
    """

    holds: bool
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A family with all its ways, in their order."""

    family: Family
    ways: tuple[Weighed, ...]

    @property
    def because(self) -> tuple[str, ...] | None:
        """What spoke for it: the first of its ways that held; None when none did."""
        return next((way.facts for way in self.ways if way.holds), None)


def weigh(families: Sequence[Family], seen: Seen) -> tuple[Candidate, ...]:
    """Every family, those that recognise the volume first, the most specific one at the top."""
    candidates = [Candidate(one, tuple(_way(evidence, one, seen) for evidence in one.recognise)) for one in families]
    return tuple(sorted(candidates, key=lambda one: (one.because is None, -one.family.rank, one.family.name)))


def _way(evidence: Evidence, family: Family, seen: Seen) -> Weighed:
    facts = ["last-resort"] if evidence.always else []
    if evidence.usb is not None:
        held = seen.usb in evidence.usb
        facts.append(f"usb={seen.usb}" if held else f"no-usb={','.join(sorted(evidence.usb))}")
    if evidence.files is not None:
        texts = evidence.files.texts
        facts += [f"files={text}" if Globs((text,)).fits_some(seen.paths) else f"no-files={text}" for text in texts]
    if evidence.label is not None:
        held = seen.label is not None and evidence.label.fullmatch(seen.label) is not None
        facts.append(f"label={seen.label}" if held else f"no-label={evidence.label.pattern}")
    if evidence.names_share is not None:
        media = [path for path in seen.paths if family.kind_of(path) in MEDIA and not family.traces.fits(path)]
        fitting = sum(family.read_name(path, own_only=True) is not None for path in media)
        held = bool(fitting) and fitting >= evidence.names_share * len(media)
        facts.append(f"{'' if held else 'no-'}names={fitting}/{len(media)}")
    return Weighed(not any(fact.startswith("no-") for fact in facts), tuple(facts))
