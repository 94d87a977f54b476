"""How a database goes about what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from catalog.store import Catalog


def plans_of(catalog: Catalog, act: Callable[[], object]) -> list[str]:
    """How the database goes about each query that `act` makes."""
    statements: list[tuple[str, Any]] = []

    def listen(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            statements.append((statement, parameters))

    event.listen(catalog._engine, "before_cursor_execute", listen)
    act()
    event.remove(catalog._engine, "before_cursor_execute", listen)
    sqlite = catalog._engine.dialect.name == "sqlite"
    explain, column = ("EXPLAIN QUERY PLAN", 3) if sqlite else ("EXPLAIN", 0)
    with catalog._engine.connect() as connection:
        return [
            "\n".join(row[column] for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
            for statement, parameters in statements
        ]
