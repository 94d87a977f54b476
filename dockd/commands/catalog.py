"""`dockd catalog`: make the catalogue again, bring it up to date."""

from __future__ import annotations

import click

from ..assembly import rebuilding, upgrade_catalog
from ..exits import Exit
from ..i18n import _
from ..showing import echo_json


@click.group(help=_("Make the catalogue again from the vault; bring it up to date."))
def catalog() -> None:
    """The group."""


@catalog.command(
    "rebuild",
    help=_(
        "Make the catalogue again from the vault: its signed ledger first, then sealed sessions the ledger does not "
        "know.\n\n"
        "The database must be empty or missing; an old catalogue.db is never overwritten: move it aside first."
    ),
)
@click.option("--owner-url", envvar="DOCKD_DATABASE_OWNER_URL", help=_("PostgreSQL: the owner of the tables."))
@click.option("--json", "as_json", is_flag=True, help=_("Print what was found as JSON."))
@click.pass_obj
def rebuild_command(home: str | None, owner_url: str | None, as_json: bool) -> int:
    """Rebuild, and say what came of it."""
    with rebuilding(home, owner_url) as (_opened, rebuilt):
        if as_json:
            echo_json(
                {
                    "entries": rebuilt.entries,
                    "sessions_recovered": list(rebuilt.sessions_recovered),
                    "unsigned": list(rebuilt.unsigned),
                }
            )
        else:
            click.echo(
                _("custody entries taken over from the ledger: {n}; sessions recovered from their seals: {m}").format(
                    n=rebuilt.entries, m=len(rebuilt.sessions_recovered)
                )
            )
            for folder in rebuilt.unsigned:
                click.echo(_("not taken over, nobody vouches for it: {path}").format(path=folder))
    return Exit.FINDINGS if rebuilt.unsigned else Exit.OK


@catalog.command("upgrade", help=_("Bring the database to the form this version of dockd wants."))
@click.option("--owner-url", envvar="DOCKD_DATABASE_OWNER_URL", help=_("PostgreSQL: the owner of the tables."))
@click.pass_obj
def upgrade(home: str | None, owner_url: str | None) -> int:
    """Apply what migrations are missing."""
    revision = upgrade_catalog(home, owner_url)
    click.echo(_("the catalogue is at revision {revision}").format(revision=revision))
    return Exit.OK
