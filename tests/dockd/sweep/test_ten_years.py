"""Ten years of agencies on real stations: nothing goes early, nothing goes under a hold, nothing is forgotten.

What the law says comes from an oracle that knows nothing of the product (tests.simulators.legal_end). More of the same:
`python -m tests.simulators.agency_years --years 10 --clips 200 --every-night`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.simulators.agency_playing import Figures, played
from tests.simulators.agency_years import Scale
from tests.simulators.keeping import Keeping
from tests.simulators.quick import quick_folder

YEARS, CLIPS_A_YEAR = int(os.environ.get("DOCKD_AGENCY_YEARS", "10")), int(os.environ.get("DOCKD_AGENCY_CLIPS", "6"))
AGENCIES = ("changli-water", "yexian-transport", "qianxi-baimiaozi")

# One station with people serves all of them, in one process.
pytestmark = pytest.mark.xdist_group("ten-years")


@pytest.fixture(scope="module")
def settled() -> Iterator[Path]:
    """A station with people; it is copied, never used."""
    with quick_folder() as folder:
        Keeping.at(folder, people=True)
        yield folder


@cache
def years_of(agency: str, settled: Path) -> Figures:
    """The years of an agency, played once for all tests."""
    return played(agency, 1, Scale(YEARS, CLIPS_A_YEAR), settled=settled)


@pytest.fixture(params=AGENCIES)
def figures(request: pytest.FixtureRequest, settled: Path) -> Figures:
    """What came of ten years of one agency."""
    return years_of(request.param, settled)


def test_in_ten_years_nothing_goes_early(figures: Figures) -> None:
    assert figures.wrong.get("early", []) == []
    assert figures.wrong.get("proposed early", []) == []


def test_in_ten_years_nothing_goes_under_a_hold(figures: Figures) -> None:
    assert figures.wrong.get("under hold", []) == []
    assert figures.counts["holds"] >= YEARS / 2


def test_in_ten_years_nothing_is_forgotten(figures: Figures) -> None:
    assert figures.wrong.get("forgotten", []) == []
    assert figures.counts["destroyed"] >= figures.counts["clips"] / 3


def test_in_ten_years_every_night_leaves_vault_log_and_tombstones_of_one_mind(figures: Figures) -> None:
    assert {kind: some for kind, some in figures.wrong.items() if some} == {}
    assert figures.counts["verified"] >= YEARS / 2


def test_in_ten_years_everything_happened_that_may_go_wrong(figures: Figures) -> None:
    happened = {name for name, number in figures.counts.items() if number}
    assert happened >= {"power cuts", "stopped", "let go on", "refused", "refused alone", "lifted", "packs", "doubted"}
    assert figures.counts["packs"] == 3
