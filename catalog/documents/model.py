"""What the catalogue hands out of documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in the vault: `subject` is what it is kept for (`gap:3f9a…`), `digests` texts by algorithm.

    `vault_path` is relative to the vault; `kept_by` is who handed it in, as the custody log names actors.
    """

    id: str
    subject: str
    name: str
    size_bytes: int
    digest: str
    digests: dict[str, str]
    vault_path: str
    kept_at: datetime
    kept_by: str
