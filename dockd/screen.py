"""What a terminal shows while recorders are being taken in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .bays.slotfile import NO_WORD, OFF
from .health_words import duty_text
from .i18n import _
from .results import Progress
from .showing import bay_state_text, duration_text, size_text, state_text, why_text
from .upkeep.words import damaged_text, overdue_text

COLOURS = {"sealed": "green", "fault": "red", "interrupted": "yellow", "stopped": "red", "clearing": "cyan"}


SLOT_COLOURS = {
    "idle": "dim",
    "unknown-recorder": "yellow",
    "refused": "red",
    "mounting": "cyan",
    "waiting": "cyan",
    "copying": "blue",
    "verifying": "blue",
    "clearing": "magenta",
    "take-it": "bold green",
    "fault": "bold red",
    "off": "dim",
    "no-word": "bold red",
}


def wall(states: Sequence[dict[str, Any]]) -> RenderableType:
    """The wall of bays, and below it what is wrong with the vault, as far as a daemon says so now."""
    heard = [state for state in states if state["state"] not in (OFF, NO_WORD)]
    damaged = max((state["vault_damaged"] for state in heard), default=0)
    overdue = max((state["vault_overdue"] for state in heard), default=0)
    lines = [Text(f"{damaged_text(damaged)} (dockd fixity status)", "bold red")] if damaged else []
    lines += [Text(f"{overdue_text(overdue)} (dockd fixity status)", "bold yellow")] if overdue else []
    return Group(slot_table(states), *lines)


def slot_table(states: Sequence[dict[str, Any]]) -> Table:
    """The wall of bays: one row each, few words, colours as on the screen at the dock; fits 80 columns."""
    table = Table(expand=True)
    table.add_column(_("bay"), no_wrap=True)
    table.add_column(_("state"), no_wrap=True)
    table.add_column(_("recorder"), no_wrap=True, overflow="ellipsis", max_width=14)
    table.add_column(_("done"))
    # Else it is the first to go on a narrow terminal, and it says what to do.
    table.add_column(_("what"), min_width=24)
    for state in states:
        unfit = state["state"] == "take-it" and state["fit_for_duty"] is False
        colour = "bold yellow" if unfit else SLOT_COLOURS.get(state["state"], "white")
        what = [why_text(state["reason"], state["detail"]), *([duty_text(False, state["unfit_because"])] * unfit)]
        table.add_row(
            str(state["slot"]) if state["slot"] is not None else state["port"].rpartition("/")[2],
            f"[{colour}]{bay_state_text(state['state'])}",
            state["recorder"] or state["key"],
            _done_text(state),
            "; ".join(part for part in what if part),
        )
    return table


def _done_text(state: dict[str, Any]) -> str:
    """`12/37  1.5 GiB of 4.0 GiB  93.1 MiB/s  0:28`, as far as it is known."""
    parts = [f"{state['clips']}/{state['clips_total']}"] if state["clips_total"] else []
    if state["bytes_total"]:
        parts.append(_("{done} of {all}").format(done=size_text(state["bytes"]), all=size_text(state["bytes_total"])))
    if state["rate"]:
        parts.append(f"{size_text(state['rate'])}/s")
    if state["left_s"]:
        parts.append(duration_text(state["left_s"] * 1000))
    return "  ".join(parts)


def progress_table(all_progress: Sequence[Progress], elapsed_s: float) -> Table:
    """One row a recorder: slot, name, state, bar, bytes, rate, time left, entries done."""
    table = Table(box=None, pad_edge=False)
    for title in (_("slot"), _("recorder"), _("state"), "", _("copied"), _("rate"), _("left"), _("entries")):
        table.add_column(title)
    for progress in all_progress:
        rate = progress.done_bytes / elapsed_s if elapsed_s > 0 else 0.0
        left = max(0, progress.total_bytes - progress.done_bytes)
        table.add_row(
            str(progress.slot or "-"),
            progress.recorder or progress.source,
            f"[{COLOURS.get(progress.state, 'white')}]{state_text(progress.state)}",
            ProgressBar(total=max(1, progress.total_bytes), completed=progress.done_bytes, width=24),
            f"{size_text(progress.done_bytes)} / {size_text(progress.total_bytes)}",
            f"{size_text(rate)}/s",
            duration_text(int(left / rate * 1000)) if rate else "-",
            f"{progress.done_entries}/{progress.total_entries}",
        )
    return table
