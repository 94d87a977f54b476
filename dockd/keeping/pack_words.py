"""Rule packs and their faults in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from retention.pack import Anchor, CountedFrom, FilePeriod, HandIn, Office, Pack, Rhythm, Term, Words
from retention.pack_faults import PackFault, PackFaults, PackProblem
from retention.periods import Period

from ..exits import Exit
from ..explained import Explained
from ..i18n import CHINESE, N_, _, language, ngettext
from ..people.words import ROLES

_PROBLEMS = {
    PackProblem.ENCODING: N_("is not {expected}"),
    PackProblem.SYNTAX: N_("is no TOML: {found}"),
    PackProblem.UNKNOWN_KEY: N_("is unknown"),
    PackProblem.MISSING: N_("is missing"),
    PackProblem.TYPE: N_("is {found}, must be: {expected}"),
    PackProblem.CHOICE: N_("is {found}, must be one of: {expected}"),
    PackProblem.RANGE: N_("is {found}, must be {expected}"),
    PackProblem.EMPTY: N_("is empty"),
    PackProblem.NAME: N_("is {found}, must be small letters, digits and hyphens"),
    PackProblem.ZONE: N_("is {found}, which is no time zone like {expected}"),
    PackProblem.NAME_TWICE: N_("{found} is also in {expected}"),
    PackProblem.EXTENDS_UNKNOWN: N_("extends {found}, which is itself or unknown; there are: {expected}"),
    PackProblem.ID_TWICE: N_("{found} stands here {expected} times"),
    PackProblem.RESERVED: N_("{found} is what a recording is called that nobody classified"),
    PackProblem.UNKNOWN_CLASS: N_("{found} is no class of this pack; there are: {expected}"),
    PackProblem.CLASS_IN_TWO_RULES: N_("{found} is already in the rule {expected}"),
    PackProblem.KEEP_OR_NO_END: N_("{found} needs either keep or no_end = true"),
    PackProblem.ANCHOR: N_("a period cannot count from {found} here, only from: {expected}"),
    PackProblem.NO_PERIOD: N_("says no years, months or days from {found}"),
    PackProblem.PERIOD_OF_FILE: N_("as long as the case file has no years, months or days; case_files says how long"),
    PackProblem.NO_MINIMUM: N_("is missing: a pack in which anything ends says the least that it keeps"),
    PackProblem.BELOW_MINIMUM: N_("{found} is shorter than the minimum of this pack: {expected}"),
    PackProblem.UNDERCUTS: N_("{found}: keeps shorter than the pack that this one extends: {expected}"),
    PackProblem.PERMANENT_OR_PERIOD: N_("{found} needs either permanent = true or years, months, days"),
    PackProblem.DEADLINE: N_("needs either same_day = true or within_hours"),
    PackProblem.RHYTHM: N_("{found} is no rhythm beside at_once, or none at all"),
    PackProblem.STAND_IN_OF_CASE: N_("{found} needs a case, so it cannot stand for what nobody classified"),
}

_TYPES = {
    "string": N_("text"),
    "text": N_("text"),
    "int": N_("whole number"),
    "bool": N_("true or false"),
    "list": N_("list"),
    "model": N_("table"),
    "dict": N_("table"),
}

_ANCHORS = {
    Anchor.RECORDED: N_("from the recording"),
    Anchor.INGESTED: N_("from the day it was taken in"),
    Anchor.CASE_CLOSED: N_("from the closing of the case"),
    Anchor.FLAGGED: N_("from the day it was flagged"),
}


def fault_text(fault: PackFault) -> str:
    """One fault: file, line, place, and what is wrong there."""
    expected = fault.expected
    if fault.problem is PackProblem.TYPE:
        expected = _(_TYPES[expected]) if expected in _TYPES else expected
    what = _(_PROBLEMS[fault.problem]).format(found=fault.found, expected=expected)
    where = fault.file if fault.line is None else _("{file}, line {line}").format(file=fault.file, line=fault.line)
    return f"{where}: {fault.place}: {what}" if fault.place else f"{where}: {what}"


def faults_explained(faults: PackFaults) -> Explained:
    """What faults of packs mean to whoever needs the packs."""
    count = len(faults.faults)
    return Explained(
        ngettext("the rule packs have {n} fault", "the rule packs have {n} faults", count).format(n=count),
        _("mend the files named above; docs/packs.md says what may stand in them"),
        Exit.SETTINGS,
        tuple(fault_text(fault) for fault in faults.faults),
    )


def words_text(words: Words) -> str:
    """A name in the language spoken now."""
    return words.zh if language() == CHINESE else words.en


def period_text(period: Period) -> str:
    """A period in words: `1 year 6 months`."""
    told = [
        ngettext("{n} year", "{n} years", period.years).format(n=period.years) if period.years else "",
        ngettext("{n} month", "{n} months", period.months).format(n=period.months) if period.months else "",
        ngettext("{n} day", "{n} days", period.days).format(n=period.days) if period.days else "",
    ]
    return " ".join(filter(None, told)) or ngettext("{n} day", "{n} days", 0).format(n=0)


def terms_text(terms: tuple[Term, ...]) -> str:
    """How long a rule keeps, in words."""
    if not terms:
        return _("without end")
    return _(", and at least ").join(_term_text(term) for term in terms)


def _term_text(term: Term) -> str:
    if term.period is None:
        return _("as long as the case file")
    return _("{period} {anchor}").format(period=period_text(term.period), anchor=_(_ANCHORS[term.anchor]))


def as_lines(pack: Pack) -> Iterator[str]:
    """A pack for people: every line with its article."""
    yield words_text(pack.title)
    yield f"  {pack.name}  {words_text(pack.agency)}  {pack.zone_name}"
    yield f"  {pack.source}"
    yield f"  {pack.origin}  {pack.digest}"
    yield _("keeping:")
    if pack.minimum:
        yield _line(_("in every case at least"), period_text(pack.minimum.period), pack.minimum.cite.article)
    for rule in pack.rules:
        yield _line(_titles(pack, rule.classes), terms_text(rule.terms), rule.cite.article)
        if rule.cases:
            cases = _("under a case of: {kinds}").format(kinds=_titles(pack, rule.cases))
            yield _line(cases, terms_text(rule.terms), rule.cite.article)
    silent = [words_text(one.title) for one in pack.classes if pack.rule_of(one.id) is None]
    for title in silent:
        yield _line(title, _("the regulation is silent: the longest period"), "")
    yield _line(_("unclassified"), *_unclassified(pack))
    for class_id, file in pack.case_files:
        yield _line(_("case files of: {kinds}").format(kinds=_titles(pack, (class_id,))), _file_text(file), "")
    if pack.triggers:
        yield _("long-term keeping:")
    for trigger in pack.triggers:
        yield _line(words_text(trigger.title), terms_text(trigger.terms), trigger.cite.article)
    yield from _duties(pack)
    if pack.not_said:
        yield _("what the regulation leaves open:")
    yield from (f"  {words_text(words)}" for words in pack.not_said)


def _titles(pack: Pack, class_ids: Collection[str]) -> str:
    return _(", ").join(words_text(one.title) for one in pack.classes if one.id in class_ids)


def _unclassified(pack: Pack) -> tuple[str, str]:
    if pack.stand_in is None:
        return _("the longest period"), ""
    return _("as {class_id}").format(class_id=pack.stand_in.class_id), pack.stand_in.cite.article


def _file_text(file: FilePeriod) -> str:
    if file.period is None:
        return _("for ever")
    if file.counted_from is CountedFrom.NEW_YEAR:
        return _("{period} from the year after the closing").format(period=period_text(file.period))
    return _("{period} from the closing").format(period=period_text(file.period))


def _duties(pack: Pack) -> Iterator[str]:
    offices = (
        (_("viewing is approved by"), pack.approves_viewing),
        (_("courts and review bodies are served by"), pack.provides),
        (_("copies for parties are approved by"), pack.approves_party_copy),
    )
    yield _("duties:")
    if pack.hand_in:
        yield _line(_("handed in"), _hand_in_text(pack.hand_in), pack.hand_in.cite.article)
    for name, rhythm in ((_("handed over"), pack.hand_over), (_("inspected"), pack.inspection)):
        if rhythm:
            yield _line(name, f"{_rhythm_text(rhythm)} ({words_text(rhythm.who)})", rhythm.cite.article)
    if pack.filing:
        days = period_text(Period(days=pack.filing.within_days))
        yield _line(_("case filed"), _("within {time}").format(time=days), pack.filing.cite.article)
    for name, office in offices:
        if office:
            yield _line(name, _office_text(office), office.cite.article)


def _hand_in_text(hand_in: HandIn) -> str:
    if hand_in.within_hours is None:
        return _("on the same day")
    return ngettext("within {n} hour", "within {n} hours", hand_in.within_hours).format(n=hand_in.within_hours)


def _rhythm_text(rhythm: Rhythm) -> str:
    if rhythm.at_once:
        return _("at once")
    if rhythm.every is None:
        return _("at intervals")
    return _("every {period}").format(period=period_text(rhythm.every))


def _office_text(office: Office) -> str:
    text = f"{words_text(office.title)} ({_(ROLES[office.role])})"
    if office.keeps_copy:
        text += _(", a copy is kept")
    return text if office.named else text + _("; the regulation does not say who")


def _line(what: str, how: str, article: str) -> str:
    return f"  {what}: {how}" + (f"  [{article}]" if article else "")
