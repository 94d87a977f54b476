"""The tables while entries are applied to them: rows that wait, and rows that must be there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.sql import Executable

from .bulk import among, put_in
from .errors import BadEvent
from .model import CustodyEntry
from .tables import clips, entries, sessions

Row = dict[str, Any]


class Fold:
    """Applies entries through one connection, inside its transaction.

    Runs of entries that only add rows are put in together, since none of them reads what another wrote.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        # The kind that is being applied: a fault names it.
        self.kind = ""
        self._waiting: dict[Table, list[Row]] = defaultdict(list)

    def later(self, table: Table, row: Row) -> None:
        """Have a row put in with the others of its run."""
        self._waiting[table].append(row)

    def flush(self) -> None:
        """Put in the rows that wait."""
        if not self._waiting:
            return
        new = {row["session"] for table in (clips, entries) for row in self._waiting.get(table, ())}
        if new:
            # A sealed session does not change: its seal is signed.
            open_ones = select(func.count()).where(among(sessions.c.id, sorted(new)), sessions.c.state == "open")
            if self.connection.scalar(open_ones) != len(new):
                raise BadEvent(self.kind, f"not in an open session: {', '.join(sorted(new))}")
        # Entries refer to clips; no other table that is filled in runs refers to one of its own run.
        for table in dict.fromkeys((clips, entries, *self._waiting)):
            self._put(table, self._waiting.pop(table, ()))

    def run(self, statement: Executable) -> int:
        """Change what is there; how many rows that touched."""
        self.flush()
        return self.connection.execute(statement).rowcount

    def add(self, table: Table, *rows: Row) -> None:
        """Put rows in now."""
        self.flush()
        self._put(table, rows)

    def _put(self, table: Table, rows: Sequence[Row]) -> None:
        try:
            put_in(self.connection, table, rows)
        except (KeyError, TypeError, ValueError) as error:
            raise BadEvent(self.kind, repr(error)) from error

    def one(self, entry: CustodyEntry, statement: Executable) -> None:
        """Change one row that must be there. Raises BadEvent."""
        if self.run(statement) != 1:
            raise BadEvent(entry.kind, f"entry {entry.seq}: nothing to change")


Act = Callable[[Fold, CustodyEntry, Row], None]
