"""`dockd verify`: hold everything against everything."""

from __future__ import annotations

from collections.abc import Iterator

import click

from catalog.errors import NotFound
from catalog.events import Verified

from ..assembly import reading
from ..exits import Exit
from ..finding_words import finding_line
from ..i18n import _, ngettext
from ..showing import echo_json, size_text
from ..verifying import Finding, Verifying


@click.command(
    help=_(
        "Check originals from the medium, signatures, the catalogue against the vault both ways, and the custody "
        "chain with its signed checkpoints.\n\n"
        "WHAT is a session or a clip (the first characters are enough); --all is the whole station. Exit code 0 only "
        "when there are no findings.\n\n"
        "\b\nThe same by hand, without dockd:\n"
        "  cd VAULT/DEPARTMENT/RECORDER/DAY/SESSION && b3sum --check manifest.b3\n"
        "  ssh-keygen -Y verify -f allowed_signers -I STATION -n dockd-session -s session.json.sig < session.json"
    )
)
@click.argument("what", required=False, metavar="[SESSION|CLIP]")
@click.option("--all", "everything", is_flag=True, help=_("The whole station."))
@click.option("--json", "as_json", is_flag=True, help=_("Print the findings as JSON; an empty list when all is well."))
@click.pass_obj
def verify(home: str | None, what: str | None, everything: bool, as_json: bool) -> int:
    """Print findings; Exit.FINDINGS when there are any."""
    if everything == (what is not None):
        raise click.UsageError(_("name a session or a clip, or give --all"))
    with reading(home, examining=True) as opened:
        checks = Verifying(opened.station)
        unsafe = [
            Finding("database-unsafe", found.what, found.wanted, found.found)
            for found in opened.station.catalog.findings
        ]
        findings = [*unsafe, *(checks.everything() if everything else _one(opened.station.catalog, checks, what or ""))]
    if not unsafe:
        run = Verified("all" if everything else what or "", checks.clips, checks.read_bytes, len(findings))
        with reading(home) as opened:
            opened.station.catalog.append([run], actor=opened.actor)
    if as_json:
        echo_json([finding.as_json() for finding in findings])
    else:
        for finding in findings:
            click.echo(finding_line(finding))
        read = ngettext(
            "{clips} recording, {size} read from the medium",
            "{clips} recordings, {size} read from the medium",
            checks.clips,
        ).format(clips=checks.clips, size=size_text(checks.read_bytes))
        found = ngettext("{n} finding", "{n} findings", len(findings)).format(n=len(findings))
        verdict = found if findings else _("all is well")
        click.echo(_("{read}: {verdict}").format(read=read, verdict=verdict))
    return Exit.FINDINGS if findings else Exit.OK


def _one(catalog: object, checks: Verifying, what: str) -> Iterator[Finding]:
    from catalog.store import Catalog

    assert isinstance(catalog, Catalog)
    try:
        session = catalog.find_session(what)
    except NotFound:
        yield from checks.clip(catalog.find_clip(what))
    else:
        yield from checks.session(session)
        yield from checks.custody()
