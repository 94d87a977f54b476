"""Small pictures: blocks for a terminal, SVG for a report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockd.plotting import sparkline, svg

T0 = datetime(2026, 3, 2, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ""),
        ([None, None], "  "),
        ([5], "▅"),
        ([5, 5, 5], "▅▅▅"),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([7, None, 0], "█ ▁"),
        ([-1e9, 0, 1e9], "▁▅█"),
    ],
)
def test_a_sparkline_goes_from_lowest_to_highest(values: list[float | None], expected: str) -> None:
    assert sparkline(values) == expected


def test_a_sparkline_shows_the_last_ones() -> None:
    assert sparkline(list(range(100)), width=8) == "▁▂▃▄▅▆▇█"
    assert sparkline([1, 2], width=0) == ""


def test_an_svg_has_its_line_its_threshold_and_its_forecast() -> None:
    points = [(T0 + timedelta(days=n), 80.0 - n) for n in range(30)]
    root = ElementTree.fromstring(
        svg(points, title="R1 battery <b>&", unit="%", threshold=15, forecast=T0 + timedelta(days=65))
    )
    assert root.find(f"{SVG}title").text == "R1 battery <b>&"  # type: ignore[union-attr]
    line = root.find(f"{SVG}polyline")
    assert line is not None
    places = [tuple(map(float, pair.split(","))) for pair in line.get("points", "").split()]
    assert len(places) == 30
    assert places == sorted(places)
    assert len([p for p in root.iter(f"{SVG}path") if p.get("stroke-dasharray")]) == 2
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert {"2026-03-02", "2026-05-06", "%", "15", "80"} <= set(texts)


def test_without_points_there_is_the_title_alone() -> None:
    root = ElementTree.fromstring(svg([], title="nothing yet"))
    assert root.find(f"{SVG}polyline") is None


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(-1e12, 1e12)), max_size=20),
    st.text(max_size=40).filter(lambda text: text.isprintable() or text.isascii()),
    st.none() | st.floats(-1e12, 1e12),
)
def test_any_points_and_title_make_an_svg_within_its_frame(
    data: list[tuple[int, float]], title: str, threshold: float | None
) -> None:
    points = [(T0 + timedelta(minutes=minute), value) for minute, value in data]
    root = ElementTree.fromstring(svg(points, title=title, threshold=threshold))
    for line in root.iter(f"{SVG}polyline"):
        for pair in line.get("points", "").split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 640 and 0 <= y <= 240
