"""Small pictures of a quantity over time: a line of blocks for a terminal, an SVG for a report. Pure: text out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

_BLOCKS = "▁▂▃▄▅▆▇█"
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP, _MARGIN_BOTTOM = 72, 16, 32, 28
_TICKS = 5
# XML 1.0 has no sign for most control characters, not even an escaped one.
_CONTROLS = dict.fromkeys(range(32), " ")

Point = tuple[datetime, float]


def sparkline(values: Sequence[float | None], width: int = 40) -> str:
    """Values as blocks from lowest to highest, a blank for None; the last `width` of them."""
    shown = list(values)[-width:] if width > 0 else []
    known = [value for value in shown if value is not None]
    if not known:
        return " " * len(shown)
    low, high = min(known), max(known)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    # All alike: a line in the middle, neither good nor bad.
    base = 0 if high > low else len(_BLOCKS) // 2
    return "".join(" " if v is None else _BLOCKS[base + round((v - low) * scale)] for v in shown)


def svg(
    points: Sequence[Point],
    *,
    title: str,
    unit: str = "",
    threshold: float | None = None,
    forecast: datetime | None = None,
    width: int = 640,
    height: int = 240,
) -> str:
    """An SVG of the points in order of time, with axes; a dashed line at the threshold, another to the forecast date.

    Colours are few and differ in kind of line too. Without points: the title alone.
    """
    ordered = sorted(points)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" role="img">'
    )
    name = escape(title.translate(_CONTROLS))
    parts = [
        head,
        f"<title>{name}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_MARGIN_LEFT}" y="18" font-size="13">{name}</text>',
    ]
    if ordered:
        parts += _Frame(ordered, threshold, forecast, width, height).drawn(ordered, unit, threshold, forecast)
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Frame:
    """Where a value and a moment lie in the picture."""

    def __init__(
        self, points: Sequence[Point], threshold: float | None, forecast: datetime | None, width: int, height: int
    ) -> None:
        values = [value for _, value in points] + ([] if threshold is None else [threshold])
        self.low, self.high = min(values), max(values)
        if self.high == self.low:
            self.low, self.high = self.low - 1, self.high + 1
        self.begin = points[0][0]
        end = points[-1][0] if forecast is None else max(points[-1][0], forecast)
        self.span = max(end - self.begin, timedelta(seconds=1))
        self.right, self.bottom = width - _MARGIN_RIGHT, height - _MARGIN_BOTTOM

    def x(self, at: datetime) -> float:
        return round(_MARGIN_LEFT + (at - self.begin) / self.span * (self.right - _MARGIN_LEFT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.bottom - share * (self.bottom - _MARGIN_TOP), 1)

    def drawn(
        self, points: Sequence[Point], unit: str, threshold: float | None, forecast: datetime | None
    ) -> list[str]:
        """Axes, line, threshold and forecast."""
        parts = [
            f'<path d="M{_MARGIN_LEFT} {_MARGIN_TOP}V{self.bottom}H{self.right}" fill="none" stroke="#444"/>',
            *self._ticks(unit),
        ]
        line = " ".join(f"{self.x(at)},{self.y(value)}" for at, value in points)
        if len(points) == 1:
            parts.append(f'<circle cx="{self.x(points[0][0])}" cy="{self.y(points[0][1])}" r="2.5" fill="#0a58a8"/>')
        else:
            parts.append(f'<polyline points="{line}" fill="none" stroke="#0a58a8" stroke-width="1.5"/>')
        if threshold is not None:
            y = self.y(threshold)
            parts.append(f'<path d="M{_MARGIN_LEFT} {y}H{self.right}" stroke="#b42318" stroke-dasharray="6 3"/>')
        if forecast is not None and forecast >= points[-1][0]:
            x = self.x(forecast)
            parts.append(f'<path d="M{x} {_MARGIN_TOP}V{self.bottom}" stroke="#b42318" stroke-dasharray="2 3"/>')
        return parts

    def _ticks(self, unit: str) -> list[str]:
        parts = []
        said = escape(unit.translate(_CONTROLS))
        for i in range(_TICKS):
            value = self.low + (self.high - self.low) * i / (_TICKS - 1)
            parts.append(f'<text x="{_MARGIN_LEFT - 6}" y="{self.y(value) + 4}" text-anchor="end">{value:.4g}</text>')
            at = self.begin + self.span * (i / (_TICKS - 1))
            place = "start" if i == 0 else "end" if i == _TICKS - 1 else "middle"
            parts.append(f'<text x="{self.x(at)}" y="{self.bottom + 16}" text-anchor="{place}">{at:%Y-%m-%d}</text>')
        return [
            *parts,
            f'<text x="{_MARGIN_LEFT - 6}" y="{_MARGIN_TOP - 12}" text-anchor="end">{said}</text>',
        ]
