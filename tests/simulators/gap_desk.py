"""A recorder whose card has every kind of gap, and a desk at which people deal with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dockd.cli import cli
from dockd.exits import Exit
from dockd.explain import explain
from tests.simulators.films import OWN_ENCODER, cut_off, film, jumping, trimmed

FAMILY = f"""
name = "acme"
extends = "folder"
title = {{ zh = "示例", en = "acme" }}
rank = 90
zone = "Asia/Shanghai"
segment_s = 8

[[recognise]]
names_share = 0.5

[[names]]
pattern = '(?P<recorder>A[0-9]{{4}})_(?P<start>[0-9]{{14}})_(?P<sequence>[0-9]{{4}})'
start = ["%Y%m%d%H%M%S"]

[gaps]
encoders = ["{OWN_ENCODER}"]
sequence_last = 9999

[[log]]
files = ["*.log"]
stamp = '(?P<at>[0-9-]{{10}} [0-9:]{{8}}) '
time = ["%Y-%m-%d %H:%M:%S"]

[[log.line]]
kind = "record-start"
pattern = 'REC ON'

[[log.line]]
kind = "record-stop"
pattern = 'REC OFF'

[[log.line]]
kind = "battery"
pattern = 'BAT (?P<number>[0-9]+)%'
"""

# What lies on the card: number, when it began (of 2026-03-02), how it was made.
FILMS: dict[tuple[int, str], Callable[[Path], Path]] = {
    (1, "0900"): lambda path: film(path, 8),  # cut by the recorder, and the next one is 12 s late
    (2, "090020"): lambda path: film(path, 3),
    # 3 is not there.
    (4, "0905"): lambda path: film(path, 3, foreign=True),
    (5, "0910"): lambda path: cut_off(path, 3),
    (6, "0915"): lambda path: film(path, 7),  # the next one begins before it ends
    (7, "091503"): lambda path: film(path, 3),
    (8, "0920"): lambda path: jumping(path, 3, 2, 5),
    (9, "0925"): lambda path: trimmed(path, 5, 2.3),
    (10, "0930"): lambda path: film(path, 3),  # its battery ran out
    (11, "0935"): lambda path: film(path, 3, "-metadata", "creation_time=2031-01-01T00:00:00Z"),
    (12, "0950"): lambda path: film(path, 3),
}
LOG = """2026-03-02 09:29:59 REC ON
2026-03-02 09:30:03 BAT 0%
2026-03-02 09:35:00 REC ON
2026-03-02 09:35:03 REC OFF
2026-03-02 09:40:00 REC ON
2026-03-02 09:40:20 REC OFF
2026-03-02 09:50:00 REC ON
2026-03-02 09:50:03 REC OFF
"""


def run(home: Path, *arguments: str) -> int:
    """A command's exit code, as the program would end with it."""
    try:
        code = cli.main(["--home", str(home), *arguments], standalone_mode=False)
    except Exception as error:
        return explain(error).exit_code
    assert isinstance(code, int)
    return code


class Desk:
    """A station and its commands; `asked` gives what a command prints."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def asked(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
        capsys.readouterr()
        assert run(self.home, *arguments) == Exit.OK
        return capsys.readouterr().out

    def gaps(self, capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(self.asked(capsys, "gap", "list", "--json", *options))
        return told

    def one(self, capsys: pytest.CaptureFixture[str], kind: str, evidence: str = "") -> dict[str, Any]:
        (found,) = (
            gap
            for gap in self.gaps(capsys)
            if gap["kind"] == kind and any(one.startswith(evidence) for one in gap["evidence"])
        )
        return found


def card(root: Path, films: dict[tuple[int, str], Callable[[Path], Path]], log: str = "") -> Path:
    for (number, began), make in films.items():
        make(root / f"A0007_20260302{began.ljust(6, '0')}_{number:04d}.mp4")
    if log:
        (root / "A0007.log").write_text(log)
    return root
