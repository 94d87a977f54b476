"""Changes that would make recordings due in words: what is proposed, what it would do, and why one is not made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..exits import Exit
from ..explained import Explained
from ..i18n import N_, _, ngettext
from ..showing import duration_text, size_text
from .errors import AboveShare, ChangeError, ChangeNotDone

if TYPE_CHECKING:
    from catalog.changes.model import ChangeRow
    from retention.changing import Plan

STATES = {
    "proposed": N_("proposed"),
    "confirmed": N_("confirmed"),
    "refused": N_("refused"),
}
# What the plan of a change says in JSON, by the names that `retention.changing` has for it.
PLAN_KEYS = (
    *("made_due", "size_bytes", "duration_ms", "unknown_duration", "without_second_copy", "oldest"),
    *("brought_forward", "put_off", "no_longer_due", "refused"),
)

# By the kind of the entry that would be written.
_WHAT = {
    "pack-adopted": N_("rule pack {pack} adopted"),
    "clip-classified": N_("recordings classified as {clip_class}"),
    "clip-filed": N_("recordings filed as {clip_class}"),
    "clip-linked": N_("recordings put under case {case}"),
    "clip-time-settled": N_("settled when recordings were made"),
    "clip-unlinked": N_("recordings taken out from under case {case}"),
    "case-closed": N_("case {case} closed on {closed_on}"),
    "case-file-period-set": N_("how long the file of case {case} is kept"),
    "case-edited": N_("case {case} changed, its kind: {case_kind}"),
}

_WHY_NOT = {
    "confirmed": (N_("it was confirmed already"), N_("dockd change show has by whom")),
    "refused": (N_("it was refused"), N_("dockd change show has by whom; it can be asked for again")),
    "fits-no-more": (
        N_("what it was about has changed since"),
        N_("dockd change refuse it, and ask for what is wanted now"),
    ),
    "other-pack": (
        N_("the rule pack that it was about counts already, or is not the one of the settings any more"),
        N_("dockd term status shows which one counts; dockd change refuse it"),
    ),
}


def of_changes(error: BaseException) -> Explained | None:
    """What an error about a change means; None when it is none."""
    if not isinstance(error, ChangeError):
        return None
    if isinstance(error, ChangeNotDone):
        why, hint = _WHY_NOT[error.why]
        return Explained(_("change {change}: {why}").format(change=error.change, why=_(why)), _(hint), Exit.REFUSED)
    assert isinstance(error, AboveShare)
    due = _due_text(error.made_due, error.size_bytes)
    return Explained(
        _("{due}: more than {permille} thousandths of the archive").format(due=due, permille=error.permille),
        _("nothing was changed; change it in smaller parts, or look at change.refuse_above_permille in dockd.toml"),
        Exit.REFUSED,
    )


def what_text(change: ChangeRow, numbers: Mapping[str, str]) -> str:
    """What would be done; `numbers` are those of cases by their ids."""
    facts: dict[str, Any] = dict(change.acts[-1]["data"])
    facts["case"] = numbers.get(str(facts.get("case")), facts.get("case"))
    text = _(_WHAT[change.what]).format_map(facts)
    return text if len(change.acts) == 1 else f"{text} × {len(change.acts)}"


def as_json(plan: Plan) -> dict[str, Any]:
    """A plan by its stable names."""
    oldest = [{"id": one.id, "recorded_on": one.recorded_on.isoformat()} for one in plan.oldest]
    return {name: oldest if name == "oldest" else getattr(plan, name) for name in PLAN_KEYS}


def plan_lines(plan: Plan) -> list[str]:
    """What a change would do: how many become due, how long and large they are, which are the oldest, and the rest."""
    due = _due_text(plan.made_due, plan.size_bytes)
    lines = [f"{due}, {duration_text(plan.duration_ms)}"]
    if plan.unknown_duration:
        lines.append(_("  of unknown length: {n}").format(n=plan.unknown_duration))
    if plan.made_due:
        lines.append(_("  without a second copy: {n}").format(n=plan.without_second_copy))
    lines += [f"  {one.id}  {one.recorded_on}" for one in plan.oldest]
    lines.append(
        _("sooner than so far: {sooner}; later: {later}; no longer due: {saved}").format(
            sooner=plan.brought_forward, later=plan.put_off, saved=plan.no_longer_due
        )
    )
    if plan.refused:
        lines.append(_("that is above the share of the archive that one change may make due: it would be refused"))
    return lines


def _due_text(made_due: int, size_bytes: int) -> str:
    due = ngettext("{n} recording becomes due", "{n} recordings become due", made_due).format(n=made_due)
    return f"{due}: {size_text(size_bytes)}"


def waiting_text(change: str, made_due: int) -> str:
    """That a change waits for a second person, and what he does."""
    return _("nothing was changed: a second person decides about change {change}").format(change=change) + (
        f"\n  dockd change confirm {change} --count {made_due}"
    )
