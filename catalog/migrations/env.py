"""Alembic's entry: always on the connection that `upgrade` was given."""

from __future__ import annotations

from alembic import context

import catalog.schema  # noqa: F401  # every room adds its tables
from catalog.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
