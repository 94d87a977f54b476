"""Health and traces as people and scripts meet them: real processes, a real home."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from catalog.watching.events import HealthRead
from catalog.watching.health import Quantity
from dockd.assembly import reading
from dockd.exits import Exit
from dockd.vital_signs import judge
from tests.dockd.test_cli import asked, ends, process
from tests.dockd.test_power_cuts import recording
from tests.simulators.histories import docking
from tests.simulators.quick import quick_folder

DAYS = 40
# The last of these days is today: forecasts lie ahead of whoever reads this.
T0 = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
FLEET: dict[str, Any] = {
    "R1-steady": lambda day: {"battery_percent": 60 + day % 5, "read_rate_bytes_s": 30_000_000, "cycles": 100},
    "R2-fading": lambda day: {"battery_percent": 64 - day, "firmware": "V2.1"},
    "R3-empty": lambda day: {"battery_percent": 12 + day % 2, "clock_error_ms": -61_500},
}

FAMILY = """
name = "own"
extends = "folder"
title = { zh = "自有", en = "own" }
rank = 90

[[recognise]]
names_share = 0.5

[[names]]
pattern = '(?P<recorder>R[0-9]+)_(?P<officer>[a-z]+)_(?P<start>[0-9]{14})'
start = ["%Y%m%d%H%M%S"]

[health]
sources = ["ini"]
files = ["state.ini"]
battery_percent = ["bat"]
"""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Path]:
    """A station that has seen three recorders for forty days; tests only read it."""
    with quick_folder() as root:
        home = root / "home"
        ends(home, Exit.OK, "init", "--yes")
        with reading(str(home)) as opened:
            catalog = opened.station.catalog
            for name, values in FLEET.items():
                for day in range(DAYS):
                    session = f"{name}-{day:02d}"
                    at = (T0 + timedelta(days=day)).isoformat()
                    one = HealthRead(session, name, at, **values(day))
                    catalog.append([*docking(session, recorder=name), one])
                    if day == DAYS - 1:
                        catalog.append([judge(opened.station, one)])
        yield home


@pytest.mark.duty("D11")
def test_the_fleet_is_listed_with_who_is_not_fit_why_and_what_is_coming(fleet: Path) -> None:
    text = ends(fleet, Exit.OK, "health", "list")
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[::2]] == list(FLEET)
    assert "25 %" in lines[2] and "█" in lines[2] and "28.6 MiB/s" in lines[0]
    assert [line.strip() for line in lines[1::2]] == [
        "fit for duty",
        "fit for duty; battery reaches 15 % about 2026-10-20",
        "not fit for duty: battery 12 % < 15 %; clock error -61.5 s, > 60.0 s",
    ]
    only = ends(fleet, Exit.OK, "health", "list", "--unfit")
    assert [line.split()[0] for line in only.splitlines()[::2]] == ["R2-fading", "R3-empty"]


def test_scripts_get_the_fleet_by_stable_names(fleet: Path) -> None:
    one, two, three = asked(fleet, "health", "list")
    assert (one["recorder"], one["battery_percent"], one["fit_for_duty"]) == ("R1-steady", 64, True)
    assert (two["unfit_because"], [soon["quantity"] for soon in two["unfit_soon"]]) == ([], ["battery_percent"])
    assert {reason["quantity"] for reason in three["unfit_because"]} == {"battery_percent", "clock_error_ms"}
    rows = list(csv.DictReader(io.StringIO(ends(fleet, Exit.OK, "health", "list", "--csv"))))
    assert list(rows[0]) == list(one)
    assert rows[2]["unfit_because"] == "battery_percent 12 limit 15; clock_error_ms -61500 limit 60000"
    assert rows[1]["unfit_soon"].startswith("battery_percent limit 15 at 2026-10-20T")


@pytest.mark.duty("D11")
def test_one_recorder_is_shown_with_every_quantity_its_slope_and_forecast(fleet: Path) -> None:
    text = ends(fleet, Exit.OK, "health", "show", "R2-fading")
    (battery,) = (line for line in text.splitlines() if line.startswith("  battery "))
    assert "25 %" in battery and "-1.00 % a day" in battery and "reaches 15 % about 2026-10-20" in battery
    assert "firmware V2.1" in text
    told = asked(fleet, "health", "show", "R2-fading")
    (one,) = told["quantities"]
    assert (one["quantity"], one["latest"], one["limit"], one["n"]) == ("battery_percent", 25.0, 15.0, DAYS)
    assert one["slope_per_day"] == pytest.approx(-1.0)
    assert one["meets_limit_at"].startswith("2026-10-20")
    assert [row["battery_percent"] for row in told["readings"]] == [64 - day for day in range(DAYS)]
    rows = list(csv.DictReader(io.StringIO(ends(fleet, Exit.OK, "health", "show", "R2-fading", "--csv"))))
    assert [int(row["battery_percent"]) for row in rows] == [64 - day for day in range(DAYS)]


def test_a_recorder_that_nobody_read_is_not_found(fleet: Path) -> None:
    for command in (["show", "R9"], ["plot", "R9"]):
        assert "R9" in ends(fleet, Exit.NOT_FOUND, "health", *command)


@pytest.mark.parametrize("quantity", [str(one) for one in Quantity])
def test_every_quantity_can_be_drawn(fleet: Path, quantity: str) -> None:
    picture = ends(fleet, Exit.OK, "health", "plot", "R1-steady", "--quantity", quantity)
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    drawn = "polyline" in picture
    assert drawn == (quantity in ("battery_percent", "read_rate_bytes_s", "cycles"))


def test_a_plot_has_the_limit_and_the_forecast_and_replaces_no_file(fleet: Path, tmp_path: Path) -> None:
    out = tmp_path / "battery.svg"
    ends(fleet, Exit.OK, "health", "plot", "R2-fading", "-o", str(out))
    picture = out.read_text("utf-8")
    assert "R2-fading – battery" in picture
    assert "2026-10-20" in picture and picture.count("stroke-dasharray") == 2
    assert "is there already" in ends(fleet, Exit.USAGE, "health", "plot", "R2-fading", "-o", str(out))
    assert out.read_text("utf-8") == picture


def test_before_the_first_docking_there_is_nothing_to_tell(quick_path: Path) -> None:
    home = quick_path / "home"
    ends(home, Exit.OK, "init", "--yes")
    done = process("--home", str(home), "health", "list")
    assert (done.returncode, done.stdout) == (Exit.OK, "")
    assert "no readings" in done.stderr
    assert asked(home, "health", "list") == asked(home, "recorder", "traces") == []


# ---------------------------------------------------------------------------------------------------------- release


def recorder(root: Path, battery: int, officer: str = "anna") -> Path:
    """A recorder's folder."""
    folder = root / "card"
    folder.mkdir(exist_ok=True)
    (folder / f"R12_{officer}_20261119080000.mp4").write_bytes(recording("c", 5_000))
    (folder / "state.ini").write_text(f"bat={battery}\n")
    return folder


@pytest.fixture
def station(quick_path: Path) -> Path:
    """A station that knows the family."""
    home = quick_path / "home"
    ends(home, Exit.OK, "init", "--yes")
    (home / "families").mkdir()
    (home / "families" / "own.toml").write_text(FAMILY, encoding="utf-8")
    settings = home / "dockd.toml"
    settings.write_text(settings.read_text("utf-8").replace("#free_space_floor_mib = 1024", "free_space_floor_mib = 0"))
    return home


@pytest.mark.duty("D11")
@pytest.mark.duty("D25")
def test_a_recorder_is_released_with_whether_it_is_fit_for_duty(station: Path, quick_path: Path) -> None:
    text = ends(station, Exit.OK, "dock", "--facts", "later", str(recorder(quick_path, 12)))
    assert "not fit for duty: battery 12 % < 15 %" in text
    ((again,),) = [asked(station, "dock", "--facts", "later", str(recorder(quick_path, 12)))]
    assert again["fit_for_duty"] is False
    assert again["unfit_because"] == [{"quantity": "battery_percent", "value": "12", "limit": "15", "at": None}]
    (listed,) = asked(station, "health", "list")
    assert (listed["recorder"], listed["fit_for_duty"]) == ("R12", False)
    assert ends(station, Exit.OK, "verify", "--all")


def test_the_settings_say_what_fit_means(station: Path, quick_path: Path) -> None:
    settings = station / "dockd.toml"
    text = settings.read_text("utf-8")
    assert "#battery_min_percent = 15" in text
    settings.write_text(text.replace("#battery_min_percent = 15", "battery_min_percent = 10"))
    (result,) = asked(station, "dock", "--facts", "later", str(recorder(quick_path, 12)))
    assert (result["fit_for_duty"], result["unfit_because"]) == (True, [])
    settings.write_text(text.replace("#battery_min_percent = 15", "battery_min_percent = 101"))
    assert "health.battery_min_percent" in ends(station, Exit.SETTINGS, "health", "list")


# ----------------------------------------------------------------------------------------------------------- traces


@pytest.mark.duty("D23")
def test_foreign_traces_are_reported_with_recorder_officer_and_where_the_copy_lies(
    station: Path, quick_path: Path
) -> None:
    folder = recorder(quick_path, 80)
    (folder / ".Trashes").mkdir()
    (folder / ".Trashes" / "x").write_bytes(b"left by another computer")
    (folder / "setup.exe").write_bytes(b"MZ and more")
    late = folder / "R12_anna_20261119080000.mp4"
    ahead = datetime.now(UTC) + timedelta(days=9)
    os.utime(late, (ahead.timestamp(), ahead.timestamp()))
    ends(station, Exit.OK, "dock", "--facts", "later", str(folder))
    ends(station, Exit.OK, "dock", "--facts", "later", str(folder))
    found = {one["what"]: one for one in asked(station, "recorder", "traces")}
    assert set(found) == {"foreign-trace", "rogue-executable", "newer-than-docking"}
    assert {(one["recorder"], one["officer"]) for one in found.values()} == {("R12", "anna")}
    assert Path(found["rogue-executable"]["vault_path"]).read_bytes() == b"MZ and more"
    assert "/quarantine/" in found["foreign-trace"]["vault_path"]
    assert found["newer-than-docking"]["path"] == late.name
    assert Path(found["newer-than-docking"]["vault_path"]).read_bytes() == late.read_bytes()
    (clip,) = (one for one in asked(station, "clip", "list") if one["name"] == late.name)
    assert clip["blake3"] in found["newer-than-docking"]["digest"]
    text = ends(station, Exit.OK, "recorder", "traces", "R12")
    assert "anna" in text and "setup.exe" in text and found["rogue-executable"]["digest"] in text
    rows = list(csv.DictReader(io.StringIO(ends(station, Exit.OK, "recorder", "traces", "--csv"))))
    assert len(rows) == 3 and list(rows[0]) == list(found["foreign-trace"])
    assert asked(station, "recorder", "traces", "R13") == []
    assert asked(station, "recorder", "traces", "--since", "2099-01-01") == []
