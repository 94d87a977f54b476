"""What was asked of a database, once more, by the database's own shell: the same work in plain SQL.

Every statement that went through an engine is written down with its values, and `sqlite3` or `psql` runs them all on a
copy of the database as it was before. So what a step takes beyond this is what the program itself does with the rows.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from catalog import engines
from tests.simulators.postgres import ADMIN, OWNER

_COPY = "replayed"


class Script:
    """Statements as a shell takes them, in the order in which they were asked."""

    def __init__(self, engine: Engine) -> None:
        self._sqlite = engine.dialect.name == "sqlite"
        self._asked: list[tuple[str, Any]] = []

    def add(self, statement: str, values: Any = None) -> None:
        """Another one; `values` of all its rows, or of one."""
        self._asked.append((statement, values))

    def text(self, url: str) -> str:
        """All of them, a line each; `url` is of any database of the kind."""
        if self._sqlite:
            lines = [_sqlite_line(statement, row) for statement, values in self._asked for row in _rows(values)]
        else:
            with psycopg.connect(url) as connection, psycopg.ClientCursor(connection) as cursor:
                lines = [
                    cursor.mogrify(statement, row) if row else statement
                    for statement, values in self._asked
                    for row in _rows(values)
                ]
        return ";\n".join([*self._settings(), *lines]) + ";\n"

    def _settings(self) -> list[str]:
        if not self._sqlite:
            return ["SET jit = off"]
        return [f"PRAGMA {name}={value}" for name, value in engines.SQLITE_SETTINGS.items()]


@contextmanager
def written_down(engine: Engine) -> Iterator[Script]:
    """The statements that go through an engine meanwhile."""
    script = Script(engine)
    postgres = engine.dialect.name == "postgresql"

    def asked(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        script.add(statement, values)

    heard = [
        ("before_cursor_execute", asked),
        ("commit", lambda _connection: script.add("COMMIT")),
        ("rollback", lambda _connection: script.add("ROLLBACK")),
    ]
    if postgres:
        heard.append(("begin", lambda _connection: script.add("BEGIN")))
    for name, hear in heard:
        event.listen(engine, name, hear)
    try:
        yield script
    finally:
        for name, hear in heard:
            event.remove(engine, name, hear)


@contextmanager
def copied(url: str, owner_url: str) -> Iterator[str]:
    """The URL of a copy of a database to which nobody is connected; it is gone afterwards."""
    target = engines.parse_url(url)
    if target.get_backend_name() == "sqlite":
        assert target.database is not None
        with tempfile.TemporaryDirectory(prefix="dockd-bench-") as folder:
            yield f"sqlite:///{shutil.copy(target.database, folder)}"
        return
    admin = owner_url.replace(OWNER, ADMIN).rpartition("/")[0] + "/postgres"
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {_COPY} TEMPLATE {target.database}")
        yield f"{url.rpartition('/')[0]}/{_COPY}"
        server.execute(f"DROP DATABASE {_COPY}")


def shell_s(url: str, script: str) -> float:
    """Seconds that the database's shell takes for a script. Raises CalledProcessError."""
    path = engines.parse_url(url).database or ""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        sqlite3 = ["sqlite3", "-bail", path, f".read {file.name}"]
        psql = [
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            "--file",
            file.name,
            url,
        ]
        command = sqlite3 if url.startswith("sqlite") else psql
        began = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - began


def _rows(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list) else [values]


def _sqlite_line(statement: str, row: Sequence[Any] | Mapping[str, Any] | None) -> str:
    if not row:
        return statement
    assert not isinstance(row, Mapping)
    pieces = statement.split("?")
    assert len(pieces) == len(row) + 1
    return "".join(piece + value for piece, value in zip(pieces, [*map(_sqlite_value, row), ""], strict=True))


def _sqlite_value(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"
