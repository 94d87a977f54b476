"""The arithmetic behind docs/performance.md: a wrong ratio would be believed."""

from __future__ import annotations

from tests.bench.figures import Goal, Spread, Steps, ratio
from tests.bench.loads import MIB, Load, shift
from tests.bench.running import Sample


def lasting(*seconds: float) -> Steps:
    return tuple(Sample(one, 0.0, 0, 0.0, "") for one in seconds)


def test_a_ratio_compares_what_ran_in_the_same_round() -> None:
    # The second round was slow for both: that is the machine's fault, and no spread.
    found = ratio([lasting(1.0), lasting(10.0)], [lasting(2.0), lasting(20.0)])
    assert found == Spread(0.5, 0.5, 0.5)


def test_the_steps_of_one_work_count_together() -> None:
    assert ratio([lasting(1.0)], [lasting(1.0, 1.5, 1.5)]).middle == 0.25


def test_a_goal_is_met_by_its_median_and_not_by_its_best_round() -> None:
    assert Goal("G1", "", Spread(1.00, 1.06, 1.30), 1.06).met is True
    assert Goal("G1", "", Spread(1.00, 1.07, 1.30), 1.06).met is False
    assert Goal("", "", Spread(1.0, 1.0, 1.0), None).met is None


def test_a_load_is_scaled_in_bytes_as_well_as_in_files() -> None:
    card = Load(24, 128 * MIB, 1000, MIB // 5, 2 * MIB)
    half = card.scaled(0.5)
    assert (half.clips, half.small) == (12, 500)
    assert abs(half.size_bytes - card.size_bytes / 2) < card.size_bytes / 100


def test_no_two_recordings_of_a_card_have_one_name() -> None:
    names = [stem for _number, (_folder, stem) in zip(range(20_000), shift(0), strict=False)]
    assert len(set(names)) == len(names)
