"""docs/performance.md, from what the scenes came to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .contenders import Contender
from .figures import cpu_s, peak_mib, spread, wall_s
from .scenes import Scene

_OPENING = """\
# Performance

Ratios measured in one run on one machine, on the same data, each contender in turns, after the caches were dropped:
median (least–greatest) of {rounds} rounds. Seconds differ from machine to machine; the ratios are the point. A ratio is
taken round by round. Made by `{command}` (root, about {minutes} minutes), which writes this file.
"""

_READING = """\
How to read it

- **Caches** are dropped (`/proc/sys/vm/drop_caches`) before every step of every contender; then the programs
  themselves, not the recordings, are loaded once: a station's are in memory, and compiled, as installing leaves them.
- **dockd dock** is the whole program on a fresh home: start of the process, listing, copy, read-back from the medium,
  vault, catalogue, custody log, manifest, signature, ledger. Making the home is outside the clock, and facts are read
  later.
- **Copies are durable**: what the others wrote is synced within their time, because it is then compared cold.
- **Bounds and the copy engine** time themselves, without an interpreter's start; their CPU seconds include it.
- **Peak** is the largest resident set of one process (`wait4`); – where it is below the measuring program's own, about
  30 MiB, from which it cannot be told apart.
- **CPU** is user and system time of the processes; the kernel's own threads are in nobody's figure.
- **The daemon** is watched from outside: times begin before `losetup`, and end with what a state file says.
- **Recorders** are ext4 images on read-only loop devices (O_DIRECT to the image), filled by `mke2fs -d` with random
  bytes; images and vault lie on the same disk.
"""


def render(
    scenes: Sequence[Scene],
    machine: Sequence[tuple[str, str]],
    *,
    command: str,
    rounds: int,
    minutes: float,
    scale: float,
) -> str:
    """The whole page."""
    parts = [_OPENING.format(rounds=rounds, command=command, minutes=max(1, round(minutes)))]
    if scale != 1:
        parts.append(f"**Scaled down to {scale:g} of the goals' load: verdicts are no more than a hint.**\n")
    parts.append("| machine | |\n|---|---|\n" + "".join(f"| {what} | {which} |\n" for what, which in machine))
    goals = [goal for scene in scenes for goal in scene.goals]
    goals.sort(key=lambda goal: int(goal.name[1:]) if goal.name else 99)
    parts.append("## Goals\n\n| | what | goal | measured | verdict |\n|---|---|---|---|---|")
    parts[-1] += "".join("\n" + goal.row() for goal in goals) + "\n"
    parts.append(_READING)
    parts += [_scene(scene) for scene in scenes]
    parts.append(_commands(scenes))
    return "\n".join(parts)


def _scene(scene: Scene) -> str:
    if not scene.field:
        return f"## {scene.heading}\n\n{scene.words}.\n"
    base = next(contender for contender in scene.field if contender.key == scene.base)
    base_s = spread(scene.samples[scene.base], wall_s).middle
    lines = [f"## {scene.heading}\n", f"{scene.words}.\n"]
    lines.append(
        f"| what | wall s | × {base.title} | CPU s | peak MiB | checks the medium? |\n|---|---|---|---|---|---|"
    )
    for contender in sorted(scene.field, key=lambda one: spread(scene.samples[one.key], wall_s).middle):
        rounds = scene.samples[contender.key]
        wall = spread(rounds, wall_s)
        title = f"**{contender.title}**" if contender.key.startswith("dockd") else contender.title
        peak = spread(rounds, peak_mib).middle
        lines.append(
            f"| {title} | {wall.text(2)} | {wall.middle / base_s:.2f} | {spread(rounds, cpu_s).middle:.1f} "
            f"| {f'{peak:.0f}' if peak else '–'} | {'yes' if contender.checks else 'no'} |"
        )
    return "\n".join(lines) + "\n"


def _commands(scenes: Sequence[Scene]) -> str:
    """The very commands, without what only this harness needs."""
    known: dict[str, Contender] = {}
    for scene in scenes:
        known.update({contender.title: contender for contender in scene.field})
    lines = ["## What exactly ran\n", "Steps of one contender are separated by `;`, with the caches dropped between.\n"]
    for contender in known.values():
        steps = "; ".join(re.sub(r"^exec ", "", step).replace('"$PYTHON"', "python") for step in contender.steps)
        lines.append(f"- {contender.title}: `{steps}`")
    return "\n".join(lines) + "\n"
