"""Pack files: what an agency may write, and how faults in it are told."""

from __future__ import annotations

import re
from datetime import date

import pytest

from retention.pack_faults import PackFault, PackFaults, PackProblem
from retention.pack_files import load
from tests.retention.telling import PACKS, SHIPPED, last_day, packs, recorded

OWN = """\
name = "own"
title = { zh = "自有", en = "own" }
agency = { zh = "某局", en = "an agency" }
zone = "Asia/Shanghai"
source = "a regulation"

[minimum]
months = 6
article = "第一条"
quote = "不少于6个月"

[[classes]]
id = "routine"
title = { zh = "日常", en = "routine" }

[[classes]]
id = "case"
title = { zh = "案件", en = "case" }

[[rules]]
id = "routine"
title = { zh = "日常", en = "routine" }
classes = ["routine"]
keep = [{ from = "recorded", months = 6 }]
article = "第一条"
quote = "不少于6个月"

[[rules]]
id = "case"
title = { zh = "案件", en = "case" }
classes = ["case"]
keep = [{ from = "case-closed", months = 3 }, { from = "recorded", years = 1 }]
article = "第二条"
quote = "案件终结后三个月"

[[triggers]]
id = "important"
title = { zh = "重要", en = "important" }
no_end = true
article = "第三条"
quote = "长期保存"

[hand_in]
same_day = true
article = "第四条"
quote = "当天"

[inspection]
who = { zh = "办公室", en = "office" }
every = { months = 3 }
article = "第五条"
quote = "定期"

[offices.provides]
role = "archivist"
title = { zh = "办公室", en = "office" }
article = "第六条"
quote = "统一提供"
"""


def faults(text: str, *more: tuple[str, str]) -> list[PackFault]:
    """The faults of a file of this text, beside the shipped packs."""
    found = load(SHIPPED, [("own.toml", text.encode()), *((name, one.encode()) for name, one in more)])
    return list(found.faults) if isinstance(found, PackFaults) else []


def without(text: str, start: str) -> str:
    """The text without the table that begins so."""
    return re.sub(re.escape(start) + r"\n.*?(?=\n\[|\Z)", "", text, flags=re.DOTALL)


def test_the_pack_of_these_tests_has_no_fault() -> None:
    assert faults(OWN) == []


CLASS = '[[classes]]\nid = "{}"\ntitle = {{ zh = "又", en = "again" }}\n\n[[classes]]\nid = "case"'
PLANTED = [
    ("months = 6\narticle", "monat = 6\narticle", 8, "minimum.monat", PackProblem.UNKNOWN_KEY),
    ('source = "a regulation"\n', "", None, "source", PackProblem.MISSING),
    ('source = "a regulation"', 'source = ""', 5, "source", PackProblem.EMPTY),
    ('source = "a regulation"', "source = 7", 5, "source", PackProblem.TYPE),
    ('classes = ["case"]', 'classes = "case"', 31, "rules.case.classes", PackProblem.TYPE),
    ('classes = ["case"]', "classes = []", 31, "rules.case.classes", PackProblem.EMPTY),
    ("months = 6\narticle", 'months = "6"\narticle', 8, "minimum.months", PackProblem.TYPE),
    ("months = 6\narticle", "months = -6\narticle", 8, "minimum.months", PackProblem.RANGE),
    ("months = 6\narticle", "months = 6000\narticle", 8, "minimum.months", PackProblem.RANGE),
    ("no_end = true", 'no_end = "yes"', 39, "triggers.important.no_end", PackProblem.TYPE),
    ('role = "archivist"', 'role = "boss"', 55, "offices.provides.role", PackProblem.CHOICE),
    ('from = "recorded", months', 'from = "birth", months', 24, "rules.routine.keep.0.from", PackProblem.CHOICE),
    ('id = "routine"\ntitle', 'id = "Routine!"\ntitle', 13, "classes.Routine!.id", PackProblem.NAME),
    ("Asia/Shanghai", "Asia/Mars", 4, "zone", PackProblem.ZONE),
    ('[[classes]]\nid = "case"', CLASS.format("routine"), 17, "classes.routine.id", PackProblem.ID_TWICE),
    ('[[classes]]\nid = "case"', CLASS.format("unclassified"), 17, "classes.unclassified.id", PackProblem.RESERVED),
    ('classes = ["case"]', 'classes = ["cases"]', 31, "rules.case.classes.0", PackProblem.UNKNOWN_CLASS),
    ('classes = ["case"]', 'classes = ["case"]\ncases = ["x"]', 32, "rules.case.cases.0", PackProblem.UNKNOWN_CLASS),
    (
        'classes = ["case"]', 'classes = ["case", "routine"]', 31,
        "rules.case.classes.1", PackProblem.CLASS_IN_TWO_RULES,
    ),
    ("no_end = true\n", "", 36, "triggers.important", PackProblem.KEEP_OR_NO_END),
    (
        'keep = [{ from = "recorded", months = 6 }]', 'no_end = true\nkeep = [{ from = "recorded", months = 6 }]', 20,
        "rules.routine", PackProblem.KEEP_OR_NO_END,
    ),
    ('from = "case-closed"', 'from = "flagged"', 32, "rules.case.keep.0.from", PackProblem.ANCHOR),
    ('"case-closed", months = 3', '"case-closed"', 32, "rules.case.keep.0", PackProblem.NO_PERIOD),
    ('from = "case-closed"', 'from = "case-file"', 32, "rules.case.keep.0", PackProblem.PERIOD_OF_FILE),
    ("months = 6\narticle", "article", 7, "minimum", PackProblem.NO_PERIOD),
    ("recorded\", months = 6", "recorded\", months = 5", 24, "rules.routine.keep.0", PackProblem.BELOW_MINIMUM),
    ("recorded\", months = 6", "recorded\", days = 180", 24, "rules.routine.keep.0", PackProblem.BELOW_MINIMUM),
    ("same_day = true\n", "", 43, "hand_in", PackProblem.DEADLINE),
    ("same_day = true\n", "same_day = true\nwithin_hours = 24\n", 43, "hand_in", PackProblem.DEADLINE),
    ("every = { months = 3 }", "every = { months = 0 }", 50, "inspection.every", PackProblem.RHYTHM),
    ("every = { months = 3 }", "every = { months = 3 }\nat_once = true", 50, "inspection.every", PackProblem.RHYTHM),
    ('name = "own"', 'name = "own"\nextends = "nobody"', 2, "extends", PackProblem.EXTENDS_UNKNOWN),
    ('name = "own"', 'name = "own"\nextends = "own"', 2, "extends", PackProblem.EXTENDS_UNKNOWN),
    ('name = "own"\n', "", None, "name", PackProblem.MISSING),
    ('name = "own"', "name = 7", None, "name", PackProblem.TYPE),
    ('source = "a regulation"', 'source = "a', 5, "", PackProblem.SYNTAX),
]  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong", "line", "place", "problem"), PLANTED, ids=[f"{one[4].value}-{one[3]}" for one in PLANTED]
)
def test_a_planted_fault_is_told_with_its_line_and_place(
    right: str, wrong: str, line: int | None, place: str, problem: PackProblem
) -> None:
    assert right in OWN
    told = faults(OWN.replace(right, wrong, 1))
    assert [(one.file, one.line, one.place, one.problem) for one in told] == [("own.toml", line, place, problem)]


def test_a_pack_in_which_anything_ends_needs_a_minimum() -> None:
    (fault,) = faults(without(OWN, "[minimum]"))
    assert (fault.place, fault.problem) == ("minimum", PackProblem.NO_MINIMUM)


def test_a_table_of_case_files_says_for_ever_or_how_long() -> None:
    def told(text: str) -> list[tuple[str, PackProblem]]:
        return [(one.place, one.problem) for one in faults(OWN + text)]

    assert told('[[case_files]]\nid = "case"\nyears = 10\n') == []
    assert told('[[case_files]]\nid = "case"\n') == [("case_files.case", PackProblem.PERMANENT_OR_PERIOD)]
    assert told('[[case_files]]\nid = "case"\npermanent = true\nyears = 1\n') == [
        ("case_files.case", PackProblem.PERMANENT_OR_PERIOD)
    ]
    assert told('[[case_files]]\nid = "cases"\nyears = 10\n') == [("case_files.cases.id", PackProblem.UNKNOWN_CLASS)]


def test_a_class_that_stands_for_the_unclassified_has_a_rule_that_needs_no_case() -> None:
    def told(class_id: str) -> list[tuple[str, PackProblem]]:
        text = f'[unclassified]\nclass = "{class_id}"\narticle = "1"\nquote = "1"\n'
        return [(one.place, one.problem) for one in faults(OWN + text)]

    assert told("routine") == []
    assert told("case") == [("unclassified.class", PackProblem.STAND_IN_OF_CASE)]
    assert told("nothing") == [("unclassified.class", PackProblem.UNKNOWN_CLASS)]


def test_all_faults_of_all_files_are_told_together_in_the_order_of_their_lines() -> None:
    wrong = OWN.replace("Asia/Shanghai", "Mars").replace('classes = ["case"]', 'classes = ["none"]')
    broken = 'name = "broken"\ntitle = 3\n'
    told = faults(wrong, ("z.toml", broken))
    assert [(one.file, one.place) for one in told if one.file == "own.toml"] == [
        ("own.toml", "zone"),
        ("own.toml", "rules.case.classes.0"),
    ]
    assert {one.place for one in told if one.file == "z.toml"} == {
        "title", "agency", "zone", "source", "classes", "rules",
    }  # fmt: skip


def test_every_kind_of_fault_is_planted_somewhere() -> None:
    elsewhere = {
        PackProblem.ENCODING, PackProblem.NAME_TWICE, PackProblem.NO_MINIMUM, PackProblem.UNDERCUTS,
        PackProblem.PERMANENT_OR_PERIOD, PackProblem.STAND_IN_OF_CASE,
    }  # fmt: skip
    assert {one[4] for one in PLANTED} | elsewhere == set(PackProblem)


def test_a_file_that_is_no_utf_8_is_told_with_its_line() -> None:
    found = load([("gbk.toml", 'name = "own"\n# 自有'.encode("gbk"))])
    assert found == PackFaults((PackFault("gbk.toml", 2, "", PackProblem.ENCODING, expected="UTF-8"),))


def test_two_files_of_one_layer_may_not_have_one_name() -> None:
    (fault,) = faults(OWN, ("second.toml", OWN))
    assert (fault.file, fault.line, fault.place, fault.problem) == (
        "second.toml", 1, "name", PackProblem.NAME_TWICE,
    )  # fmt: skip
    assert (fault.found, fault.expected) == ("own", "own.toml")


# --------------------------------------------------------------------------------------------------------- extending


def test_a_pack_of_the_same_name_takes_the_place_of_a_shipped_one() -> None:
    own = packs(("own.toml", OWN.replace('"own"', '"changli-water"', 1)))
    assert own["changli-water"].agency.zh == "某局"
    assert own["changli-water"].origin == "own.toml"
    assert len(own) == len(PACKS)


def test_a_pack_that_extends_another_has_all_of_it_but_for_what_it_says_itself() -> None:
    own = packs(
        (
            "own.toml",
            'name = "longer"\nextends = "changli-water"\nagency = { zh = "某局", en = "an agency" }\n'
            '[[rules]]\nid = "routine"\ntitle = { zh = "日常", en = "routine" }\nclasses = ["routine", "other"]\n'
            'keep = [{ from = "recorded", years = 2 }]\narticle = "本局规定"\nquote = "二年"\n'
            '[offices.approves_viewing]\nrole = "leader"\ntitle = { zh = "局长", en = "director" }\n'
            'article = "本局规定"\nquote = "局长批准"\n',
        )
    )["longer"]
    was = PACKS["changli-water"]
    assert own.title == was.title and own.triggers == was.triggers and own.provides == was.provides
    assert own.approves_viewing is not None and own.approves_viewing.title.zh == "局长"
    assert {rule.id for rule in own.rules} == {"routine", "case-evidence"}
    assert last_day(recorded("other"), own) == date(2028, 5, 20)
    assert own.digest != was.digest


def test_a_pack_that_extends_its_own_name_adds_to_the_one_it_displaces() -> None:
    text = 'name = "changli-water"\nextends = "changli-water"\nzone = "Asia/Urumqi"\n'
    own = packs(("own.toml", text))
    assert own["changli-water"].zone_name == "Asia/Urumqi"
    assert own["changli-water"].rules == PACKS["changli-water"].rules


SHORTER = 'name = "shorter"\nextends = "changli-water"\n'
RULE = 'title = { zh = "短", en = "short" }\narticle = "1"\nquote = "1"\n'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[minimum]\nmonths = 3\narticle = "1"\nquote = "1"\n', "minimum"),
        (
            '[minimum]\nmonths = 3\narticle = "1"\nquote = "1"\n[[rules]]\nid = "routine"\nclasses = ["routine"]\n'
            'keep = [{ from = "recorded", months = 3 }]\n' + RULE,
            "rules.routine.keep",
        ),
        (
            '[[rules]]\nid = "case-evidence"\nclasses = ["general-procedure", "coercive-measure"]\n'
            'keep = [{ from = "recorded", years = 3 }]\n' + RULE,
            "rules.case-evidence.keep",
        ),
        (
            '[[triggers]]\nid = "objection"\nkeep = [{ from = "flagged", years = 3 }]\n' + RULE,
            "triggers.objection.keep",
        ),
    ],
)
def test_a_pack_may_keep_nothing_shorter_than_the_one_it_extends(text: str, place: str) -> None:
    told = faults(SHORTER + text)
    assert (place, PackProblem.UNDERCUTS) in [(one.place, one.problem) for one in told]
    assert {one.problem for one in told} == {PackProblem.UNDERCUTS}
    assert all(one.line is not None and one.line > 2 for one in told)


def test_an_end_of_another_anchor_does_not_take_the_place_of_one_that_is_dropped() -> None:
    told = faults(
        'name = "shorter"\nextends = "qianxi-baimiaozi"\n[[rules]]\nid = "case"\n'
        'classes = ["simple-procedure", "general-procedure", "coercive-measure"]\n'
        'keep = [{ from = "recorded", years = 5 }]\n' + RULE
    )
    kinds = ("coercive-measure", "general-procedure", "other", "routine", "simple-procedure")
    assert sorted((one.found, one.problem) for one in told) == [(kind, PackProblem.UNDERCUTS) for kind in kinds]


def test_packs_that_extend_each_other_in_a_circle_are_refused() -> None:
    one = OWN.replace('name = "own"', 'name = "own"\nextends = "second"', 1)
    second = OWN.replace('name = "own"', 'name = "second"\nextends = "own"', 1)
    assert {fault.problem for fault in faults(one, ("second.toml", second))} == {PackProblem.EXTENDS_UNKNOWN}


def test_the_fault_of_a_pack_beneath_is_told_once_and_in_its_own_file() -> None:
    child = 'name = "child"\nextends = "own"\n'
    told = faults(
        OWN.replace("Asia/Shanghai", "Mars"), ("child.toml", child), ("other.toml", child.replace("child", "o"))
    )
    assert [(one.file, one.place) for one in told] == [("own.toml", "zone")]


def test_the_digest_is_of_what_a_pack_says_and_not_of_how_its_file_is_laid_out() -> None:
    plain = packs(("own.toml", OWN))["own"]
    assert packs(("elsewhere.toml", "# a comment\n\n" + OWN))["own"].digest == plain.digest
    assert packs(("own.toml", OWN.replace("years = 1", "years = 2")))["own"].digest != plain.digest
