"""`dockd ledger`: the register of recorders (台账), and who had which from when to when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import click

from catalog.model import utc_text
from catalog.people.access import Act
from catalog.people.attributing import holders
from catalog.people.events import (
    IssueWithdrawn,
    RecorderChanged,
    RecorderIssued,
    RecorderRegistered,
    RecorderReturned,
)
from catalog.people.fault_queries import faults_of
from catalog.people.importing import issue_id, overlap
from catalog.people.model import IN_SERVICE, STATES, Issue, Registered
from catalog.people.queries import (
    find_issue,
    find_officer,
    ledger_lines,
    ledger_of,
    recordings_during,
    registered,
)

from ..assembly import Opened, reading
from ..errors import NotFitting
from ..exits import Exit
from ..i18n import _
from ..people.acting import require
from ..people.peopling import TIME_FORMATS, Shown, given, known_department, now, record, say
from ..people.words import STATES as STATE_WORDS
from ..showing import duration_text, echo_csv, echo_json, local_text
from ..wide import padded
from .options import CSV, JSON
from .reattribute import reattribute


@click.group(help=_("Recorders and who has them: the register, issue and return, what is overdue."))
def ledger() -> None:
    """The group."""


ledger.add_command(reattribute)

# --------------------------------------------------------------------------------------------------- register


@ledger.command(
    "register",
    help=_(
        "Put a recorder into the register, or change what stands there. RECORDER is the name under which it docks.\n\n"
        "\b\nExamples:\n"
        "  dockd ledger register 4410023 --department 中队 --model DSJ-V8 --serial SN2026001\n"
        "  dockd ledger register 4410023 --state faulty --note 屏裂"
    ),
)
@click.argument("recorder")
@click.option("--department", help=_("Whose recorder it is."))
@click.option("--model", help=_("Its model."))
@click.option("--serial", help=_("The maker's serial number."))
@click.option("--state", type=click.Choice(STATES), help=_("Whether it may be worn."))
@click.option("--note", help=_("A few words."))
@click.pass_obj
def register(home: str | None, /, recorder: str, department: str | None, **changed: str | None) -> int:
    """Register or change a recorder."""
    with reading(home) as opened:
        before = registered(opened.station.catalog, recorder)
        if before is None and department is None:
            raise NotFitting("department-needed", recorder=recorder)
        belongs = known_department(opened, department) if department else None
        for each in {one for one in (belongs, before.department if before else None) if one is not None}:
            require(opened, Act.MANAGE_RECORDERS, each)
        old = before or Registered(recorder, belongs or "", None, None, IN_SERVICE, "")
        said = {name: getattr(old, name) if value is None else value for name, value in changed.items()}
        if said["state"] != old.state and faults_of(opened.station.catalog, recorder=recorder):
            raise NotFitting("fault-open", recorder=recorder)
        kind = RecorderRegistered if before is None else RecorderChanged
        record(opened, [kind(recorder, belongs or old.department, **said)])
    click.echo(_("recorder {recorder} is in the register").format(recorder=recorder))
    return Exit.OK


@ledger.command("recorders", help=_("List the register: every recorder, its state, and who has it."))
@click.option("--state", type=click.Choice(STATES), help=_("Only recorders in this state."))
@JSON
@CSV
@click.pass_obj
def recorders(home: str | None, state: str | None, as_json: bool, as_csv: bool) -> int:
    """Print the register."""
    with reading(home) as opened:
        shown = Shown(opened)
        has: dict[str, list[Issue]] = {}
        for line in shown.lines(at=opened.station.clock()):
            has.setdefault(line.recorder, []).append(line)
        rows = [
            asdict(one) | {"officer": _holder(has.get(one.recorder, []), opened.station.clock())}
            for one in shown.recorders()
            if state is None or one.state == state
        ]
    if as_json:
        echo_json(rows)
    elif as_csv:
        echo_csv(["recorder", "department", "model", "serial", "state", "officer", "note"], rows)
    else:
        say(
            (
                f"{row['recorder']:<14} {padded(row['department'], 16)} {padded(row['model'] or '-', 14)} "
                f"{padded(_(STATE_WORDS[row['state']]), 14)} {row['officer'] or '-'}  {row['note']}".rstrip()
                for row in rows
            ),
            _("no recorders in the register; `dockd ledger register` or `dockd people import` adds them"),
        )
    return Exit.OK


def _holder(lines: list[Issue], moment: datetime) -> str | None:
    there = holders(lines, moment)
    return there[0].officer if there else None


# ------------------------------------------------------------------------------------------- issue and return


@ledger.command(
    "issue",
    help=_(
        "Write down that an officer got a recorder. Its recordings from then on are his, unless their own names say "
        "otherwise. --lent-by writes down that its holder passed it on: it shows in every list.\n\n"
        "\b\nExamples:\n"
        "  dockd ledger issue 4410023 100234\n"
        "  dockd ledger issue 4410023 100234 --since '2026-11-01 08:00' --due 2026-11-30"
    ),
)
@click.argument("recorder")
@click.argument("officer")
@click.option("--since", type=click.DateTime(TIME_FORMATS), help=_("When he got it; default: now."))
@click.option("--due", type=click.DateTime(TIME_FORMATS), help=_("By when it must be back; default: it is his."))
@click.option("--lent-by", "lender", help=_("The officer who passed it on while it was his."))
@click.option("--note", default="", help=_("A few words."))
@click.pass_obj
def issue(
    home: str | None,
    recorder: str,
    officer: str,
    since: datetime | None,
    due: datetime | None,
    lender: str | None,
    note: str,
) -> int:
    """Issue a recorder."""
    with reading(home) as opened:
        known = _registered(opened, recorder)
        require(opened, Act.KEEP_LEDGER, known.department)
        for number in (officer, lender):
            if number is not None:
                find_officer(opened.station.catalog, number)
        if known.state != IN_SERVICE:
            raise NotFitting("not-in-service", recorder=recorder, state=known.state)
        begins = given(opened, since) or now(opened)
        if begins > opened.station.clock():
            raise NotFitting("future")
        ends = given(opened, due)
        line = _new_line(opened, recorder, officer, begins, ends, lender, note)
        record(opened, [line])
    click.echo(
        _("{recorder} issued to {officer}: line {line}").format(recorder=recorder, officer=officer, line=line.issue)
    )
    return Exit.OK


def _new_line(
    opened: Opened, recorder: str, officer: str, since: datetime, due: datetime | None, lender: str | None, note: str
) -> RecorderIssued:
    """The line, when it gives the recorder to nobody beside one who has it. Raises NotFitting."""
    catalog = opened.station.catalog
    wanted = Issue("", recorder, officer, since, None, due, "", None, lender, note, None, None)
    for other in ledger_of(catalog, recorder):
        if overlap(other, wanted, opened.station.zone):
            raise NotFitting("held", recorder=recorder, officer=other.officer, line=other.id)
    if lender is not None and lender not in {one.officer for one in holders(ledger_of(catalog, recorder), since)}:
        raise NotFitting("lender-has-it-not", recorder=recorder, officer=lender)
    same = [
        one
        for one in ledger_lines(catalog, recorder=recorder, officer=officer, withdrawn=True)
        if one.since == since and one.withdrawn is not None
    ]
    until = utc_text(due) if due else None
    name = issue_id(recorder, officer, since, len(same))
    return RecorderIssued(name, recorder, officer, utc_text(since), until, lender, note)


@ledger.command(
    "return",
    help=_(
        "Write down that a recorder came back. Of one that was lent, the line of the loan ends first.\n\n"
        "\b\n"
        "  dockd ledger return 4410023\n"
        "  dockd ledger return 4410023 --until '2026-11-20 17:30' --note 屏幕有裂纹"
    ),
)
@click.argument("recorder")
@click.option("--until", type=click.DateTime(TIME_FORMATS), help=_("When it came back; default: now."))
@click.option("--note", default="", help=_("A few words, for example its condition."))
@click.pass_obj
def give_back(home: str | None, recorder: str, until: datetime | None, note: str) -> int:
    """Return a recorder."""
    with reading(home) as opened:
        known = _registered(opened, recorder)
        require(opened, Act.KEEP_LEDGER, known.department)
        out = [line for line in ledger_of(opened.station.catalog, recorder) if line.until is None]
        if not out:
            raise NotFitting("not-out", recorder=recorder)
        line = next((one for one in out if one.lender is not None), out[-1])
        ended = given(opened, until)
        if ended is None:
            # Whole seconds are kept: what is issued and comes back at once was out for one.
            ended = max(now(opened), line.since + timedelta(seconds=1))
        elif ended <= line.since:
            raise NotFitting("ends-before")
        elif ended > opened.station.clock():
            raise NotFitting("future")
        record(opened, [RecorderReturned(line.id, recorder, line.officer, utc_text(ended), note)])
    click.echo(_("{recorder} came back from {officer}").format(recorder=recorder, officer=line.officer))
    return Exit.OK


@ledger.command(
    "withdraw",
    help=_(
        "Strike out a wrong line of the ledger. It stays to be seen, with the reason; a right one is issued beside it. "
        "Then `dockd ledger reattribute` puts right whose recordings are whose.\n\n"
        "\b\n"
        "  dockd ledger withdraw 3f9a1c20 --reason 登记错误"
    ),
)
@click.argument("line_id", metavar="LINE")
@click.option("--reason", required=True, help=_("Why, in a few words."))
@click.pass_obj
def withdraw(home: str | None, line_id: str, reason: str) -> int:
    """Withdraw a line."""
    with reading(home) as opened:
        line = find_issue(opened.station.catalog, line_id)
        known = registered(opened.station.catalog, line.recorder)
        require(opened, Act.KEEP_LEDGER, known.department if known else None)
        record(opened, [IssueWithdrawn(line.id, line.recorder, line.officer, reason)])
    click.echo(_("line {line} is struck out").format(line=line.id))
    return Exit.OK


def _registered(opened: Opened, recorder: str) -> Registered:
    found = registered(opened.station.catalog, recorder)
    if found is None:
        raise NotFitting("unknown-recorder", recorder=recorder)
    return found


# ------------------------------------------------------------------------------------------------------- lists


@ledger.command(
    "list",
    help=_(
        "List the ledger: who had which recorder from when to when, by whom it was written down, and what was lent.\n\n"
        "\b\nExamples:\n"
        "  dockd ledger list --out\n"
        "  dockd ledger list --at '2026-11-20 10:00' --recorder 4410023\n"
        "  dockd ledger list --officer 100234 --recordings"
    ),
)
@click.option("--recorder", help=_("Only this recorder."))
@click.option("--officer", help=_("Only this officer."))
@click.option("--at", type=click.DateTime(TIME_FORMATS), help=_("Only lines that hold at this time."))
@click.option("--out", "out_only", is_flag=True, help=_("Only recorders that are out."))
@click.option("--withdrawn", is_flag=True, help=_("Lines that were struck out too."))
@click.option("--recordings", is_flag=True, help=_("Count what was recorded during each line."))
@JSON
@CSV
@click.pass_obj
def list_lines(
    home: str | None, /, at: datetime | None, recordings: bool, as_json: bool, as_csv: bool, **wanted: Any
) -> int:
    """Print lines of the ledger."""
    with reading(home) as opened:
        lines = Shown(opened).lines(at=given(opened, at), **wanted)
        _print(opened, lines, as_json=as_json, as_csv=as_csv, recordings=recordings)
    return Exit.OK


@ledger.command(
    "overdue",
    help=_("List recorders that should be back, that were lent, or that are out though they may not be worn."),
)
@JSON
@CSV
@click.pass_obj
def overdue(home: str | None, as_json: bool, as_csv: bool) -> int:
    """Print what is overdue."""
    with reading(home) as opened:
        shown = Shown(opened)
        moment = opened.station.clock()
        unfit = {one.recorder for one in shown.recorders() if one.state != IN_SERVICE}
        lines = (
            line
            for line in shown.lines(out_only=True)
            if (line.due is not None and line.due < moment) or line.lender is not None or line.recorder in unfit
        )
        _print(opened, lines, as_json=as_json, as_csv=as_csv)
    return Exit.OK


def _print(opened: Opened, lines: Any, *, as_json: bool, as_csv: bool, recordings: bool = False) -> None:
    rows = (_row(opened, line, recordings=recordings) for line in lines)
    if as_json:
        echo_json(list(rows))
    elif as_csv:
        found = list(rows)
        echo_csv(list(found[0]) if found else [], found)
    else:
        say(_lines(opened, lines, recordings=recordings), _("no lines match"))


def _row(opened: Opened, line: Issue, *, recordings: bool) -> dict[str, Any]:
    row = asdict(line)
    for name in ("since", "until", "due"):
        row[name] = row[name].isoformat() if row[name] else None
    if recordings:
        row["recordings"], milliseconds = recordings_during(opened.station.catalog, line)
        row["recorded_s"] = milliseconds / 1000
    return row


def _lines(opened: Opened, lines: Any, *, recordings: bool) -> Iterator[str]:
    zone = opened.station.zone
    for line in lines:
        parts = [
            f"{line.id[:8]}  {line.recorder:<14} {line.officer:<10} "
            f"{local_text(line.since, zone)} → {local_text(line.until, zone):<19}"
        ]
        if line.due is not None and line.until is None:
            parts.append(_("due {at}").format(at=local_text(line.due, zone)))
        if line.lender is not None:
            parts.append(_("lent by {officer}").format(officer=line.lender))
        if line.withdrawn is not None:
            parts.append(_("struck out: {reason}").format(reason=line.withdrawn))
        if recordings:
            count, milliseconds = recordings_during(opened.station.catalog, line)
            parts.append(_("recordings: {n}, {duration}").format(n=count, duration=duration_text(milliseconds)))
        parts += [note for note in (line.note, line.return_note) if note]
        yield "  ".join(parts)
