"""`dockd pack`: the rules by which recordings are kept."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import click

from retention.pack import Pack
from retention.pack_faults import PackFaults

from ..config import Home
from ..exits import Exit
from ..explained import Explained
from ..i18n import _, ngettext
from ..keeping.pack_words import as_lines, faults_explained, words_text
from ..keeping.packs import known_packs, packs_dir
from ..showing import echo_json
from .options import JSON


@click.group(help=_("Rule packs: what a regulation says about keeping recordings, article by article. docs/packs.md"))
def pack() -> None:
    """The group."""


@pack.command("list", help=_("List the shipped packs and the agency's own."))
@JSON
@click.pass_obj
def list_packs(home: str | None, as_json: bool) -> int:
    """Print one line a pack."""
    where = Home.chosen(home, os.environ)
    found = known_packs(where)
    if isinstance(found, PackFaults):
        return _refuse(faults_explained(found))
    if as_json:
        echo_json(
            [
                {
                    "name": one.name,
                    "title": asdict(one.title),
                    "agency": asdict(one.agency),
                    "zone": one.zone_name,
                    "origin": one.origin,
                    "digest": one.digest,
                }
                for one in found
            ]
        )
        return Exit.OK
    for one in found:
        own = "  " + _("(the agency's own)") if os.path.dirname(one.origin) == packs_dir(where) else ""
        click.echo(f"{one.name:<28} {words_text(one.agency)}{own}")
    return Exit.OK


@pack.command(
    "show",
    help=_(
        "Show what a pack says: periods of recordings, cases and case files, long-term keeping, deadlines and offices, "
        "each with its article."
    ),
)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON, with the words of every article."))
@click.pass_obj
def show(home: str | None, name: str, as_json: bool) -> int:
    """Print a pack."""
    found = known_packs(Home.chosen(home, os.environ))
    if isinstance(found, PackFaults):
        return _refuse(faults_explained(found))
    one = next((each for each in found if each.name == name), None)
    if one is None:
        return _refuse(
            Explained(
                _("there is no pack {name}").format(name=name),
                _("dockd pack list names all of them"),
                Exit.NOT_FOUND,
            )
        )
    _print(one, as_json)
    return Exit.OK


@pack.command(
    "check",
    help=_(
        "Check a pack file as if it lay in packs.d, and explain every fault. Nothing is changed; a station is not "
        "needed.\n\n"
        "\b\n"
        "  dockd pack check packs.d/own.toml"
    ),
)
@click.argument("file", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON: the pack, or its faults."))
@click.pass_obj
def check(home: str | None, file: str, as_json: bool) -> int:
    """Explain a file."""
    if not os.path.isfile(file):
        raise click.UsageError(_("{path} is no file").format(path=file))
    found = known_packs(Home.chosen(home, os.environ), file)
    if isinstance(found, PackFaults):
        if as_json:
            echo_json({"faults": [asdict(fault) for fault in found.faults]})
            return Exit.SETTINGS
        return _refuse(faults_explained(found))
    (one,) = [each for each in found if each.origin == file]
    if as_json:
        _print(one, as_json)
        return Exit.OK
    for line in as_lines(one):
        click.echo(line)
    count = len(one.rules) + len(one.triggers)
    click.echo(ngettext("no fault: {n} rule", "no fault: {n} rules", count).format(n=count))
    return Exit.OK


def _print(one: Pack, as_json: bool) -> None:
    if as_json:
        echo_json(_as_json(one))
        return
    for line in as_lines(one):
        click.echo(line)


def _as_json(one: Pack) -> dict[str, Any]:
    """A pack by the names of its parts in `retention.pack`; the period of a case file stands under its class."""
    whole = asdict(one)
    whole["case_files"] = dict(whole["case_files"])
    return whole


def _refuse(told: Explained) -> int:
    """Tell faults as all faults are told, and end with their number."""
    click.echo(_("dockd: error: {sentence}").format(sentence=told.sentence), err=True)
    for line in told.details:
        click.echo(f"  {line}", err=True)
    click.echo(_("dockd: hint: {hint}").format(hint=told.hint), err=True)
    return told.exit_code
