"""What upkeep does to the tables. A round only goes forward, and no copy is claimed of a session without a seal."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select, update

from ..bulk import among, parts
from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from ..tables import clips, sessions
from .model import ASIDE, CLIPS, DAMAGED, Place, file_key, parse_place
from .tables import copied_sessions, copy_gaps, copy_places, damages, fixity_slices

# ----------------------------------------------------------------------------------------------------------- reading


def _read(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _stretch(fold, entry, data, data["what"], None)


def _copies_read(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _refuse_unknown_place(fold, entry, data["place"])
    _stretch(fold, entry, data, CLIPS, data["place"])


def _stretch(fold: Fold, entry: CustodyEntry, data: Row, what: str, place: str | None) -> None:
    first, last = parse_place(data["first"]), parse_place(data["last"])
    _refuse_unless(entry, first <= last, "a stretch that ends before it begins")
    number, after = _reached(fold, entry, what, place)
    # What was left of a round may have been destroyed meanwhile: it has then no last stretch.
    begins = data["round"] == number + 1
    goes_on = data["round"] == number and after is not None and first > after
    _refuse_unless(entry, begins or goes_on, f"round {data['round']} does not go on here")
    row = {name: data[name] for name in ("round", "began_at", "files", "size_bytes", "damaged", "ends_round")}
    row |= {"what": what, "place": place}
    row |= {"station": entry.station, "seq": entry.seq, "read_at": entry.at, "last_in": last[0], "last_no": last[1]}
    fold.add(fixity_slices, row)


def _reached(fold: Fold, entry: CustodyEntry, what: str, place: str | None) -> tuple[int, Place | None]:
    """The round and the place of the last stretch; no place when that round is over, or none began."""
    fold.flush()
    order = (fixity_slices.c.round, fixity_slices.c.last_in, fixity_slices.c.last_no)
    own = [fixity_slices.c.station == entry.station, fixity_slices.c.what == what, fixity_slices.c.place == place]
    newest = select(*order, fixity_slices.c.ends_round).where(*own).order_by(*(one.desc() for one in order)).limit(1)
    row = fold.connection.execute(newest).first()
    if row is None:
        return 0, None
    number, where, place_no, ended = row
    return number, None if ended else (where, place_no)


# ------------------------------------------------------------------------------------------------------------ damage


def _found(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _refuse_unless(entry, (data["clip"] is not None) == (data["what"] == CLIPS), "a clip, or no clip")
    if data["clip"] is not None:
        # Another doubt says more: that the recorder gave two different things.
        own = update(clips).where(clips.c.id == data["clip"], clips.c.station == entry.station)
        fold.one(entry, own.values(doubt=func.coalesce(clips.c.doubt, DAMAGED)))
    key = file_key(data["clip"], data["vault_path"])
    row = {name: data[name] for name in ("what", "clip", "vault_path", "damage", "expected", "found")}
    row |= {"found_at": entry.at, "restored_at": None, "source": None, "place": None}
    known = update(damages).where(damages.c.station == entry.station, damages.c.file == key)
    if not fold.run(known.values(row)):
        fold.add(damages, row | {"station": entry.station, "file": key, "aside": []})


def _restored(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    key = file_key(data["clip"], data["vault_path"])
    own = (damages.c.station == entry.station, damages.c.file == key, damages.c.restored_at.is_(None))
    aside = fold.connection.scalar(select(damages.c.aside).where(*own))
    values = {"restored_at": entry.at, "source": data["source"], "place": data["place"]}
    fold.one(entry, update(damages).where(*own).values(**values, aside=[*(aside or []), *data["aside"]]))
    if data["clip"] is not None:
        fold.run(update(clips).where(clips.c.id == data["clip"], clips.c.doubt == DAMAGED).values(doubt=None))


# ------------------------------------------------------------------------------------------------------------ copies


def _prepared(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    row = {"folder": data["folder"], "same_disk": data["same_disk"], "prepared_at": entry.at}
    own = (copy_places.c.station == entry.station, copy_places.c.place == data["place"])
    if not fold.run(update(copy_places).where(*own).values(**row)):
        fold.add(copy_places, row | {"station": entry.station, "place": data["place"]})


def _made(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    place, session = data["place"], data["session"]
    _refuse_unknown_place(fold, entry, place)
    sealed = select(sessions.c.id).where(
        sessions.c.id == session, sessions.c.station == entry.station, sessions.c.state != "open"
    )
    _refuse_unless(entry, fold.connection.scalar(sealed) is not None, "no sealed session")
    row = {"clips": data["clips"], "size_bytes": data["size_bytes"]}
    own = (copied_sessions.c.station == entry.station, copied_sessions.c.place == place)
    known = update(copied_sessions).where(*own, copied_sessions.c.session == session)
    if not fold.run(known.values(**row)):
        row |= {"station": entry.station, "place": place, "session": session, "copied_at": entry.at}
        fold.add(copied_sessions, row)
    # What was lacking and is not named any more was copied now; what was destroyed never is.
    inside = select(clips.c.id).where(clips.c.session == session)
    lacked = (copy_gaps.c.station == entry.station, copy_gaps.c.place == place, copy_gaps.c.clip.in_(inside))
    fold.run(update(copy_gaps).where(*lacked, copy_gaps.c.reason != "destroyed").values(lacking=False))
    _lack(fold, entry, place, data["lacking"], "not-copied")


def _removed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.flush()
    if data["reason"] == "destroyed":
        for part in parts(data["clips"]):
            gone = select(func.count()).where(among(clips.c.id, part), clips.c.destroyed_at.is_not(None))
            _refuse_unless(entry, fold.connection.scalar(gone) == len(set(part)), "a clip that is not destroyed")
    if data["place"] == ASIDE:
        for part in parts(data["clips"]):
            own = (damages.c.station == entry.station, among(damages.c.file, part))
            fold.run(update(damages).where(*own).values(aside=[]))
        return
    _refuse_unknown_place(fold, entry, data["place"])
    _lack(fold, entry, data["place"], data["clips"], data["reason"])


def _lack(fold: Fold, entry: CustodyEntry, place: str, ids: Iterable[str], reason: str) -> None:
    fold.flush()
    wanted = sorted(set(ids))
    own = (copy_gaps.c.station == entry.station, copy_gaps.c.place == place)
    for part in parts(wanted):
        there = set(fold.connection.scalars(select(copy_gaps.c.clip).where(*own, among(copy_gaps.c.clip, part))))
        # Once destroyed it stays so.
        if there:
            changed = (among(copy_gaps.c.clip, sorted(there)), copy_gaps.c.reason != "destroyed")
            fold.run(update(copy_gaps).where(*own, *changed).values(reason=reason, since=entry.at, lacking=True))
        row = {"station": entry.station, "place": place, "reason": reason, "since": entry.at, "lacking": True}
        fold.add(copy_gaps, *(row | {"clip": clip} for clip in part if clip not in there))


def _refuse_unknown_place(fold: Fold, entry: CustodyEntry, place: str) -> None:
    fold.flush()
    known = select(copy_places.c.place).where(copy_places.c.station == entry.station, copy_places.c.place == place)
    _refuse_unless(entry, fold.connection.scalar(known) is not None, "no such place")


def _refuse_unless(entry: CustodyEntry, holds: bool, why: str) -> None:
    if not holds:
        raise BadEvent(entry.kind, f"entry {entry.seq}: {why}")


ACTS: dict[str, Act] = {
    "fixity-read": _read,
    "copies-read": _copies_read,
    "damage-found": _found,
    "damage-restored": _restored,
    "mirror-prepared": _prepared,
    "copies-made": _made,
    "copies-removed": _removed,
}
