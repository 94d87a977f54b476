"""Families from TOML files: the ones we ship, and an administrator's own, which come first.

Everything is checked before anything is used, and all faults are told at once: an administrator mends a file in one go.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from catalog.watching.gaps import Habits

from ..errors import FamilyFault, FamilyFaults
from .checks import problems
from .family import (
    Clock,
    ClockOrder,
    Control,
    Evidence,
    Family,
    Health,
    Identity,
    IniFile,
    KeyMark,
    Kind,
    NamePattern,
    SideFiles,
)
from .globs import Globs
from .logs import LogFormat, LogLine

if TYPE_CHECKING:
    from .schema import FamilyFile

SHIPPED = os.path.dirname(os.path.abspath(__file__))
DEFAULT_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class _Found:
    """A family file, and the one of an earlier folder whose place it took."""

    path: str
    parsed: FamilyFile
    beneath: _Found | None


def load_families(*folders: str) -> tuple[Family, ...]:
    """The shipped families and those of the administrator's folders, highest rank first.

    A family of the same name in a later folder takes the place of an earlier one, and adds to it when it extends its
    own name; a folder that does not exist holds none. Raises FamilyFaults, and OSError when a file cannot be read.
    """
    faults: list[FamilyFault] = []
    found: dict[str, _Found] = {}
    for folder in (SHIPPED, *folders):
        here: dict[str, str] = {}
        for path in _toml_files(folder):
            parsed = _parse(path, faults)
            if parsed is None:
                continue
            if parsed.name in here:
                faults.append(FamilyFault(path, "name", f"{parsed.name} is also in {here[parsed.name]}"))
                continue
            here[parsed.name] = path
            found[parsed.name] = _Found(path, parsed, found.get(parsed.name))
    lines = {name: list(_lineage(one, found, faults)) for name, one in found.items()}
    for line in lines.values():
        _check_clock(line, faults)
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
    faults.extend(FamilyFault(path, key, problem) for key, problem in problems(parsed))
    return parsed if len(faults) == before else None


def _lineage(one: _Found, found: dict[str, _Found], faults: list[FamilyFault]) -> Iterator[tuple[str, FamilyFile]]:
    """A family's file, the one it extends, and so on."""
    seen: set[str] = set()
    while True:
        yield one.path, one.parsed
        extends = one.parsed.extends
        if extends is None:
            return
        if extends == one.parsed.name:
            nearest = one.beneath
        else:
            seen.add(one.parsed.name)
            nearest = None if extends in seen else found.get(extends)
        if nearest is None:
            word = "itself" if extends in seen or extends == one.parsed.name else "an unknown family"
            faults.append(FamilyFault(one.path, "extends", f"{extends!r}: extends {word}"))
            return
        one = nearest


def _check_clock(line: Sequence[tuple[str, FamilyFile]], faults: list[FamilyFault]) -> None:
    """What sets a clock must be an order that is known here or further down."""
    path, own = line[0]
    setting = own.clock.set if own.clock else None
    known = {order.file for _path, parsed in line for order in parsed.clock_orders}
    if setting is not None and setting != "protocol" and setting not in known:
        faults.append(FamilyFault(path, "clock.set", f"{setting!r} is no file of clock_orders, nor protocol"))


def _family(line: Sequence[tuple[str, FamilyFile]]) -> Family:
    """Put a family together from its own file (first) and those it extends: lists add up, single values are the
    nearest; how it is recognised is told by its own file alone, and by those of the same name beneath it.
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
            Evidence(
                one.always,
                frozenset(one.usb) if one.usb else None,
                Globs(one.files) if one.files else None,
                _regex(one.label),
                one.names_share,
            )
            for parsed in files
            if parsed.name == own.name
            for one in parsed.recognise
        ),
        names=tuple(
            NamePattern(_compiled(one.pattern), tuple(one.start), inherited=parsed.name != own.name)
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
        key_mark=KeyMark(frozenset(key_mark.values), tuple(key_mark.side_files), key_mark.event)
        if key_mark
        else KeyMark(),
        identity=Identity(_regex(identity.label), frozenset(text.upper() for text in identity.not_labels))
        if identity
        else Identity(),
        binding=IniFile(Globs(binding.files), tuple(binding.encodings), binding.keys()) if binding else None,
        origin=origin,
        expected=Globs(text for parsed in files for text in parsed.expected),
        clock=_clock(files),
        controls=tuple(
            Control(one.driver, frozenset(one.usb), one.inquiry) for parsed in files for one in parsed.control
        ),
        health=_health(files),
        logs=tuple(
            LogFormat(
                Globs(one.files),
                tuple(one.encodings),
                _compiled(one.stamp),
                tuple(one.time),
                tuple(LogLine(told.kind, _compiled(told.pattern)) for told in one.line),
            )
            for parsed in files
            for one in parsed.log
        ),
        segment_s=(segment_s := _nearest([parsed for parsed in files if parsed.name == own.name], "segment_s")),
        habits=_habits(files, segment_s),
        sources=tuple(text for parsed in files if parsed.name == own.name for text in parsed.sources),
        not_known=tuple(text for parsed in files if parsed.name == own.name for text in parsed.not_known),
    )


def _habits(files: Sequence[FamilyFile], segment_s: int | None) -> Habits:
    """Each habit is the nearest that was stated; encoders add up, for a family may write what the extended one does."""
    said = [parsed.gaps for parsed in files if parsed.gaps is not None]
    usual = Habits()
    rejoin_s, pre_record_s = _nearest(said, "rejoin_s"), _nearest(said, "pre_record_s")
    first = _nearest(said, "sequence_first")
    return Habits(
        split_ms=None if segment_s is None else segment_s * 1000,
        rejoin_ms=usual.rejoin_ms if rejoin_s is None else rejoin_s * 1000,
        pre_record_ms=usual.pre_record_ms if pre_record_s is None else pre_record_s * 1000,
        sequence_first=usual.sequence_first if first is None else first,
        sequence_limit=_nearest(said, "sequence_last"),
        encoders=tuple(dict.fromkeys(text for one in said for text in one.encoders)),
    )


def _clock(files: Sequence[FamilyFile]) -> Clock:
    orders = {order.file: ClockOrder(order.file, order.format) for one in reversed(files) for order in one.clock_orders}
    said = _nearest(files, "clock")
    if said is None:
        return Clock(orders=tuple(orders.values()))
    setting = orders.get(said.set or "")
    return Clock(tuple(said.measure), setting, said.set == "protocol", tuple(orders.values()), tuple(said.defaults))


def _health(files: Sequence[FamilyFile]) -> Health:
    said = _nearest(files, "health")
    if said is None:
        return Health()
    ini = IniFile(Globs(said.files), tuple(said.encodings), said.keys()) if said.files else None
    return Health(tuple(said.sources), ini)


def _nearest(parts: Iterable[object], name: str) -> Any:
    return next((value for part in parts if (value := getattr(part, name)) is not None), None)


def _compiled(pattern: str) -> re.Pattern[str]:
    # ASCII: a full-width digit is no digit of a serial number.
    return re.compile(pattern, re.ASCII | re.DOTALL)


def _regex(pattern: str | None) -> re.Pattern[str] | None:
    return None if pattern is None else _compiled(pattern)
