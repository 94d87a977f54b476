"""Steps from one shape of the tables to the next, run by Alembic from inside the package: no alembic.ini, no files."""

from __future__ import annotations

from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision, the newest, inside the connection's transaction. Needs the owner's rights."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "catalog:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
