"""Pack files → packs; all faults of all files at once, so that whoever wrote one mends it in one go. Pure: texts in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hashing.canonical import canonical
from hashing.digest import digest_of

from .pack import Pack
from .pack_checks import Place, problems, undercut
from .pack_faults import PackFault, PackFaults, PackProblem
from .pack_making import pack_of

if TYPE_CHECKING:
    from .pack_schema import PackPart

# Lists whose entries have an id: one of the same id takes the place of the extended pack's.
_BY_ID = ("classes", "rules", "triggers", "case_files")
# Tables that a pack takes over part by part; all other tables as a whole, for an article belongs to its own words.
_BY_KEY = ("offices",)


@dataclass(frozen=True, slots=True)
class _Own:
    """A file's own document, what it is called, and the one of an earlier layer whose place it took."""

    file: str
    text: str
    document: dict[str, Any]
    beneath: _Own | None


def load(*layers: Iterable[tuple[str, bytes]]) -> tuple[Pack, ...] | PackFaults:
    """The packs of some files, by name; or all faults of them. A layer is pairs of a file's name and its bytes.

    A pack of the same name in a later layer takes the place of an earlier one. What `extends` another has all of it but
    for what it says itself, and may keep nothing shorter; one that extends its own name adds to the one it displaces.
    """
    return _loaded(tuple(tuple(layer) for layer in layers))


# A station asks for its packs at every step, and their files hardly ever change.
@lru_cache(maxsize=4)
def _loaded(layers: tuple[tuple[tuple[str, bytes], ...], ...]) -> tuple[Pack, ...] | PackFaults:
    faults: list[PackFault] = []
    found: dict[str, _Own] = {}
    for layer in layers:
        here: dict[str, str] = {}
        for file, data in layer:
            own = _document(file, data, found, faults)
            if own is None:
                continue
            name = own.document["name"]
            if name in here:
                faults.append(_fault(own, ("name",), PackProblem.NAME_TWICE, name, here[name]))
                continue
            here[name] = file
            found[name] = own
    packs: dict[tuple[str, str], Pack | None] = {}
    for own in found.values():
        _built(own, found, packs, faults, ())
    if faults:
        return PackFaults(tuple(sorted(faults, key=lambda one: (one.file, one.line or 0, one.place))))
    made = [packs[own.file, name] for name, own in found.items()]
    return tuple(sorted((pack for pack in made if pack is not None), key=lambda pack: pack.name))


def _document(file: str, data: bytes, found: Mapping[str, _Own], faults: list[PackFault]) -> _Own | None:
    try:
        text = data.decode()
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.append(PackFault(file, line, "", PackProblem.ENCODING, expected="UTF-8"))
        return None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        reason = str(error)[: at.start()] if at else str(error)
        # What is lacking at the end of the document is told at its last line.
        line = int(at[1]) if at and at[1] else len(text.splitlines())
        faults.append(PackFault(file, line, "", PackProblem.SYNTAX, reason))
        return None
    name = document.get("name")
    if not isinstance(name, str):
        problem = PackProblem.MISSING if name is None else PackProblem.TYPE
        faults.append(PackFault(file, None, "name", problem, "" if name is None else str(name), "text"))
        return None
    return _Own(file, text, document, found.get(name))


def _built(
    own: _Own,
    found: Mapping[str, _Own],
    packs: dict[tuple[str, str], Pack | None],
    faults: list[PackFault],
    line: tuple[_Own, ...],
) -> tuple[dict[str, Any], Pack | None]:
    """The whole document of a file and its pack, which is None when it has faults; each fault is told once."""
    beneath: Pack | None = None
    under: dict[str, Any] = {}
    extends = own.document.get("extends")
    if isinstance(extends, str):
        parent = own.beneath if extends == own.document["name"] else found.get(extends)
        if parent is None or parent in (*line, own):
            if (own.file, own.document["name"]) not in packs:
                faults.append(_fault(own, ("extends",), PackProblem.EXTENDS_UNKNOWN, extends, ", ".join(found)))
                packs[own.file, own.document["name"]] = None
            return own.document, None
        under, beneath = _built(parent, found, packs, faults, (*line, own))
        if beneath is None:
            # Its own faults are told; what rests on it cannot be judged.
            packs[own.file, own.document["name"]] = None
            return under, None
    merged = _merged(under, own.document)
    key = (own.file, own.document["name"])
    if key not in packs:
        before = len(faults)
        made = _checked(own, merged, faults)
        if made is not None and beneath is not None:
            faults.extend(_fault(own, *told, within=merged) for told in undercut(made, beneath))
        packs[key] = made if len(faults) == before else None
    return merged, packs[key]


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in under.items() if key != "extends"} | dict(over)
    for key in _BY_ID:
        old, new = under.get(key), over.get(key)
        if isinstance(old, list) and isinstance(new, list):
            replaced = {one.get("id") for one in new if isinstance(one, dict)}
            merged[key] = [one for one in old if one.get("id") not in replaced] + new
    for key in _BY_KEY:
        if isinstance(under.get(key), dict) and isinstance(over.get(key), dict):
            merged[key] = {**under[key], **over[key]}
    return merged


def _checked(own: _Own, merged: dict[str, Any], faults: list[PackFault]) -> Pack | None:
    # pydantic takes longer to import than all packs to read: only those who read packs pay for it.
    from pydantic import ValidationError

    from .pack_schema import PackPart

    try:
        parsed: PackPart = PackPart.model_validate(merged)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            place = tuple(one["loc"])
            problem, found, expected = _in_our_words(dict(one))
            faults.append(_fault(own, place, problem, found, expected, within=merged))
        return None
    told = list(problems(parsed))
    faults.extend(_fault(own, *one, within=merged) for one in told)
    if told:
        return None
    digest = digest_of(canonical(parsed.model_dump(mode="json", by_alias=True, exclude_unset=True)))
    return pack_of(parsed, own.file, str(digest))


_KINDS = {
    "missing": PackProblem.MISSING,
    "extra_forbidden": PackProblem.UNKNOWN_KEY,
    "enum": PackProblem.CHOICE,
    "string_pattern_mismatch": PackProblem.NAME,
    "string_too_short": PackProblem.EMPTY,
    "too_short": PackProblem.EMPTY,
    "greater_than_equal": PackProblem.RANGE,
    "less_than_equal": PackProblem.RANGE,
}


def _in_our_words(error: Mapping[str, Any]) -> tuple[PackProblem, str, str]:
    """One of pydantic's errors (its `type` is documented and stable) as problem, what was found, what was expected."""
    kind, about = error["type"], error.get("ctx", {})
    problem = _KINDS.get(kind, PackProblem.TYPE)
    found = str(error["input"])
    if problem in (PackProblem.MISSING, PackProblem.UNKNOWN_KEY, PackProblem.EMPTY):
        return problem, "", ""
    if problem is PackProblem.CHOICE:
        return problem, found, str(about["expected"])
    if problem is PackProblem.RANGE:
        return problem, found, f"≥ {about['ge']}" if "ge" in about else f"≤ {about['le']}"
    # Of a type, pydantic's first word names it: int_type, string_type, list_type, model_type …
    return problem, found, kind.partition("_")[0] if problem is PackProblem.TYPE else ""


def _fault(
    own: _Own,
    place: Place,
    problem: PackProblem,
    found: str = "",
    expected: str = "",
    *,
    within: Mapping[str, Any] | None = None,
) -> PackFault:
    """A fault with its line: that of its key, else of the nearest table or entry around it that the file itself has."""
    lines = _lines(own.text)
    named: list[str] = []
    here: list[str] = []
    value: Any = within
    mine: Any = own.document
    for part in place:
        value = _inside(value, part)
        if isinstance(part, int):
            entry = value.get("id") if isinstance(value, dict) else None
            named.append(entry if isinstance(entry, str) else str(part))
            # The merged list may begin with entries of the pack beneath.
            part = next((i for i, one in enumerate(mine) if one is value), part) if isinstance(mine, list) else part
        else:
            named.append(part)
        mine = _inside(mine, part)
        here.append(str(part))
    line = next((lines[key] for n in range(len(here), 0, -1) if (key := ".".join(here[:n])) in lines), None)
    shown = found if len(found) <= 60 else found[:59] + "…"
    return PackFault(own.file, line, ".".join(named), problem, shown, expected)


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _lines(text: str) -> dict[str, int]:
    """The line of every table (`rules.0` is the first `[[rules]]`) and of every key in it. tomllib tells no places."""
    found: dict[str, int] = {}
    counted: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.-]+)\s*\]", line):
            prefix = header[2]
            if header[1] == "[[":
                counted[prefix] = counted.get(prefix, -1) + 1
                prefix = f"{prefix}.{counted[prefix]}"
            found.setdefault(prefix, number)
        elif key := re.match(r"\s*([\w-]+)\s*=", line):
            found.setdefault(f"{prefix}.{key[1]}" if prefix else key[1], number)
    return found
