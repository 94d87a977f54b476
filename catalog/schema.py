"""All tables of all rooms, and what may be done to each."""

from __future__ import annotations

from .cases import tables as cases
from .changes import tables as changes
from .disposing import tables as disposing
from .documents import tables as documents
from .fixity import tables as fixity
from .handing import tables as handing
from .keeping import tables as keeping
from .people import tables as people
from .requests import tables as requests
from .tables import checkpoints, clips, custody, enrolments, entries, facts, recorders, sessions, slots
from .watching import tables as watching

# What `migrations` leads to: a test holds the two together, so that opening need not load Alembic.
REVISION = "0015"

LOG = (custody, checkpoints)
PROJECTED = (
    *(recorders, sessions, entries, clips, facts, slots, enrolments),
    *documents.PROJECTED,
    *cases.PROJECTED,
    *people.PROJECTED,
    *keeping.PROJECTED,
    *disposing.PROJECTED,
    *requests.PROJECTED,
    *handing.PROJECTED,
    *fixity.PROJECTED,
    *changes.PROJECTED,
    *watching.PROJECTED,
)
# Rows that a later entry may take away; all others are only added and changed.
TAKEN_AWAY = (facts, slots, enrolments, *cases.TAKEN_AWAY, *keeping.TAKEN_AWAY, *watching.TAKEN_AWAY)
