"""`dockd init`: make this station's home."""

from __future__ import annotations

import os

import click

from catalog.people.access import Role

from ..assembly import reading
from ..config import Home
from ..database_urls import redacted
from ..exits import Exit
from ..i18n import _
from ..initialising import initialise
from ..people.accounts import Accounts, Rights
from .user import new_password, show_generated


@click.command(
    help=_(
        "Make this station's home: settings, signing key, catalogue, vault. An existing one is never overwritten.\n\n"
        "Write the key's fingerprint on paper and keep it away from the station: with it anybody can tell whether a "
        "signature is this station's.\n\n"
        "\b\nExamples:\n"
        "  dockd --home ./station init --yes\n"
        "  dockd init --department 城关执法中队 --vault /srv/vault --admin admin\n"
        "  dockd init --database postgresql://dockd@db/dockd --owner-url postgresql://owner@db/dockd"
    )
)
@click.option("--yes", "-y", is_flag=True, help=_("Ask nothing; what is not given has its default."))
@click.option("--department", help=_("Department of recorders that name none."))
@click.option("--vault", type=click.Path(), help=_("Folder of the originals."))
@click.option("--database", help=_("URL of the catalogue; default: a SQLite file in the home."))
@click.option(
    "--owner-url",
    envvar="DOCKD_DATABASE_OWNER_URL",
    help=_("PostgreSQL: the role that owns the tables; used once, never stored."),
)
@click.option(
    "--digest", "digests", multiple=True, type=click.Choice(["sha256", "sm3"]), help=_("A digest beside BLAKE3.")
)
@click.option("--admin", help=_("Name of the first account, a system administrator's."))
@click.pass_obj
def init(
    home: str | None,
    yes: bool,
    department: str | None,
    vault: str | None,
    database: str | None,
    owner_url: str | None,
    digests: tuple[str, ...],
    admin: str | None,
) -> int:
    """Make the home and say what was made."""
    where = Home.chosen(home, os.environ)
    if not yes:
        department = department or click.prompt(_("department"), default="unassigned")
        vault = vault or click.prompt(_("folder of the originals"), default=os.path.join(where.data_dir, "vault"))
        admin = admin or click.prompt(_("name of the first system administrator (empty: no accounts yet)"), default="")
        click.confirm(_("make a station in {path}?").format(path=where.data_dir), default=True, abort=True)
    settings: dict[str, object] = {}
    if department:
        settings["station__department"] = department
    if vault:
        settings["vault__path"] = os.path.abspath(vault)
    if digests:
        settings["vault__digests"] = tuple(dict.fromkeys(digests))
    if database:
        settings["database__url"] = database
    made = initialise(where, settings, owner_url)
    click.echo(_("station {station} made in {path}").format(station=made.station, path=where.data_dir))
    click.echo("  " + _("vault:       {path}").format(path=made.vault))
    click.echo("  " + _("catalogue:   {url}").format(url=redacted(made.database)))
    click.echo("  " + _("settings:    {path}").format(path=where.config_file))
    click.echo("  " + _("fingerprint: {fingerprint}   (write it on paper)").format(fingerprint=made.fingerprint))
    if admin:
        _first_account(home, admin, None if yes else new_password(admin))
    else:
        click.echo(_("no accounts yet: whoever may run dockd here may do everything; `dockd user add` adds the first"))
    return Exit.OK


def _first_account(home: str | None, name: str, password: str | None) -> None:
    """Add the first system administrator; a password that was made up is shown this once."""
    with reading(home) as opened:
        accounts = Accounts(opened)
        accounts.refuse_password(name, password)
        shown = accounts.create(name, Rights(Role.SYSTEM_ADMINISTRATOR), password)
    click.echo(_("account {name} added").format(name=name))
    show_generated(name, shown)
