"""Which family a volume belongs to, whose recorder it is, and what each of its entries is. Reads nothing but the
binding file; a recorder's names are claims and are treated so.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..listing import Listed, Listing
from ..naming import shown
from .binding import LIMIT_BYTES, read_binding
from .family import MEDIA, Evidence, Family, Kind, text_of
from .times import Claim, read_claim


class KnowsItself(Protocol):
    """What matching asks of a volume (dockd.volume.Volume)."""

    def label(self) -> str | None: ...

    def read_small(self, path: bytes, limit_bytes: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry that is a clip, or a record that belongs to one.

    `kind` is "video", "audio", "photo", "log", "track" or "binding". `officer` and `recorder` are what its own name
    says. `claimed_at` is the recorder's local time, naive ISO text; `recorded_at` the same in UTC with `Z`, None when
    it cannot be true (`time_doubt` says why); `time_source` says where the claim stands. `clearable` is whether the
    family lets this kind be removed from the recorder.
    """

    kind: str
    officer: str | None
    claimed_at: str | None
    recorded_at: str | None
    time_source: str | None
    key_mark: bool
    sequence: str | None
    clearable: bool
    recorder: str | None = None
    time_doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """An entry that a foreign computer left (a finding: recorders may not be connected to one)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An entry that the family does not understand."""

    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """Whose volume this is. `because` lists what spoke for it, as `fact=value`; `reason` is all of that in one text.

    `officer` is None when nothing names one, and when what names one disagrees: unattributed, never a guess.
    `binding` is what the station tool's file said.
    """

    family: Family
    recorder: str
    officer: str | None
    department: str | None
    label: str | None
    because: tuple[str, ...]
    binding: Mapping[str, str]
    station_now: datetime
    marked: frozenset[str]

    @property
    def reason(self) -> str:
        """`because` in one text."""
        return "; ".join(self.because)

    def classify(self, listed: Listed) -> Taken | Trace | Unknown:
        """Say what an entry is, by its path and kind alone."""
        if listed.kind != "file":
            return Unknown(listed.kind)
        path = text_of(listed.path)
        trace = self.family.traces.find(path)
        if trace is not None:
            return Trace(f"foreign-trace {trace}")
        kind = self._kind(path)
        if isinstance(kind, Unknown):
            return kind
        found = self.family.read_name(path)
        said = found[1] if found else {}
        claim = Claim()
        if found and "start" in said:
            claim = read_claim(said["start"], found[0].start, self.family.zone, self.station_now)
        officer = said.get("officer")
        if officer is not None and _contradicts(officer, self.binding.get("officer")):
            officer = None
        return Taken(
            kind=kind.value,
            officer=officer,
            claimed_at=claim.claimed_at,
            recorded_at=claim.recorded_at,
            time_source="name" if claim.claimed_at else None,
            key_mark=self._marked(path, said),
            sequence=said.get("sequence"),
            clearable=kind in self.family.clear,
            recorder=said.get("recorder"),
            time_doubt=claim.doubt,
        )

    def _kind(self, path: str) -> Kind | Unknown:
        binding = self.family.binding
        if binding is not None and binding.files.fits(path):
            return Kind.BINDING
        for side in self.family.sides:
            fitting = side.globs.find(path)
            if fitting is not None:
                return side.kind or Unknown(f"side-file {fitting}")
        return self.family.kind_of(path) or Unknown("unknown-kind")

    def _marked(self, path: str, said: Mapping[str, str]) -> bool:
        mark = self.family.key_mark
        if "key" in said and (not mark.values or said["key"] in mark.values):
            return True
        return any(name in self.marked for name in _side_names(path, mark.side_files))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A volume as recognition sees it: its plain files, and its label."""

    paths: tuple[str, ...]
    label: str | None


def match(families: Sequence[Family], listing: Listing, volume: KnowsItself, *, station_now: datetime) -> Match:
    """Find the family of a volume and the recorder behind it. `station_now` is the station's time, aware.

    Who the recorder is: the binding file, else what most names say, else the label, else the folder's name. `families`
    must hold one that always matches, as the shipped ones do; else raises LookupError.
    """
    plain = tuple(text_of(entry.path) for entry in listing.entries if entry.kind == "file")
    seen = _Seen(plain, volume.label())
    matched = [(family, found) for family in families if (found := _recognised(family, seen)) is not None]
    if not matched:
        raise LookupError("no family matches, not even a last resort")
    matched.sort(key=lambda pair: (-pair[0].rank, pair[0].name))
    family, because = matched[0]
    because = [f"family={family.name}", *because]
    if len(matched) > 1:
        because.append("more-specific-than=" + ",".join(other.name for other, _why in matched[1:]))
    binding = _binding(family, listing, volume, because)
    names = [said for path in plain if (said := _stated(family, path))]
    return Match(
        family=family,
        recorder=_recorder(family, names, binding, seen.label, listing.root, because),
        officer=_officer(names, binding, because),
        department=binding.get("department"),
        label=seen.label,
        because=tuple(because),
        binding=binding,
        station_now=station_now,
        marked=_possible_marks(family, plain),
    )


def _stated(family: Family, path: str) -> Mapping[str, str]:
    """What a name says, nothing where a foreign computer wrote it."""
    found = None if family.traces.fits(path) else family.read_name(path)
    return found[1] if found else {}


# -------------------------------------------------------------------------------------------------- recognising


def _recognised(family: Family, seen: _Seen) -> list[str] | None:
    """What speaks for a family: the first of its ways of which everything holds; None when there is none."""
    for evidence in family.recognise:
        because = _holds(evidence, family, seen)
        if because is not None:
            return because
    return None


def _holds(evidence: Evidence, family: Family, seen: _Seen) -> list[str] | None:
    because = ["last-resort"] if evidence.always else []
    if evidence.files is not None:
        for text in evidence.files.texts:
            if not _any_fits(evidence, text, seen.paths):
                return None
            because.append(f"files={text}")
    if evidence.label is not None:
        if seen.label is None or evidence.label.fullmatch(seen.label) is None:
            return None
        because.append(f"label={seen.label}")
    if evidence.names_share is not None:
        media = [path for path in seen.paths if family.kind_of(path) in MEDIA and not family.traces.fits(path)]
        fitting = sum(family.read_name(path, own_only=True) is not None for path in media)
        if not fitting or fitting < evidence.names_share * len(media):
            return None
        because.append(f"names={fitting}/{len(media)}")
    return because


def _any_fits(evidence: Evidence, text: str, paths: Iterable[str]) -> bool:
    assert evidence.files is not None
    only = evidence.files if len(evidence.files.texts) == 1 else type(evidence.files)((text,))
    return any(only.fits(path) for path in paths)


# ----------------------------------------------------------------------------------------------- whose it is


def _binding(family: Family, listing: Listing, volume: KnowsItself, because: list[str]) -> Mapping[str, str]:
    """What the binding file says; nothing when it is no ordinary readable file of that name."""
    if family.binding is None:
        return {}
    for entry in listing.entries:
        path = text_of(entry.path)
        if entry.kind != "file" or not family.binding.files.fits(path):
            continue
        if entry.fault is not None or entry.size_bytes > LIMIT_BYTES:
            because.append("binding=unusable")
            return {}
        try:
            said = read_binding(volume.read_small(entry.path, LIMIT_BYTES), family.binding)
        except OSError:
            because.append("binding=unreadable")
            return {}
        because.append(f"binding={shown(entry.path)}" if said else "binding=unusable")
        return said
    return {}


def _recorder(
    family: Family,
    names: Sequence[Mapping[str, str]],
    binding: Mapping[str, str],
    label: str | None,
    root: str,
    because: list[str],
) -> str:
    counted = Counter(said["recorder"] for said in names if "recorder" in said)
    serials = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    bound = binding.get("recorder")
    if len(counted) > 1 or (bound is not None and counted and bound not in counted):
        stated = ",".join(f"{serial}:{count}" for serial, count in serials[:4])
        because.append(f"serials-disagree={stated}" + (f",binding:{bound}" if bound else ""))
    if bound is not None:
        because.append("recorder-from=binding")
        return bound
    if serials:
        because.append("recorder-from=names")
        return serials[0][0]
    by_label = family.identity.of(label)
    if by_label is not None:
        because.append("recorder-from=label")
        return by_label
    because.append("recorder-from=folder")
    return shown(os.fsencode(os.path.basename(os.path.realpath(root)))) or "volume"


def _officer(names: Sequence[Mapping[str, str]], binding: Mapping[str, str], because: list[str]) -> str | None:
    numbers = sorted({said["officer"] for said in names if "officer" in said})
    user = binding.get("officer")
    if len(numbers) > 1:
        because.append(f"officers-in-names={len(numbers)}")
        return None
    if not numbers:
        return user
    if _contradicts(numbers[0], user):
        because.append("officer-disagrees-with-binding")
        return None
    return numbers[0]


def _contradicts(number: str, user: str | None) -> bool:
    """Whether the binding file names another officer by number; a person's name beside it contradicts nothing."""
    return user is not None and any(sign.isdigit() for sign in user) and number not in user


# ------------------------------------------------------------------------------------------------- key marks


def _side_names(path: str, forms: Iterable[str]) -> list[str]:
    folder, slash, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return [(folder + slash + form.replace("{stem}", stem).replace("{name}", name)).lower() for form in forms]


def _possible_marks(family: Family, paths: Iterable[str]) -> frozenset[str]:
    """The paths that could be a mark beside a clip, in small letters; nothing when the family knows no such files."""
    return frozenset(path.lower() for path in paths) if family.key_mark.side_files else frozenset()
