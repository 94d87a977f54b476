"""A day's report of the sweep as a page to be printed and signed: one file that needs nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from zoneinfo import ZoneInfo

from ..i18n import _, language
from ..showing import clips_text, local_text, size_text
from .report import Report
from .words import APPROVALS, STATES, SWEEPS, agreed, limit_text, stays_text, waits_for

_STYLE = """
body{font:14px/1.5 "Noto Sans CJK SC","Source Han Sans SC",sans-serif;color:#111;margin:2em auto;max-width:60em}
h1{font-size:1.5em}h2{font-size:1.15em;margin:1.5em 0 .4em}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #888;padding:.25em .5em;text-align:left;
vertical-align:top;overflow-wrap:anywhere}th{background:#eee}.stop{border-left:4px solid #b42318;padding-left:.8em}
.sign td{height:3.5em;width:33%}
@media print{body{margin:0;max-width:none;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}
thead{display:table-header-group}}
"""


def page(report: Report, station: str, zone: ZoneInfo) -> str:
    """HTML in the language spoken now; every text in it is escaped."""
    title = _("Disposal of recordings: {day}").format(day=report.day)
    named = _("station: {name}").format(name=station)
    parts = [
        f'<!doctype html>\n<html lang="{"zh-CN" if language() == "zh_CN" else "en"}">\n<head>\n<meta charset="utf-8">',
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>{escape(title)}</h1>\n<p>{escape(named)}</p>",
        *_sweeps(report, zone),
        *_destroyed(report, zone),
        *_spared(report),
        *_waiting(report, zone),
        _signatures(),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _sweeps(report: Report, zone: ZoneInfo) -> Iterator[str]:
    yield _heading(_("Sweeps"))
    if not report.sweeps:
        yield _nothing(_("no sweep ran on this day"))
    else:
        rows = [
            (
                local_text(one.at, zone),
                _(SWEEPS[one.state]),
                clips_text(one.due_clips, one.due_bytes),
                clips_text(one.ready_clips, one.ready_bytes),
                clips_text(one.held_clips, one.held_bytes),
            )
            for one in report.sweeps
        ]
        yield _table((_("when"), _("what"), _("newly due"), _("ready to be destroyed"), _("held")), rows)
    for one in report.sweeps:
        for limit in one.exceeded:
            yield f'<p class="stop">{escape(limit_text(limit))}</p>'


def _destroyed(report: Report, zone: ZoneInfo) -> Iterator[str]:
    yield _heading(_("Destroyed"))
    if not report.destroyed:
        yield _nothing(_("nothing was destroyed on this day"))
    for batch, stones in report.destroyed:
        total = clips_text(len(stones), sum(one.size_bytes for one in stones))
        yes = _("batch {batch}, {department}: {total}; {approval} had to agree").format(
            batch=batch.id, department=batch.department, total=total, approval=_(APPROVALS[batch.approval])
        )
        yield f"<p>{escape(' · '.join([yes, *agreed(batch, zone)]))}</p>"
        rows = [
            (one.clip, one.vault_path, size_text(one.size_bytes), str(one.until), one.article, one.digest)
            for one in stones
        ]
        heads = (_("recording"), _("file"), _("size"), _("kept until"), _("article"), "BLAKE3")
        yield _table(heads, rows)


def _spared(report: Report) -> Iterator[str]:
    yield _heading(_("Stays, and why"))
    if not report.spared:
        yield _nothing(_("nothing left its batch on this day"))
        return
    rows = [(clip.id, clip.name, clip.department, stays_text(one), one.batch) for clip, one in report.spared]
    yield _table((_("recording"), _("file"), _("department"), _("why"), _("batch")), rows)


def _waiting(report: Report, zone: ZoneInfo) -> Iterator[str]:
    yield _heading(_("Batches that are open"))
    if not report.waiting:
        yield _nothing(_("no batch is open"))
        return
    rows = [
        (
            one.id,
            one.department,
            str(one.day),
            clips_text(one.left_clips, one.left_bytes),
            _(STATES[one.state]),
            waits_for(one, zone),
        )
        for one in report.waiting
    ]
    heads = (_("batch"), _("department"), _("proposed on"), _("in it"), _("state"), _("next"))
    yield _table(heads, rows)


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _nothing(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _signatures() -> str:
    heads = (_("archivist"), _("leader"), _("date"))
    return (
        f'<table class="sign">\n<thead><tr>{"".join(f"<th>{escape(one)}</th>" for one in heads)}</tr></thead>\n'
        "<tbody><tr><td></td><td></td><td></td></tr></tbody>\n</table>"
    )
