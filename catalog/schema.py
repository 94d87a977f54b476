"""All tables of all rooms, and what may be done to each."""

from __future__ import annotations

from .cases import tables as cases
from .documents import tables as documents
from .keeping import tables as keeping
from .people import tables as people
from .tables import checkpoints, clips, custody, enrolments, entries, facts, recorders, sessions, slots
from .watching import tables as watching

# What `migrations` leads to: a test holds the two together, so that opening need not load Alembic.
REVISION = "0007"

LOG = (custody, checkpoints)
PROJECTED = (
    *(recorders, sessions, entries, clips, facts, slots, enrolments),
    *documents.PROJECTED,
    *cases.PROJECTED,
    *people.PROJECTED,
    *keeping.PROJECTED,
    *watching.PROJECTED,
)
# Rows that a later entry may take away; all others are only added and changed.
TAKEN_AWAY = (facts, slots, enrolments, *cases.TAKEN_AWAY, *watching.TAKEN_AWAY)
