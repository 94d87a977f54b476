"""People who ask to see recordings: what the tests of requests share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from catalog.model import ClipQuery
from dockd.assembly import reading
from dockd.requests.words import RequestUnfit
from tests.simulators.agency import Command

NUMBER = "2026-昌水罚-017"
YEAR = datetime.now(ZoneInfo("Asia/Shanghai")).year


def clip_of(station: Command, recorder: str) -> str:
    """The id of the one recording of a recorder."""
    with reading(str(station.home / "station")) as opened:
        (found,) = opened.station.catalog.clips(ClipQuery(recorder=recorder))
    return found.id


def player(home: Path) -> tuple[str, Path]:
    """A program that shows what it is given, and what it saw: the bytes, and how many views the log had by then."""
    seen = home / "seen.json"
    program = home / "player"
    program.write_text(
        f"#!{sys.executable}\n"
        "import hashlib, json, sqlite3, sys\n"
        "shown = open(sys.argv[1], 'rb')\n"
        f"log = sqlite3.connect('file:{home}/station/catalog.db?mode=ro', uri=True)\n"
        "views, = log.execute(\"SELECT count(*) FROM custody WHERE kind = 'clip-viewed'\").fetchone()\n"
        f"json.dump([hashlib.sha256(shown.read()).hexdigest(), views], open('{seen}', 'w'))\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return str(program), seen


def asked(station: Command, *words: str, by: str) -> str:
    """The number of a request."""
    return station.ok("request", "ask", *words, "--purpose", "核对执法过程", by=by).out.split()[1]


def refusals(station: Command) -> list[tuple[str, str, str]]:
    """Who was refused what, and why."""
    told = [entry for entry in station.log() if entry["kind"] == "act-refused"]
    return [(entry["actor"], entry["data"]["act"], entry["data"]["why"]) for entry in told]


def why_refused(act: Callable[[], object]) -> str:
    """The code with which something is refused."""
    with pytest.raises(RequestUnfit) as refused:
        act()
    return refused.value.why
