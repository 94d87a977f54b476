"""One thing that verification found not to be as it should."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: what, where, and what was expected and found."""

    what: str
    where: str
    expected: str = ""
    found: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields by their stable names."""
        return asdict(self)
