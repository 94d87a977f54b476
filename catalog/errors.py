"""What stops the catalogue. Errors carry facts; dockd.explain makes sentences of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CatalogError(Exception):
    """Base of this package's errors."""


class CatalogFault(CatalogError):
    """The database failed while it did `act`: ingest stops (two ways to fail, the second).

    Whether a transaction that failed in its last step is in the log is not known; the next start reads the log and
    comes to rest from there.
    """

    def __init__(self, act: str, cause: BaseException) -> None:
        super().__init__(act, cause)
        self.act = act
        self.cause = cause


class CatalogUnreachable(CatalogError):
    """There is no database at `url` (without its password), or it is none, or it does not answer."""

    def __init__(self, url: str, cause: BaseException | None = None) -> None:
        super().__init__(url, cause)
        self.url = url
        self.cause = cause


class CatalogExists(CatalogError):
    """A new catalogue was asked for where a file lies already: nothing is overwritten."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class CatalogBehind(CatalogError):
    """The tables have another revision than this program: `found` is None when there are none yet."""

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(found, wanted)
        self.found = found
        self.wanted = wanted


class OwnerNeeded(CatalogError):
    """On PostgreSQL the tables must belong to another role than the one the daemon works as; `role` would own them."""

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.role = role


@dataclass(frozen=True, slots=True)
class Unsafe:
    """One thing that makes a database unfit to hold a custody log: what was looked at, found and wanted."""

    what: str
    found: str
    wanted: str


class UnsafeDatabase(CatalogError):
    """The database is set or guarded so that entries could be lost or changed (contract P10). All findings at once."""

    def __init__(self, findings: Sequence[Unsafe]) -> None:
        super().__init__(*findings)
        self.findings = tuple(findings)


class BadEvent(CatalogError):
    """An event that contradicts what the log says already, or cannot be written: nothing of its group was recorded."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason


class LogNotEmpty(CatalogError):
    """Entries of another chain's beginning were to be adopted where a log has entries already."""

    def __init__(self, station: str, size: int) -> None:
        super().__init__(station, size)
        self.station = station
        self.size = size


class NotFound(CatalogError):
    """Nothing of this kind (`clip`, `session`) has an id that begins so."""

    def __init__(self, kind: str, prefix: str) -> None:
        super().__init__(kind, prefix)
        self.kind = kind
        self.prefix = prefix


class Ambiguous(CatalogError):
    """More than one id begins so; `candidates` are the first of them."""

    def __init__(self, kind: str, prefix: str, candidates: Sequence[str]) -> None:
        super().__init__(kind, prefix, tuple(candidates))
        self.kind = kind
        self.prefix = prefix
        self.candidates = tuple(candidates)
