"""Why root did not do a thing: left where the daemon reads it, gone with the next try, and every code has words."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dockd.errors import UnitFailed
from dockd.explain import explain
from dockd.root.reason import Reason, read_reason, reason_path
from dockd.root_words import WORDS, reason_text
from dockd.units import RootTool
from tests.simulators.loop_bay import LoopBay

PACKAGE = Path(__file__).resolve().parents[3] / "dockd/root"


def codes() -> set[str]:
    """Every code that root refuses with."""
    found = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refused":
                assert isinstance(node.args[0], ast.Constant), ast.unparse(node)
                found.add(str(node.args[0].value))
    return found


def test_every_code_of_roots_has_words() -> None:
    assert codes() == set(WORDS)


def test_a_reason_reads_back_as_it_was() -> None:
    reason = Reason("clear", "sdb1", "kernel", "Structure needs cleaning", 117, 12345)
    assert read_reason(reason.to_json()) == reason


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"format":"dockd root reason 1"}', b'{"format":"dockd root reason 1","act":"mount",'
     b'"device":"sdb1","code":"x","detail":7,"number":null,"boottime_ns":1}'],
)  # fmt: skip
def test_anything_else_is_no_reason(text: bytes) -> None:
    with pytest.raises(ValueError):
        read_reason(text)


@pytest.mark.parametrize(
    ("number", "said", "told"),
    [
        (5, "Input/output error", "the disk answers with an input/output error"),
        (22, "exfat: invalid boot record", "invalid argument: exfat: invalid boot record"),
        (117, "Structure needs cleaning", "structure needs cleaning"),
        (None, "Broken", "broken"),
    ],
)
def test_the_kernels_words_are_told_once(number: int | None, said: str, told: str) -> None:
    assert reason_text(Reason("mount", "sdb1", "kernel", said, number, 1)) == told


def refused(bay: LoopBay, act: str, name: str) -> UnitFailed:
    """What the daemon gets for an act that root refuses."""
    with pytest.raises(UnitFailed) as caught:
        getattr(RootTool(str(bay.run_dir), str(bay.key_file)), act)(name)
    return caught.value


def test_the_daemon_learns_roots_reason_and_the_next_try_takes_it_away(bay: LoopBay) -> None:
    tool = RootTool(str(bay.run_dir), str(bay.key_file))
    tool.mount(bay.card.name)
    failed = refused(bay, "mount", bay.card.name)
    assert failed.reason is not None
    assert (failed.reason.code, failed.reason.act) == ("mounted-already", "mount")
    assert explain(failed).sentence == f"something is mounted at {bay.run_dir}/volumes/{bay.card.name} already"
    path = Path(reason_path(str(bay.run_dir), "mount", bay.card.name))
    assert (path.stat().st_uid, path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0, 0o644, 0o755)
    tool.unmount(bay.card.name)
    tool.mount(bay.card.name)
    assert not path.exists()


def test_an_older_word_is_not_taken_for_an_answer(bay: LoopBay) -> None:
    refused(bay, "mount", "loop999")
    path = Path(reason_path(str(bay.run_dir), "mount", "loop999"))
    old = read_reason(path.read_bytes())
    # A tool that does not come as far as to leave a word.
    path.unlink()
    path.mkdir()
    failed = refused(bay, "mount", "loop999")
    assert failed.reason is None
    assert failed.said
    assert old.boottime_ns > 0


def test_a_name_that_is_no_disks_never_becomes_part_of_a_path(bay: LoopBay) -> None:
    command = [sys.executable, "-m", "dockd.root", "--run-dir", str(bay.run_dir), "mount", "../../x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no-device-name" in done.stderr
    assert not os.path.exists(f"{bay.run_dir}/reason")
