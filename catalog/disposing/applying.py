"""What sweeps and disposals do to the tables, and what no log may ever say.

A clip is destroyed only from a batch that as many persons agreed to as it demands, after its grace, by the rule pack
that counts, and under no hold. What a batch takes from a session goes at once: one signed record in the vault tells all
of it, and is never written anew. Whatever program appends an entry that says otherwise, the entry is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, select, update

from ..bulk import among, parts
from ..errors import BadEvent
from ..fold import Act, Fold, Row
from ..keeping.model import LIFTED
from ..keeping.tables import adopted_packs, held_clips, holds
from ..model import CustodyEntry
from ..tables import clips, sessions
from .model import (
    ALLOWED,
    APPROVED,
    DESTROYED,
    DONE,
    ENDORSED,
    IN,
    NONE,
    ONE,
    OPEN,
    PROPOSED,
    RAN,
    REFUSED,
    SPARED,
    STOPPED,
    TWO,
)
from .tables import batch_clips, batches, sweeps, tombstones

# No agency's day differs from UTC's by more than one.
_DAYS_APART = 1
_COUNTS = ("due_clips", "due_bytes", "ready_clips", "ready_bytes", "held_clips", "held_bytes")

# ------------------------------------------------------------------------------------------------------------ sweeps


def _ran(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _sweep(fold, entry, data, RAN, [], [])


def _stopped(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _sweep(fold, entry, data, STOPPED, data["exceeded"], data["departments"])


def _sweep(fold: Fold, entry: CustodyEntry, data: Row, state: str, exceeded: list[Any], inside: list[str]) -> None:
    row = {name: data[name] for name in ("day", *_COUNTS)}
    row |= {"id": data["sweep"], "station": entry.station, "seq": entry.seq, "at": entry.at, "state": state}
    fold.add(sweeps, row | {"exceeded": exceeded, "departments": inside, "allowed_by": None, "allowed_at": None})


def _allowed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    """Only the last sweep, and with the number that it asked about."""
    last = select(func.max(sweeps.c.seq)).where(sweeps.c.station == entry.station).scalar_subquery()
    one = update(sweeps).where(sweeps.c.id == data["sweep"], sweeps.c.station == entry.station, sweeps.c.seq == last)
    asked = one.where(sweeps.c.state == STOPPED, sweeps.c.due_clips + sweeps.c.ready_clips == data["clips"])
    fold.one(entry, asked.values(state=ALLOWED, allowed_by=data["by"], allowed_at=entry.at))


# ----------------------------------------------------------------------------------------------------------- batches


def _proposed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    ids = sorted(set(data["clips"]))
    size_bytes = _disposable(fold, entry, ids)
    if len(ids) != len(data["clips"]) or size_bytes != data["size_bytes"]:
        raise BadEvent(entry.kind, f"entry {entry.seq}: not the recordings that it counts")
    row = {name: data[name] for name in ("sweep", "department", "day", "approval", "grace_days")}
    row |= {"id": data["batch"], "station": entry.station, "seq": entry.seq, "state": PROPOSED}
    row |= {"clips": len(ids), "size_bytes": size_bytes, "left_clips": len(ids), "left_bytes": size_bytes}
    row |= dict.fromkeys(("endorsed_by", "endorsed_at", "approved_by", "approved_at"))
    row |= dict.fromkeys(("refused_by", "refused_at", "refuse_reason"))
    fold.add(batches, row | {"proposed_at": entry.at})
    own = {"batch": data["batch"], "station": entry.station, "state": IN, "why": None, "kept_until": None, "day": None}
    fold.add(batch_clips, *({"clip": clip, **own} for clip in ids))


def _disposable(fold: Fold, entry: CustodyEntry, ids: Sequence[str]) -> int:
    """Bytes of clips, each of which is here, sealed, and in no open batch. Raises BadEvent."""
    fold.flush()
    known = size_bytes = taken = 0
    for part in parts(ids):
        here = (
            select(func.count(), func.coalesce(func.sum(clips.c.size_bytes), 0))
            .join(sessions, sessions.c.id == clips.c.session)
            .where(among(clips.c.id, part), clips.c.station == entry.station, clips.c.destroyed_at.is_(None))
            .where(sessions.c.state != "open")
        )
        count, total = fold.connection.execute(here).one()
        known, size_bytes = known + count, size_bytes + int(total)
        # Written out: an index covers this one value, and the planner must see it.
        inside = (
            select(func.count())
            .join(batches, batches.c.id == batch_clips.c.batch)
            .where(among(batch_clips.c.clip, part), batch_clips.c.state == literal(IN, literal_execute=True))
            .where(batches.c.state.in_(OPEN))
        )
        taken += fold.connection.scalar(inside) or 0
    if known != len(ids) or taken:
        raise BadEvent(entry.kind, f"entry {entry.seq}: {len(ids) - known} are not here, {taken} are proposed already")
    return size_bytes


def _endorsed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    said = {"state": ENDORSED, "endorsed_by": data["by"], "endorsed_at": entry.at}
    _step(fold, entry, data, batches.c.approval == TWO, batches.c.state == PROPOSED, said)


def _approved(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    said = {"state": APPROVED, "approved_by": data["by"], "approved_at": entry.at}
    alone = (batches.c.approval == ONE) & (batches.c.state == PROPOSED)
    second = (batches.c.approval == TWO) & (batches.c.state == ENDORSED) & (batches.c.endorsed_by != data["by"])
    _step(fold, entry, data, alone | second, batches.c.left_clips > 0, said)


def _step(fold: Fold, entry: CustodyEntry, data: Row, fits: Any, also: Any, values: Row) -> None:
    """A yes counts for what is left in the batch, and for nothing else."""
    fold.one(entry, _batch(entry, data).where(fits, also, batches.c.left_clips == data["clips"]).values(**values))


def _refused(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    said = {"state": REFUSED, "refused_by": data["by"], "refused_at": entry.at, "refuse_reason": data["reason"]}
    fold.one(entry, _batch(entry, data).where(batches.c.state.in_(OPEN)).values(**said))


def _batch(entry: CustodyEntry, data: Row) -> Any:
    return update(batches).where(batches.c.id == data["batch"], batches.c.station == entry.station)


def _spared(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    _leave(fold, entry, data, SPARED, why=data["why"], kept_until=data["kept_until"])


def _leave(fold: Fold, entry: CustodyEntry, data: Row, state: str, **values: Any) -> None:
    """A clip leaves its batch; the last one ends it. Raises BadEvent when it is not in it."""
    one = update(batch_clips).where(batch_clips.c.batch == data["batch"], batch_clips.c.clip == data["clip"])
    one = one.where(batch_clips.c.station == entry.station, batch_clips.c.state == IN)
    fold.one(entry, one.values(state=state, day=data["day"], **values))
    size = select(clips.c.size_bytes).where(clips.c.id == data["clip"]).scalar_subquery()
    left = {"left_clips": batches.c.left_clips - 1, "left_bytes": batches.c.left_bytes - size}
    fold.one(entry, _batch(entry, data).where(batches.c.state.in_(OPEN)).values(**left))
    fold.run(_batch(entry, data).where(batches.c.left_clips == 0, batches.c.state != DONE).values(state=DONE))


# -------------------------------------------------------------------------------------------------------- tombstones


def _destroyed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    session = _must_be_ripe(fold, entry, data)
    _leave(fold, entry, data, DESTROYED)
    fold.run(update(clips).where(clips.c.id == data["clip"]).values(destroyed_at=entry.at))
    names = ("clip", "batch", "vault_path", "size_bytes", "digest", "pack", "pack_digest")
    row = {name: data[name] for name in (*names, "reason", "rule", "article", "until", "day")}
    row |= {"station": entry.station, "session": session, "destroyed_at": entry.at, "removed_at": None}
    fold.add(tombstones, row)


def _must_be_ripe(fold: Fold, entry: CustodyEntry, data: Row) -> str:
    """The clip's session, when nothing stands against its destruction. Raises BadEvent."""
    fold.flush()
    # Any of them will do: all that went before were let in by this.
    before = select(tombstones.c.destroyed_at).where(tombstones.c.session == clips.c.session)
    before = before.where(tombstones.c.batch == data["batch"]).limit(1).correlate(clips)
    known = (
        select(
            *(clips.c.session, clips.c.vault_path, clips.c.size_bytes, clips.c.digest, sessions.c.state),
            before.scalar_subquery(),
            *(batches.c.approval, batches.c.state, batches.c.grace_days, batches.c.proposed_at),
            *(batches.c.endorsed_by, batches.c.approved_by, batches.c.approved_at),
        )
        .join_from(clips, sessions, sessions.c.id == clips.c.session)
        .join(batch_clips, batch_clips.c.clip == clips.c.id)
        .join(batches, batches.c.id == batch_clips.c.batch)
        .where(clips.c.id == data["clip"], clips.c.station == entry.station, clips.c.destroyed_at.is_(None))
        .where(batch_clips.c.batch == data["batch"], batch_clips.c.state == IN)
    )
    row = fold.connection.execute(known).first()
    if row is None:
        raise BadEvent(entry.kind, f"entry {entry.seq}: not in this batch")
    session, vault_path, size_bytes, digest, sealed, begun_at, *batch = row
    if (vault_path, size_bytes, digest) != (data["vault_path"], data["size_bytes"], data["digest"]):
        raise BadEvent(entry.kind, f"entry {entry.seq}: not the original that is on record")
    if sealed == "open":
        raise BadEvent(entry.kind, f"entry {entry.seq}: its session is not sealed")
    if begun_at is not None and begun_at != datetime.fromisoformat(entry.at):
        raise BadEvent(entry.kind, f"entry {entry.seq}: what this batch takes from its session went at {begun_at}")
    wrong = [*_of_batch(entry, *batch), *_of_day(entry, data), *_of_pack(fold, entry, data)]
    wrong += _of_holds(fold, data["clip"])
    if wrong:
        raise BadEvent(entry.kind, f"entry {entry.seq}: {wrong[0]}")
    return str(session)


def _of_batch(
    entry: CustodyEntry,
    approval: str,
    state: str,
    grace_days: int,
    proposed_at: datetime,
    endorsed_by: str | None,
    approved_by: str | None,
    approved_at: datetime | None,
) -> Iterator[str]:
    since = proposed_at if approval == NONE else approved_at
    if since is None or state != (PROPOSED if approval == NONE else APPROVED):
        yield "the batch is not approved"
        return
    if approval == TWO and (endorsed_by is None or endorsed_by == approved_by):
        yield "one person alone approved it"
    if grace_days < 0 or datetime.fromisoformat(entry.at) < since + timedelta(days=grace_days):
        yield "its grace is not over"


def _of_day(entry: CustodyEntry, data: Row) -> Iterator[str]:
    day, until = date.fromisoformat(data["day"]), date.fromisoformat(data["until"])
    if abs((datetime.fromisoformat(entry.at).date() - day).days) > _DAYS_APART:
        yield "its day is not the entry's"
    if until >= day:
        yield "its term is not over"


def _of_pack(fold: Fold, entry: CustodyEntry, data: Row) -> Iterator[str]:
    counts = select(adopted_packs.c.pack, adopted_packs.c.digest).where(adopted_packs.c.station == entry.station)
    adopted = fold.connection.execute(counts.order_by(adopted_packs.c.seq.desc()).limit(1)).first()
    if adopted is None or tuple(adopted) != (data["pack"], data["pack_digest"]):
        yield "its rule pack is not the adopted one"


def _of_holds(fold: Fold, clip: str) -> Iterator[str]:
    under = select(holds.c.id).join(held_clips, held_clips.c.hold == holds.c.id)
    hold = fold.connection.scalar(under.where(held_clips.c.clip == clip, holds.c.state != LIFTED).limit(1))
    if hold is not None:
        yield f"under hold {hold}"


def _removed(fold: Fold, entry: CustodyEntry, data: Row) -> None:
    ids = sorted(set(data["clips"]))
    own = (tombstones.c.station == entry.station, tombstones.c.batch == data["batch"])
    waiting = update(tombstones).where(*own, tombstones.c.removed_at.is_(None)).values(removed_at=entry.at)
    changed = sum(fold.run(waiting.where(among(tombstones.c.clip, part))) for part in parts(ids))
    if changed != len(ids):
        wrong = len(ids) - changed
        raise BadEvent(entry.kind, f"entry {entry.seq}: {wrong} of them were never destroyed, or removed before")


ACTS: dict[str, Act] = {
    "sweep-ran": _ran,
    "sweep-stopped": _stopped,
    "sweep-allowed": _allowed,
    "disposal-proposed": _proposed,
    "disposal-endorsed": _endorsed,
    "disposal-approved": _approved,
    "disposal-refused": _refused,
    "clip-spared": _spared,
    "clip-destroyed": _destroyed,
    "originals-removed": _removed,
}
