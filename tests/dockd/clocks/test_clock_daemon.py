"""A recorder's clock from bay to bay: measured at the plug, set by root as the last act, judged when it returns."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dockd.test_daemon import Running, content, dockd, running
from tests.simulators.worn import CHINA, FAMILY, OFFICER, ORDER, SERIAL

__all__ = ["running"]

# What the machine may take between a line in a log and the plug; the clock is off by much more.
SLACK_MS = 20 * 60_000
BEHIND = timedelta(hours=3)


def line(shown: datetime, text: str) -> str:
    return f"{shown.astimezone(CHINA):%Y-%m-%d %H:%M:%S} {text}\n"


def clip(shown: datetime) -> str:
    return f"{SERIAL}_{OFFICER}_{shown.astimezone(CHINA):%Y%m%d%H%M%S}.mp4"


def debugfs(image: Path, command: str) -> str:
    done = subprocess.run(["debugfs", "-w", "-R", command, str(image)], check=True, capture_output=True, text=True)
    return done.stdout


def clock(home: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(dockd(home, "recorder", "clock", SERIAL, "--json"))
    return told


@pytest.mark.duty("D10")
def test_a_clock_is_measured_at_the_plug_set_before_release_and_found_set_at_the_next_docking(running: Running) -> None:
    running.set("clear", '"after-verify"')
    (running.home / "families").mkdir()
    (running.home / "families" / "worn.toml").write_text(FAMILY, encoding="utf-8")
    running.start()
    now = datetime.now(UTC)
    log = line(now - BEHIND, "连接采集站")
    first = {clip(now - BEHIND - timedelta(hours=1)): content("first", 50_000)}
    image = running.recorder("WORN", {**first, "worn.ini": f"serial={SERIAL}\n".encode(), "run.log": log.encode()})
    here = running.plug(image)
    running.enrol(here)
    running.wait_state(here.port, "take-it")
    here.unplug()
    running.wait("the bay to be free", lambda: running.bay(here.port)["state"] in ("idle", "none"))

    told = clock(running.home)
    assert (told["method"], told["set_by"], told["set_took"]) == ("log-line", ORDER, None)
    assert abs(told["offset_ms"] + BEHIND / timedelta(milliseconds=1)) < SLACK_MS
    shown = datetime.strptime(debugfs(image, f"cat /{ORDER}").strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    assert abs(shown - datetime.now(UTC)) < timedelta(milliseconds=SLACK_MS)
    kinds = [json.loads(entry)["kind"] for entry in dockd(running.home, "custody", "show", "--json").splitlines()]
    assert kinds.index("clock-set") == kinds.index("recorder-cleared") + 1

    # It is switched on, obeys, records, and comes back.
    debugfs(image, f"rm /{ORDER}")
    debugfs(image, "rm /run.log")
    written = running.root / "run.log"
    written.write_text(log + line(datetime.now(UTC), "连接采集站"), encoding="utf-8")
    debugfs(image, f"write {written} /run.log")
    here = running.plug(image)
    running.wait_state(here.port, "take-it")
    told = clock(running.home)
    assert (told["method"], told["set_took"], len(told["measurements"])) == ("log-line", "yes", 2)
    assert abs(told["offset_ms"]) < SLACK_MS
    running.stop()
    assert json.loads(dockd(running.home, "verify", "--all", "--json")) == []
