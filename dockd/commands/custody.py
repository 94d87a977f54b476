"""`dockd custody`: the log that cannot be taken back."""

from __future__ import annotations

import json

import click

from catalog.people.access import Act

from ..assembly import reading
from ..exits import Exit
from ..finding_words import finding_line
from ..i18n import _
from ..people.acting import require_to_examine
from ..showing import echo_json
from ..verifying import Verifying


@click.group(help=_("The log that cannot be taken back: show it, check its chain."))
def custody() -> None:
    """The group."""


@custody.command(
    "show",
    help=_(
        "Print custody entries, oldest first.\n\n"
        "--json prints each entry's own bytes, a line each: BLAKE3 of a line is the `prev` of the next one."
    ),
)
@click.option("--session", help=_("Only what belongs to this docking session."))
@click.option("--first", type=click.IntRange(1), default=1, show_default=True, help=_("From this entry on."))
@click.option("--last", type=click.IntRange(1), help=_("Up to this entry."))
@click.option("--json", "as_json", is_flag=True, help=_("The entries as they are, a line each."))
@click.pass_obj
def show(home: str | None, session: str | None, first: int, last: int | None, as_json: bool) -> int:
    """Print entries."""
    require_to_examine(home, Act.READ_AUDIT)
    with reading(home, examining=True) as opened:
        catalog = opened.station.catalog
        entries = catalog.session_log(catalog.find_session(session).id) if session else catalog.custody(first, last)
        for entry in entries:
            if as_json:
                click.echo(entry.body.decode())
            else:
                short = json.dumps(entry.data, ensure_ascii=False)
                click.echo(f"{entry.seq:7d}  {entry.at[:19]}  {entry.actor}  {entry.kind:<18} {short[:110]}")
    return Exit.OK


@custody.command(
    "verify",
    help=_(
        "Check every link of the chain, the signed checkpoints and the exported ledger; name the first broken link."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the findings as JSON; an empty list when all is well."))
@click.pass_obj
def verify(home: str | None, as_json: bool) -> int:
    """Check the log alone, without reading originals."""
    with reading(home, examining=True) as opened:
        findings = list(Verifying(opened.station).custody())
        head = opened.station.catalog.head()
    if as_json:
        echo_json([finding.as_json() for finding in findings])
    else:
        for finding in findings:
            click.echo(finding_line(finding))
        if not findings:
            click.echo(_("entries: {n}, no broken link; head {head}").format(n=head.seq, head=head.hash))
    return Exit.FINDINGS if findings else Exit.OK
