"""The verifier that travels with a copy: it finds what was changed, whatever else was made to fit, and says so."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import blake3
import pytest

from dockd.copying_out.bag import BAGIT_TEXT, UNFINISHED
from dockd.copying_out.extract import Tree
from dockd.stranger import check
from hashing.digest import Algorithm, Digest
from hashing.merkle import inclusion_proof, leaf_hash, root_of, verify_inclusion
from hashing.signing import SigningKey
from tests.dockd.test_power_cuts import recording
from tests.simulators.agency import Command
from tests.simulators.copies import (
    approved,
    changed,
    checked,
    clip_ids,
    copied,
    relisted,
    restated,
    settle_copies,
    write,
)
from tests.simulators.quick import quick_folder

RECORDINGS = {
    "1234567_100234_20261119090000.mp4": recording("a", 3000),
    "7654321_100235_20261119090500.mp4": recording("b", 5000),
}
SOURCE = Path(check.__file__).read_text("utf-8")


@pytest.fixture(scope="module")
def given(settled: Path) -> Iterator[Path]:
    """Two bags of two requests, `one` and `other`; they are copied, never changed."""
    with quick_folder() as folder:
        shutil.copytree(settled, folder, dirs_exist_ok=True)
        station = Command(folder)
        settle_copies(station, RECORDINGS)
        for clip, name in zip(clip_ids(station), ("one", "other"), strict=True):
            copied(station, approved(station, clip), folder / name)
        yield folder


@pytest.fixture
def bag(given: Path, quick_path: Path) -> Path:
    """A copy that somebody has in his hands; `other` lies beside it."""
    for name in ("one", "other"):
        shutil.copytree(given / name, quick_path / name)
        for path in [quick_path / name, *(quick_path / name).rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    return quick_path / "one"


def data_of(bag: Path) -> Path:
    (path,) = (bag / "data").rglob("*.mp4")
    return path


def entries(bag: Path) -> list[bytes]:
    return (bag / "proof/custody.jsonl").read_bytes().splitlines()


# ------------------------------------------------------------------------------------------------- what was changed


def a_byte(bag: Path) -> None:
    changed(data_of(bag), data_of(bag).read_bytes()[:4], b"else")


def a_line_taken_out(bag: Path) -> None:
    lines = entries(bag)
    write(bag / "proof/custody.jsonl", b"".join(line + b"\n" for line in lines[:2] + lines[3:]))


def a_line_and_its_proof_taken_out(bag: Path) -> None:
    seq = json.loads(entries(bag)[2])["seq"]
    a_line_taken_out(bag)
    path = bag / "proof/inclusion.json"
    said = json.loads(path.read_text())
    said["proofs"] = [one for one in said["proofs"] if one["seq"] != seq]
    write(path, json.dumps(said).encode())


def an_entry_changed(bag: Path) -> None:
    changed(bag / "proof/custody.jsonl", b'"reason":"\xe5\x90\x8c\xe6\x84\x8f"', b'"reason":"\xe4\xb8\x8d\xe6\x84\x8f"')


def a_forged_checkpoint(bag: Path) -> None:
    text = (bag / "proof/checkpoint.txt").read_text()
    write(bag / "proof/checkpoint.txt", re.sub(r"root b3:.{8}", "root b3:00000000", text).encode())


def a_checkpoint_by_another_key(bag: Path) -> None:
    text = (bag / "proof/checkpoint.txt").read_bytes()
    write(bag / "proof/checkpoint.txt.sig", SigningKey.generate().sign(text, "dockd-checkpoint"))


def a_recording_of_the_other_request(bag: Path) -> None:
    shutil.rmtree(bag / "data")
    shutil.copytree(bag.parent / "other/data", bag / "data")


def the_log_of_the_other_request(bag: Path) -> None:
    for name in ("custody.jsonl", "inclusion.json", "checkpoint.txt", "checkpoint.txt.sig"):
        write(bag / "proof" / name, (bag.parent / "other/proof" / name).read_bytes())


def the_statement_of_the_other_request(bag: Path) -> None:
    for name in ("copy.json", "copy.json.sig"):
        write(bag / "proof" / name, (bag.parent / "other/proof" / name).read_bytes())


def another_number_in_the_bag(bag: Path) -> None:
    text = (bag / "bag-info.txt").read_text("utf-8")
    write(bag / "bag-info.txt", text.replace("External-Identifier: 2", "External-Identifier: 1").encode())


def a_seal_of_another_docking(bag: Path) -> None:
    (mine,) = (bag / "proof/sessions").iterdir()
    (other,) = (bag.parent / "other/proof/sessions").iterdir()
    for name in ("session.json", "session.json.sig", "manifest.b3"):
        write(mine / name, (other / name).read_bytes())


def another_key(bag: Path) -> None:
    line = SigningKey.generate().public_line()
    signers = bag / "proof/allowed_signers"
    write(signers, re.sub(r"ssh-ed25519 \S+", line, signers.read_text()).encode())


CHANGES: list[Callable[[Path], None]] = [
    a_byte,
    a_line_taken_out,
    a_line_and_its_proof_taken_out,
    an_entry_changed,
    a_forged_checkpoint,
    a_checkpoint_by_another_key,
    a_recording_of_the_other_request,
    the_log_of_the_other_request,
    the_statement_of_the_other_request,
    another_number_in_the_bag,
    a_seal_of_another_docking,
    another_key,
]


def nothing_else(bag: Path) -> None:
    """Whoever changed it did no more."""


@pytest.mark.duty("D23")
@pytest.mark.parametrize("fitted", [nothing_else, relisted, restated], ids=lambda one: one.__name__)
@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_a_change_is_found_whatever_is_made_to_fit(
    bag: Path, change: Callable[[Path], None], fitted: Callable[[Path], None]
) -> None:
    change(bag)
    fitted(bag)
    code, said = checked(bag)
    assert (code, "ALL IS WELL" in said, "[不符]" in said) == (1, False, True), said


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (a_byte, "not what the station signed"),
        (a_line_taken_out, "was taken out"),
        (a_line_and_its_proof_taken_out, "proof/custody.jsonl"),
        (an_entry_changed, "is not under the checkpoint"),
        (a_forged_checkpoint, "proof/checkpoint.txt"),
        (a_recording_of_the_other_request, "not what the station signed"),
        (the_log_of_the_other_request, "not know this request"),
        (a_seal_of_another_docking, "seal of a docking"),
        (another_key, "not the station's own"),
    ],
)
def test_it_says_what_is_wrong(bag: Path, change: Callable[[Path], None], told: str) -> None:
    change(bag)
    relisted(bag)
    assert told in checked(bag)[1]


def test_even_with_statement_and_manifests_made_to_fit_the_log_itself_tells(bag: Path) -> None:
    """Of a log that was cut the proofs tell, and of a recording that was put in another's place the entry of its
    intake: without a signature being looked at.
    """
    for change, told in ((a_line_taken_out, "was taken out"), (an_entry_changed, "is not under the checkpoint")):
        fresh = bag.parent / change.__name__
        shutil.copytree(bag, fresh)
        change(fresh)
        restated(fresh)
        assert told in checked(fresh, path="/nonexistent")[1]


def test_a_file_that_is_gone_or_too_many_is_found(bag: Path) -> None:
    more = bag / "data/more.mp4"
    more.write_bytes(b"more")
    code, said = checked(bag)
    assert (code, "data/more.mp4" in said) == (1, True)
    more.unlink()
    data_of(bag).unlink()
    assert checked(bag)[0] == 1


def test_a_link_in_the_place_of_a_recording_is_found(bag: Path) -> None:
    path = data_of(bag)
    path.rename(bag.parent / "elsewhere")
    path.symlink_to(bag.parent / "elsewhere")
    assert checked(bag)[0] == 1


def test_a_copy_that_was_never_finished_is_not_taken_for_one(bag: Path) -> None:
    (bag / "bagit.txt").unlink()
    code, said = checked(bag)
    assert (code, "unfinished" in said) == (1, True)
    (bag / "bagit.txt").write_bytes(BAGIT_TEXT)
    (bag / UNFINISHED).write_text("dockd unfinished copy 1")
    assert checked(bag)[0] == 1


def test_without_ssh_keygen_it_says_what_it_could_not_do(bag: Path) -> None:
    code, said = checked(bag, path="/nonexistent")
    assert (code, "[未核]" in said, "ssh-keygen" in said) == (3, True, True)
    a_byte(bag)
    assert checked(bag, path="/nonexistent")[0] == 1


def test_the_fingerprint_that_somebody_knows_tells_whose_copy_it_is(bag: Path, given: Path) -> None:
    ran = subprocess.run(
        ["ssh-keygen", "-lf", str(given / "station/keys/station.pub")], capture_output=True, text=True, check=True
    )
    known = ran.stdout.split()[1]
    code, said = checked(bag, "--fingerprint", known)
    assert (code, "that you gave" in said) == (0, True)
    assert checked(bag, "--fingerprint", known[:-1] + "_")[0] == 1
    assert known in checked(bag)[1]


@pytest.mark.parametrize("broken", ["{", "[]", "null", '{"files":1}', '{"format":"dockd copy 1"}'])
def test_a_statement_that_is_none_is_no_fault_of_the_verifier(bag: Path, broken: str) -> None:
    write(bag / "proof/copy.json", broken.encode())
    assert checked(bag)[0] == 1
    write(bag / "proof/inclusion.json", broken.encode())
    assert checked(bag)[0] == 1


# ------------------------------------------------------------------------------------------------------ its own parts


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 3072, 4097, 31_744, 102_400])
def test_its_blake3_is_blake3(size: int) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    assert check.blake3(data) == blake3.blake3(data).digest()


def test_large_files_are_left_to_b3sum_and_come_to_the_same() -> None:
    data = os.urandom(check.SMALL_BYTES + 1)
    assert check.b3_text(data) == f"b3:{blake3.blake3(data).hexdigest()}"


@pytest.mark.parametrize("size", [*range(1, 40), 64, 65, 127])
def test_a_proof_of_the_extract_is_the_one_of_the_standard_and_leads_to_the_root(size: int) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    tree, root = Tree(leaves), root_of(leaves)
    assert tree.root() == root.value
    for index in range(size):
        path = list(tree.path(index))
        assert path == inclusion_proof(leaves, index)
        assert check.root_from(leaves[index], index, size, path) == root.value
        assert verify_inclusion(leaves[index], index, size, path, Digest(Algorithm.BLAKE3, root.value))
        if path:
            assert check.root_from(leaves[index], index, size, [*path, path[0]]) != root.value
            assert check.root_from(leaves[index], index, size, path[:-1]) != root.value


def test_it_is_one_file_of_python_3_9_with_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 9))
    named = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert named <= set(sys.stdlib_module_names)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
