"""What holds and the adopting of a rule pack do to the tables; and whose term must be worked out anew.

`clip_terms.keep_until` alone is no word of the log: it is worked out from these tables and the rule pack, so that a
list of what is due costs what is due and not what is held. It is forgotten for every clip that an entry of any room
touches (`AFTER`), and whoever works terms out decides those first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, delete, select, update

from ..bulk import among, parts
from ..cases.tables import case_clips, cases
from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..model import CustodyEntry
from ..tables import clips
from .model import ACTIVE, LIFT_ASKED, LIFTED
from .tables import adopted_packs, clip_terms, held_clips, holds

# ------------------------------------------------------------------------------------------------------------- holds


def _placed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    scope = data["scope"]
    subject = data["about"][scope] if scope in ("session", "case") else ""
    row = {name: data[name] for name in ("trigger", "long_term", "reason", "scope", "about", "departments")}
    row |= {"id": data["hold"], "station": entry.station, "subject": subject, "state": ACTIVE}
    row |= {"placed_by": data["by"], "placed_at": entry.at}
    row |= dict.fromkeys(("asked_by", "asked_at", "ask_reason", "lifted_by", "lifted_at", "lift_reason"))
    fold.add(holds, row)
    inside: list[str] = []
    # What joined while whoever placed it looked is held as well.
    if scope == "session":
        inside = _ids(fold, select(clips.c.id).where(clips.c.session == subject))
    elif scope == "case":
        inside = _ids(fold, _live(subject))
    _hold(fold, entry, data["hold"], (*data["clips"], *inside))


def _widened(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _change(fold, entry, data, (ACTIVE, LIFT_ASKED), departments=data["departments"])
    _hold(fold, entry, data["hold"], data["clips"])


def _hold(fold: Fold, entry: CustodyEntry, hold: str, ids: Iterable[str]) -> None:
    """Put clips under a hold; those that are there already stay there, and what is destroyed cannot be held."""
    wanted = _living(fold, sorted(set(ids)))
    there: set[str] = set()
    for part in parts(wanted):
        there.update(
            _ids(fold, select(held_clips.c.clip).where(held_clips.c.hold == hold, among(held_clips.c.clip, part)))
        )
    new = [clip for clip in wanted if clip not in there]
    fold.add(held_clips, *({"hold": hold, "clip": clip, "station": entry.station, "since": entry.at} for clip in new))
    _forget_these(fold, new)


def _living(fold: Fold, ids: Sequence[str]) -> list[str]:
    gone: set[str] = set()
    for part in parts(ids):
        gone.update(_ids(fold, select(clips.c.id).where(among(clips.c.id, part), clips.c.destroyed_at.is_not(None))))
    return [clip for clip in ids if clip not in gone]


def _lift_asked(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    asked = {"asked_by": data["by"], "asked_at": entry.at, "ask_reason": data["reason"]}
    _change(fold, entry, data, (ACTIVE,), state=LIFT_ASKED, **asked)


def _lift_refused(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _change(fold, entry, data, (LIFT_ASKED,), state=ACTIVE, asked_by=None, asked_at=None, ask_reason=None)


def _lifted(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    if data["by"] == data["asked_by"]:
        raise BadEvent(entry.kind, f"entry {entry.seq}: asked and granted by one person")
    lifted = {"lifted_by": data["by"], "lifted_at": entry.at, "lift_reason": data["reason"]}
    _change(fold, entry, data, (LIFT_ASKED,), state=LIFTED, **lifted)
    _forget(fold, select(held_clips.c.clip).where(held_clips.c.hold == data["hold"]))


def _change(fold: Fold, entry: CustodyEntry, data: Row, was: Sequence[str], **values: object) -> None:
    one = update(holds).where(holds.c.id == data["hold"], holds.c.station == entry.station, holds.c.state.in_(was))
    fold.one(entry, one.values(**values))


# -------------------------------------------------------------------------------------------------------------- packs


def _adopted(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    row = {"station": entry.station, "seq": entry.seq, "pack": data["pack"], "digest": data["pack_digest"]}
    row |= {"adopted_by": data["by"], "adopted_at": entry.at, "made_due": data["made_due"]}
    fold.add(adopted_packs, row)
    fold.run(_FORGET.where(clip_terms.c.station == entry.station))


# -------------------------------------------------------------------------------------------- what other rooms touch


def _ingested(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    row = {"clip": data["clip"], "station": entry.station, "session": data["session"], "seq": data["seq"]}
    fold.later(clip_terms, row | {"keep_until": None})


def _destroyed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    fold.run(delete(clip_terms).where(clip_terms.c.clip == data["clip"]))


def _of_clip(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _forget_these(fold, [data["clip"]])


def _of_case(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _forget(fold, _live(data["case"]))


def _joined_case(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _forget_these(fold, [data["clip"]])
    _join(fold, entry, "case", data["case"], [data["clip"]])


def _filed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _forget_these(fold, [data["clip"]])
    if data["case_no"] is not None:
        named = select(cases.c.id).where(cases.c.station == entry.station, cases.c.number == data["case_no"])
        for case in _ids(fold, named):
            _join(fold, entry, "case", case, [data["clip"]])


def _sealed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    """What was taken in after a hold was placed on its session. Before the seal nothing of it can be due."""
    if _holding(fold, "session", data["session"]):
        joined = _ids(fold, select(clips.c.id).where(clips.c.session == data["session"]))
        _join(fold, entry, "session", data["session"], joined)


def _join(fold: Fold, entry: CustodyEntry, scope: str, subject: str, ids: Sequence[str]) -> None:
    for hold in _holding(fold, scope, subject):
        _hold(fold, entry, hold, ids)


def _holding(fold: Fold, scope: str, subject: str) -> list[str]:
    here = select(holds.c.id).where(holds.c.scope == scope, holds.c.subject == subject, holds.c.state != LIFTED)
    return _ids(fold, here.order_by(holds.c.id))


# ----------------------------------------------------------------------------------------------------------- forgetting


_FORGET = update(clip_terms).where(clip_terms.c.keep_until.is_not(None)).values(keep_until=None)


def _forget(fold: Fold, which: Select[tuple[str]]) -> None:
    fold.run(_FORGET.where(clip_terms.c.clip.in_(which)))


def _forget_these(fold: Fold, ids: Sequence[str]) -> None:
    for part in parts(ids):
        fold.run(_FORGET.where(among(clip_terms.c.clip, part)))


def _live(case: str) -> Select[tuple[str]]:
    return select(case_clips.c.clip).where(case_clips.c.case_id == case, case_clips.c.unlinked_at.is_(None))


def _ids(fold: Fold, which: Select[tuple[str]]) -> list[str]:
    fold.flush()
    return list(fold.connection.scalars(which))


ACTS: dict[str, Act] = {
    "hold-placed": _placed,
    "hold-widened": _widened,
    "hold-lift-asked": _lift_asked,
    "hold-lift-refused": _lift_refused,
    "hold-lifted": _lifted,
    "pack-adopted": _adopted,
}

# What entries of other rooms do to holds and terms, once they have done what is told there.
AFTER: dict[str, Act] = {
    "clip-ingested": _ingested,
    "clip-destroyed": _destroyed,
    "facts-read": _of_clip,
    "clip-time-settled": _of_clip,
    "clip-classified": _of_clip,
    "clip-unlinked": _of_clip,
    "clip-linked": _joined_case,
    "clip-filed": _filed,
    "case-edited": _of_case,
    "case-closed": _of_case,
    "case-file-period-set": _of_case,
    "case-reopened": _of_case,
    "session-sealed": _sealed,
}
