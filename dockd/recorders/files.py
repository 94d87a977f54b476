"""Families from TOML files: the ones we ship, and an administrator's own, which come first.

Everything is checked before anything is used, and all faults are told at once: an administrator mends a file in one go.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import DockdError
from .family import (
    NAME_GROUPS,
    BindingFile,
    Evidence,
    Family,
    Globs,
    Identity,
    KeyMark,
    Kind,
    NamePattern,
    SideFiles,
)

if TYPE_CHECKING:
    from .schema import FamilyFile

SHIPPED = os.path.dirname(os.path.abspath(__file__))
DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class FamilyFault:
    """One fault: in which file, at which key (`recognise.0.label`), and what is wrong with it."""

    file: str
    key: str
    problem: str


class FamilyFaults(DockdError):
    """Family files have faults: all of them, file by file."""

    def __init__(self, faults: Sequence[FamilyFault]) -> None:
        super().__init__(tuple(faults))
        self.faults = tuple(faults)


def load_families(*folders: str) -> tuple[Family, ...]:
    """The shipped families and those of the administrator's folders, highest rank first.

    A family of the same name in a later folder takes the place of an earlier one; a folder that does not exist holds
    none. Raises FamilyFaults, and OSError when a file cannot be read.
    """
    faults: list[FamilyFault] = []
    found: dict[str, tuple[str, FamilyFile]] = {}
    for folder in (SHIPPED, *folders):
        here: dict[str, str] = {}
        for path in _toml_files(folder):
            parsed = _parse(path, faults)
            if parsed is None:
                continue
            if parsed.name in here:
                faults.append(FamilyFault(path, "name", f"{parsed.name} is also in {here[parsed.name]}"))
            here[parsed.name] = path
            found[parsed.name] = (path, parsed)
    lines = {name: list(_lineage(name, found, faults)) for name in found}
    if faults:
        raise FamilyFaults(faults)
    families = [_family(lines[name]) for name in found]
    return tuple(sorted(families, key=lambda family: (-family.rank, family.name)))


def _toml_files(folder: str) -> list[str]:
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".toml"))
    except FileNotFoundError:
        return []


def _parse(path: str, faults: list[FamilyFault]) -> FamilyFile | None:
    # pydantic takes longer to import than all families to read: only those who dock pay for it.
    from pydantic import ValidationError

    from .schema import FamilyFile

    try:
        with open(path, "rb") as file:
            parsed = FamilyFile.model_validate(tomllib.load(file))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(FamilyFault(path, "", str(error)))
        return None
    except ValidationError as error:
        for one in error.errors(include_url=False):
            key = ".".join(str(part) for part in one["loc"])
            faults.append(FamilyFault(path, key, one["msg"]))
        return None
    before = len(faults)
    faults.extend(FamilyFault(path, key, problem) for key, problem in _problems(parsed))
    return parsed if len(faults) == before else None


def _problems(parsed: FamilyFile) -> Iterator[tuple[str, str]]:
    """What no type can say: patterns, time forms, zones, and what may never be cleared."""
    patterns = [(f"recognise.{i}.label", one.label) for i, one in enumerate(parsed.recognise)]
    patterns += [(f"names.{i}.pattern", one.pattern) for i, one in enumerate(parsed.names)]
    patterns.append(("identity.label", parsed.identity.label if parsed.identity else None))
    for key, pattern in patterns:
        try:
            groups = set(re.compile(pattern or "").groupindex)
        except re.error as error:
            yield key, f"no regular expression: {error}"
            continue
        if not groups <= NAME_GROUPS:
            yield key, f"unknown groups {sorted(groups - NAME_GROUPS)}; known are {sorted(NAME_GROUPS)}"
    globs = [(f"recognise.{i}.files", one.files or []) for i, one in enumerate(parsed.recognise)]
    globs += [(f"side.{i}.files", one.files) for i, one in enumerate(parsed.side)]
    globs += [("traces", parsed.traces), ("binding.files", parsed.binding.files if parsed.binding else [])]
    for key, texts in globs:
        for text in texts:
            try:
                Globs((text,))
            except re.error:
                yield key, f"no pattern of paths: {text!r}"
    for i, name in enumerate(parsed.names):
        if ("?P<start>" in name.pattern) != bool(name.start):
            yield f"names.{i}.start", "the group start and its time forms need each other"
        for form in name.start:
            if _useless(form):
                yield f"names.{i}.start", f"{form!r} does not tell a day"
    for i, one in enumerate(parsed.recognise):
        if not (one.always or one.files or one.label or one.names_share is not None):
            yield f"recognise.{i}", "says nothing that could be recognised"
    if not parsed.recognise:
        yield "recognise", "is missing"
    if parsed.zone is not None:
        try:
            ZoneInfo(parsed.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield "zone", f"unknown time zone {parsed.zone!r}"
    if parsed.clear is not None and Kind.BINDING in parsed.clear:
        yield "clear", "the binding file is never cleared"
    yield from _double_extensions(parsed)
    for i, encoding in enumerate(parsed.binding.encodings if parsed.binding else ()):
        try:
            b"x".decode(encoding)
        except UnicodeDecodeError:
            continue
        except LookupError:
            yield f"binding.encodings.{i}", f"unknown encoding {encoding!r}"


def _useless(form: str) -> bool:
    moment = datetime(2026, 11, 21, 13, 35, 7)
    try:
        return datetime.strptime(moment.strftime(form), form).date() != moment.date()
    except ValueError:
        return True


def _double_extensions(parsed: FamilyFile) -> Iterator[tuple[str, str]]:
    seen: dict[str, Kind] = {}
    for kind, extensions in parsed.kinds.items():
        for extension in extensions:
            if seen.setdefault(extension.lower(), kind) is not kind:
                yield f"kinds.{kind.value}", f"{extension!r} is already {seen[extension.lower()].value}"


def _lineage(
    name: str, found: dict[str, tuple[str, FamilyFile]], faults: list[FamilyFault]
) -> Iterator[tuple[str, FamilyFile]]:
    """A family's file, the one it extends, and so on."""
    seen: set[str] = set()
    path = found[name][0]
    while True:
        seen.add(name)
        path, parsed = found[name]
        yield path, parsed
        if parsed.extends is None:
            return
        if parsed.extends not in found or parsed.extends in seen:
            word = "itself" if parsed.extends in seen else "an unknown family"
            faults.append(FamilyFault(path, "extends", f"{parsed.extends!r}: extends {word}"))
            return
        name = parsed.extends


def _family(line: Sequence[tuple[str, FamilyFile]]) -> Family:
    """Put a family together from its own file (first) and those it extends: lists add up, single values are the
    nearest; how it is recognised and its rank are its own alone.
    """
    origin, own = line[0]
    files = [parsed for _path, parsed in line]
    kinds: dict[str, Kind] = {}
    for parsed in reversed(files):
        for kind, extensions in parsed.kinds.items():
            kinds.update((extension.lower(), kind) for extension in extensions)
    binding = _nearest(files, "binding")
    identity = _nearest(files, "identity")
    key_mark = _nearest(files, "key_mark")
    return Family(
        name=own.name,
        title=dict(own.title),
        rank=own.rank,
        zone=ZoneInfo(_nearest(files, "zone") or DEFAULT_ZONE),
        recognise=tuple(
            Evidence(one.always, Globs(one.files) if one.files else None, _regex(one.label), one.names_share)
            for one in own.recognise
        ),
        names=tuple(
            NamePattern(_compiled(one.pattern), tuple(one.start), inherited=parsed is not own)
            for parsed in files
            for one in parsed.names
        ),
        kinds=kinds,
        clear=frozenset(_nearest(files, "clear") or ()),
        traces=Globs(text for parsed in files for text in parsed.traces),
        sides=tuple(
            SideFiles(Globs(one.files), None if one.kind == "unknown" else Kind(one.kind))
            for parsed in files
            for one in parsed.side
        ),
        key_mark=KeyMark(frozenset(key_mark.values), tuple(key_mark.side_files)) if key_mark else KeyMark(),
        identity=Identity(_regex(identity.label), frozenset(text.upper() for text in identity.not_labels))
        if identity
        else Identity(),
        binding=BindingFile(Globs(binding.files), tuple(binding.encodings), binding.keys()) if binding else None,
        origin=origin,
    )


def _nearest(files: Sequence[FamilyFile], name: str) -> Any:
    return next((value for parsed in files if (value := getattr(parsed, name)) is not None), None)


def _compiled(pattern: str) -> re.Pattern[str]:
    # ASCII: a full-width digit is no digit of a serial number.
    return re.compile(pattern, re.ASCII | re.DOTALL)


def _regex(pattern: str | None) -> re.Pattern[str] | None:
    return None if pattern is None else _compiled(pattern)
