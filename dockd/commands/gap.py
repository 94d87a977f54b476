"""`dockd gap`: what is missing in recordings, and what people say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import click

from catalog.people.access import Act, Person
from catalog.people.access import Role as Post
from catalog.watching.gap_states import Role, State, to_chase
from catalog.watching.model import GapRow
from catalog.watching.queries import find_gap, gaps_found

from ..assembly import Opened, reading
from ..exits import Exit
from ..gaps.acts import Who, explain_spoken, explain_written, review, standing_of
from ..gaps.words import examined_line, kind_text, length_text, state_text
from ..i18n import _, ngettext
from ..people.acting import acting, require
from ..showing import echo_csv, echo_json, local_text
from ..wide import padded
from .options import CSV, JSON

COLUMNS = (
    "id",
    "kind",
    "recorder",
    "session",
    "state",
    "start",
    "end",
    "length_ms",
    "uncertainty_ms",
    "before_clip",
    "after_clip",
    "evidence",
    "found_at",
    "explained_by",
    "explained_at",
    "clip_of_words",
    "at_ms",
    "text",
    "attachment",
    "attachment_digest",
    "reviewed_by",
    "reviewed_at",
    "review_note",
    "delivered",
)
FC = TypeVar("FC", bound=Callable[..., Any])
# `--overdue` without a number: the setting counts.
BY_SETTING = -1


@click.group(help=_("Gaps in recordings: find them, list them, explain them, review the explanations."))
def gap() -> None:
    """The group."""


@gap.command(
    "list",
    help=_(
        "List gaps, oldest finding first: holes, missing numbers, unexpected ends, overlaps, time jumps, edited files, "
        "and recordings that only the recorder's log has.\n\n"
        "--overdue lists those that no leader has reviewed for so many days; without a number gaps.chase_days counts."
    ),
)
@click.option("--state", type=click.Choice([state.value for state in State]), help=_("Only those that stand so."))
@click.option("--recorder", help=_("Only this recorder."))
@click.option(
    "--overdue",
    type=click.IntRange(min=BY_SETTING),
    is_flag=False,
    flag_value=BY_SETTING,
    metavar="[DAYS]",
    help=_("Only those to chase: not reviewed, and found longer ago than so many days."),
)
@JSON
@CSV
@click.pass_obj
def list_gaps(
    home: str | None, state: str | None, recorder: str | None, overdue: int | None, as_json: bool, as_csv: bool
) -> int:
    """Print gaps."""
    with reading(home) as opened:
        rows = gaps_found(opened.station.catalog, state=state, recorder=recorder)
        if overdue is not None:
            rows = (row for row in list(rows) if _overdue(opened, row, overdue))
        if as_json:
            echo_json([as_row(row) for row in rows])
        elif as_csv:
            echo_csv(list(COLUMNS), (_csv_row(row) for row in rows))
        else:
            count = 0
            for row in rows:
                count += 1
                click.echo(_line(opened, row))
            if not count:
                click.echo(_("no gaps match"), err=True)
    return Exit.OK


@gap.command(
    "show",
    help=_(
        "Show one gap: what it is, how long, the evidence in words, the recordings on both sides, the lines of the "
        "recorder's log around it, and all that people did with it. The first characters of its id are enough."
    ),
)
@click.argument("gap_id", metavar="GAP")
@JSON
@click.pass_obj
def show_gap(home: str | None, gap_id: str, as_json: bool) -> int:
    """Print one gap."""
    from ..gaps.view import as_document, lines, view_of

    with reading(home) as opened:
        view = view_of(opened.station, find_gap(opened.station.catalog, gap_id))
        if as_json:
            echo_json({**as_row(view.gap), **as_document(view)})
        else:
            for line in lines(view, opened.station.zone):
                click.echo(line)
    return Exit.OK


@gap.command(
    "find",
    help=_(
        "Hold the recordings of every session whose facts are read against each other, against those before, and "
        "against the recorder's log. With SESSION that one again; what is known already stays as it is. A number that "
        "was missing is closed when a later docking brings the file of that number and time."
    ),
)
@click.argument("session_id", metavar="[SESSION]", required=False)
@click.option("--json", "as_json", is_flag=True, help=_("Print the counts as JSON."))
@click.pass_obj
def find_gaps(home: str | None, session_id: str | None, as_json: bool) -> int:
    """Examine sessions."""
    from ..gaps.finding import Examined, examine_again, examine_waiting

    def tell(one: Examined) -> None:
        if not as_json:
            click.echo(examined_line(one.session, one.clips, one.found, one.new, one.closed))

    with reading(home) as opened:
        if session_id is None:
            done = examine_waiting(opened.station, on_session=tell)
        else:
            done = [examine_again(opened.station, opened.station.catalog.find_session(session_id))]
            tell(done[0])
    if as_json:
        echo_json(
            [
                {"session": one.session, "clips": one.clips, "gaps": one.found, "new": one.new, "closed": one.closed}
                for one in done
            ]
        )
    elif not done:
        click.echo(_("every session whose facts are read has been examined"))
    return Exit.OK


_by = click.option(
    "--by", metavar="NAME", help=_("Who says so, on a station without accounts; with accounts it is whoever signed in.")
)


def _role(default: Role) -> Callable[[FC], FC]:
    roles = click.Choice([role.value for role in Role])
    told = _("In what role, on a station without accounts.")
    return click.option("--role", "role", type=roles, default=default.value, show_default=True, help=told)


def _who(opened: Opened, act: Act, found: Sequence[GapRow], by: str | None, role: str) -> Who:
    """Whoever acts, when he may do this with all these gaps; his account says who he is, or without accounts `by`."""
    for one in found:
        department = opened.station.catalog.find_session(one.found_in).department
        first = [Person(f"user:{name}") for name in one.explainers]
        # What nobody has explained is refused for that, and not for who reviews it.
        if act is Act.EXPLAIN_GAP or first:
            apart = first if act is Act.REVIEW_GAP else ()
            require(opened, act, department, owner=_officer(opened, one), first=apart)
    account = acting(opened).account
    if account is not None:
        if by is not None:
            wrong = _("--by is for stations without accounts: here {name} signed in")
            raise click.UsageError(wrong.format(name=account.name))
        return Who(account.name, _ROLES.get(account.role, Role.OFFICER), opened.actor)
    if by is None:
        raise click.UsageError(_("say who does it with --by NAME"))
    return Who(by, Role(role), opened.actor)


def _officer(opened: Opened, gap: GapRow) -> str | None:
    clip = gap.before_clip or gap.after_clip
    return opened.station.catalog.find_clip(clip).officer if clip is not None else None


_ROLES = {Post.LEADER: Role.LEADER, Post.RECORDER_MANAGER: Role.KEEPER}


@gap.command(
    "explain",
    help=_(
        "Say why there are gaps: where the reason is spoken in a recording (QX article 9: on resuming), or in writing, "
        "with a report that is kept in the vault and proven like a recording. An explanation may be given again until "
        "a leader has accepted it.\n\n"
        "\b\nExamples:\n"
        "  dockd gap explain 3f9a --by 李伟 --clip 81c2 --at 00:01:23\n"
        "  dockd gap explain 3f9a 77d0 --by 李伟 --text 电池 --attach report.pdf"
    ),
)
@click.argument("gap_ids", nargs=-1, required=True, metavar="GAP…")
@_by
@_role(Role.OFFICER)
@click.option("--text", help=_("The reason in writing."))
@click.option("--attach", type=click.Path(), help=_("A written report, kept in the vault."))
@click.option("--clip", "clip_id", metavar="CLIP", help=_("The recording in which the reason is spoken."))
@click.option("--at", "at", metavar="HH:MM:SS", help=_("Where in that recording, from its beginning."))
@click.pass_obj
def explain_gaps(
    home: str | None,
    gap_ids: tuple[str, ...],
    by: str | None,
    role: str,
    text: str | None,
    attach: str | None,
    clip_id: str | None,
    at: str | None,
) -> int:
    """Record an explanation of each gap, all or none."""
    if (clip_id is None) == (text is None) or (clip_id is None) != (at is None) or (attach and text is None):
        raise click.UsageError(_("give --text (with --attach, if there is a report), or --clip with --at"))
    at_ms = _milliseconds(at) if at is not None else 0
    with reading(home) as opened:
        catalog = opened.station.catalog
        found = [find_gap(catalog, gap_id) for gap_id in gap_ids]
        who = _who(opened, Act.EXPLAIN_GAP, found, by, role)
        if clip_id is not None:
            explain_spoken(opened.station, found, who, catalog.find_clip(clip_id), at_ms)
        else:
            kept = explain_written(opened.station, found, who, text or "", attach)
            if kept is not None:
                click.echo(_("kept as {path}, {digest}").format(path=kept.vault_path, digest=kept.digest))
    click.echo(ngettext("{n} gap explained", "{n} gaps explained", len(found)).format(n=len(found)))
    return Exit.OK


@gap.command(
    "review",
    help=_(
        "Accept the explanation of gaps, or send it back with a note: then they are open again. Only a leader reviews, "
        "and nobody what he explained himself."
    ),
)
@click.argument("gap_ids", nargs=-1, required=True, metavar="GAP…")
@_by
@_role(Role.LEADER)
@click.option("--accept/--send-back", "accepted", default=None, required=True, help=_("What becomes of it."))
@click.option("--note", default="", help=_("What is lacking, or what else there is to say."))
@click.pass_obj
def review_gaps(
    home: str | None, gap_ids: tuple[str, ...], by: str | None, role: str, accepted: bool, note: str
) -> int:
    """Record a review of each gap, all or none."""
    with reading(home) as opened:
        found = [find_gap(opened.station.catalog, gap_id) for gap_id in gap_ids]
        who = _who(opened, Act.REVIEW_GAP, found, by, role)
        review(opened.station, found, who, accepted=accepted, note=note)
    if accepted:
        click.echo(ngettext("{n} gap reviewed", "{n} gaps reviewed", len(found)).format(n=len(found)))
    else:
        click.echo(ngettext("{n} gap sent back", "{n} gaps sent back", len(found)).format(n=len(found)))
    return Exit.OK


def as_row(row: GapRow) -> dict[str, Any]:
    """A gap by its stable names; times are UTC."""
    found = {name: getattr(row, _FIELDS.get(name, name)) for name in COLUMNS}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in found.items()}


def _csv_row(row: GapRow) -> dict[str, Any]:
    came = "; ".join(f"{file['number']}={file['clip']}" for file in row.delivered)
    return {**as_row(row), "evidence": "; ".join(row.evidence), "delivered": came}


_FIELDS = {"session": "found_in", "start": "start_at", "end": "end_at"}


def _overdue(opened: Opened, row: GapRow, days: int) -> bool:
    patience = opened.config.gaps.chase_days if days == BY_SETTING else days
    return to_chase(standing_of(row), row.found_at, opened.station.clock(), timedelta(days=patience))


def _line(opened: Opened, row: GapRow) -> str:
    at = local_text(row.start_at or row.end_at, opened.station.zone)
    return (
        f"{row.id}  {padded(state_text(row), 9)} {padded(row.recorder, 12)} {padded(at, 19)}  "
        f"{length_text(row):>18}  {kind_text(row.kind)}"
    )


def _milliseconds(text: str) -> int:
    found = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,2}):([0-5]\d)(?:\.(\d{1,3}))?", text, re.ASCII)
    if found is None:
        raise click.UsageError(_("--at reads HH:MM:SS or MM:SS, as 00:01:23"))
    hours, minutes, seconds, rest = found.groups()
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((rest or "0").ljust(3, "0"))
