"""When the vault is full of what must be kept, as the command tells it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.simulators.nights import Sweeping, calendar

TIMES = ("20261119013100", "20261119014100")


def test_the_forecast_tells_the_day_without_room(quick_path: Path) -> None:
    made = Sweeping.of(quick_path, people=False)
    made.due(TIMES[0])
    made.dock(TIMES[1])
    made.ok("term", "decide")
    told = made.ok("forecast", "--json").json
    assert told["full_on"] is None or date.fromisoformat(told["full_on"]) > made.today()
    assert told["held_bytes"] == sum(row["size_bytes"] for row in made.ok("clip", "list", "--json").json)
    assert told["bytes_per_day"] >= told["held_bytes"] // told["intake_days"]
    settings = quick_path / "station" / "dockd.toml"
    settings.write_text(settings.read_text("utf-8").replace("[dock]", "[dock]\nfree_space_floor_mib = 1000000000"))
    told = made.ok("forecast", "--json").json
    assert date.fromisoformat(told["full_on"]) == made.today() + timedelta(days=1)
    picture = quick_path / "room.svg"
    assert "full on" in made.ok("forecast", "--svg", str(picture)).out
    assert picture.read_text("utf-8").startswith("<svg")


def test_one_day_and_several_are_told_as_such(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with calendar(monkeypatch) as days:
        made = Sweeping.of(quick_path, people=False)
        made.due(TIMES[0])
        assert ", over the last day;" in made.ok("forecast").out
        days.pass_days(1)
        assert ", over the last 2 days;" in made.ok("forecast").out
