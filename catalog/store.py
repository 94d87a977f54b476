"""The catalogue: events in, model objects out, never rows.

What happened is appended to the custody log and applied to the tables in one transaction. Writers of a station queue:
threads of one process on a lock, other processes on the database (BEGIN IMMEDIATE, an advisory lock), so that every
chain has one order and nobody fails for coming second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from . import engines
from .comparing import differences
from .custody import EMPTY, next_entries
from .errors import BadEvent, CatalogBehind, CatalogFault, LogNotEmpty, OwnerNeeded, Unsafe, UnsafeDatabase
from .event import Event
from .guards import postgres_findings, postgres_grants, sqlite_findings
from .keeping.model import TermFacts
from .keeping.terms import Judge, decide_some, facts_within
from .model import CheckpointRow, CustodyEntry, Difference, Head, utc_text
from .projection import put
from .queries import Queries, head_of
from .schema import REVISION
from .tables import checkpoints

Clock = Callable[[], datetime]
Answer = TypeVar("Answer")

# Serialization failure and deadlock: PostgreSQL has undone the whole transaction, so it may be done again.
_UNDONE = frozenset({"40001", "40P01"})
_TRIES = 5


def station_clock() -> datetime:
    """This machine's time, UTC."""
    return datetime.now(UTC)


class Catalog(Queries):
    """One station's catalogue. Any number of threads may use it; `close` ends it."""

    def __init__(self, engine: Engine, station: str, clock: Clock, findings: Sequence[Unsafe]) -> None:
        super().__init__(engine, station)
        self.findings = tuple(findings)
        self._clock = clock
        self._writers = threading.Lock()
        self._sqlite = engine.dialect.name == "sqlite"

    # ------------------------------------------------------------------------------------------- making and opening

    @staticmethod
    def create(url: str, *, owner_url: str | None = None) -> None:
        """Make an empty catalogue. SQLite: a new file. PostgreSQL: tables of the owner's, and the daemon's rights.

        A file is there whole or not at all. On PostgreSQL a catalogue that is there already is brought up to date and
        shared. Raises CatalogExists, CatalogUnreachable, OwnerNeeded, CatalogFault, OSError.
        """
        target = engines.parse_url(url)
        if target.get_backend_name() == "sqlite":
            with engines.new_sqlite_file(target.database or "") as unfinished:
                _upgrade(target.set(database=unfinished), None)
        else:
            Catalog.upgrade(url, owner_url=owner_url)

    @staticmethod
    def upgrade(url: str, *, owner_url: str | None = None) -> str:
        """Bring the tables to this program's revision, which is returned.

        Raises CatalogUnreachable, OwnerNeeded, CatalogFault.
        """
        target = engines.parse_url(url)
        if target.get_backend_name() == "sqlite":
            _upgrade(target, None)
        else:
            _upgrade(*_owner_and_role(target, owner_url))
        return REVISION

    @classmethod
    def open(
        cls,
        url: str,
        station: str,
        *,
        clock: Clock = station_clock,
        for_reading: bool = False,
        thorough: bool = False,
    ) -> Catalog:
        """Open a catalogue that is safe to write to; all that is wrong with it is said at once.

        `for_reading` opens an unsafe one too, so that it can be examined: its `findings` say what is wrong, and it
        takes no events. `thorough` lets SQLite read its whole file for damage. Raises CatalogUnreachable,
        CatalogBehind, UnsafeDatabase.
        """
        target = engines.parse_url(url)
        engine = engines.engine_for(target, reading=for_reading)
        try:
            with engines.reaching(target), engine.connect() as connection:
                found = engines.revision_of(connection)
                if found != REVISION:
                    raise CatalogBehind(found, REVISION)
                findings = _examine(connection, thorough=thorough)
            if findings and not for_reading:
                raise UnsafeDatabase(findings)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, station, clock, findings)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # ----------------------------------------------------------------------------------------------------- writing

    def append(
        self,
        events: Sequence[Event],
        *,
        actor: str = "dockd",
        at: datetime | None = None,
        still: Callable[[], None] | None = None,
    ) -> list[CustodyEntry]:
        """Record what happened and apply it, in one durable transaction: all of it or nothing.

        `at` is when it happened, else now; it is recorded as claimed, even when the clock went back: order is by
        `seq`. `still` is asked once it is our turn to write, and before anything is written: what it reads of this
        station does not change any more until the entries are in, and what it raises ends it.

        Raises BadEvent (it contradicts the log), UnsafeDatabase, CatalogFault (ingest stops).
        """
        if not events:
            return []
        claimed = utc_text(at if at is not None else self._clock())

        def add(connection: Connection) -> list[CustodyEntry]:
            if still is not None:
                still()
            return self._add(connection, events, actor, claimed)

        return self._write("append", add)

    def adopt(self, entries: Sequence[CustodyEntry]) -> None:
        """Take over entries that were exported, as they are, and apply them: a catalogue is made again so.

        They must follow the head of this log. Raises LogNotEmpty, BadEvent, CatalogFault.
        """
        if not entries:
            return

        def add(connection: Connection) -> None:
            head = self._head(connection)
            if (entries[0].seq, entries[0].prev) != (head.seq + 1, head.hash):
                raise LogNotEmpty(self.station, head.seq)
            put(connection, entries)

        self._write("adopt", add)

    def add_checkpoint(self, *, size: int, root: str, head: str, at: str, frontier: str, signature: str) -> None:
        """Keep a signed checkpoint. The same one again is no change; one that is not of this log is refused.

        Raises CatalogFault.
        """
        row = CheckpointRow(self.station, size, root, head, at, frontier, signature)
        values = {
            "station": self.station,
            "size": size,
            "root": root,
            "head": head,
            "at": at,
            "frontier": frontier,
            "signature": signature,
        }

        def add(connection: Connection) -> None:
            known = select(*(checkpoints.c[name] for name in values)).where(self.own(checkpoints, size=size))
            there = connection.execute(known).first()
            if there is None or CheckpointRow(*there) != row:
                connection.execute(insert(checkpoints), values)

        self._write("checkpoint", add)

    def decide_terms(self, judge: Judge) -> int:
        """Work out terms of clips that have none, some at a time; how many, 0 when none is left. Raises CatalogFault.

        `judge` is asked inside the transaction, so that nothing comes between a clip's facts and its term.
        """
        return self._write("decide terms", lambda connection: decide_some(connection, self.station, judge))

    def append_judged(
        self, clips: Sequence[str], judge: Callable[[list[TermFacts]], Sequence[Event]], *, actor: str = "dockd"
    ) -> list[CustodyEntry]:
        """Record what `judge` makes of the facts and holds of some clips, as they stand inside the transaction.

        So nothing comes between what a disposal rests on and its entry. Clips that are destroyed are left out; what
        `judge` raises undoes all of it. Raises BadEvent, UnsafeDatabase, CatalogFault (nothing went).
        """

        def add(connection: Connection) -> list[CustodyEntry]:
            events = judge(facts_within(connection, self.station, clips))
            return self._add(connection, events, actor, utc_text(self._clock()))

        return self._write("judge", add)

    def differences_from_custody(self) -> Iterator[Difference]:
        """Where the tables say other than the log: every row changed, added or removed. Raises CatalogFault."""
        return differences(self.custody(), self._engine, self.station)

    # -------------------------------------------------------------------------------------------------- mechanism

    def _write(self, act: str, work: Callable[[Connection], Answer]) -> Answer:
        if self.findings:
            raise UnsafeDatabase(self.findings)
        with self._writers:
            for tries_left in reversed(range(_TRIES)):
                try:
                    with _events_and_faults(act), self._transaction() as connection:
                        return work(connection)
                except CatalogFault as fault:
                    if not tries_left or getattr(fault.cause, "sqlstate", None) not in _UNDONE:
                        raise
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction that holds the station's turn; the connection of one that failed is not used again."""
        # Rows that are put in together are one statement: SQLite keeps each page as it was before it, three times as
        # much as the rows themselves.
        engine = self._engine.execution_options(begin="BEGIN IMMEDIATE", undo="MEMORY")
        with engine.connect() as connection:
            try:
                with connection.begin():
                    if not self._sqlite:
                        self._take_turn(connection)
                    yield connection
            except SQLAlchemyError as error:
                connection.invalidate(error)
                raise

    def _take_turn(self, connection: Connection) -> None:
        """Wait for the other writers of this station; the settings may have changed since the start."""
        row = connection.execute(_TAKE_TURN, {"station": f"dockd custody {self.station}"}).one()
        findings = [Unsafe(name, "off", "on") for name, value in zip(_WATCHED, row[1:], strict=True) if value == "off"]
        if findings:
            raise UnsafeDatabase(findings)

    def _add(self, connection: Connection, events: Sequence[Event], actor: str, at: str) -> list[CustodyEntry]:
        """Put the entries of events behind the head of the log, and apply them."""
        entries = next_entries(self._head(connection), events, station=self.station, actor=actor, at=at)
        put(connection, entries)
        return entries

    def _head(self, connection: Connection) -> Head:
        row = connection.execute(head_of(self.station)).first()
        return Head(*row) if row is not None else EMPTY


_WATCHED = ("fsync", "full_page_writes", "synchronous_commit")
_TAKE_TURN = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(:station, 0))::text, "
    + ", ".join(f"current_setting('{name}')" for name in _WATCHED)
)


@contextmanager
def _events_and_faults(act: str) -> Iterator[None]:
    """A value that no column takes is the event's fault; all else is the database's."""
    try:
        with engines.faults(act):
            yield
    except CatalogFault as fault:
        error = fault.__cause__
        if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
            raise BadEvent(act, str(error.orig)) from error
        raise


def _examine(connection: Connection, *, thorough: bool) -> list[Unsafe]:
    if connection.dialect.name == "sqlite":
        return sqlite_findings(*engines.sqlite_facts(connection, thorough=thorough))
    return postgres_findings(engines.postgres_facts(connection))


def _upgrade(owner: URL, role: str | None) -> None:
    """Apply the missing steps as the owner, and give `role` its rights, in one transaction."""
    from .migrations import upgrade

    engine = engines.engine_for(owner).execution_options(begin="BEGIN IMMEDIATE")
    try:
        with engines.reaching(owner), engine.connect():
            pass
        with engines.faults("upgrade"), engine.begin() as connection:
            if role is not None:
                # Two stations that come to a new server at once take turns.
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('dockd upgrade', 0))"))
            upgrade(connection)
            if role is not None:
                schema = connection.scalar(text("SELECT quote_ident(current_schema())"))
                quoted = connection.scalar(text("SELECT quote_ident(:role)"), {"role": role})
                for statement in postgres_grants(schema, quoted):
                    connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def _owner_and_role(target: URL, owner_url: str | None) -> tuple[URL, str]:
    role = target.username or ""
    if owner_url is None:
        raise OwnerNeeded(role)
    owner = engines.parse_url(owner_url)
    if not role or owner.username == role:
        raise OwnerNeeded(role)
    return owner, role
