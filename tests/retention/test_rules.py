"""Golden tables: every article of every shipped pack that says how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from retention.pack import CountedFrom, FilePeriod
from retention.periods import Period
from retention.policy import decide
from retention.verdicts import Due, Flag, Hold, Keep, Reason
from tests.retention.telling import PACKS, case, end_of, last_day, packs, recorded

CL, YX, QH = PACKS["changli-water"], PACKS["yexian-transport"], PACKS["qinghe-market"]
WX, QX = PACKS["weixian-natural-resources"], PACKS["qianxi-baimiaozi"]
POLICE, ILLINOIS = PACKS["public-security-2016"], PACKS["illinois-50-ilcs-706"]
CLOSED = date(2026, 7, 1)
TEN_YEARS = FilePeriod(Period(years=10), CountedFrom.CLOSING)


def first(pack_name: str, klass: str | None, *cases_of: object, flags: tuple[Flag, ...] = ()) -> tuple[Reason, str]:
    """Reason and article of the ground that decides."""
    facts = recorded(klass, *cases_of, flags=flags)  # type: ignore[arg-type]
    why = decide(facts, (), PACKS[pack_name], date(2026, 5, 20)).why
    return why.ground.reason, why.ground.article


# ------------------------------------------------------------------------------------------------------------ routine


def test_changli_article_10_routine_is_kept_six_months() -> None:
    assert last_day(recorded("routine"), CL) == date(2026, 11, 20)
    assert first("changli-water", "routine") == (Reason.PERIOD, "第十条第二款")


def test_yexian_article_12_routine_is_kept_one_year() -> None:
    assert last_day(recorded("routine"), YX) == date(2027, 5, 20)
    assert first("yexian-transport", "routine") == (Reason.PERIOD, "第十二条第二款")


def test_qinghe_article_33_what_belongs_to_no_case_is_kept_whole_without_end() -> None:
    assert last_day(recorded("routine"), QH) is None
    assert first("qinghe-market", "routine") == (Reason.NO_END, "第三十三条")


def test_weixian_article_18_routine_is_kept_six_months() -> None:
    assert last_day(recorded("routine"), WX) == date(2026, 11, 20)
    assert first("weixian-natural-resources", "routine") == (Reason.PERIOD, "第十八条第二款")


def test_qianxi_article_14_2_1_routine_is_kept_three_months() -> None:
    assert last_day(recorded("routine"), QX) == date(2026, 8, 20)
    assert first("qianxi-baimiaozi", "routine") == (Reason.PERIOD, "第十四条第（二）项第1目")


def test_qianxi_article_14_2_4_other_is_kept_three_months() -> None:
    assert last_day(recorded("other"), QX) == date(2026, 8, 20)
    assert first("qianxi-baimiaozi", "other") == (Reason.PERIOD, "第十四条第（二）项第4目")


def test_public_security_article_13_routine_is_kept_six_months() -> None:
    assert last_day(recorded("routine"), POLICE) == date(2026, 11, 20)


def test_illinois_10_20_a_7_an_encounter_is_kept_ninety_days() -> None:
    assert last_day(recorded("encounter"), ILLINOIS) == date(2026, 8, 18)


@pytest.mark.parametrize("name", ["changli-water", "yexian-transport", "weixian-natural-resources"])
def test_a_clip_may_go_only_the_day_after_its_last(name: str) -> None:
    until = last_day(recorded("routine"), PACKS[name])
    assert until is not None
    assert isinstance(decide(recorded("routine"), (), PACKS[name], until), Keep)
    assert isinstance(decide(recorded("routine"), (), PACKS[name], date.fromordinal(until.toordinal() + 1)), Due)


# -------------------------------------------------------------------------------------------------------------- cases

AS_THE_CASE_FILE = [
    ("changli-water", "第十条第三款"),
    ("yexian-transport", "第十二条第三款"),
    ("qinghe-market", "第三十二条第二款"),
    ("weixian-natural-resources", "第十八条第三款"),
]
KINDS = ["general-procedure", "coercive-measure"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "article"), AS_THE_CASE_FILE)
def test_changli_10_yexian_12_qinghe_32_weixian_18_evidence_is_kept_as_the_case_file(
    name: str, article: str, kind: str
) -> None:
    filed = replace(case(kind, "closed", CLOSED), file=TEN_YEARS)
    assert last_day(recorded(kind, filed), PACKS[name]) == date(2036, 7, 1)
    assert first(name, kind, filed) == (Reason.PERIOD, article)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "article"), AS_THE_CASE_FILE)
def test_a_case_file_of_unknown_period_is_kept_without_end(name: str, article: str, kind: str) -> None:
    assert first(name, kind, case(kind, "closed", CLOSED)) == (Reason.CASE_FILE_UNKNOWN, article)
    assert last_day(recorded(kind, case(kind, "closed", CLOSED)), PACKS[name]) is None


def test_a_permanent_case_file_is_kept_without_end() -> None:
    filed = replace(case("general-procedure", "closed", CLOSED), file=FilePeriod(None, CountedFrom.CLOSING))
    assert first("changli-water", None, filed) == (Reason.CASE_FILE_PERMANENT, "第十条第三款")


def test_the_agencys_table_says_how_long_its_case_files_are_kept() -> None:
    own = packs(
        (
            "own.toml",
            'name = "changli-water"\nextends = "changli-water"\n'
            '[[case_files]]\nid = "general-procedure"\nyears = 30\n'
            '[[case_files]]\nid = "coercive-measure"\npermanent = true\n',
        )
    )["changli-water"]
    penalty = case("general-procedure", "closed", CLOSED)
    # Counted from the year after, unless the agency says otherwise: the later of the two.
    assert last_day(recorded(None, penalty), own) == date(2056, 12, 31)
    assert last_day(recorded(None, case("coercive-measure", "closed", CLOSED)), own) is None
    # What the file itself says goes before the table.
    assert last_day(recorded(None, replace(penalty, file=TEN_YEARS)), own) == date(2036, 7, 1)


@pytest.mark.parametrize(
    ("closed_on", "until", "anchor"),
    [
        (date(2026, 5, 25), date(2026, 11, 20), "recorded"),
        (date(2026, 8, 19), date(2026, 11, 20), "recorded"),
        (date(2026, 8, 20), date(2026, 11, 20), "case-closed"),
        (date(2026, 8, 21), date(2026, 11, 21), "case-closed"),
        (date(2026, 11, 30), date(2027, 2, 28), "case-closed"),
        (date(2027, 11, 29), date(2028, 2, 29), "case-closed"),
    ],
)
def test_qianxi_article_14_2_2_a_case_is_kept_closing_and_three_months_but_never_under_six(
    closed_on: date, until: date, anchor: str
) -> None:
    verdict = decide(
        recorded("general-procedure", case("general-procedure", "closed", closed_on)), (), QX, date(2026, 5, 20)
    )
    assert end_of(verdict) == until
    assert verdict.why.ground.article == "第十四条第（二）项第2目"
    assert verdict.why.ground.anchor == anchor
    assert verdict.why.floor == date(2026, 8, 20)


@pytest.mark.parametrize("kind", ["routine", "simple-procedure", "general-procedure", "coercive-measure", "other"])
def test_qianxi_article_14_2_2_makes_no_difference_of_kinds_of_cases(kind: str) -> None:
    # A case that was opened without a kind is one of another: no reason to keep its recordings for less.
    assert last_day(recorded(None, case(kind, "closed", date(2026, 11, 30))), QX) == date(2027, 2, 28)
    assert last_day(recorded("routine", case(kind, "closed", date(2026, 6, 1))), QX) == date(2026, 11, 20)
    assert decide(recorded(None, case(kind, "open")), (), QX, CLOSED).why.ground.article == "第十四条第（二）项第2目"


def test_public_security_article_13_1_evidence_is_kept_without_end() -> None:
    assert first("public-security-2016", None, case("criminal-case", "closed", CLOSED)) == (
        Reason.NO_END,
        "第十三条第二款第（一）项",
    )


def test_illinois_10_20_a_7_c_a_proceeding_is_kept_until_the_courts_order() -> None:
    assert last_day(recorded(None, case("proceeding", "open")), ILLINOIS) is None
    assert last_day(recorded(None, case("proceeding", "closed", date(2029, 3, 1))), ILLINOIS) == date(2029, 3, 1)
    assert last_day(recorded(None, case("proceeding", "closed", date(2026, 5, 21))), ILLINOIS) == date(2026, 8, 18)


@pytest.mark.parametrize("name", sorted(PACKS))
@pytest.mark.parametrize(("state", "reason"), [("open", Reason.CASE_OPEN), ("reopened", Reason.CASE_REOPENED)])
def test_an_open_or_reopened_case_has_no_end(name: str, state: str, reason: Reason) -> None:
    pack = PACKS[name]
    for one in pack.classes:
        verdict = decide(recorded(one.id, case(one.id, state, date(2001, 1, 1))), (), pack, date(2999, 1, 1))
        assert isinstance(verdict, Keep) and verdict.until is None
        assert reason in [ground.reason for ground in verdict.why.grounds]


def test_a_case_closed_on_no_known_day_has_no_end() -> None:
    assert first("qianxi-baimiaozi", None, case("general-procedure", "closed"))[0] is Reason.CASE_CLOSING_UNKNOWN


def test_of_several_cases_the_longest_counts_whatever_their_order() -> None:
    early = case("general-procedure", "closed", date(2026, 9, 1), "2026-1")
    late = case("general-procedure", "closed", date(2027, 1, 31), "2026-2")
    for cases in ((early, late), (late, early)):
        why = decide(recorded("general-procedure", *cases), (), QX, date(2026, 5, 20)).why
        assert (why.ground.until, why.ground.case) == (date(2027, 4, 30), "2026-2")
    still_open = case("simple-procedure", "open", number="2026-3")
    assert last_day(recorded("general-procedure", early, still_open), QX) is None


def test_a_closing_before_the_recording_counts_from_the_recording() -> None:
    mistyped = replace(case("general-procedure", "closed", date(2016, 7, 1)), file=TEN_YEARS)
    assert last_day(recorded(None, mistyped), CL) == date(2036, 5, 20)
    text = """name = "own"
extends = "qianxi-baimiaozi"
[[rules]]
id = "case"
title = { zh = "案件", en = "case" }
classes = ["simple-procedure", "general-procedure", "coercive-measure"]
cases = ["routine", "other"]
keep = [{ from = "case-closed", years = 2 }, { from = "recorded", months = 6 }]
article = "本镇规定"
quote = "二年"
"""
    longer = packs(("own.toml", text))["own"]
    assert last_day(recorded(None, mistyped), longer) == date(2028, 5, 20)


def test_a_flag_before_the_recording_counts_from_the_recording() -> None:
    flagged = recorded("encounter", flags=(Flag("force", date(2016, 5, 20)),))
    assert last_day(flagged, ILLINOIS) == date(2028, 5, 20)


# -------------------------------------------------------------------------------------------------- long-term, holds

LONG_TERM = [
    ("changli-water", "objection", "第十一条第（一）项"),
    ("changli-water", "obstruction", "第十一条第（二）项"),
    ("changli-water", "mass-incident", "第十一条第（三）项"),
    ("changli-water", "important", "第十一条第（四）项"),
    ("yexian-transport", "objection", "第十三条第（一）项"),
    ("yexian-transport", "obstruction", "第十三条第（二）项"),
    ("yexian-transport", "mass-incident", "第十三条第（三）项"),
    ("yexian-transport", "important", "第十三条第（四）项"),
    ("qinghe-market", "important", "第三十三条"),
    ("weixian-natural-resources", "objection", "第十九条第（一）项"),
    ("weixian-natural-resources", "obstruction", "第十九条第（二）项"),
    ("weixian-natural-resources", "mass-incident", "第十九条第（三）项"),
    ("weixian-natural-resources", "important", "第十九条第（四）项"),
    ("qianxi-baimiaozi", "mass-incident", "第十四条第（二）项第3目"),
    ("public-security-2016", "evidence", "第十三条第二款第（一）项"),
    ("public-security-2016", "obstruction", "第十三条第二款第（二）项"),
    ("public-security-2016", "mass-incident", "第十三条第二款第（三）项"),
    ("public-security-2016", "important", "第十三条第二款第（四）项"),
]


@pytest.mark.parametrize(("name", "trigger", "article"), LONG_TERM)
def test_changli_11_yexian_13_qinghe_33_weixian_19_qianxi_14_2_3_a_trigger_is_kept_long_term(
    name: str, trigger: str, article: str
) -> None:
    flagged = recorded("routine", flags=(Flag(trigger, date(2026, 5, 21)),))
    assert first(name, "routine", flags=flagged.flags) == (Reason.LONG_TERM, article)
    assert last_day(flagged, PACKS[name], today=date(2999, 1, 1)) is None
    why = decide(recorded("routine"), [Hold("h-1", trigger, date(2026, 5, 21))], PACKS[name], date(2999, 1, 1)).why
    assert (why.ground.reason, why.ground.article, why.ground.subject) == (Reason.HELD, article, "h-1")


def test_every_long_term_trigger_of_the_shipped_packs_stands_in_the_table() -> None:
    endless = {(pack.name, one.id) for pack in PACKS.values() for one in pack.triggers if not one.terms}
    assert endless == {(name, trigger) for name, trigger, _article in LONG_TERM}


@pytest.mark.parametrize("trigger", [one.id for one in ILLINOIS.triggers])
def test_illinois_10_20_a_7_c_what_is_flagged_is_kept_two_years_from_the_flag(trigger: str) -> None:
    flagged = recorded("encounter", flags=(Flag(trigger, date(2026, 6, 3)),))
    why = decide(flagged, (), ILLINOIS, date(2026, 5, 20)).why
    assert (why.ground.until, why.ground.reason, why.ground.subject) == (date(2028, 6, 3), Reason.FLAGGED, trigger)


def test_a_flag_that_the_pack_does_not_know_keeps_without_end() -> None:
    assert first("qianxi-baimiaozi", "routine", flags=(Flag("objection", CLOSED),)) == (Reason.FLAG_NOT_IN_PACK, "")


@pytest.mark.parametrize("name", sorted(PACKS))
def test_nothing_goes_under_a_hold_and_nothing_while_holds_cannot_be_read(name: str) -> None:
    pack = PACKS[name]
    held = decide(recorded("routine"), [Hold("h-1", None, CLOSED)], pack, date(2999, 1, 1))
    assert isinstance(held, Keep) and held.until is None and held.why.ground.reason is Reason.HELD
    blind = decide(recorded("routine"), None, pack, date(2999, 1, 1))
    assert isinstance(blind, Keep) and blind.until is None and blind.why.ground.reason is Reason.HOLDS_UNREADABLE


# ----------------------------------------------------------------------------------------------- unclassified, silent


@pytest.mark.parametrize(
    ("name", "until"),
    [
        # As the case file, and nobody has said how long that is.
        ("changli-water", None),
        ("yexian-transport", None),
        ("qinghe-market", None),
        ("weixian-natural-resources", None),
        # Six months, the longest that article 14 counts from the recording.
        ("qianxi-baimiaozi", date(2026, 11, 20)),
        ("public-security-2016", None),
        # The law knows no such class: an encounter that nobody flagged.
        ("illinois-50-ilcs-706", date(2026, 8, 18)),
    ],
)
@pytest.mark.parametrize("klass", [None, "unclassified", ""])
def test_what_nobody_classified_is_kept_for_the_longest_period(
    name: str, until: date | None, klass: str | None
) -> None:
    assert last_day(recorded(klass), PACKS[name]) == until
    assert first(name, klass)[0] is Reason.UNCLASSIFIED


def test_the_longest_period_has_an_end_once_the_agency_has_filled_its_table() -> None:
    text = (
        'name = "changli-water"\nextends = "changli-water"\n'
        '[[case_files]]\nid = "general-procedure"\nyears = 10\ncounted_from = "closing"\n'
    )
    assert last_day(recorded(None), packs(("own.toml", text))["changli-water"]) is None
    text += '[[case_files]]\nid = "coercive-measure"\nyears = 30\ncounted_from = "closing"\n'
    own = packs(("own.toml", text))["changli-water"]
    assert last_day(recorded(None), own) == date(2056, 5, 20)
    assert last_day(recorded("simple-procedure"), own) == date(2056, 5, 20)


def test_a_class_of_which_the_regulation_is_silent_is_kept_for_the_longest_period() -> None:
    assert first("changli-water", "simple-procedure")[0] is Reason.NO_RULE
    assert first("changli-water", "what-is-this")[0] is Reason.NO_RULE
    assert last_day(recorded("what-is-this"), CL) is None
    assert last_day(recorded("what-is-this"), QX) == date(2026, 11, 20)


def test_a_closed_case_of_an_unknown_kind_is_kept_for_the_longest_period() -> None:
    why = decide(recorded(None, case("licence", "closed", date(2026, 12, 1))), (), QX, date(2026, 5, 20)).why
    assert (why.ground.reason, why.ground.subject, why.ground.until) == (Reason.NO_RULE, "licence", date(2027, 3, 1))


def test_a_class_of_cases_without_a_case_waits_for_one() -> None:
    assert first("qianxi-baimiaozi", "general-procedure") == (Reason.CASE_AWAITED, "第十四条第（二）项第2目")
    assert last_day(recorded("general-procedure"), QX) is None


def test_a_case_classifies_what_no_person_marked() -> None:
    closed = case("general-procedure", "closed", date(2026, 6, 1))
    assert last_day(recorded(None, closed), QX) == date(2026, 11, 20)
    assert first("qianxi-baimiaozi", None, closed)[0] is Reason.PERIOD


def test_of_two_marks_that_differ_the_longer_counts() -> None:
    assert last_day(recorded("routine", marked="general-procedure"), QX) is None
    assert last_day(recorded("routine", marked="other"), QX) == date(2026, 8, 20)
    assert last_day(recorded("routine", marked="unclassified"), CL) == date(2026, 11, 20)
    # What only the recorder said leaves the clip unclassified.
    assert last_day(recorded(None, marked="routine"), QX) == date(2026, 11, 20)


# ------------------------------------------------------------------------------------------------- other jurisdictions

ELSEWHERE = """
name = "elsewhere"
title = { zh = "伦敦", en = "Metropolitan Police" }
agency = { zh = "伦敦", en = "Metropolitan Police" }
zone = "Europe/London"
source = "Metropolitan Police, body worn video policy"
[minimum]
days = 28
article = "1"
quote = "28 days"
[[classes]]
id = "non-evidential"
title = { zh = "非证据", en = "non-evidential" }
[[classes]]
id = "evidential"
title = { zh = "证据", en = "evidential" }
[[rules]]
id = "non-evidential"
title = { zh = "非证据", en = "non-evidential" }
classes = ["non-evidential"]
keep = [{ from = "ingested", days = 28 }]
article = "1"
quote = "28 days from upload"
[[rules]]
id = "evidential"
title = { zh = "证据", en = "evidential" }
classes = ["evidential"]
keep = [{ from = "recorded", years = 7 }]
article = "2"
quote = "7 years"
"""


def test_twenty_eight_days_from_upload_and_seven_years_fit_the_same_engine() -> None:
    pack = packs(("met.toml", ELSEWHERE))["elsewhere"]
    late = replace(recorded("non-evidential"), ingested_at=recorded("x", on=date(2026, 6, 10)).ingested_at)
    assert last_day(late, pack) == date(2026, 7, 8)
    assert last_day(recorded("evidential"), pack) == date(2033, 5, 20)
    assert last_day(recorded(None), pack) == date(2033, 5, 20)
