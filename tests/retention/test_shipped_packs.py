"""What the shipped packs say beside how long: deadlines, rhythms and offices, each by its article."""

from __future__ import annotations

import pytest

from retention.pack import Anchor, Term
from retention.periods import Period
from tests.retention.telling import PACKS


def test_the_seven_packs_are_shipped_and_every_rule_has_its_article_and_words() -> None:
    assert sorted(PACKS) == [
        "changli-water", "illinois-50-ilcs-706", "public-security-2016", "qianxi-baimiaozi", "qinghe-market",
        "weixian-natural-resources", "yexian-transport",
    ]  # fmt: skip
    for pack in PACKS.values():
        for cite in [one.cite for one in (*pack.rules, *pack.triggers)]:
            assert cite.article and cite.quote


REGULATIONS = ["changli-water", "yexian-transport", "qinghe-market", "weixian-natural-resources", "qianxi-baimiaozi"]


@pytest.mark.parametrize(
    ("name", "hours", "article"),
    [
        ("changli-water", None, "第九条"),
        ("yexian-transport", None, "第十一条"),
        ("qinghe-market", 24, "第三十二条第三款"),
        ("weixian-natural-resources", None, "第十四条"),
        ("qianxi-baimiaozi", 24, "第十四条第（一）项"),
    ],
)
def test_changli_9_yexian_11_qinghe_32_weixian_14_qianxi_14_hand_in(name: str, hours: int | None, article: str) -> None:
    hand_in = PACKS[name].hand_in
    assert hand_in is not None and (hand_in.within_hours, hand_in.cite.article) == (hours, article)


@pytest.mark.parametrize(
    ("name", "at_once", "every", "article"),
    [
        ("changli-water", False, Period(months=1), "第九条"),
        ("yexian-transport", False, None, "第十一条"),
        ("qinghe-market", True, None, "第三十四条"),
        ("weixian-natural-resources", True, None, "第十四条"),
        ("qianxi-baimiaozi", True, None, "第十四条第（一）项"),
    ],
)
def test_changli_9_yexian_11_qinghe_34_weixian_14_qianxi_14_hand_over(
    name: str, at_once: bool, every: Period | None, article: str
) -> None:
    rhythm = PACKS[name].hand_over
    assert rhythm is not None and (rhythm.at_once, rhythm.every, rhythm.cite.article) == (at_once, every, article)


def test_qinghe_article_32_a_case_file_is_complete_within_thirty_days() -> None:
    filing = {name: pack.filing for name, pack in PACKS.items()}
    assert filing["qinghe-market"] is not None
    assert (filing["qinghe-market"].within_days, filing["qinghe-market"].cite.article) == (30, "第三十二条第二款")
    assert [name for name, one in filing.items() if one] == ["qinghe-market"]


def test_changli_14_yexian_16_qinghe_33_weixian_22_qianxi_15_viewing_is_approved_by_a_leader() -> None:
    found = [PACKS[name].approves_viewing for name in REGULATIONS]
    articles = ["第十四条", "第十六条", "第三十三条", "第二十二条", "第十五条"]
    assert [(one.role.value, one.cite.article) for one in found if one] == [("leader", one) for one in articles]
    # Only the regulation of Wei County says who: 主管负责人.
    assert [one.named for one in found if one] == [False, False, False, True, False]


def test_changli_13_yexian_15_qinghe_34_weixian_21_one_office_provides_and_keeps_a_copy() -> None:
    found = {name: PACKS[name].provides for name in REGULATIONS}
    assert {name: (one.title.zh, one.keeps_copy, one.cite.article) for name, one in found.items() if one} == {
        "changli-water": ("局办公室", True, "第十三条"),
        "yexian-transport": ("支队", True, "第十五条"),
        "qinghe-market": ("监察室", False, "第三十四条"),
        "weixian-natural-resources": ("法制监察股", True, "第二十一条"),
        "qianxi-baimiaozi": ("执法记录仪管理员", False, "第十五条"),
    }


def test_qinghe_article_36_a_partys_copy_is_approved_by_the_head() -> None:
    found = {name: pack.approves_party_copy for name, pack in PACKS.items() if pack.approves_party_copy}
    assert list(found) == ["qinghe-market"]
    assert found["qinghe-market"].cite.article == "第三十六条"


def test_changli_20_yexian_22_inspections_are_at_intervals() -> None:
    found = {name: pack.inspection for name, pack in PACKS.items() if pack.inspection}
    assert {name: (one.at_once, one.every, one.cite.article) for name, one in found.items()} == {
        "changli-water": (False, None, "第二十条"),
        "yexian-transport": (False, None, "第二十二条"),
    }


def test_the_case_rule_of_qianxi_has_both_its_ends() -> None:
    rule = PACKS["qianxi-baimiaozi"].rule_of("general-procedure")
    assert rule is not None and rule.of_case
    assert set(rule.terms) == {
        Term(Anchor.CASE_CLOSED, Period(months=3)),
        Term(Anchor.RECORDED, Period(months=6)),
    }
