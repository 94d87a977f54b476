"""Second copies that are read again: stretches have a place, and copies count from when they were made first.

And indexes for what every start, the wall of bays and the nightly sweep ask: clearings that were cut off, damage that
was not restored, how much the station holds.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from catalog.columns import Name, UtcTime, only_where

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MADE = sa.text("SELECT station, at, body FROM custody WHERE kind = 'copies-made' ORDER BY station, seq DESC")


def upgrade() -> None:
    """All stretches that are here are of the vault."""
    op.add_column("fixity_slices", sa.Column("place", Name()))
    op.drop_index("ix_fixity_slices_place", "fixity_slices")
    columns = ["station", "what", "place", "round", "last_in", "last_no"]
    op.create_index("ix_fixity_slices_place", "fixity_slices", columns)
    op.create_index(
        "ix_damages_unrestored", "damages", ["station", "found_at", "file"], **only_where("restored_at IS NULL")
    )
    op.create_index(
        "ix_sessions_clearing", "sessions", ["station", "opened_at", "id"], **only_where("clearing = 'intended'")
    )
    op.create_index("ix_sessions_held", "sessions", ["ingested", "ingested_bytes", "station"])
    op.create_index("ix_tombstones_size", "tombstones", ["size_bytes", "station"])
    count_from_the_first_copies()


def count_from_the_first_copies() -> None:
    """Until now they counted from when they were made last."""
    names = (sa.column(name, Name()) for name in ("station", "place", "session"))
    copied = sa.table("copied_sessions", *names, sa.column("copied_at", UtcTime()))
    connection = op.get_bind()
    for station, at, body in connection.execute(_MADE).all():
        data = json.loads(body)["data"]
        own = (copied.c.station == station, copied.c.place == data["place"], copied.c.session == data["session"])
        connection.execute(sa.update(copied).where(*own).values(copied_at=at))
