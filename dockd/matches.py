"""How a match reads to people and to scripts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .entry_words import entry_text
from .examining import Entry, Examined
from .i18n import _, language
from .naming import shown
from .recorders import Match, Taken, Trace
from .wide import padded


def as_lines(found: Examined) -> Iterator[str]:
    """The family and why, the others and why not, and every entry."""
    match = found.match
    title = match.family.title["zh" if language() == "zh_CN" else "en"]
    yield _("family: {name} ({title})").format(name=match.family.name, title=title)
    yield "  " + _("because: {reason}").format(reason=match.reason)
    yield "  " + _("read from: {file}").format(file=match.family.origin)
    for source in match.family.sources:
        yield "  " + _("known from: {source}").format(source=source)
    for gap in match.family.not_known:
        yield "  " + _("not known: {gap}").format(gap=gap)
    yield _("recorder: {name}").format(name=match.recorder)
    yield _("officer: {name}").format(name=match.officer or _("not attributed"))
    yield _("department: {name}").format(name=match.department or "-")
    yield _("clock: shows the time of {zone}; learned by {methods}; set by {setting}").format(
        zone=match.family.zone, methods=", ".join(match.family.clock.measure) or "-", setting=_setting(match) or "-"
    )
    yield _("other families:")
    for other in match.candidates:
        if other.family is not match.family:
            facts = [" ".join(way.facts) for way in other.ways]
            word = _("also fits") if other.because is not None else _("does not fit")
            yield f"  {padded(other.family.name, 12)} {word}: {' | '.join(facts)}"
    yield _("entries: {n}: {counts}").format(n=len(found.entries), counts=_counts(found))
    for entry in found.entries:
        yield f"  {padded(_word(entry), 10)} {shown(entry.listed.path)}{_remarks(entry)}"


def as_json(found: Examined) -> dict[str, Any]:
    """The same for scripts."""
    match = found.match
    return {
        "family": match.family.name,
        "title": dict(match.family.title),
        "origin": match.family.origin,
        "because": list(match.because),
        "recorder": match.recorder,
        "officer": match.officer,
        "department": match.department,
        "label": match.label,
        "zone": str(match.family.zone),
        "clock": {"measure": [str(one) for one in match.family.clock.measure], "set": _setting(match)},
        "clock_orders_left": list(match.clock_orders_left),
        "health": dict(match.health),
        "sources": list(match.family.sources),
        "not_known": list(match.family.not_known),
        "candidates": [
            {
                "family": one.family.name,
                "rank": one.family.rank,
                "fits": one.because is not None,
                "ways": [{"holds": way.holds, "facts": list(way.facts)} for way in one.ways],
            }
            for one in match.candidates
        ],
        "entries": [_entry(entry) for entry in found.entries],
    }


def _setting(match: Match) -> str | None:
    clock = match.family.clock
    return clock.set_by_file.file if clock.set_by_file else "protocol" if clock.set_by_protocol else None


def _entry(entry: Entry) -> dict[str, Any]:
    said = entry.said
    told: dict[str, Any] = {
        "path": shown(entry.listed.path),
        "size_bytes": entry.listed.size_bytes,
        "taken_for": _word(entry),
        "newer_than_docking": entry.newer,
        "unreadable": entry.unreadable,
    }
    if not isinstance(said, Taken):
        return {**told, "reason": said.reason}
    return {
        **told,
        "recorder": said.recorder,
        "officer": said.officer,
        "claimed_at": said.claimed_at,
        "recorded_at": said.recorded_at,
        "time_doubt": said.time_doubt,
        "sequence": said.sequence,
        "recording": said.recording,
        "key_mark": said.key_mark,
        "event_mark": said.event_mark,
        "continuation": said.continuation,
        "clearable": said.clearable,
    }


def _word(entry: Entry) -> str:
    match entry.said:
        case Taken(kind=kind):
            return kind
        case Trace():
            return "trace"
        case _:
            return "unknown"


def _remarks(entry: Entry) -> str:
    said = entry.said
    remarks = [_("newer than this docking")] if entry.newer else []
    remarks += [_("cannot be read")] if entry.unreadable else []
    if not isinstance(said, Taken):
        return "  " + ", ".join([entry_text(said.reason), *remarks])
    facts = {"recorder": said.recorder, "officer": said.officer, "at": said.claimed_at, "doubt": said.time_doubt}
    facts |= {"sequence": said.sequence, "recording": said.recording}
    told = [f"{name}={value}" for name, value in facts.items() if value is not None]
    marks = {"key": said.key_mark, "event": said.event_mark, "continuation": said.continuation}
    told += [name for name, there in marks.items() if there]
    return "  " + ", ".join([*told, *remarks]) if told or remarks else ""


def _counts(found: Examined) -> str:
    counted = Counter(_word(entry) for entry in found.entries)
    return ", ".join(f"{count} {word}" for word, count in counted.most_common()) or "-"
