"""Who may explain a gap, and who may review it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.watching.gap_states import (
    Explain,
    Refusal,
    Review,
    Role,
    Spoken,
    Standing,
    State,
    Why,
    Written,
    advance,
    to_chase,
)

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BATTERY = Written("battery was empty, changed it", "b3:12")
OPEN = Standing()
EXPLAINED = Standing(State.EXPLAINED, frozenset({"wang"}), BATTERY)
REVIEWED = Standing(State.REVIEWED, frozenset({"wang"}), BATTERY, "li")


def explain(by: str = "wang", reason: Spoken | Written = BATTERY) -> Explain:
    return Explain(by, Role.OFFICER, T0, reason)


def review(by: str = "li", role: Role = Role.LEADER, accepted: bool = True, note: str = "") -> Review:
    return Review(by, role, T0, accepted, note)


@pytest.mark.parametrize(
    ("standing", "act", "then"),
    [
        (OPEN, explain(), EXPLAINED),
        (EXPLAINED, review(), REVIEWED),
        (EXPLAINED, review(accepted=False, note="which one?"), Standing(State.OPEN, frozenset({"wang"}))),
        (
            EXPLAINED,
            explain("zhao", Spoken("c7", 4_000)),
            Standing(State.EXPLAINED, frozenset({"wang", "zhao"}), Spoken("c7", 4_000)),
        ),
        (OPEN, review(), Refusal(Why.NOT_EXPLAINED)),
        (OPEN, explain(reason=Written("  ")), Refusal(Why.EMPTY)),
        (OPEN, explain(reason=Spoken("c7", -1)), Refusal(Why.EMPTY)),
        (OPEN, explain(reason=Spoken("", 5)), Refusal(Why.EMPTY)),
        (OPEN, explain(by=" "), Refusal(Why.NOBODY)),
        (EXPLAINED, review(by="wang"), Refusal(Why.OWN_EXPLANATION)),
        (EXPLAINED, review(role=Role.OFFICER), Refusal(Why.NOT_A_LEADER)),
        (EXPLAINED, review(role=Role.KEEPER), Refusal(Why.NOT_A_LEADER)),
        (EXPLAINED, review(accepted=False), Refusal(Why.NO_NOTE)),
        (REVIEWED, explain(), Refusal(Why.ALREADY_REVIEWED)),
        (REVIEWED, review(by="sun"), Refusal(Why.ALREADY_REVIEWED)),
    ],
)
def test_a_gap_goes_from_open_to_explained_to_reviewed(
    standing: Standing, act: Explain | Review, then: Standing | Refusal
) -> None:
    assert advance(standing, act) == then


acts = st.one_of(
    st.builds(Explain, st.sampled_from("abc"), st.sampled_from(Role), st.just(T0), st.just(BATTERY)),
    st.builds(
        Review, st.sampled_from("abc"), st.sampled_from(Role), st.just(T0), st.booleans(), st.sampled_from(["", "n"])
    ),
)


@given(st.lists(acts, max_size=12))
def test_whatever_people_do_nobody_reviews_what_he_ever_explained(done: list[Explain | Review]) -> None:
    standing = OPEN
    explained: set[str] = set()
    for act in done:
        then = advance(standing, act)
        if isinstance(then, Refusal):
            continue
        if isinstance(act, Explain):
            explained.add(act.by)
        elif then.state is State.REVIEWED:
            assert act.role is Role.LEADER and act.by not in explained and then.reason is not None
        standing = then
    assert standing.explainers == explained


def test_what_is_not_reviewed_in_time_is_chased() -> None:
    patience = timedelta(days=3)
    late = T0 + timedelta(days=4)
    assert [to_chase(one, T0, late, patience) for one in (OPEN, EXPLAINED, REVIEWED)] == [True, True, False]
    assert not to_chase(OPEN, T0, T0 + patience, patience)
