"""Files of the station copied by the engine: each is what was recorded of it, or it is told what it is instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dockd.copying import Copied, Unlike, Wanted, copied
from dockd.station import Copying
from hashing.digest import Algorithm, digest_of
from hashing.filecalls import OsFileCalls

DATA = b"recorded" * 500


def wanted(folder: Path, name: str, data: bytes = DATA) -> Wanted:
    """A file that lies in a folder, as it was recorded."""
    (folder / name).write_bytes(data)
    (folder / "to").mkdir(exist_ok=True)
    digests = {Algorithm.BLAKE3.value: str(digest_of(data)), "sha256": str(digest_of(data, Algorithm.SHA256))}
    return Wanted(str(folder / name), str(folder / "to" / name), len(data), digests)


def results(*files: Wanted) -> dict[str, Copied | Unlike]:
    with copied(OsFileCalls(), files, Copying()) as found:
        return {Path(one.wanted.source).name: one for one in found}


def test_what_is_as_it_was_recorded_is_copied_with_every_digest_of_it(quick_path: Path) -> None:
    one, other = wanted(quick_path, "one"), wanted(quick_path, "other", DATA * 900)
    found = results(one, other)
    for file in (one, other):
        result = found[Path(file.source).name]
        assert isinstance(result, Copied)
        assert {name.value: str(digest) for name, digest in result.digests.items()} == file.digests
        assert Path(file.target).read_bytes() == Path(file.source).read_bytes()


def changed(path: Path) -> str:
    path.write_bytes(b"R" + DATA[1:])
    return str(digest_of(b"R" + DATA[1:]))


def shorter(path: Path) -> str:
    path.write_bytes(DATA[:-1])
    return "shrank, 0"


def gone(path: Path) -> str:
    path.unlink()
    return "absent, 0"


def a_link(path: Path) -> str:
    path.rename(path.parent / "elsewhere")
    path.symlink_to(path.parent / "elsewhere")
    return "not-regular, 0"


@pytest.mark.parametrize("change", [changed, shorter, gone, a_link])
def test_what_is_not_as_it_was_recorded_is_told_and_the_others_are_copied(
    quick_path: Path, change: Callable[[Path], str]
) -> None:
    one, other = wanted(quick_path, "one"), wanted(quick_path, "other")
    said = change(quick_path / "one")
    found = results(one, other)
    assert isinstance(found["other"], Copied)
    assert found["one"] == Unlike(one, said)
