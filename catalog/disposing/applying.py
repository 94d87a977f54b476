"""What entries of this room do to its tables."""

from __future__ import annotations

from ..fold import Act

ACTS: dict[str, Act] = {}
