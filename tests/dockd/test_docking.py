"""A docking session: every entry ends in one outcome, and what lies in the vault can be checked without dockd."""

from __future__ import annotations

import os
import stat
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from dockd.naming import shown
from dockd.results import Note
from dockd.station import Station
from hashing.digest import Algorithm
from tests.dockd.test_power_cuts import recording
from tests.simulators import hostile
from tests.simulators.flaky_files import FlakyFiles
from tests.simulators.station import dock, findings, make_home, open_station

GAT = "1234567_100001_202611190{}.mp4"


def card(root: Path, contents: dict[str, bytes]) -> Path:
    """A recorder with these files."""
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.fixture
def home(quick_path: Path) -> Path:
    """An empty station."""
    make_home(quick_path)
    return quick_path


def in_vault(station: Station) -> list[bytes]:
    """The bytes of all clips."""
    return [Path(station.vault.at(clip.vault_path)).read_bytes() for clip in station.catalog.clips()]


def tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """All that lies somewhere, however deep: kind, size, and bytes or target of everything."""
    found = {}
    for folder, folders, files, fd in os.fwalk(root):
        for name in [*folders, *files]:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            content = b""
            if stat.S_ISREG(status.st_mode) and status.st_size < 1 << 20:
                own = os.open(name, os.O_RDONLY, dir_fd=fd)
                content = os.read(own, 1 << 20)
                os.close(own)
            elif stat.S_ISLNK(status.st_mode):
                content = os.fsencode(os.readlink(name, dir_fd=fd))
            found[os.path.join(folder, name)] = (status.st_mode, status.st_size, content)
    return found


def passes(*command: str, folder: Path, given: Path | None = None) -> str:
    """What a real tool says when it is content."""
    done = subprocess.run(
        command, cwd=folder, input=given.read_bytes() if given else None, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode()


# ---------------------------------------------------------------------------------------------------- hostile trees


@pytest.mark.duty("D01")
@pytest.mark.contract("P4")
def test_a_hostile_tree_neither_leaves_the_vault_nor_stops_the_rest(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_home(home)
    secret = tmp_path / "outside" / "secret.mp4"
    secret.parent.mkdir()
    secret.write_bytes(hostile.SECRET)
    recorder = tmp_path / "recorder"
    recorder.mkdir()
    made = hostile.build(str(recorder), outside=str(secret))
    before = {path: what for path, what in tree(tmp_path).items() if not path.startswith(str(home))}
    with open_station(home) as station:
        result, _ = dock(station, recorder)
        after = {path: what for path, what in tree(tmp_path).items() if not path.startswith(str(home))}
        assert after == before
        assert {entry.name for entry in os.scandir(home)} <= {"vault", "catalog.db", "catalog.db-wal", "catalog.db-shm"}
        assert result.sum.on_recorder == len(made.kinds)
        entries = station.catalog.session_entries(result.session)
        by_path = {bytes.fromhex(e.path_hex) if e.path_hex else e.path.encode(): e for e in entries}
        assert set(by_path) == set(made.kinds)
        assert len(entries) == len(made.kinds)
        said = Counter(entry.outcome for entry in entries)
        assert said["ingested"] == result.sum.ingested and said["failed"] == result.sum.failed == 0
        for path, kind in made.kinds.items():
            entry = by_path[path]
            if kind != "file":
                assert (entry.outcome, entry.reason, entry.vault_path) == ("quarantined", kind, None), path
        all_files_held(station, made, by_path)
        assert not any(hostile.SECRET in data for _mode, _size, data in tree(home).values())
        assert findings(station) == []
    for path, (mode, _size, _data) in tree(home / "vault").items():
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode), path
        assert not mode & (stat.S_ISUID | stat.S_ISGID | 0o007), path


def all_files_held(station: Station, made: hostile.Hostile, by_path: dict[bytes, object]) -> None:
    """Every plain file's bytes are in the vault, as a clip or in quarantine; only a bomb of holes is described."""
    clips = {clip.id: clip for clip in station.catalog.clips()}
    root = os.open(made.root, os.O_RDONLY)
    for path in made.files:
        entry = by_path[path]
        if path == b"sparse-bomb.mp4":
            assert (entry.outcome, entry.vault_path) == ("quarantined", None)  # type: ignore[attr-defined]
            assert entry.reason in ("sparse", "larger-than-volume")  # type: ignore[attr-defined]
            continue
        clip = entry.clip  # type: ignore[attr-defined]
        lies = clips[clip].vault_path if clip else entry.vault_path  # type: ignore[attr-defined]
        held = Path(station.vault.at(lies)).read_bytes()
        if path == hostile.DEEP_PATH:
            assert held == hostile.CLIP + b"bottom"
        else:
            fd = os.open(path, os.O_RDONLY, dir_fd=root)
            assert held == os.read(fd, 1 << 20), path
            os.close(fd)
    os.close(root)


def test_every_name_of_a_hostile_tree_is_told_in_print_and_can_be_had_back(tmp_path: Path) -> None:
    make_home(tmp_path / "home")
    (tmp_path / "recorder").mkdir()
    made = hostile.build(str(tmp_path / "recorder"))
    with open_station(tmp_path / "home") as station:
        result, _ = dock(station, tmp_path / "recorder")
        for entry in station.catalog.session_entries(result.session):
            raw = bytes.fromhex(entry.path_hex) if entry.path_hex else entry.path.encode()
            assert raw in made.kinds and shown(raw) == entry.path
            assert entry.path.isprintable()


# ------------------------------------------------------------------------------------------------ once, and only once


@pytest.mark.duty("D01")
@pytest.mark.duty("D03")
def test_docking_again_ingests_nothing_twice_and_copies_nothing(home: Path) -> None:
    contents = {GAT.format(n): recording(str(n), 90_000 * (n - 80000)) for n in range(80001, 80006)}
    recorder = card(home / "recorder", {**contents, "strange.xyz": b"?"})
    with open_station(home) as station:
        first, _ = dock(station, recorder)
        assert (first.sum.ingested, first.sum.quarantined) == (5, 1)
    files = FlakyFiles()
    with open_station(home, files=files, seed=1) as station:
        again, _ = dock(station, recorder)
        assert (again.sum.ingested, again.sum.already_held, again.sum.quarantined, again.sum.failed) == (0, 5, 1, 0)
        assert again.ingested_bytes == 0
        assert sorted(in_vault(station)) == sorted(contents.values())
        assert len([path for path in tree(home / "vault/quarantine") if path.endswith(".xyz")]) == 1
        assert findings(station) == []
    # Head and tail tell what is held: nobody reads the rest of it again.
    long = str(recorder / GAT.format(80005))
    assert sum(c.size_bytes for c in files.calls if c.name == "preadv" and c.path == long) < 5 * 65536


@pytest.mark.duty("D03")
@pytest.mark.parametrize("length", [9000, 9001])
def test_the_same_name_with_other_bytes_is_kept_beside_the_first_and_told(home: Path, length: int) -> None:
    name = GAT.format(80000)
    first = recording("first", 9000)
    other = recording("other", length)
    with open_station(home) as station:
        dock(station, card(home / "recorder", {name: first}))
    with open_station(home, seed=1) as station:
        result, _ = dock(station, card(home / "recorder", {name: other}))
        assert result.sum.ingested == 1
        assert sorted(in_vault(station)) == sorted([first, other])
        ids = {clip.id: clip.same_name_as for clip in station.catalog.clips()}
        (second,) = [clip for clip, same in ids.items() if same is not None]
        assert ids[second] in ids
        assert [note for note in result.notes if note.what == "same-name"] == [Note("same-name", name, ids[second])]
        assert findings(station) == []


def test_two_entries_with_the_same_bytes_are_one_clip(home: Path) -> None:
    same = recording("same", 70_000)
    recorder = card(home / "recorder", {GAT.format(80000): same, GAT.format(80100): same, "sub/" + GAT.format(8): same})
    with open_station(home) as station:
        result, _ = dock(station, recorder)
        assert (result.sum.ingested, result.sum.already_held) == (1, 2)
        assert in_vault(station) == [same]
        reasons = {entry.reason for entry in station.catalog.session_entries(result.session)}
        assert reasons == {"", f"same-bytes as {GAT.format(80000)}"}
        assert findings(station) == []


def test_the_same_bytes_of_two_recorders_are_two_clips(home: Path) -> None:
    same = recording("same", 5000)
    with open_station(home) as station:
        dock(station, card(home / "one", {"1111111_100001_20261119080000.mp4": same}))
        dock(station, card(home / "two", {"2222222_100001_20261119080000.mp4": same}))
        assert {clip.recorder for clip in station.catalog.clips()} == {"1111111", "2222222"}


@pytest.mark.contract("P4")
@pytest.mark.contract("P5")
def test_a_recorder_that_fails_half_way_is_resumed_at_that_byte(home: Path) -> None:
    content = recording("long", 900_000)
    recorder = card(home / "recorder", {GAT.format(80000): content})
    files = FlakyFiles()
    files.fail("preadv", 5, at=11, forever=True, under=str(recorder))
    with open_station(home, files=files) as station:
        result, _ = dock(station, recorder)
        assert (result.sum.failed, result.sum.ingested) == (1, 0)
        assert findings(station) == []
    files = FlakyFiles()
    with open_station(home, files=files, seed=1) as station:
        result, _ = dock(station, recorder)
        assert (result.sum.failed, result.sum.ingested) == (0, 1)
        reads = sum(c.size_bytes for c in files.calls if c.name == "preadv" and c.path.startswith(str(recorder)))
        assert reads < 600_000
        assert in_vault(station) == [content]
        assert station.vault.names(".partial") == []


@pytest.mark.contract("P5")
def test_a_kept_part_of_another_recording_under_the_same_name_is_not_resumed(home: Path) -> None:
    name = GAT.format(80000)
    recorder = card(home / "recorder", {name: recording("first", 900_000)})
    files = FlakyFiles()
    files.fail("preadv", 5, at=11, forever=True, under=str(recorder))
    with open_station(home, files=files) as station:
        dock(station, recorder)
    other = recording("other", 900_000)
    status = os.stat(recorder / name)
    (recorder / name).write_bytes(other)
    os.utime(recorder / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    with open_station(home, seed=1) as station:
        dock(station, recorder)
        assert in_vault(station) == [other]
        assert findings(station) == []


# --------------------------------------------------------------------------------------- proof without dockd


@pytest.mark.duty("D06")
@pytest.mark.duty("D07")
def test_what_lies_in_the_vault_is_proven_by_real_tools(home: Path) -> None:
    contents = {
        "重点文件 1.mp4": b"important",
        "DCIM/100MEDIA/执法 0001.MP4": recording("x", 9000),
        "a\\b\nc.mp4": b"odd",
    }
    recorder = card(home / "recorder", {**contents, "谁也不认识.xyz": b"unknown", "also.xyz": b"unknown too"})
    with open_station(home, algorithms=tuple(Algorithm)) as station:
        result, _ = dock(station, recorder)
        assert (result.sum.ingested, result.sum.quarantined) == (3, 2)
        row = station.catalog.find_session(result.session)
        folder = Path(station.vault.at(row.vault_dir))
        assert row.vault_dir.startswith("城关中队/")
        assert passes("b3sum", "--check", "manifest.b3", folder=folder).count(": OK") == 3
        assert passes("sha256sum", "--strict", "--check", "manifest.sha256", folder=folder).count(": OK") == 3
        sm3_of_each_original(folder, 3)
        quarantine = Path(station.vault.at(next(station.vault.quarantine_dirs())))
        assert passes("b3sum", "--check", "manifest.b3", folder=quarantine).count(": OK") == 2
        ledger = Path(station.vault.at(f"ledger/{station.id}"))
        signed(folder / "session.json", ledger, station.id, "dockd-session")
        checkpoints = sorted(ledger.glob("checkpoint-*.txt"))
        assert checkpoints
        for checkpoint in checkpoints:
            signed(checkpoint, ledger, station.id, "dockd-checkpoint")
        for clip in station.catalog.clips():
            status = os.stat(station.vault.at(clip.vault_path))
            assert stat.S_IMODE(status.st_mode) == 0o440
            assert set(clip.digests) == {"b3", "sha256", "sm3"}


def signed(path: Path, ledger: Path, station: str, namespace: str) -> None:
    """The signature is this station's, for this purpose, over these bytes and no others."""
    command = ["ssh-keygen", "-Y", "verify", "-f", str(ledger / "allowed_signers"), "-I", station, "-n", namespace]
    passes(*command, "-s", f"{path}.sig", folder=ledger, given=path)
    other = subprocess.run(
        [*command, "-s", f"{path}.sig"], input=path.read_bytes() + b" ", capture_output=True, check=False
    )
    assert other.returncode != 0


def sm3_of_each_original(folder: Path, count: int) -> None:
    lines = (folder / "manifest.sm3").read_text().splitlines()
    assert len(lines) == count
    originals = {path.name: path for path in (folder / "clips").rglob("*") if path.is_file()}
    for path in originals.values():
        digest = passes("openssl", "dgst", "-sm3", "-r", str(path.relative_to(folder)), folder=folder).split()[0]
        assert any(digest in line for line in lines), path


def test_a_session_without_clips_is_sealed_without_a_manifest(home: Path) -> None:
    (home / "recorder").mkdir()
    with open_station(home) as station:
        result, _ = dock(station, home / "recorder")
        assert (result.sum.on_recorder, result.state) == (0, "sealed")
        folder = Path(station.vault.at(station.catalog.find_session(result.session).vault_dir))
        assert sorted(os.listdir(folder)) == ["session.json", "session.json.sig"]
        assert findings(station) == []
