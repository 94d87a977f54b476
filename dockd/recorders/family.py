"""A recorder family: how its volumes are recognised and what its names say.

Values only; `files` reads them from TOML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

from catalog.watching.gaps import Habits

from .globs import Globs
from .logs import LogFormat


class Kind(StrEnum):
    """What an entry can be taken for."""

    VIDEO = "video"
    AUDIO = "audio"
    PHOTO = "photo"
    LOG = "log"
    TRACK = "track"
    BOOKMARK = "bookmark"
    DATA = "data"  # belongs to a clip and is not read here: keys, metadata
    BINDING = "binding"


# What names are expected on: logs and tracks are often called otherwise.
MEDIA = frozenset({Kind.VIDEO, Kind.AUDIO, Kind.PHOTO})
NAME_GROUPS = frozenset({"recorder", "officer", "start", "sequence", "recording", "key", "continuation", "event"})


class ClockMethod(StrEnum):
    """How a recorder's time is learned."""

    PROTOCOL = "protocol"  # it was asked
    LOG_LINE = "log-line"  # the line that it writes into its log when it is connected
    FILE_READ_BACK = "file-read-back"  # a file that we made it write, read back
    NEWEST_FILE = "newest-file"  # no earlier than its newest file says


FAMILY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


def text_of(path: bytes) -> str:
    """A raw path as text for patterns: bytes that are no UTF-8 become lone surrogates, which no pattern asks for."""
    return path.decode("utf-8", "surrogateescape")


def extension_of(name: str) -> str:
    """The part after the last dot, in small letters; empty where there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One way to recognise a volume: all that it names must hold.

    `names_share` is the least share (0-1) of its recordings whose names fit the family's own patterns.
    """

    always: bool = False
    usb: frozenset[str] | None = None
    files: Globs | None = None
    label: re.Pattern[str] | None = None
    names_share: float | None = None


@dataclass(frozen=True, slots=True)
class NamePattern:
    """What a name says. `regex` is asked about the last components of a path, as many as it has slashes and one more,
    without the extension. `start` are the strptime forms of its group of that name.
    """

    regex: re.Pattern[str]
    start: tuple[str, ...] = ()
    inherited: bool = False
    _above: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_above", self.regex.pattern.count("/"))

    def read(self, path: str) -> Mapping[str, str] | None:
        """The groups of a path that fits; None where it does not fit. What is empty or not printable is not said."""
        name = path.rpartition("/")[2]
        tail = "/".join(path.split("/")[-self._above - 1 :]) if self._above else name
        extension = extension_of(name)
        found = self.regex.fullmatch(tail[: -len(extension) - 1] if extension else tail)
        if found is None:
            return None
        return {group: said for group, said in found.groupdict().items() if said and said.isprintable()}


@dataclass(frozen=True, slots=True)
class KeyMark:
    """How a key file (重点文件) is marked: by the group `key` of its name (any value when `values` is empty), by a file
    beside it whose name follows from `{stem}` or `{name}`, or (`event`) by the mark of an event in its name.
    """

    values: frozenset[str] = frozenset()
    side_files: tuple[str, ...] = ()
    event: bool = False


@dataclass(frozen=True, slots=True)
class SideFiles:
    """Files that the extension alone would take for something else; `kind` None means: not understood."""

    globs: Globs
    kind: Kind | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Which volume labels say who the recorder is."""

    label: re.Pattern[str] | None = None
    not_labels: frozenset[str] = frozenset()

    def of(self, label: str | None) -> str | None:
        """The recorder that a label names, if it names one."""
        if label is None or self.label is None or label.upper() in self.not_labels:
            return None
        return label if self.label.fullmatch(label) else None


@dataclass(frozen=True, slots=True)
class IniFile:
    """A file of `key=value` lines: `keys` maps what we ask for to its names in the file, in small letters."""

    files: Globs
    encodings: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ClockOrder:
    """A file in a volume's root that sets the recorder's clock when it is switched on; `format` is strftime's.

    It holds the time of its writing; one that still lies there at the next docking was not obeyed.
    """

    file: str
    format: str


@dataclass(frozen=True, slots=True)
class Clock:
    """How a recorder's time is learned, best first, and how it is set: by a file, by protocol, or not at all.

    `orders` are all files that any recorder takes for such an order; `set_by_file` is the one this family obeys.
    `defaults` are the days at which its makers' clocks start after they lost their power.
    """

    measure: tuple[ClockMethod, ...] = ()
    set_by_file: ClockOrder | None = None
    set_by_protocol: bool = False
    orders: tuple[ClockOrder, ...] = ()
    defaults: tuple[date, ...] = ()

    def order_named(self, path: str) -> ClockOrder | None:
        """The order that a file of this path is; FAT knows no small and capital letters."""
        return next((order for order in self.orders if order.file.lower() == path.lower()), None)


@dataclass(frozen=True, slots=True)
class Control:
    """A protocol that recorders of a family speak: the driver's name (dockd.drivers), the USB ids `vvvv:pppp` under
    which they speak it, and the inquiry string by which a SCSI device is known.
    """

    driver: str
    usb: frozenset[str] = frozenset()
    inquiry: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Where a recorder tells its state: "log", "ini", "protocol", best first; `ini` is the file, if there is one."""

    sources: tuple[str, ...] = ()
    ini: IniFile | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """All that is known of one kind of recorder.

    Of several families that recognise a volume the one with the highest `rank` speaks. `zone` is that of the
    recorder's clock. `kinds` maps extensions in small letters; `clear` holds the kinds that may be removed from a
    recorder, never the binding file. `segment_s` is after how many seconds it begins a new file, where that is known.
    `habits` is what it does that is no gap. `expected` are programs that the maker puts on the card himself. `sources`
    says where all this is known from, `not_known` what nobody could find out; `origin` is the file it was read from.
    """

    name: str
    title: Mapping[str, str]
    rank: int
    zone: ZoneInfo
    recognise: tuple[Evidence, ...]
    names: tuple[NamePattern, ...]
    kinds: Mapping[str, Kind]
    clear: frozenset[Kind]
    traces: Globs
    sides: tuple[SideFiles, ...]
    key_mark: KeyMark
    identity: Identity
    binding: IniFile | None
    origin: str
    expected: Globs
    clock: Clock
    controls: tuple[Control, ...]
    health: Health
    logs: tuple[LogFormat, ...]
    segment_s: int | None
    habits: Habits
    sources: tuple[str, ...]
    not_known: tuple[str, ...]

    def read_name(self, path: str, *, own_only: bool = False) -> tuple[NamePattern, Mapping[str, str]] | None:
        """The first name pattern that fits, and what it says; `own_only` leaves the inherited ones out."""
        for pattern in self.names:
            if own_only and pattern.inherited:
                continue
            said = pattern.read(path)
            if said is not None:
                return pattern, said
        return None

    def log_of(self, path: str) -> LogFormat | None:
        """How the lines of a log at this path are read; None when nobody said."""
        return next((log for log in self.logs if log.files.fits(path)), None)

    def kind_of(self, path: str) -> Kind | None:
        """What the extension says; None when the family knows no such extension."""
        return self.kinds.get(extension_of(path.rpartition("/")[2]))
