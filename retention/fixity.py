"""Re-reads originals from the medium and says what no longer holds (contract P7, P8).

"Different" and "unreadable" are two findings: the first means somebody or something changed an original, the second
that a medium is failing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hashing.digest import Algorithm, Digest
from hashing.filecalls import FileCalls
from hashing.reading import SourceUnreadable, read_back


class Damage(StrEnum):
    """What can be wrong with an original. The words stand in `verify --json`."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    DIFFERENT_SIZE = "different-size"
    DIFFERENT_DIGEST = "different-digest"


@dataclass(frozen=True, slots=True)
class Fixity:
    """The result for one file: `damage` is None when all its digests hold."""

    damage: Damage | None
    expected: str = ""
    found: str = ""
    read_bytes: int = 0


def examine(
    files: FileCalls,
    path: str,
    size_bytes: int,
    digests: Mapping[str, str],
    on_bytes: Callable[[int], None] | None = None,
) -> Fixity:
    """Read one original from the medium and compare it with what was recorded of it.

    `digests` maps algorithm names to digests in text, as a clip carries them. Never raises for the file's sake.
    """
    wanted = {Algorithm(name): Digest.parse(text) for name, text in digests.items()}
    try:
        found = read_back(files, path, tuple(wanted), on_bytes=on_bytes)
    except FileNotFoundError:
        return Fixity(Damage.MISSING, expected=f"{size_bytes} bytes")
    except (OSError, SourceUnreadable) as error:
        return Fixity(Damage.UNREADABLE, found=str(error))
    if found.size_bytes != size_bytes:
        return Fixity(Damage.DIFFERENT_SIZE, f"{size_bytes} bytes", f"{found.size_bytes} bytes", found.size_bytes)
    for algorithm, digest in wanted.items():
        if found.digests[algorithm] != digest:
            return Fixity(Damage.DIFFERENT_DIGEST, str(digest), str(found.digests[algorithm]), found.size_bytes)
    return Fixity(None, read_bytes=found.size_bytes)
