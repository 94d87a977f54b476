"""What no type can say of a family file: patterns, time forms, zones, encodings, and what may never be cleared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .family import NAME_GROUPS, Kind
from .globs import Globs
from .logs import LINE_GROUPS
from .times import parse_time

if TYPE_CHECKING:
    from .schema import FamilyFile

Problems = Iterator[tuple[str, str]]


def problems(parsed: FamilyFile) -> Problems:
    """Every fault as key (`recognise.0.label`) and sentence."""
    yield from _patterns(parsed)
    yield from _globs(parsed)
    yield from _names(parsed)
    yield from _recognition(parsed)
    yield from _logs(parsed)
    if parsed.zone is not None:
        try:
            ZoneInfo(parsed.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield "zone", f"unknown time zone {parsed.zone!r}"
    if parsed.clear is not None and Kind.BINDING in parsed.clear:
        yield "clear", "the binding file is never cleared"
    if parsed.health is not None and ("ini" in parsed.health.sources) != bool(parsed.health.files):
        yield "health.files", "the source ini and its files need each other"
    yield from _gaps(parsed)
    yield from _double_extensions(parsed)
    yield from _encodings(parsed)


def _patterns(parsed: FamilyFile) -> Problems:
    asked: list[tuple[str, str | None, frozenset[str]]] = []
    asked += [(f"recognise.{i}.label", one.label, NAME_GROUPS) for i, one in enumerate(parsed.recognise)]
    asked += [(f"names.{i}.pattern", one.pattern, NAME_GROUPS) for i, one in enumerate(parsed.names)]
    asked.append(("identity.label", parsed.identity.label if parsed.identity else None, NAME_GROUPS))
    for i, log in enumerate(parsed.log):
        asked.append((f"log.{i}.stamp", log.stamp, frozenset({"at"})))
        asked += [(f"log.{i}.line.{j}.pattern", one.pattern, LINE_GROUPS) for j, one in enumerate(log.line)]
    for key, pattern, known in asked:
        try:
            groups = set(re.compile(pattern or "").groupindex)
        except re.error as error:
            yield key, f"no regular expression: {error}"
            continue
        if not groups <= known:
            yield key, f"unknown groups {sorted(groups - known)}; known are {sorted(known)}"


def _globs(parsed: FamilyFile) -> Problems:
    asked = [(f"recognise.{i}.files", one.files or []) for i, one in enumerate(parsed.recognise)]
    asked += [(f"side.{i}.files", one.files) for i, one in enumerate(parsed.side)]
    asked += [(f"log.{i}.files", one.files) for i, one in enumerate(parsed.log)]
    asked += [("traces", parsed.traces), ("expected", parsed.expected)]
    asked += [("binding.files", parsed.binding.files if parsed.binding else [])]
    asked += [("health.files", (parsed.health.files or []) if parsed.health else [])]
    for key, texts in asked:
        for text in texts:
            try:
                Globs((text,))
            except re.error:
                yield key, f"no pattern of paths: {text!r}"


def _names(parsed: FamilyFile) -> Problems:
    for i, name in enumerate(parsed.names):
        if ("?P<start>" in name.pattern) != bool(name.start):
            yield f"names.{i}.start", "the group start and its time forms need each other"
        for form in name.start:
            if _useless(form):
                yield f"names.{i}.start", f"{form!r} does not tell a day"


def _recognition(parsed: FamilyFile) -> Problems:
    for i, one in enumerate(parsed.recognise):
        if not (one.always or one.usb or one.files or one.label or one.names_share is not None):
            yield f"recognise.{i}", "says nothing that could be recognised"
    if not parsed.recognise and parsed.extends != parsed.name:
        yield "recognise", "is missing"


def _logs(parsed: FamilyFile) -> Problems:
    for i, log in enumerate(parsed.log):
        if "?P<at>" not in log.stamp:
            yield f"log.{i}.stamp", "has no group at"
        for form in log.time:
            if _useless(form):
                yield f"log.{i}.time", f"{form!r} does not tell a day"


def _gaps(parsed: FamilyFile) -> Problems:
    said = parsed.gaps
    if said is None:
        return
    if said.sequence_last is not None and said.sequence_last <= (said.sequence_first or 0):
        yield "gaps.sequence_last", "is not behind sequence_first"
    for i, text in enumerate(said.encoders):
        if not text.strip():
            yield f"gaps.encoders.{i}", "every program begins with blanks"


def _useless(form: str) -> bool:
    moment = datetime(2026, 11, 21, 13, 35, 7)
    found = parse_time(moment.strftime(form.replace("%b", "Nov")), (form,))
    return found is None or found.date() != moment.date()


def _double_extensions(parsed: FamilyFile) -> Problems:
    seen: dict[str, Kind] = {}
    for kind, extensions in parsed.kinds.items():
        for extension in extensions:
            if seen.setdefault(extension.lower(), kind) is not kind:
                yield f"kinds.{kind.value}", f"{extension!r} is already {seen[extension.lower()].value}"


def _encodings(parsed: FamilyFile) -> Problems:
    asked = [("binding", parsed.binding.encodings if parsed.binding else [])]
    asked += [("health", parsed.health.encodings if parsed.health else [])]
    asked += [(f"log.{i}", log.encodings) for i, log in enumerate(parsed.log)]
    for key, encodings in asked:
        for i, encoding in enumerate(encodings):
            try:
                b"x".decode(encoding)
            except UnicodeDecodeError:
                continue
            except LookupError:
                yield f"{key}.encodings.{i}", f"unknown encoding {encoding!r}"
