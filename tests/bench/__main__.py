"""`python -m tests.bench`: measures dockd against its goals and writes docs/performance.md.

    python -m tests.bench                     everything, five rounds; writes docs/performance.md
    python -m tests.bench --quick             a small load, once; prints the table
    python -m tests.bench --only G1,G5        some goals, or `start`, or `daemon`; prints the table
    python -m tests.bench --output FILE …     writes the table there

Needs root (caches, loop devices, control groups) and about 20 GB of free disk; on a quiet machine.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .loads import GIB
from .racing import REPOSITORY, Track
from .running import Failed
from .scenes import CARD, FACTS_CLIPS, HALF_CARD, MANY, RECORDERS, SCENES, SIXTEENTH, Scene, wanted
from .throttle import NoThrottle, Throttle
from .workshop import CLIP_BYTES, MEMORY, Workshop

PAGE = REPOSITORY / "docs" / "performance.md"
OWN_MOUNTS = "DOCKD_BENCH_OWN_MOUNTS"
TOOLS = {
    "rsync": "rsync",
    "rclone": "rclone",
    "b3sum": "b3sum",
    "mke2fs": "e2fsprogs",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "exiftool": "libimage-exiftool-perl",
    "bwrap": "bubblewrap",
    "losetup": "mount",
    "mount": "mount",
    "unshare": "util-linux",
}


def main() -> int:
    """Measure, print, write; the exit code."""
    options = _options()
    missing = {tool: package for tool, package in TOOLS.items() if shutil.which(tool) is None}
    if missing:
        return _refuse(
            11, f"missing: {', '.join(missing)}", f"apt-get install {' '.join(sorted(set(missing.values())))}"
        )
    if os.geteuid() != 0:
        return _refuse(2, "measuring needs root: it drops caches and mounts images read-only", "sudo make bench")
    if OWN_MOUNTS not in os.environ:
        # Whatever is mounted from here on goes when the last of our processes goes, whoever kills it.
        os.environ[OWN_MOUNTS] = "1"
        again = [sys.executable, "-m", "tests.bench", *sys.argv[1:]]
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", *again])
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return _measure(options)
    except KeyboardInterrupt:
        return _refuse(130, "interrupted; all that was made is removed again", "")
    except Failed as failed:
        return _refuse(1, f"{failed.command} ended with {failed.code}", failed.said.strip())
    except subprocess.CalledProcessError as failed:
        return _refuse(1, f"{failed.cmd} ended with {failed.returncode}", "")
    except NoThrottle as none:
        looked_for = ", ".join(none.args)
        return _refuse(11, f"no way to hold a source's rate: {looked_for}", "mount one of these control groups")


def _measure(options: argparse.Namespace) -> int:
    began = time.monotonic()
    plays = list(wanted(options.only))
    with _workplace(Path(options.folder)) as folder, ExitStack() as undo:
        if fault := _too_little_room(folder, options.scale, options.runs):
            return _refuse(6, *fault)
        throttle = undo.enter_context(Throttle())
        from .machine import facts, load_average

        machine = [*facts(folder, throttle.title), ("load average before", load_average())]
        track = Track(folder, options.runs, _tell, warm=not options.cold_programs)
        shop = Workshop(folder, track, options.scale, throttle)
        scenes: list[Scene] = []
        for play in plays:
            scenes.append(play(shop))
            for goal in scenes[-1].goals:
                _tell("  " + goal.row())
        machine.append(("load average after", load_average()))
    from .report import render

    minutes = (time.monotonic() - began) / 60
    command = "make bench" if options.is_whole else "python -m tests.bench " + " ".join(sys.argv[1:])
    page = render(scenes, machine, command=command, rounds=options.runs, minutes=minutes, scale=options.scale)
    print(page)
    if options.output:
        Path(options.output).write_text(page, encoding="utf-8")
        _tell(f"written: {options.output}, after {minutes:.1f} minutes")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure dockd against its goals.")
    known = sorted({name for names in SCENES.values() for name in names}, key=lambda name: (len(name), name))
    parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(known)}")
    parser.add_argument("--runs", type=int, help="rounds; default 5, with --quick 1")
    parser.add_argument("--scale", type=float, help="share of the goals' load; default 1, with --quick 0.03")
    parser.add_argument("--quick", action="store_true", help="a small load, once: does it work?")
    parser.add_argument("--folder", default=str(REPOSITORY / "build"), help="where to work; default build/ here")
    parser.add_argument("--output", help="file for the page; default docs/performance.md when everything is measured")
    parser.add_argument(
        "--cold-programs", action="store_true", help="do not load the programs after dropping the caches"
    )
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    if unknown := set(options.only) - set(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    options.is_whole = not (options.only or options.quick or options.scale or options.runs)
    options.runs = options.runs or (1 if options.quick else 5)
    options.scale = options.scale or (0.03 if options.quick else 1.0)
    options.output = options.output or (str(PAGE) if options.is_whole else None)
    return options


@contextmanager
def _workplace(parent: Path) -> Iterator[Path]:
    """An empty folder of ours; what a killed run left there is removed first. One run at a time."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / "bench"
    with open(parent / "bench.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(_refuse(9, f"another run is measuring in {folder}", "one at a time")) from None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _too_little_room(folder: Path, scale: float, runs: int) -> tuple[str, str] | None:
    """What is wrong and what to do; None when there is room."""
    images = sum(
        2.1 * load.scaled(scale).size_bytes * count for load, count in ((CARD, 1), (MANY, 1), (SIXTEENTH, RECORDERS))
    )
    # Of many small files, what each round of each contender copied stays until the race is over.
    kept = 2 * runs * MANY.scaled(scale).size_bytes
    largest = max(CARD.scaled(scale).size_bytes, RECORDERS * SIXTEENTH.scaled(scale).size_bytes, kept)
    needed = images + largest + 2 * FACTS_CLIPS * scale * CLIP_BYTES + 2 * GIB
    free = shutil.disk_usage(folder).free
    if free < needed:
        return f"{needed / GIB:.0f} GiB of free disk are needed, {free / GIB:.0f} are there", "--scale 0.3, or --folder"
    in_memory = 2.2 * HALF_CARD.scaled(scale).size_bytes
    if shutil.disk_usage(MEMORY).free < in_memory:
        return f"{in_memory / GIB:.0f} GiB are needed in {MEMORY}", "--scale 0.3"
    return None


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _refuse(code: int, what: str, hint: str) -> int:
    _tell(f"dockd: error: {what}")
    if hint:
        _tell(f"dockd: hint: {hint}")
    return code


if __name__ == "__main__":
    sys.exit(main())
