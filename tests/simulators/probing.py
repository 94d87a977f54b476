"""Recordings made by ffmpeg, and what the boxed parsers say of them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from catalog.probe import Probe, Probed
from hashing.filecalls import OsFileCalls


def make(path: Path, *options: str) -> Path:
    """A recording made by ffmpeg: `options` go before the output's name."""
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *options, str(path)], check=True)
    return path


def probe(folder: Path, *names: str, kind: str = "video", **settings: Any) -> list[Probed]:
    with Probe(str(folder), files=OsFileCalls(), **settings) as opened:
        return [opened.facts(str(folder / name), kind) for name in names]


def values(probed: Probed) -> dict[str, Any]:
    return {fact.name: fact.value for fact in probed.facts}


def failures(probed: Probed) -> dict[str, str]:
    return {failure.parser: failure.reason for failure in probed.failures}
