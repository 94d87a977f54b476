"""Whose recorder a volume is, and what each of its entries is. Reads nothing but the binding file and the file in which
a recorder states its health; a recorder's names are claims and are treated so.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..listing import Listed, Listing
from ..naming import shown
from .binding import LIMIT_BYTES, read_ini
from .family import MEDIA, Family, IniFile, Kind, text_of
from .recognising import Candidate, Seen, weigh
from .rogues import program_in, program_named
from .times import Claim, read_claim

# These keep wall-clock time without a zone: a mount says it as if it were UTC, or as if it were here.
WALL_CLOCK_FILE_SYSTEMS = frozenset({"vfat", "msdos", "exfat"})
# FAT counts in steps of two seconds; two clocks that agree may differ by a little more.
NEWER_SLACK = timedelta(minutes=2)
_EPOCH = datetime.fromtimestamp(0, UTC)


class KnowsItself(Protocol):
    """What matching asks of a volume (dockd.volume.Volume)."""

    def label(self) -> str | None: ...

    def facts(self) -> Mapping[str, int | str | None]: ...

    def read_small(self, path: bytes, limit_bytes: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry that is a clip, or a record that belongs to one.

    `kind` is "video", "audio", "photo", "log", "track", "bookmark", "data" or "binding". `officer` and `recorder` are
    what its own name says, `officer` None where the binding file says otherwise; `named` is the officer whom it names
    all the same. `claimed_at` is the recorder's local time, naive ISO text; `recorded_at` the same in UTC with `Z`,
    None when it cannot be true (`time_doubt` says why); `time_source` says where the claim stands.
    `clearable` is whether the family lets this kind be removed from the recorder. `recording` is the name's own number
    of the recording that several files belong to; `continuation` marks a file that goes on where the one before it
    ended, `event_mark` one that the recorder marked as an event.
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
    recording: str | None = None
    continuation: bool = False
    event_mark: bool = False
    named: str | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """An entry that does not belong on a recorder (a finding, duty D23): left by a foreign computer
    ("foreign-trace <pattern>"), or a program ("rogue-executable named <extension>", "rogue-executable is <kind>").
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An entry that the family does not understand."""

    reason: str


@dataclass(frozen=True, slots=True)
class Match:
    """Whose volume this is. `because` lists what spoke for it, as `fact=value`; `reason` is all of that in one text.

    `officer` is None when nothing names one, and when what names one disagrees: unattributed, never a guess.
    `binding` is what the station tool's file said, `health` what the recorder's own did. `clock_orders_left` are files
    in the root that were to set the clock and lie there still: it was not set. `candidates` are all families, weighed.
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
    health: Mapping[str, str] = field(default_factory=dict)
    clock_orders_left: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
    wall_clock: bool = False
    _newest_ns: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        newest = self.station_now - _EPOCH + NEWER_SLACK
        if self.wall_clock:
            # Nobody knows whether the mount took it for UTC or for local time: the earlier of both counts.
            newest += max(self.station_now.astimezone(self.family.zone).utcoffset() or timedelta(), timedelta())
        object.__setattr__(self, "_newest_ns", newest // timedelta(microseconds=1) * 1000)

    @property
    def reason(self) -> str:
        """`because` in one text."""
        return "; ".join(self.because)

    def classify(self, listed: Listed, head: bytes | None = None) -> Taken | Trace | Unknown:
        """Say what an entry is, by its path and kind, and by its first `rogues.HEAD_BYTES` bytes where they were read.

        A program stays one under the name of a recording: it goes to quarantine, whole.
        """
        if listed.kind != "file":
            return Unknown(listed.kind)
        path = text_of(listed.path)
        trace = self.family.traces.find(path)
        if trace is not None:
            return Trace(f"foreign-trace {trace}")
        kind = self._kind(path)
        rogue = None if self.family.expected.fits(path) else self._rogue(path, kind, head)
        if rogue is not None:
            return rogue
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
            named=said.get("officer"),
            claimed_at=claim.claimed_at,
            recorded_at=claim.recorded_at,
            time_source="name" if claim.claimed_at else None,
            key_mark=self._marked(path, said),
            recording=said.get("recording"),
            continuation="continuation" in said,
            event_mark="event" in said,
            sequence=said.get("sequence"),
            clearable=kind in self.family.clear,
            recorder=said.get("recorder"),
            time_doubt=claim.doubt,
        )

    def leaves_unknown(self, listed: Listed) -> bool:
        """Whether path and kind do not say what an entry is: its first bytes may."""
        # Nearly every entry is known by its extension, and then the rest need not be asked.
        unnamed = isinstance(self._kind(text_of(listed.path)), Unknown)
        return unnamed and isinstance(self.classify(listed), Unknown)

    def newer_than_docking(self, listed: Listed) -> bool:
        """Whether an entry claims to have been written after the docking began: a clock that runs ahead, or somebody
        who wrote to the card since. A finding, no verdict: the entry stays what it is.
        """
        return listed.mtime_ns > self._newest_ns and listed.kind == "file"

    def _rogue(self, path: str, kind: Kind | Unknown, head: bytes | None) -> Trace | None:
        named = program_named(path.rpartition("/")[2])
        if named is not None and isinstance(kind, Unknown):
            return Trace(f"rogue-executable named {named}")
        program = program_in(head) if head else None
        # Two letters and two numbers: in a raw recording they may stand by chance.
        if program is None or (program == "dos" and kind in MEDIA):
            return None
        return Trace(f"rogue-executable is {program}")

    def _kind(self, path: str) -> Kind | Unknown:
        binding = self.family.binding
        if binding is not None and binding.files.fits(path):
            return Kind.BINDING
        if self.family.health.ini is not None and self.family.health.ini.files.fits(path):
            return Kind.DATA
        for side in self.family.sides:
            fitting = side.globs.find(path)
            if fitting is not None:
                return side.kind or Unknown(f"side-file {fitting}")
        return self.family.kind_of(path) or Unknown("unknown-kind")

    def _marked(self, path: str, said: Mapping[str, str]) -> bool:
        mark = self.family.key_mark
        if "key" in said and (not mark.values or said["key"] in mark.values):
            return True
        if mark.event and "event" in said:
            return True
        return any(name in self.marked for name in _side_names(path, mark.side_files))


def match(
    families: Sequence[Family],
    listing: Listing,
    volume: KnowsItself,
    *,
    station_now: datetime,
    usb: str | None = None,
) -> Match:
    """Find the family of a volume and the recorder behind it. `station_now` is the station's time, aware; `usb` the id
    `vvvv:pppp` of the device, where it is known.

    Who the recorder is: the binding file, else what most names say, else the label, else the folder's name. `families`
    must hold one that always matches, as the shipped ones do; else raises LookupError.
    """
    plain = tuple(text_of(entry.path) for entry in listing.entries if entry.kind == "file")
    seen = Seen(plain, volume.label(), usb)
    candidates = weigh(families, seen)
    matched = [one.family for one in candidates if one.because is not None]
    if not matched:
        raise LookupError("no family matches, not even a last resort")
    family = matched[0]
    because = [f"family={family.name}", *(candidates[0].because or ())]
    if len(matched) > 1:
        because.append("more-specific-than=" + ",".join(other.name for other in matched[1:]))
    binding = _read_file("binding", family.binding, listing, volume, because)
    names = [said for path in plain if (said := _stated(family, path))]
    recorder = _recorder(family, names, binding, seen.label, listing.root, because)
    officer = _officer(names, binding, because)
    left = tuple(path for path in plain if family.clock.order_named(path) is not None)
    if left:
        because.append(f"clock-order-left={','.join(left)}")
    return Match(
        family=family,
        recorder=recorder,
        officer=officer,
        department=binding.get("department"),
        label=seen.label,
        because=tuple(because),
        binding=binding,
        station_now=station_now,
        marked=_possible_marks(family, plain),
        health=_read_file("health", family.health.ini, listing, volume, because),
        clock_orders_left=left,
        candidates=candidates,
        wall_clock=volume.facts().get("filesystem") in WALL_CLOCK_FILE_SYSTEMS,
    )


def _stated(family: Family, path: str) -> Mapping[str, str]:
    """What a name says, nothing where a foreign computer wrote it."""
    found = None if family.traces.fits(path) else family.read_name(path)
    return found[1] if found else {}


# ----------------------------------------------------------------------------------------------- whose it is


def _read_file(
    what: str, asked: IniFile | None, listing: Listing, volume: KnowsItself, because: list[str]
) -> Mapping[str, str]:
    """What a file of `key=value` lines says; nothing when it is no ordinary readable file of that name."""
    if asked is None:
        return {}
    for entry in listing.entries:
        path = text_of(entry.path)
        if entry.kind != "file" or not asked.files.fits(path):
            continue
        if entry.fault is not None or entry.size_bytes > LIMIT_BYTES:
            because.append(f"{what}=unusable")
            return {}
        try:
            said = read_ini(volume.read_small(entry.path, LIMIT_BYTES), asked)
        except OSError:
            because.append(f"{what}=unreadable")
            return {}
        because.append(f"{what}={shown(entry.path)}" if said else f"{what}=unusable")
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
