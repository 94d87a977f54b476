"""`dockd request ask`, `approve`, `refuse` and `close`: the steps of a request's life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import click

from catalog.requests.model import COPYING, Kind, RequestRow
from catalog.requests.queries import clip_counts, find_request

from ..assembly import Opened, reading
from ..exits import Exit
from ..i18n import _, ngettext
from ..requests import requesting
from ..requests.requesting import Asking
from ..showing import clips_text, echo_json, local_text
from .options import JSON, WORDS
from .request_lists import row_of

# Of an approval that says nothing else: one copy leaves; looking again within the term is no further matter.
_USES_OF_COPIES = 1


@click.command(
    "ask",
    help=_(
        "Ask for recordings: those named, or all that lie under a case. A second person decides (dockd request "
        "approve, refuse); until then nothing is opened.\n\n"
        "view: to look at them (--for another account, else yourself). copy: copies for use inside. provide: to a "
        "court, a review body, a procuratorate. party: for a party of the case, who is named by --for.\n\n"
        "\b\n"
        "  dockd request ask --kind view c453e0 --purpose 核对执法过程\n"
        "  dockd request ask --kind provide --case 2026-昌水罚-017 --recipient 昌黎县人民法院 --purpose 行政诉讼举证\n"
        "  dockd request ask --kind party --case 2026-昌水罚-017 --for 王芳 --purpose 当事人申请复制"
    ),
)
@click.argument("clip_ids", nargs=-1, metavar="[CLIP…]")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in Kind]), help=_("What is asked for."))
@click.option("--case", "case_no", help=_("The case it is about, by its number or id."))
@click.option("--purpose", required=True, type=WORDS, help=_("What it is needed for."))
@click.option(
    "--recipient", type=WORDS, help=_("Who is given the copies; of a party, the party itself unless another is named.")
)
@click.option(
    "--for",
    "for_whom",
    type=WORDS,
    help=_("Of a view: the account that may look. Else: on whose behalf it is asked."),
)
@JSON
@click.pass_obj
def ask(
    home: str | None,
    clip_ids: tuple[str, ...],
    kind: str,
    case_no: str | None,
    purpose: str,
    recipient: str | None,
    for_whom: str | None,
    as_json: bool,
) -> int:
    """Record a request."""
    wanted_kind = Kind(kind)
    recipient = _recipient(wanted_kind, recipient, for_whom)
    if not clip_ids and case_no is None:
        raise click.UsageError(_("name recordings, or give --case"))
    with reading(home) as opened:
        clips, case = requesting.wanted(opened, clip_ids, case_no)
        found = requesting.ask(opened, Asking(wanted_kind, clips, case, purpose, recipient, for_whom))
        if as_json:
            echo_json(row_of(opened, found))
            return Exit.OK
    click.echo(_("request {number} asked; a second person decides").format(number=found.number))
    click.echo(clips_text(len(clips), sum(clip.size_bytes for clip in clips)))
    return Exit.OK


def _recipient(kind: Kind, recipient: str | None, for_whom: str | None) -> str | None:
    if kind is Kind.VIEW and recipient is not None:
        raise click.UsageError(_("a view has no --recipient; --for names the account that may look"))
    if kind is Kind.PARTY:
        if for_whom is None:
            raise click.UsageError(_("--for names the party"))
        return recipient if recipient is not None else for_whom
    if kind in COPYING:
        if recipient is None:
            raise click.UsageError(_("--recipient says who is given the copies"))
        return recipient
    return None


@click.command(
    "approve",
    help=_(
        "Approve a request, as a second person: whoever asked for it, or whom it is for, cannot. It is worth something "
        "until its term is over, and as often as approved: copies once unless --uses says more, views any number of "
        "times.\n\n"
        "\b\n"
        "  dockd request approve 2026-0007 --days 3 --reason 同意\n"
        "  dockd request approve 2026-0008 --until 2026-12-31 --uses 2 --reason 同意"
    ),
)
@click.argument("name", metavar="REQUEST")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help=_("The last day on which it may be used."))
@click.option("--days", type=click.IntRange(0), help=_("Or so many days from today; 0: today only."))
@click.option("--uses", type=click.IntRange(1), help=_("How often it may be used."))
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@JSON
@click.pass_obj
def approve(
    home: str | None,
    name: str,
    until: datetime | None,
    days: int | None,
    uses: int | None,
    reason: str,
    as_json: bool,
) -> int:
    """Record an approval."""
    if (until is None) == (days is None):
        raise click.UsageError(_("give one of --until and --days"))
    with reading(home) as opened:
        found = find_request(opened.station.catalog, name)
        if uses is None and found.kind in COPYING:
            uses = _USES_OF_COPIES
        end = _end_of_term(opened, until, days)
        requesting.approve(opened, found, until=end, uses=uses, reason=reason)
        if as_json:
            echo_json(row_of(opened, find_request(opened.station.catalog, found.number)))
            return Exit.OK
        last = local_text(end - timedelta(seconds=1), opened.station.zone)[:10]
        named = clip_counts(opened.station.catalog, [found.id])[found.id]
    click.echo(_("request {number} approved through {day}").format(number=found.number, day=last))
    if uses is not None:
        click.echo(ngettext("to be used {n} time", "to be used {n} times", uses).format(n=uses))
    click.echo(ngettext("it names {n} recording", "it names {n} recordings", named).format(n=named))
    return Exit.OK


def _end_of_term(opened: Opened, until: datetime | None, days: int | None) -> datetime:
    """The first moment after the last day, by the agency's wall clock."""
    zone = opened.station.zone
    if until is not None:
        last = until.date()
    else:
        last = opened.station.clock().astimezone(zone).date() + timedelta(days=days or 0)
    return datetime.combine(last + timedelta(days=1), time.min, zone)


@click.command(
    "refuse",
    help=_(
        "Refuse a request, as a second person. The reason stays on record.\n\n"
        "\b\n"
        "  dockd request refuse 2026-0007 --reason 与案件无关"
    ),
)
@click.argument("name", metavar="REQUEST")
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@JSON
@click.pass_obj
def refuse(home: str | None, name: str, reason: str, as_json: bool) -> int:
    """Record a refusal."""
    return _end(home, name, requesting.turn_down, reason, _("request {number} refused"), as_json)


@click.command(
    "close",
    help=_(
        "Close a request before its term is over, or withdraw one that nobody has decided on: it opens nothing.\n\n"
        "\b\n"
        "  dockd request close 2026-0007 --reason 已办结"
    ),
)
@click.argument("name", metavar="REQUEST")
@click.option("--reason", required=True, type=WORDS, help=_("Why, in a few words."))
@JSON
@click.pass_obj
def close(home: str | None, name: str, reason: str, as_json: bool) -> int:
    """Record the end of a request."""
    return _end(home, name, requesting.close, reason, _("request {number} closed"), as_json)


def _end(
    home: str | None,
    name: str,
    act: Callable[[Opened, RequestRow, str], None],
    reason: str,
    told: str,
    as_json: bool,
) -> int:
    with reading(home) as opened:
        found = find_request(opened.station.catalog, name)
        act(opened, found, reason)
        if as_json:
            echo_json(row_of(opened, find_request(opened.station.catalog, found.number)))
        else:
            click.echo(told.format(number=found.number))
    return Exit.OK
