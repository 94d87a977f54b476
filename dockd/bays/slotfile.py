"""What a bay does, for any screen: one small JSON file a bay, replaced atomically, so that whoever reads it sees one
whole state. They live in /run: after a boot there are none.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

KEPT_FRESH_S = 5.0  # how often a bay at rest is published again
STALE_S = 15.0  # a file that is older than this was left by a daemon that is gone, or that hangs

OFF = "off"  # the daemon ended, and said so
NO_WORD = "no-word"  # it ended, or hangs, and did not


@dataclass(frozen=True, slots=True)
class SlotState:
    """One bay at one moment. Times are UTC; `rate` is bytes a second; `left_s` is None while nobody can tell.

    `fit_for_duty` is said of a recorder that may be taken, None of any other; `unfit_because` are the reasons of its
    verdict, which every screen puts into its own language. `vault_damaged` and `vault_overdue` are the station's, and
    the same on every bay: how many files of its vault are damaged, and how many were not read again in time.
    """

    slot: int | None
    port: str
    state: str
    reason: str
    detail: str
    recorder: str
    family: str
    key: str
    device: str
    session: str
    bytes: int
    bytes_total: int
    rate: int
    left_s: int | None
    clips: int
    clips_total: int
    priority: bool
    fit_for_duty: bool | None
    unfit_because: list[dict[str, Any]]
    vault_damaged: int
    vault_overdue: int
    since: str
    at: str


def slots_dir(run_dir: str) -> str:
    """Where the files lie."""
    return f"{run_dir}/slots"


def file_name(slot: int | None, port: str) -> str:
    """`3.json`, or `port-….json` for a port that nobody bound."""
    return f"{slot}.json" if slot is not None else f"port-{re.sub(r'[^A-Za-z0-9.]', '_', port)}.json"


def publish(run_dir: str, state: SlotState) -> None:
    """Replace a bay's file. Raises OSError."""
    folder = slots_dir(run_dir)
    path = f"{folder}/{file_name(state.slot, state.port)}"
    temporary = f"{folder}/.{file_name(state.slot, state.port)}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, ensure_ascii=False)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def withdraw(run_dir: str, slot: int | None, port: str) -> None:
    """Remove a bay's file: the port is bound otherwise now, or empty and unbound."""
    try:
        os.unlink(f"{slots_dir(run_dir)}/{file_name(slot, port)}")
    except FileNotFoundError:
        return


def read_all(run_dir: str, now: datetime) -> Iterator[dict[str, Any]]:
    """All bays as they are at `now` (UTC), bound ones first and by number. A file that is just being replaced is whole
    all the same.
    """
    folder = slots_dir(run_dir)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return
    found = []
    for name in names:
        if not name.startswith(".") and name.endswith(".json"):
            try:
                with open(f"{folder}/{name}", encoding="utf-8") as file:
                    found.append(as_of(json.load(file), now))
            except (FileNotFoundError, ValueError):
                continue
    yield from sorted(found, key=lambda state: (state["slot"] is None, state["slot"] or 0, state["port"]))


def as_of(state: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What a state file is worth at `now`: nothing, once it is stale, however good it looks. A file from the future is
    stale too: somebody set the clock back since.
    """
    age_s = (now - datetime.fromisoformat(state["at"])).total_seconds()
    if state["state"] == OFF or abs(age_s) <= STALE_S:
        return state
    return {**state, "state": NO_WORD, "reason": "service-silent", "detail": state["at"], "rate": 0, "left_s": None}
