"""A recorder family: how its volumes are recognised and what its names say.

Values only; `files` reads them from TOML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    """What an entry can be taken for."""

    VIDEO = "video"
    AUDIO = "audio"
    PHOTO = "photo"
    LOG = "log"
    TRACK = "track"
    BINDING = "binding"


# What names are expected on: logs and tracks are often called otherwise.
MEDIA = frozenset({Kind.VIDEO, Kind.AUDIO, Kind.PHOTO})
NAME_GROUPS = frozenset({"recorder", "officer", "start", "sequence", "key"})


def text_of(path: bytes) -> str:
    """A raw path as text for patterns: bytes that are no UTF-8 become lone surrogates, which no pattern asks for."""
    return path.decode("utf-8", "surrogateescape")


def extension_of(name: str) -> str:
    """The part after the last dot, in small letters; empty where there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


class Globs:
    """Patterns of paths from the volume's root, blind to case as FAT is.

    `*` and `?` stay within one component, `**/` is any number of them (also none), a final `**` everything below.
    """

    __slots__ = ("_any", "texts")

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)
        joined = "|".join(f"(?:{_glob_pattern(text)})" for text in self.texts)
        self._any = re.compile(joined or r"(?!)", re.ASCII | re.IGNORECASE | re.DOTALL)

    def find(self, path: str) -> str | None:
        """The first pattern that fits the whole path, or None."""
        if self._any.fullmatch(path) is None:
            return None
        return next(text for text in self.texts if Globs((text,)).fits(path))

    def fits(self, path: str) -> bool:
        """Whether any of them fits the whole path."""
        return self._any.fullmatch(path) is not None


_GLOB_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|.", re.DOTALL)
_GLOB_SENSE = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _glob_pattern(text: str) -> str:
    parts = _GLOB_PARTS.findall(text)
    return "".join(_GLOB_SENSE.get(p) or (p if len(p) > 1 and p[0] == "[" else re.escape(p)) for p in parts)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One way to recognise a volume: all that it names must hold.

    `names_share` is the least share (0-1) of its recordings whose names fit the family's own patterns.
    """

    always: bool = False
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

    def read(self, path: str) -> Mapping[str, str] | None:
        """The groups of a path that fits; None where it does not fit. What is empty or not printable is not said."""
        depth = self.regex.pattern.count("/") + 1
        tail = "/".join(path.split("/")[-depth:])
        extension = extension_of(tail.rpartition("/")[2])
        found = self.regex.fullmatch(tail[: -len(extension) - 1] if extension else tail)
        return (
            None if found is None else {k: said for k, said in found.groupdict().items() if said and said.isprintable()}
        )


@dataclass(frozen=True, slots=True)
class KeyMark:
    """How a key file (重点文件) is marked: by the group `key` of its name (any value when `values` is empty), or by a
    file beside it whose name follows from `{stem}` or `{name}`.
    """

    values: frozenset[str] = frozenset()
    side_files: tuple[str, ...] = ()


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
class BindingFile:
    """The file by which a station tool bound the recorder: `keys` maps what we ask for to its names in the file."""

    files: Globs
    encodings: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Family:
    """All that is known of one kind of recorder.

    Of several families that recognise a volume the one with the highest `rank` speaks. `zone` is that of the
    recorder's clock. `kinds` maps extensions in small letters; `clear` holds the kinds that may be removed from a
    recorder, never the binding file. `origin` is the file it was read from.
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
    binding: BindingFile | None
    origin: str

    def read_name(self, path: str, *, own_only: bool = False) -> tuple[NamePattern, Mapping[str, str]] | None:
        """The first name pattern that fits, and what it says; `own_only` leaves the inherited ones out."""
        for pattern in self.names:
            if own_only and pattern.inherited:
                continue
            said = pattern.read(path)
            if said is not None:
                return pattern, said
        return None

    def kind_of(self, path: str) -> Kind | None:
        """What the extension says; None when the family knows no such extension."""
        return self.kinds.get(extension_of(path.rpartition("/")[2]))
