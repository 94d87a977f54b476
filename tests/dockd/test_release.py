"""What a bay says when a recorder may be taken: whether it is fit for duty (duties D11, D25)."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from dockd.health_words import duty_text, reason_text, slope_text, value_text
from dockd.screen import slot_table
from tests.dockd.test_daemon import CLIPS, Running, dockd, running

__all__ = ["running"]

LOW = {"quantity": "battery_percent", "value": "12", "limit": "15", "at": None}
FAMILY = """
name = "own"
extends = "gat947"
title = { zh = "自有", en = "own" }
rank = 990

[[recognise]]
files = ["state.ini"]

[health]
sources = ["ini"]
files = ["state.ini"]
battery_percent = ["bat"]
"""


@pytest.mark.duty("D11")
@pytest.mark.duty("D25")
def test_the_bay_of_a_recorder_that_is_not_fit_says_so_when_it_may_be_taken(running: Running) -> None:
    running.set("clear", '"after-verify"')
    (running.home / "families").mkdir()
    (running.home / "families" / "own.toml").write_text(FAMILY, encoding="utf-8")
    running.start()
    here = running.plug(running.recorder("BWC1", {**CLIPS, "state.ini": b"bat=12\n"}))
    running.enrol(here)
    done = running.wait_state(here.port, "take-it")
    assert (done["recorder"], done["fit_for_duty"], done["unfit_because"]) == ("1234567", False, [LOW])
    assert "not fit for duty" in dockd(running.home, "slots", "--once")
    (one,) = json.loads(dockd(running.home, "health", "list", "--json"))
    assert one["fit_for_duty"] is False
    assert one["storage_free_bytes"] < one["storage_total_bytes"] <= 64 << 20
    here.unplug()
    running.wait("the bay to be free", lambda: running.bay(here.port)["state"] in ("idle", "none"))
    assert running.bay(here.port).get("fit_for_duty") is None


def state(**changed: Any) -> dict[str, Any]:
    """A bay as its file has it."""
    bay: dict[str, Any] = {
        "slot": 3, "port": "p", "state": "take-it", "reason": "", "detail": "", "recorder": "R12", "key": "k",
        "bytes": 0, "bytes_total": 0, "rate": 0, "left_s": None, "clips": 0, "clips_total": 0,
        "fit_for_duty": True, "unfit_because": [],
    }  # fmt: skip
    return bay | changed


def wall(*states: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(slot_table(states))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_fit_recorder_and_one_that_is_not_look_different() -> None:
    assert "not fit" not in wall(state())
    assert "take it" in wall(state())
    unfit = wall(state(fit_for_duty=False, unfit_because=[LOW], reason="not-cleared", detail="3"))
    assert "take it" in unfit
    assert "3 recordings stay on it, safe in the vault; not fit for duty: battery" in " ".join(unfit.split())


@pytest.mark.parametrize(
    ("quantity", "value", "limit", "text"),
    [
        ("battery_percent", "12", "15", "battery 12 % < 15 %"),
        ("voltage_mv", "3412.5", "3500", "battery voltage 3.41 V < 3.50 V"),
        ("cycles", "700", "500", "charge cycles 700 > 500"),
        ("storage_free_bytes", "2147483648", "6871947674", "free storage 2.0 GiB < 6.4 GiB"),
        ("read_rate_bytes_s", "12582912", "18874368", "card read rate 12.0 MiB/s < 18.0 MiB/s"),
        ("read_errors", "5", "3", "read errors 5 > 3"),
        ("clock_error_ms", "-61000", "60000", "clock error -61.0 s, > 60.0 s"),
        ("open_gaps", "9", "2", "unexplained gaps 9 > 2"),
    ],
)
def test_every_reason_has_its_words(quantity: str, value: str, limit: str, text: str) -> None:
    reason = {"quantity": quantity, "value": value, "limit": limit, "at": None}
    assert reason_text(reason) == text
    assert duty_text(False, [reason, LOW]) == f"not fit for duty: {text}; battery 12 % < 15 %"


def test_what_nobody_judged_or_measured_is_said_so() -> None:
    assert duty_text(None, []) == "not judged"
    assert value_text("battery_percent", None) == "-"


@pytest.mark.parametrize(
    ("quantity", "slope", "text"),
    [
        ("battery_percent", -0.5, "-0.50 % a day"),
        ("voltage_mv", 1.25, "+1.2 mV a day"),
        ("read_rate_bytes_s", -2.0 * 2**20, "-2.0 MiB/s a day"),
        ("clock_error_ms", 900.0, "+0.90 s a day"),
        ("cycles", 1.0, "+1.00 a day"),
    ],
)
def test_slopes_have_their_sign_and_unit(quantity: str, slope: float, text: str) -> None:
    assert slope_text(quantity, slope) == text
