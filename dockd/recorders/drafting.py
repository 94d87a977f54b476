"""A first family file from a volume that no family knows well: what its names have in common, guessed and said to be
guessed. Pure.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from ..listing import Listed
from .family import MEDIA, extension_of
from .matching import Match, Unknown
from .times import parse_time

# More kinds of names than this are no pattern any more; a kind that few names have is none either.
_PATTERNS_AT_MOST = 6
_SHARE_AT_LEAST = 0.05
_SERIAL_DIGITS = 4
_YEARS = range(2000, 2100)
# A word with digits behind it is two things (CAM0001), digits and letters in any other order are one (A1F3).
_TOKENS = re.compile(r"[A-Za-z]+(?=[0-9]+(?![0-9A-Za-z]))|[0-9A-Za-z]+|[^0-9A-Za-z]", re.ASCII)
_TIME_DIGITS = 14
_TIME_FORMS = {14: "%Y%m%d%H%M%S", 12: "%y%m%d%H%M%S"}
_BESIDE = re.compile(r"[-_ T]?")


@dataclass(frozen=True, slots=True)
class _Guess:
    """A pattern, how many names it fits, the time form in it, and what was guessed."""

    pattern: str
    names: int
    example: str
    start: str | None
    remarks: tuple[str, ...]


def draft(found: Match, paths: Sequence[str], name: str) -> str | None:
    """The text of a family file called `name` that recognises the volume it was made from; None when there is nothing
    on it to recognise. `found` is what the volume is matched as now, `paths` are its plain files.
    """
    family = found.family
    own = [path for path in paths if path.isprintable() and not family.traces.fits(path)]
    media = [path for path in own if family.kind_of(path) in MEDIA]
    guesses = _guesses(media, found.label)
    recognised = _recognition(guesses, len(media), own, found)
    if not recognised:
        return None
    rank = max(one.family.rank for one in found.candidates if one.because is not None) + 5
    lines = [
        f"# Drafted from a volume of {len(paths)} files, until now {family.name}. Guesses are marked: check them.",
        f"name = {_text(name)}",
        f"extends = {_text(family.name)}",
        f"title = {{ zh = {_text(name)}, en = {_text(name)} }}",
        f"rank = {min(rank, 1000)}",
        "# guess: the recorder's clock shows the time of this zone",
        f"zone = {_text(str(family.zone))}",
        "# Nothing is removed from such a recorder until kinds stand here: video, audio, photo, log, track.",
        "clear = []",
        'sources = ["drafted from one volume"]',
        "",
        *recognised,
    ]
    for guess in guesses:
        lines += ["", f"# {guess.names} names like {guess.example}", *(f"# {remark}" for remark in guess.remarks)]
        lines += ["[[names]]", f"pattern = {_text(guess.pattern)}"]
        lines += [f"start = [{_text(guess.start)}]"] if guess.start else []
    lines += _unknown_files(own, found)
    return "\n".join(lines) + "\n"


def _recognition(guesses: Sequence[_Guess], media: int, own: Sequence[str], found: Match) -> list[str]:
    """A `[[recognise]]` table that holds for this volume; empty when nothing would."""
    if guesses:
        share = sum(guess.names for guess in guesses) / media
        # Below what it is here, so that a card with a few strange files is still known.
        return ["[[recognise]]", f"names_share = {max(0.05, int(share * 10) / 20):.2f}"]
    folders = Counter(path.partition("/")[0] for path in own if "/" in path)
    if folders:
        folder = re.sub(r"[\[\]*?]", "?", folders.most_common(1)[0][0])
        return ["# guess: only such recorders have this folder", "[[recognise]]", f"files = [{_text(folder + '/**')}]"]
    if found.family.identity.of(found.label) and found.label is not None:
        return ["# guess: labels of others differ", "[[recognise]]", f"label = {_text(re.escape(found.label))}"]
    if own:
        file = re.sub(r"[\[\]*?]", "?", own[0])
        return ["# guess: only such recorders have this file", "[[recognise]]", f"files = [{_text(file)}]"]
    return []


# ------------------------------------------------------------------------------------------------ names


def _guesses(media: Sequence[str], label: str | None) -> list[_Guess]:
    """One pattern for each shape of names that enough of them have, the most frequent first."""
    shapes: dict[tuple[str, ...], list[tuple[str, list[str]]]] = defaultdict(list)
    for path in media:
        stem = _stem(path)
        tokens = [part for token in _TOKENS.findall(stem) for part in _apart(token)]
        shapes[tuple(_shape(token) for token in tokens)].append((path, tokens))
    ranked = sorted(shapes.values(), key=len, reverse=True)[:_PATTERNS_AT_MOST]
    return [_guess(rows, label) for rows in ranked if len(rows) >= _SHARE_AT_LEAST * len(media)]


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    extension = extension_of(name)
    return name[: -len(extension) - 1] if extension else name


def _apart(token: str) -> Iterator[str]:
    """A long number with a time at one of its ends is two numbers."""
    if _number(token) and len(token) > _TIME_DIGITS:
        form = (_TIME_FORMS[_TIME_DIGITS],)
        for at in (len(token) - _TIME_DIGITS, _TIME_DIGITS):
            moment = parse_time(token[at:] if at != _TIME_DIGITS else token[:at], form)
            if moment is not None and moment.year in _YEARS:
                yield token[:at]
                yield token[at:]
                return
    yield token


def _number(token: str) -> bool:
    return token.isascii() and token.isdigit()


def _shape(token: str) -> str:
    if _number(token):
        return f"{len(token)}"
    if not (token.isascii() and token.isalnum()):
        return token
    return "word" if token.isalpha() else f"mixed {len(token)}"


def _guess(rows: list[tuple[str, list[str]]], label: str | None) -> _Guess:
    columns = list(zip(*(tokens for _path, tokens in rows), strict=True))
    times = _time_columns(columns) or ((), None)
    serial = _serial_column(columns, frozenset(times[0]), rows, label)
    counter = _counter_column(columns, {*times[0], serial})
    parts: list[str] = []
    remarks: list[str] = []
    for at, column in enumerate(columns):
        part = _part(column)
        if at in times[0][:1]:
            part = "(?P<start>" + part
        if at in times[0][-1:]:
            part += ")"
        if at == serial:
            part = f"(?P<recorder>{part})"
            if column[0] != label:
                remarks.append(f"guess: {column[0]} is the recorder's number")
        elif at == counter:
            part = f"(?P<sequence>{part})"
            remarks.append(f"guess: {column[0]} counts recordings")
        elif at not in times[0] and _long_constant(column, len(rows)):
            remarks.append(f"{column[0]} is the same in all. The officer's number? Then write (?P<officer>{part})")
        parts.append(part)
    return _Guess("".join(parts), len(rows), rows[0][0], times[1], tuple(remarks))


def _part(column: Sequence[str]) -> str:
    first = column[0]
    if _number(first):
        return f"[0-9]{{{len(first)}}}"
    if len(set(column)) == 1:
        return re.escape(first)
    return "[A-Za-z]+" if first.isalpha() else f"[0-9A-Za-z]{{{len(first)}}}"


def _long_constant(column: Sequence[str], names: int) -> bool:
    return _number(column[0]) and len(set(column)) == 1 and names > 1 and len(column[0]) >= _SERIAL_DIGITS


def _time_columns(columns: Sequence[Sequence[str]]) -> tuple[tuple[int, ...], str] | None:
    """The columns that together are a time in every name, and its form; None when there is none."""
    for at, column in enumerate(columns):
        form = _TIME_FORMS.get(len(column[0])) if _number(column[0]) else None
        if form and _all_times(column, form):
            return (at,), form
    for at, column in enumerate(columns):
        for gap in (1, 2):
            last = at + gap
            if last >= len(columns) or len(column[0]) != 8 or len(columns[last][0]) != 6:
                continue
            between = columns[at + 1][0] if gap == 2 else ""
            if (len(set(columns[at + 1])) > 1 and gap == 2) or not _BESIDE.fullmatch(between):
                continue
            form = f"%Y%m%d{between}%H%M%S"
            if _all_times(["".join(row) for row in zip(*columns[at : last + 1], strict=True)], form):
                return tuple(range(at, last + 1)), form
    return None


def _all_times(texts: Sequence[str], form: str) -> bool:
    moments = [parse_time(text, (form,)) for text in texts]
    return all(moment is not None and moment.year in _YEARS for moment in moments)


def _serial_column(
    columns: Sequence[Sequence[str]],
    taken: frozenset[int],
    rows: list[tuple[str, list[str]]],
    label: str | None,
) -> int | None:
    """The column that names the recorder: the label's digits, else the first long number that is the same in all."""
    for at, column in enumerate(columns):
        if at not in taken and label is not None and set(column) == {label}:
            return at
    for at, column in enumerate(columns):
        in_folder = column[0] in rows[0][0].split("/")[:-1]
        if at not in taken and _long_constant(column, 2 if in_folder else len(rows)):
            return at
    return None


def _counter_column(columns: Sequence[Sequence[str]], taken: Set[int | None]) -> int | None:
    """The last number that differs in every name, none of the others."""
    for at in range(len(columns) - 1, -1, -1):
        column = columns[at]
        if at not in taken and _number(column[0]) and len(set(column)) == len(column) > 1:
            return at
    return None


# ---------------------------------------------------------------------------------------------- the rest


def _unknown_files(own: Sequence[str], found: Match) -> Iterator[str]:
    """What to do about files that would go to quarantine, as remarks."""
    unknown = [path for path in own if isinstance(found.classify(Listed(os.fsencode(path), "file")), Unknown)]
    extensions = Counter(extension_of(path.rpartition("/")[2]) for path in unknown)
    if extensions:
        yield ""
        yield "# Not understood, and so set aside in quarantine at each docking. Name their kind if you know it:"
    for extension, count in extensions.most_common(12):
        yield f"#   {count} files .{extension}" if extension else f"#   {count} files without extension"
    if extensions:
        yield "# [kinds]"
        yield '# log = ["txt"]'


def _text(text: str) -> str:
    """A TOML string: as it stands where that is possible, so that patterns can be read."""
    return (
        f"'{text}'" if "'" not in text and text.isprintable() and "\\" in text else json.dumps(text, ensure_ascii=False)
    )
