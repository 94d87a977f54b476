"""What cases, links, classes and notes do to the tables."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Update, delete, insert, select, update

from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from ..tables import clips
from .bigrams import searched
from .bigrams import terms as terms_of
from .tables import case_clips, case_documents, case_files, cases, clip_notes, terms

# What `terms` finds: cases and notes by pairs of signs, cases by those who handle them.
CASE_TEXT, NOTE_TEXT, HANDLER = "case", "note", "officer"
# What a case is that only a recording's filing named.
KIND_UNTOLD = "other"

_TOLD = ("number", "cause", "parties", "department", "officers", "opened_on", "ended_on", "note")


# -------------------------------------------------------------------------------------------------------- cases


def _opened(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _add_case(fold, entry, data["case"], _told(data))


def _add_case(fold: Fold, entry: CustodyEntry, case: str, told: Row) -> None:
    row = told | {"id": case, "station": entry.station, "outcome": "", "archive_no": None}
    row |= dict.fromkeys(("closed_on", "reopened_on", "filed_on"))
    fold.add(cases, row | {"recorded_by": entry.actor, "recorded_at": entry.at})
    _find_by(fold, entry.station, CASE_TEXT, case, terms_of(told["searched"]))
    _find_by(fold, entry.station, HANDLER, case, told["officers"])


def _told(data: Row) -> Row:
    """The columns that follow from what a person said of a case."""
    return {name: data[name] for name in _TOLD} | {
        "kind": data["case_kind"],
        "searched": searched((data["number"], data["cause"], *data["parties"], data["note"])),
        "searched_cause": searched((data["cause"],)),
        "searched_parties": searched(data["parties"]),
    }


def _edited(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    case, told = data["case"], _told(data)
    before = fold.connection.execute(
        select(cases.c.searched, cases.c.officers).where(cases.c.station == entry.station, cases.c.id == case)
    ).first()
    if before is None:
        raise BadEvent(entry.kind, f"entry {entry.seq}: no such case")
    fold.run(update(cases).where(cases.c.id == case).values(**told))
    changed = (
        (CASE_TEXT, terms_of(before[0]), terms_of(told["searched"])),
        (HANDLER, frozenset(before[1]), frozenset(told["officers"])),
    )
    for field, old, new in changed:
        gone = delete(terms).where(terms.c.station == entry.station, terms.c.field == field, terms.c.subject == case)
        if old - new:
            fold.run(gone.where(terms.c.term.in_(sorted(old - new))))
        _find_by(fold, entry.station, field, case, new - old)


def _find_by(fold: Fold, station: str, field: str, subject: str, found_by: Iterable[str]) -> None:
    for term in sorted(set(found_by)):
        fold.later(terms, {"station": station, "field": field, "term": term, "subject": subject})


def _closed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    still_open = _case(entry, data).where(cases.c.closed_on.is_(None))
    days = {name: data[name] for name in ("closed_on", "ended_on", "outcome")}
    fold.one(entry, still_open.values(**days))


def _reopened(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    closed = _case(entry, data).where(cases.c.closed_on.is_not(None))
    over = dict.fromkeys(("ended_on", "closed_on", "filed_on", "archive_no"))
    fold.one(entry, closed.values(**over, reopened_on=data["reopened_on"], outcome=""))


def _archived(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    closed = _case(entry, data).where(cases.c.closed_on.is_not(None), cases.c.filed_on.is_(None))
    fold.one(entry, closed.values(filed_on=data["filed_on"], archive_no=data["archive_no"]))


def _case(entry: CustodyEntry, data: Row) -> Update:
    return update(cases).where(cases.c.station == entry.station, cases.c.id == data["case"])


def _file_period(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    own = select(cases.c.id).where(cases.c.station == entry.station, cases.c.id == data["case"])
    fold.flush()
    if fold.connection.scalar(own) is None:
        raise BadEvent(entry.kind, f"entry {entry.seq}: no such case")
    if (data["years"] is not None and data["years"] < 1) or data["counted_from"] not in ("closing", "new-year"):
        raise BadEvent(entry.kind, f"entry {entry.seq}: no such period")
    said = {name: data[name] for name in ("years", "counted_from", "reason")}
    said |= {"set_by": data["by"], "set_at": entry.at}
    if not fold.run(update(case_files).where(case_files.c.case_id == data["case"]).values(**said)):
        fold.add(case_files, said | {"case_id": data["case"], "station": entry.station})


def _document(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    key = {"case_id": data["case"], "document": data["document"]}
    said = {"title": data["title"], "added_by": entry.actor, "added_at": entry.at}
    same = update(case_documents).where(*(case_documents.c[name] == value for name, value in key.items()))
    if not fold.run(same.values(**said)):
        fold.add(case_documents, key | said | {"station": entry.station})


# -------------------------------------------------------------------------------------------------------- clips


def _linked(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    said = {name: data[name] for name in ("how", "confidence", "reasons")}
    _link(fold, entry, data["case"], data["clip"], said)


def _link(fold: Fold, entry: CustodyEntry, case: str, clip: str, said: Row) -> None:
    row = said | {"linked_by": entry.actor, "linked_at": entry.at}
    row |= dict.fromkeys(("unlinked_by", "unlinked_at", "unlink_reason"))
    again = update(case_clips).where(case_clips.c.case_id == case, case_clips.c.clip == clip)
    if not fold.run(again.values(**row)):
        fold.add(case_clips, row | {"case_id": case, "clip": clip, "station": entry.station})


def _unlinked(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    link = update(case_clips).where(case_clips.c.case_id == data["case"], case_clips.c.clip == data["clip"])
    there = link.where(case_clips.c.unlinked_at.is_(None))
    taken = {"unlinked_by": entry.actor, "unlinked_at": entry.at, "unlink_reason": data["reason"]}
    fold.one(entry, there.values(**taken))


def _filed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    """The short way: a class, and a case by its number. Logs from before there were cases name numbers that nobody
    opened; what is there of such a case is its number, opened on the day (UTC) of the filing.
    """
    _classified(fold, entry, data)
    number = data["case_no"]
    if number is None:
        return
    known = select(cases.c.id).where(cases.c.station == entry.station, cases.c.number == number)
    case = fold.connection.scalar(known)
    if case is None:
        case = case_named_by(entry.hash)
        department = fold.connection.scalar(select(clips.c.department).where(clips.c.id == data["clip"]))
        said = {"number": number, "department": department, "opened_on": entry.at[:10], "case_kind": KIND_UNTOLD}
        said |= {"cause": "", "parties": [], "officers": [], "ended_on": None, "note": ""}
        _add_case(fold, entry, case, _told(said))
    _link(fold, entry, case, data["clip"], {"how": "filed", "confidence": None, "reasons": []})


def case_named_by(entry_hash: str) -> str:
    """The id of a case that a filing opened: it follows from that entry."""
    return entry_hash.removeprefix("b3:")[:16]


def _classified(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.one(entry, update(clips).where(clips.c.id == data["clip"]).values(clip_class=data["clip_class"]))


def _noted(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    note = entry.hash.removeprefix("b3:")[:16]
    text = searched((data["note"],))
    row = {"id": note, "station": entry.station, "clip": data["clip"], "seq": entry.seq, "note": data["note"]}
    row |= {"searched": text}
    fold.flush()
    fold.connection.execute(insert(clip_notes), row | {"noted_by": entry.actor, "noted_at": entry.at})
    _find_by(fold, entry.station, NOTE_TEXT, note, terms_of(text))


ACTS: dict[str, Act] = {
    "case-opened": _opened,
    "case-edited": _edited,
    "case-closed": _closed,
    "case-reopened": _reopened,
    "case-filed": _archived,
    "case-file-period-set": _file_period,
    "case-document-added": _document,
    "clip-linked": _linked,
    "clip-unlinked": _unlinked,
    "clip-filed": _filed,
    "clip-classified": _classified,
    "clip-noted": _noted,
}
