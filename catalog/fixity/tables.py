"""The tables of this room."""

from __future__ import annotations

from sqlalchemy import Table

PROJECTED: tuple[Table, ...] = ()
