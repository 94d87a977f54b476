"""What happens to documents."""

from __future__ import annotations

from dataclasses import dataclass

from ..event import Event


@dataclass(frozen=True, slots=True)
class DocumentKept(Event):
    """A document lies in the vault: copied by the engine that copies recordings, and read back from the medium.

    `document` is made from station, subject and digest, so that the same file handed in twice for one thing is one
    document. `subject` says what it is kept for, as `kind:id` (`gap:3f9a…`). `digests` by algorithm; `b3` is always
    there. `read_back` is `direct` or `dropped`, as of a clip.
    """

    KIND = "document-kept"
    document: str
    subject: str
    name: str
    size_bytes: int
    digests: dict[str, str]
    vault_path: str
    read_back: str
