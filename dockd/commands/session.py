"""`dockd session`: docking sessions."""

from __future__ import annotations

from collections import deque
from typing import Any

import click

from catalog.model import EntryRow, SessionRow
from catalog.people.access import Act

from ..assembly import Opened, reading
from ..entry_words import entry_text
from ..exits import Exit
from ..i18n import _
from ..people.acting import require, require_reach
from ..showing import echo_json, local_text, outcome_text, size_text, state_text
from ..wide import padded
from .options import JSON
from .session_late import late


@click.group(help=_("Docking sessions: what was on a recorder and what became of it."))
def session() -> None:
    """The group."""


session.add_command(late)


@session.command("list", help=_("List docking sessions, newest first."))
@click.option("--recorder", help=_("Only this recorder."))
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help=_("At most so many."))
@JSON
@click.pass_obj
def list_sessions(home: str | None, recorder: str | None, limit: int, as_json: bool) -> int:
    """Print sessions."""
    with reading(home) as opened:
        reach = require_reach(opened, Act.LIST_CLIPS)
        found = opened.station.catalog.sessions(recorder=recorder)
        seen = (row for row in found if reach.why_not(row.department, row.officer) is None)
        rows = list(reversed(deque(seen, maxlen=limit)))
        if as_json:
            echo_json([_as_json(row) for row in rows])
            return Exit.OK
        for row in rows:
            click.echo(_line(opened, row))
        if not rows:
            click.echo(_("no sessions yet; `dockd dock PATH` takes a recorder in"))
    return Exit.OK


@session.command("show", help=_("Show one session with every entry and its outcome. The first characters are enough."))
@click.argument("session_id", metavar="SESSION")
@JSON
@click.pass_obj
def show_session(home: str | None, session_id: str, as_json: bool) -> int:
    """Print one session."""
    with reading(home) as opened:
        row = opened.station.catalog.find_session(session_id)
        require(opened, Act.LIST_CLIPS, row.department, owner=row.officer)
        entries = list(opened.station.catalog.session_entries(row.id))
        if as_json:
            echo_json({**_as_json(row), "entries": [_entry_json(entry) for entry in entries]})
            return Exit.OK
        click.echo(_line(opened, row))
        click.echo("  " + _("in the vault: {path}").format(path=row.vault_dir))
        for entry in entries:
            note = f"  {entry_text(entry.reason)}" if entry.reason else ""
            gone = _(" (removed from the recorder)") if entry.cleared else ""
            outcome = padded(outcome_text(entry.outcome), 13)
            click.echo(f"  {entry.seq:5d}  {outcome} {size_text(entry.size_bytes):>10}  {entry.path}{note}{gone}")
    return Exit.OK


def _line(opened: Opened, row: SessionRow) -> str:
    return (
        f"{row.id}  {local_text(row.opened_at, opened.station.zone)}  {row.recorder}  {row.department}  "
        f"{state_text(row.state)}  "
        + _("{on} = {ingested} + {held} held + {quarantined} quarantined + {failed} failed").format(
            on=row.on_recorder,
            ingested=row.ingested,
            held=row.already_held,
            quarantined=row.quarantined,
            failed=row.failed,
        )
    )


def _as_json(row: SessionRow) -> dict[str, Any]:
    return {
        "session": row.id,
        "recorder": row.recorder,
        "family": row.family,
        "department": row.department,
        "slot": row.slot,
        "state": row.state,
        "opened_at": row.opened_at.isoformat(),
        "sealed_at": row.sealed_at.isoformat() if row.sealed_at else None,
        "on_recorder": row.on_recorder,
        "ingested": row.ingested,
        "already_held": row.already_held,
        "quarantined": row.quarantined,
        "failed": row.failed,
        "cleared": row.cleared,
        "bytes": row.ingested_bytes,
        "path": row.vault_dir,
    }


def _entry_json(entry: EntryRow) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "path": entry.path,
        "path_hex": entry.path_hex,
        "size_bytes": entry.size_bytes,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "clip": entry.clip,
        "cleared": entry.cleared,
    }
