"""Why a recording is kept, and what can change it, in words. `--json` and the log have the codes."""

from __future__ import annotations

from retention.next_change import Change, Event
from retention.pack import Anchor, Cite, Pack, Rule, Trigger
from retention.verdicts import Due, Ground, Reason, Verdict, Why

from .. import errors as own
from ..i18n import N_, _, ngettext
from .pack_words import period_text, words_text

SCOPES = {
    "clips": N_("recordings"),
    "session": N_("docking session"),
    "case": N_("case"),
    "event": N_("event"),
}
STATES = {
    "active": N_("active"),
    "lift-asked": N_("lifting asked for"),
    "lifted": N_("lifted"),
}

_REASONS = {
    Reason.HOLDS_UNREADABLE: N_("the holds could not be read"),
    Reason.HELD: N_("hold {subject} keeps it, placed on {day}"),
    Reason.TIME_UNKNOWN: N_("nobody knows when it was recorded; it was taken in on {day}"),
    Reason.CASE_OPEN: N_("case {case} is open"),
    Reason.CASE_REOPENED: N_("case {case} was opened again"),
    Reason.CASE_CLOSING_UNKNOWN: N_("case {case} is closed, and nobody wrote down when"),
    Reason.LONG_TERM: N_("it is marked for long-term keeping since {day}: {title}"),
    Reason.FLAG_NOT_IN_PACK: N_("it was marked on {day} for {subject}, which the rule pack does not know"),
    Reason.CASE_FILE_UNKNOWN: N_("it is kept as long as its case file, and nobody has said how long that is"),
    Reason.CASE_FILE_PERMANENT: N_("its case file is kept for ever"),
    Reason.CASE_AWAITED: N_("its class belongs to a case, and it lies under none yet"),
    Reason.NO_END: N_("{title}: the rule sets no end"),
    Reason.UNCLASSIFIED: N_("nobody has classified it, so the longest period counts"),
    Reason.NO_RULE: N_("the regulation is silent about {subject}, so the longest period counts"),
    Reason.BEYOND_CALENDAR: N_("its period ends beyond the calendar"),
    Reason.FLAGGED: N_("it is marked for long-term keeping: {title}"),
    Reason.PERIOD: N_("{title}"),
    Reason.MINIMUM: N_("below this nothing of the regulation goes"),
}

_COUNTED = {
    Anchor.RECORDED: N_("{period} from the end of the recording, {day}"),
    Anchor.INGESTED: N_("{period} from the day it was taken in, {day}"),
    Anchor.CASE_CLOSED: N_("{period} from the closing of the case, {day}"),
    Anchor.CASE_FILE: N_("as long as the case file: {period} from {day}"),
    Anchor.FLAGGED: N_("{period} from the day it was marked, {day}"),
}

_EVENTS = {
    Event.DAY_COMES: N_("on {day} it falls due"),
    Event.HOLD_LIFTED: N_("hold {subject} is lifted"),
    Event.HOLDS_READ: N_("the holds can be read again"),
    Event.TIME_SETTLED: N_("somebody settles when it was recorded"),
    Event.CASE_CLOSED: N_("case {subject} is closed"),
    Event.CASE_REOPENED: N_("case {subject} is opened again"),
    Event.CLOSING_DATED: N_("somebody writes down when case {subject} was closed"),
    Event.CASE_LINKED: N_("it is put under a case"),
    Event.FILE_PERIOD_SET: N_("the agency enters how long such case files are kept"),
    Event.CLASSIFIED: N_("somebody classifies it"),
    Event.FLAG_WITHDRAWN: N_("its mark for long-term keeping is lifted ({subject})"),
    Event.HOLD_PLACED: N_("somebody places a hold on it"),
    Event.PACK_CHANGED: N_("another rule pack is adopted"),
}

_HOLDS = {
    "lifted": (
        N_("it was lifted already"),
        N_("dockd hold show has by whom; a new hold is placed with dockd hold place"),
    ),
    "asked-already": (
        N_("its lifting is asked for already"),
        N_("a second person answers: dockd hold grant, dockd hold refuse"),
    ),
    "not-asked": (N_("nobody asked to lift it"), N_("dockd hold lift asks; a second person grants it")),
    "nothing-new": (N_("all of that lies under it already"), N_("dockd hold proposals lists what fits and does not")),
}


def refusal(error: own.HoldRefused | own.PackNotAdopted | own.CountDiffers) -> tuple[str, str]:
    """Why something cannot be done with a hold or a rule pack, and what helps."""
    if isinstance(error, own.HoldRefused):
        why, hint = _HOLDS[error.why]
        return _("hold {hold}: {why}").format(hold=error.hold, why=_(why)), _(hint)
    if isinstance(error, own.PackNotAdopted):
        return (
            _("the rule pack {name} of the settings is not what terms are decided by: that is {adopted}").format(
                name=error.name, adopted=error.adopted
            ),
            _("nothing was changed; dockd term adopt --dry-run shows what the pack of the settings would make due"),
        )
    return (
        ngettext("it makes {n} recording due", "it makes {n} recordings due", error.found).format(n=error.found),
        _(
            "nothing was changed; look at it again, with dockd change show or --dry-run, before --count {n} confirms it"
        ).format(n=error.found),
    )


def verdict_text(verdict: Verdict, pack: Pack) -> str:
    """A verdict in one sentence: until when, and why."""
    why = because(verdict.why.ground, pack)
    if isinstance(verdict, Due):
        return _("was to be kept until {day}, because {why}; it may go").format(day=verdict.until, why=why)
    if verdict.until is None:
        return _("kept without end, because {why}").format(why=why)
    return _("kept until {day}, because {why}").format(day=verdict.until, why=why)


def ground_text(ground: Ground, pack: Pack) -> str:
    """One ground: until when, and why."""
    until = _("without end") if ground.until is None else _("until {day}").format(day=ground.until)
    return f"{until}: {because(ground, pack)}"


def because(ground: Ground, pack: Pack) -> str:
    """Why a ground keeps, from when its period counts, the article and its words."""
    facts = {"subject": ground.subject, "case": ground.case, "day": ground.anchored_on, "title": _title(ground, pack)}
    told = [_(_REASONS[ground.reason]).format(**facts)]
    if ground.until is not None and ground.anchor is not None and ground.period is not None:
        counted = _(_COUNTED[ground.anchor])
        told.append(counted.format(period=period_text(ground.period), day=ground.anchored_on))
    cite = cite_of(ground, pack)
    if cite is not None:
        told.append(_("{article}: “{quote}”").format(article=cite.article, quote=cite.quote))
    return _(", ").join(told)


def floor_text(why: Why) -> str | None:
    """Until when the pack's minimum keeps, whatever else is said; None where it says none."""
    return None if why.floor is None else _("not before the end of {day} in any case").format(day=why.floor)


def change_text(change: Change) -> str:
    """What may happen next, and what then."""
    text = _(_EVENTS[change.event]).format(subject=change.subject, day=change.on)
    if change.then_until is not None:
        text += _("; then it is kept at least until {day}").format(day=change.then_until)
    return text


def cite_of(ground: Ground, pack: Pack) -> Cite | None:
    """The article that a ground rests on, with its words; None where the pack has no say in it."""
    if not ground.article:
        return None
    cites = [(one.id, one.cite) for one in _parts(pack)]
    cites += [("", pack.minimum.cite)] if pack.minimum else []
    # A rule's own words go before those of another one of the same article.
    cites.sort(key=lambda one: one[0] != ground.rule)
    return next((cite for _id, cite in cites if cite.article == ground.article), Cite(ground.article, ""))


def trigger_text(trigger: str | None, pack: Pack | None) -> str:
    """A trigger in the words of the regulation; its id where the pack does not know it."""
    if trigger is None:
        return "-"
    found = pack.trigger(trigger) if pack is not None else None
    return trigger if found is None else words_text(found.title)


def _title(ground: Ground, pack: Pack) -> str:
    found = next((one for one in _parts(pack) if one.id == ground.rule), None)
    return ground.subject or ground.rule if found is None else words_text(found.title)


def _parts(pack: Pack) -> tuple[Rule | Trigger, ...]:
    return (*pack.rules, *pack.triggers)
