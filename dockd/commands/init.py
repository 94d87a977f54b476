"""`dockd init`: make this station's home."""

from __future__ import annotations

import os

import click

from ..config import Home, redacted
from ..exits import Exit
from ..i18n import _
from ..initialising import initialise


@click.command(
    help=_(
        "Make this station's home: settings, signing key, catalogue, vault. An existing one is never overwritten.\n\n"
        "Write the key's fingerprint on paper and keep it away from the station: with it anybody can tell whether a "
        "signature is this station's.\n\n"
        "\b\nExamples:\n"
        "  dockd --home ./station init --yes\n"
        "  dockd init --department 城关执法中队 --vault /srv/vault\n"
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
@click.pass_obj
def init(
    home: str | None,
    yes: bool,
    department: str | None,
    vault: str | None,
    database: str | None,
    owner_url: str | None,
    digests: tuple[str, ...],
) -> int:
    """Make the home and say what was made."""
    where = Home.chosen(home, os.environ)
    if not yes:
        department = department or click.prompt(_("department"), default="unassigned")
        vault = vault or click.prompt(_("folder of the originals"), default=os.path.join(where.data_dir, "vault"))
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
    return Exit.OK
