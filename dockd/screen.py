"""What a terminal shows while recorders are being taken in."""

from __future__ import annotations

from collections.abc import Sequence

from rich.progress_bar import ProgressBar
from rich.table import Table

from .docking import Progress
from .i18n import _
from .showing import duration_text, size_text, state_text

COLOURS = {"sealed": "green", "fault": "red", "interrupted": "yellow", "stopped": "red", "clearing": "cyan"}


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
