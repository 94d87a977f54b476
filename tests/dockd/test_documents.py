"""Documents of people in the vault: kept like recordings, finished after an interruption, never replaced."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from catalog.documents.queries import documents_for
from dockd.documents import Document, keep
from dockd.errors import DocumentUnreadable
from dockd.recovery import come_to_rest
from dockd.station import Station
from hashing.digest import Algorithm
from hashing.errors import AlreadyThere
from tests.simulators.station import findings, make_home, open_station


def report(root: Path, text: str = "the battery was empty", name: str = "情况说明 1.txt") -> Path:
    path = root / name
    path.write_text(text)
    return path


def recorded(station: Station, document: Document) -> None:
    assert document.kept is not None
    station.catalog.append([document.kept], actor="user:li")


def test_a_document_is_proven_by_the_tools_of_strangers(quick_path: Path) -> None:
    make_home(quick_path)
    with open_station(quick_path, algorithms=(Algorithm.BLAKE3, Algorithm.SHA256)) as station:
        kept = keep(station, str(report(quick_path)), "case:A-2026/17")
        recorded(station, kept)
        folder = Path(station.vault.at(kept.vault_path)).parent.parent
        assert folder.parent.parent == quick_path / "vault/documents/case"
        for command in (["b3sum", "--check", "manifest.b3"], ["sha256sum", "--check", "manifest.sha256"]):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        (row,) = documents_for(station.catalog, "case:A-2026/17")
        assert (row.name, row.digest, row.size_bytes) == ("情况说明 1.txt", kept.digest, kept.size_bytes)
        assert findings(station) == []


def test_what_an_interruption_left_is_finished_by_doing_it_once_more(quick_path: Path) -> None:
    make_home(quick_path)
    path = str(report(quick_path))
    with open_station(quick_path) as station:
        cut = keep(station, path, "gap:3f9a")
        manifest = Path(station.vault.at(cut.vault_path)).parent.parent / "manifest.b3"
        manifest.unlink()
        (manifest.parent / ".new-half-written").write_text("half")
        Path(station.partials.path("0" * 32)).write_text("half a copy")
    with open_station(quick_path, seed=2) as station:
        come_to_rest(station)
        # Nobody recorded it, and nothing takes it away.
        assert [finding.what for finding in findings(station)] == ["file-unknown-to-catalogue"]
        again = keep(station, path, "gap:3f9a")
        assert again == cut
        recorded(station, again)
        assert findings(station) == []
        assert keep(station, path, "gap:3f9a").kept is None
        assert not list((quick_path / "vault/.partial").iterdir())


def test_a_start_leaves_alone_what_a_command_beside_it_is_writing(quick_path: Path) -> None:
    make_home(quick_path)
    with open_station(quick_path) as station:
        folder = Path(station.vault.at(keep(station, str(report(quick_path)), "gap:3f9a").vault_path)).parent.parent
        # The process that runs these tests is not ours, and lives.
        theirs = folder / f".new-{os.getppid()}-0123456789abcdef"
        for path in (theirs, folder / f".new-{os.getpid()}-0123456789abcdef"):
            path.write_text("half")
        come_to_rest(station)
        assert [path.name for path in folder.glob(".new-*")] == [theirs.name]


def test_the_same_file_for_two_things_is_two_documents_and_another_of_its_name_a_third(quick_path: Path) -> None:
    make_home(quick_path)
    with open_station(quick_path) as station:
        for subject, text in (("gap:1", "a"), ("gap:2", "a"), ("gap:1", "b")):
            recorded(station, keep(station, str(report(quick_path, text)), subject))
        assert len(documents_for(station.catalog, "gap:1")) == 2
        assert findings(station) == []


def test_a_document_that_was_changed_in_the_vault_is_not_replaced(quick_path: Path) -> None:
    make_home(quick_path)
    with open_station(quick_path) as station:
        path = str(report(quick_path))
        kept = keep(station, path, "gap:1")
        lying = Path(station.vault.at(kept.vault_path))
        lying.chmod(0o640)
        lying.write_text("the battery was full!")
        with pytest.raises(AlreadyThere):
            keep(station, path, "gap:1")
        assert lying.read_text() == "the battery was full!"
        assert not list((quick_path / "vault/.partial").iterdir())


@pytest.mark.parametrize("name", [".new-report", "manifest.b3", "a\nb.txt", "x" * 255, ".."])
def test_a_strange_name_of_a_document_harms_nothing(quick_path: Path, name: str) -> None:
    make_home(quick_path)
    with open_station(quick_path) as station:
        if name == "..":
            with pytest.raises(DocumentUnreadable):
                keep(station, str(quick_path / name), "gap:..")
            return
        recorded(station, keep(station, str(report(quick_path, name=name)), "gap:../../x"))
        come_to_rest(station)
        assert findings(station) == []
        assert len(list((quick_path / "vault/documents/gap").iterdir())) == 1
