"""A batch on a medium that fails somewhere: it is whole, or nobody takes it for a batch; and what papers cannot say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dockd.handover.errors import HandoverRefused, MediumFault
from dockd.handover.medium import check, write
from dockd.handover.papers import BATCH_NAMESPACE, BatchPaper, HandedFile, NoPaper
from dockd.station import Station
from hashing.filecalls import FileCalls, OsFileCalls
from tests.simulators.faulty import Fault, FaultyFiles, faults_at
from tests.simulators.station import dock, make_home, open_station

SHARDS = 4


def paper_of(station: Station) -> BatchPaper:
    """A batch of all recordings."""
    files = [
        HandedFile(f"vault/{clip.vault_path}", clip.size_bytes, clip.digests["b3"], clip=clip.id)
        for clip in station.catalog.clips()
    ]
    names = ("20261121-00000001", station.id, "dockd", station.key.public_line(), "城关中队", "局办公室", "user:li")
    return BatchPaper(*names, None, "2026-11-21T01:00:00.000000Z", tuple(files))


def scene(root: Path) -> None:
    """A station with a recording of several blocks, and two small ones."""
    make_home(root)
    (root / "card").mkdir()
    for number, size in ((1, 300_000), (2, 700), (3, 40_000)):
        (root / f"card/8123456_100234_2026111901310{number}.mp4").write_bytes(bytes([number]) * size)
    with open_station(root) as station:
        dock(station, root / "card")


def written(root: Path, medium: Path, files: FileCalls) -> Exception | None:
    """Write the batch onto a medium; what stopped it."""
    medium.mkdir()
    with open_station(root, rest=False) as station:
        paper = paper_of(station)
        station.files = files
        text = paper.text()
        try:
            write(station, paper, text, station.key.sign(text, BATCH_NAMESPACE), str(medium))
        except (MediumFault, HandoverRefused) as error:
            return error
    return None


@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_fails_a_medium_holds_a_whole_batch_or_none(quick_path: Path, shard: int) -> None:
    scene(quick_path)

    def faulty(medium: Path, fault: Fault | None = None) -> FaultyFiles:
        return FaultyFiles(str(quick_path / "vault"), str(medium), fault)

    plain = faulty(quick_path / "plain")
    assert written(quick_path, quick_path / "plain", plain) is None
    faults = sorted(faults_at(dict.fromkeys(plain.run)))
    assert len(faults) > 150
    stopped = 0
    for number, fault in enumerate(faults[shard::SHARDS]):
        medium = quick_path / f"medium-{number}"
        said = written(quick_path, medium, faulty(medium, fault))
        stopped += said is not None
        batches = list(medium.rglob("batch.json"))
        if said is None:
            assert len(batches) == 1, fault
        for one in batches:
            assert check(OsFileCalls(), str(one.parent)).differences == (), fault
    assert stopped > len(faults) // SHARDS // 3


def test_a_medium_without_room_takes_nothing(quick_path: Path) -> None:
    scene(quick_path)
    with open_station(quick_path, rest=False) as station:
        paper = paper_of(station)
        # More than any medium of these days takes.
        beyond = replace(paper, files=(HandedFile("vault/huge.mp4", 2**60, "b3:" + "0" * 64),))
        (quick_path / "small").mkdir()
        with pytest.raises(MediumFault, match="No space"):
            write(station, beyond, b"{}", b"", str(quick_path / "small"))
        assert list((quick_path / "small").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("batch"),
        lambda said: said.pop("files"),
        lambda said: said.update(files={}),
        lambda said: said.update(files=["vault/x"]),
        lambda said: said.update(by=7),
        lambda said: said.update(officer=["100234"]),
        lambda said: said.update(more="x"),
        lambda said: said.update(format="dockd hand-over 2"),
        lambda said: said.update(manifest_digest="b3:" + "0" * 64),
        lambda said: said["files"][0].update(path="../../etc/passwd"),
        lambda said: said["files"][0].update(path="/etc/passwd"),
        lambda said: said["files"][0].update(digest="sha256:" + "0" * 64),
        lambda said: said["files"][0].update(digest="b3:0"),
        lambda said: said["files"][0].update(size_bytes="7"),
        lambda said: said["files"][0].update(size_bytes=True),
        lambda said: said["files"].append(said["files"][0]),
    ],
)
def test_a_batch_that_states_other_than_it_can_is_no_batch(change: Callable[[dict[str, Any]], object]) -> None:
    file = HandedFile("vault/城关/1.mp4", 7, "b3:" + "1" * 64, clip="c1", recorder="X1", officer=None)
    paper = BatchPaper(
        "b1", "st-1", "站", "ssh-ed25519 AAAA", "城关", "局", "user:li", None, "2026-11-21T01:00:00Z", (file,)
    )
    assert BatchPaper.parse(paper.text()) == paper
    said = json.loads(paper.text())
    change(said)
    with pytest.raises(NoPaper):
        BatchPaper.parse(json.dumps(said).encode())


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"null", b"{}", b"[" * 100_000])
def test_what_is_no_json_of_ours_is_no_batch(text: bytes) -> None:
    with pytest.raises(NoPaper):
        BatchPaper.parse(text)
