"""What requests, views, copies and marks of secrecy do to the tables; and what no log may say of them.

Nobody approves what he asked for or what is for him; nothing is used that is not approved, or oftener than approved;
nothing is shown or copied that the request does not name; nothing that is marked goes to a party.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select, update

from ..bulk import among, parts
from ..cases.tables import case_clips
from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from ..people.access import Secrecy
from .model import CASE, CLIP, COPYING, OPEN_STATES, ORIGINAL, WATERMARKED, Kind, State, numbered, parts_of
from .tables import copies_given, request_clips, request_entries, requests, secrecy_marks

_USABLE = (State.APPROVED, State.USED)


def _asked(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    kind = Kind(data["request_kind"])
    year, running = _next(fold, entry, data["number"])
    named = sorted(set(data["clips"]))
    if not named:
        raise _bad(entry, "names no recording")
    if kind is Kind.PARTY and data["case"] is None:
        raise _bad(entry, "a party of no case")
    row = {name: data[name] for name in ("number", "purpose", "recipient", "for_whom", "departments")}
    row |= {"id": data["request"], "station": entry.station, "year": year, "running": running, "kind": kind.value}
    row |= {
        "case_id": data["case"],
        "asked_by": data["by"],
        "asked_at": entry.at,
        "state": State.ASKED.value,
        "used": 0,
    }
    later = ("decided_by", "decided_at", "decision_reason", "valid_until", "uses", "last_used_at")
    fold.add(requests, row | dict.fromkeys((*later, "closed_by", "closed_at", "close_reason")))
    fold.add(request_clips, *({"request": data["request"], "clip": clip, "station": entry.station} for clip in named))
    _told(fold, entry, data["request"])


def _next(fold: Fold, entry: CustodyEntry, number: str) -> tuple[int, int]:
    """Numbers follow each other without a hole, so that none can be missing."""
    parts = parts_of(number)
    if parts is None or numbered(*parts) != number:
        raise _bad(entry, f"no number of a request: {number}")
    year, running = parts
    fold.flush()
    last = fold.connection.scalar(
        select(func.max(requests.c.running)).where(requests.c.station == entry.station, requests.c.year == year)
    )
    if running != (last or 0) + 1:
        raise _bad(entry, f"{number} does not follow {last or 0}")
    return year, running


def _approved(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    found = _decided(fold, entry, data)
    if data["uses"] is not None and data["uses"] < 1:
        raise _bad(entry, "approved for no use")
    if found["kind"] == Kind.PARTY:
        _nothing_marked(fold, entry, _named_by(fold, data["request"]))
    said = {"valid_until": data["until"], "uses": data["uses"]}
    _decide(fold, entry, data, State.APPROVED, said)


def _refused(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _decided(fold, entry, data)
    _decide(fold, entry, data, State.REFUSED, {})


def _decided(fold: Fold, entry: CustodyEntry, data: Row) -> Row:
    """The request that is decided on. Raises BadEvent when whoever decides has a part in it."""
    found = _request(fold, entry, data["request"])
    if data["by"] in (found["asked_by"], found["for_whom"]):
        raise _bad(entry, "asked and decided by one person")
    return found


def _decide(fold: Fold, entry: CustodyEntry, data: Row, state: State, said: Row) -> None:
    said |= {"decided_by": data["by"], "decided_at": entry.at, "decision_reason": data["reason"]}
    _change(fold, entry, data["request"], (State.ASKED,), state=state.value, **said)


def _closed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    closed = {"closed_by": data["by"], "closed_at": entry.at, "close_reason": data["reason"]}
    _change(fold, entry, data["request"], OPEN_STATES, state=State.CLOSED.value, **closed)


# ---------------------------------------------------------------------------------------------------------------- uses


def _viewed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    if data["request"] is None:
        return
    found = _request(fold, entry, data["request"])
    if found["kind"] != Kind.VIEW:
        raise _bad(entry, f"a request to {found['kind']} shows nothing")
    _use(fold, entry, found, [data["clip"]])


def _copied(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    found = _request(fold, entry, data["request"])
    if found["kind"] not in COPYING:
        raise _bad(entry, "a request to view gives no copies")
    if data["form"] not in (ORIGINAL, WATERMARKED):
        raise _bad(entry, f"no form of a copy: {data['form']}")
    if found["kind"] == Kind.PARTY:
        _nothing_marked(fold, entry, data["clips"])
    _use(fold, entry, found, data["clips"])
    row = {name: data[name] for name in ("request", "form", "clips", "bag_digest", "kept", "size_bytes", "recipient")}
    fold.add(
        copies_given,
        row | {"station": entry.station, "seq": entry.seq, "given_by": data["by"], "given_at": entry.at},
    )


def _use(fold: Fold, entry: CustodyEntry, found: Row, clips: Sequence[str]) -> None:
    named = set(_named_by(fold, found["id"]))
    if not clips or not named.issuperset(clips):
        raise _bad(entry, f"{found['number']} does not name all of these recordings")
    if found["uses"] is not None and found["used"] >= found["uses"]:
        raise _bad(entry, f"{found['number']} was used {found['used']} times already")
    used = {"state": State.USED.value, "used": found["used"] + 1, "last_used_at": entry.at}
    _change(fold, entry, found["id"], _USABLE, **used)


# --------------------------------------------------------------------------------------------------------------- marks


def _marked(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    kind, subject = _subject(entry, data)
    added, removed = ([Secrecy(mark).value for mark in data[name]] for name in ("added", "removed"))
    if not added and not removed:
        raise _bad(entry, "no mark")
    for mark in added:
        if _live_mark(fold, entry, kind, subject, mark) is not None:
            raise _bad(entry, f"{mark} is there already")
        _put_mark(fold, entry, {"subject_kind": kind, "subject": subject, "mark": mark}, data)
    for mark in removed:
        set_by = _live_mark(fold, entry, kind, subject, mark)
        if set_by is None:
            raise _bad(entry, f"{mark} is not there")
        if set_by == data["by"]:
            raise _bad(entry, f"{mark} was put on and taken off by one person")
        taken = {"removed_by": data["by"], "removed_at": entry.at, "remove_reason": data["reason"]}
        key = {"subject_kind": kind, "subject": subject, "mark": mark, "station": entry.station}
        fold.one(entry, update(secrecy_marks).where(*_same(key)).values(**taken))


def _subject(entry: CustodyEntry, data: Row) -> tuple[str, str]:
    if (data["clip"] is None) == (data["case"] is None):
        raise _bad(entry, "neither a recording nor a case, or both")
    return (CLIP, data["clip"]) if data["case"] is None else (CASE, data["case"])


def _put_mark(fold: Fold, entry: CustodyEntry, key: Row, data: Row) -> None:
    key = key | {"station": entry.station}
    said = {"set_by": data["by"], "set_at": entry.at, "reason": data["reason"]}
    said |= dict.fromkeys(("removed_by", "removed_at", "remove_reason"))
    if not fold.run(update(secrecy_marks).where(*_same(key)).values(**said)):
        fold.add(secrecy_marks, key | said)


def _live_mark(fold: Fold, entry: CustodyEntry, kind: str, subject: str, mark: str) -> str | None:
    """Who put this mark on; None when it is not there."""
    key = {"subject_kind": kind, "subject": subject, "mark": mark, "station": entry.station}
    fold.flush()
    live = select(secrecy_marks.c.set_by).where(*_same(key), secrecy_marks.c.removed_at.is_(None))
    return fold.connection.scalar(live)


def _same(key: Row) -> list[Any]:
    return [secrecy_marks.c[name] == value for name, value in key.items()]


def _nothing_marked(fold: Fold, entry: CustodyEntry, clips: Sequence[str]) -> None:
    """What must be kept secret by law goes to no party (QH 36)."""
    fold.flush()
    for part in parts(clips):
        under = select(case_clips.c.case_id).where(among(case_clips.c.clip, part), case_clips.c.unlinked_at.is_(None))
        marks = secrecy_marks.c
        own = (marks.subject_kind == CLIP) & among(marks.subject, part)
        of_case = (marks.subject_kind == CASE) & marks.subject.in_(under)
        live = select(marks.subject).where(marks.station == entry.station, marks.removed_at.is_(None))
        if fold.connection.scalar(live.where(or_(own, of_case)).limit(1)) is not None:
            raise _bad(entry, "what is marked secret goes to no party")


# ------------------------------------------------------------------------------------------------------------- helpers


def _refusal(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    """Who was refused what on a request belongs to what happened to it."""
    if data["request"] is not None:
        _told(fold, entry, data["request"])


def _request(fold: Fold, entry: CustodyEntry, request: str) -> Row:
    columns = (requests.c.id, requests.c.number, requests.c.kind, requests.c.asked_by, requests.c.for_whom)
    own = select(*columns, requests.c.uses, requests.c.used).where(
        requests.c.station == entry.station, requests.c.id == request
    )
    fold.flush()
    found = fold.connection.execute(own).mappings().first()
    if found is None:
        raise _bad(entry, f"no request {request}")
    return dict(found)


def _named_by(fold: Fold, request: str) -> list[str]:
    fold.flush()
    return list(fold.connection.scalars(select(request_clips.c.clip).where(request_clips.c.request == request)))


def _change(fold: Fold, entry: CustodyEntry, request: str, was: Sequence[State], **values: object) -> None:
    one = update(requests).where(
        requests.c.id == request,
        requests.c.station == entry.station,
        requests.c.state.in_([state.value for state in was]),
    )
    fold.one(entry, one.values(**values))
    _told(fold, entry, request)


def _told(fold: Fold, entry: CustodyEntry, request: str) -> None:
    fold.later(request_entries, {"station": entry.station, "request": request, "seq": entry.seq})


def _bad(entry: CustodyEntry, why: str) -> BadEvent:
    return BadEvent(entry.kind, f"entry {entry.seq}: {why}")


ACTS: dict[str, Act] = {
    "request-asked": _asked,
    "request-approved": _approved,
    "request-refused": _refused,
    "request-closed": _closed,
    "clip-viewed": _viewed,
    "copy-given": _copied,
    "secrecy-marked": _marked,
    "act-refused": _refusal,
}
