"""What a custody entry does to the tables: live, on rebuild and on verification, the same code.

A row depends on the log alone, never on a clock or on what lies on a disk. Entries are applied in their order. What
each kind does is told in the room it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from . import applying
from .bulk import put_in
from .cases import applying as cases
from .changes import applying as changes
from .custody import subject_of
from .disposing import applying as disposing
from .documents import applying as documents
from .errors import BadEvent
from .fixity import applying as fixity
from .fold import Act, Fold, Row
from .handing import applying as handing
from .keeping import applying as keeping
from .model import CustodyEntry
from .people import applying as people
from .people import fault_applying
from .requests import applying as requests
from .tables import custody
from .watching import applying as watching

# Kinds that leave no trace in the tables are told by the log alone.
_ACTS: dict[str, Act] = {
    **applying.ACTS,
    **cases.ACTS,
    **changes.ACTS,
    **disposing.ACTS,
    **documents.ACTS,
    **fixity.ACTS,
    **handing.ACTS,
    **keeping.ACTS,
    **people.ACTS,
    **fault_applying.ACTS,
    **requests.ACTS,
    **watching.ACTS,
}


def put(connection: Connection, log: Sequence[CustodyEntry]) -> None:
    """Write entries into the log and apply them to the tables, inside the connection's transaction.

    Raises BadEvent for an entry that contradicts what is there, SQLAlchemyError.
    """
    read = [(entry, _data(entry)) for entry in log]
    rows = [
        {
            "station": entry.station,
            "seq": entry.seq,
            "at": entry.at,
            "actor": entry.actor,
            "kind": entry.kind,
            "subject": subject_of(data),
            "prev": entry.prev,
            "hash": entry.hash,
            "body": entry.body.decode(),
        }
        for entry, data in read
    ]
    put_in(connection, custody, rows)
    _apply(Fold(connection), read)


def _data(entry: CustodyEntry) -> Row:
    """What happened, as the bytes in the log say it. PostgreSQL's text holds no NUL, and a recorder's metadata may:
    in the tables it becomes U+FFFD; the body has it as an escape, unchanged.
    """
    return _without_nul(entry.data) if b"\\u0000" in entry.body else entry.data


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


def _apply(fold: Fold, log: Iterable[tuple[CustodyEntry, Row]]) -> None:
    for entry, data in log:
        act = _ACTS.get(entry.kind)
        if act is None:
            continue
        fold.kind = entry.kind
        try:
            act(fold, entry, data)
            if entry.kind in keeping.AFTER:
                keeping.AFTER[entry.kind](fold, entry, data)
        except (KeyError, TypeError, ValueError) as error:
            raise BadEvent(entry.kind, f"entry {entry.seq}: {error!r}") from error
    fold.flush()
