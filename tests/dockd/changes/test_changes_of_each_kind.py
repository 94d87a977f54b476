"""Every command that may make recordings due, and that what makes none due is done at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockd.exits import Exit
from tests.simulators.aged import (
    REASON,
    asked,
    closed_long_ago,
    done,
    due,
    kinds,
    old,
    opened_long_ago,
    with_another_pack,
)
from tests.simulators.agency import ADMIN
from tests.simulators.keeping import Keeping

# ---------------------------------------------------------------------------------------------- what makes nothing due


def test_what_makes_nothing_due_is_done_at_once(aged: Keeping) -> None:
    began = len(aged.log())
    new = [clip for clip in aged.clips() if clip not in old(aged)]
    plan = done(aged, "clip", "classify", *new[:3], "--class", "routine", *REASON)
    assert (plan["made_due"], plan["brought_forward"]) == (0, 3)
    done(aged, "clip", "file", new[4], "--case", "A-1", "--class", "general-procedure")
    done(aged, "case", "close", "A-1")
    done(aged, "case", "unlink", "A-1", new[4], "--reason", "误关联")
    done(aged, "case", "link", "A-1", new[5])
    done(aged, "case", "edit", "A-1", "--kind", "coercive-measure")
    assert "change-proposed" not in kinds(aged, began)
    assert due(aged) == set()


def test_what_was_due_before_is_not_made_due_again(aged: Keeping) -> None:
    (clip, other) = old(aged)
    for one in (clip, other):
        said = asked(aged, "clip", "classify", one, "--class", "routine", *REASON)
        aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    closed_long_ago(aged)
    # Whether its term is worked out or still to be.
    assert done(aged, "case", "link", "A-17", clip)["made_due"] == 0
    assert due(aged) == {clip, other}
    assert done(aged, "case", "link", "A-17", other)["put_off"] == 0
    assert due(aged) == {clip, other}
    saved = done(aged, "clip", "classify", clip, "--class", "other", *REASON)
    assert (saved["made_due"], saved["no_longer_due"]) == (0, 1)


# ------------------------------------------------------------------------------------------------------- every command


def test_closing_a_case_that_makes_its_recordings_due_waits(aged: Keeping) -> None:
    (clip, _other) = old(aged)
    opened_long_ago(aged)
    done(aged, "case", "link", "A-17", clip)
    words = ("case", "close", "A-17", "--on", "2020-04-01")
    assert aged.ok(*words, "--dry-run", "--json", by="arch").json["made_due"] == 1
    said = asked(aged, *words, by="arch")
    assert aged.ok("case", "show", "A-17", "--json", by="boss").json["state"] == "open"
    shown = aged.ok("change", "show", said["change"], by="chief").out
    assert "A-17" in shown and "2020-04-01" in shown and f"--count {said['made_due']}" in shown and clip in shown
    aged.ok("change", "confirm", said["change"], "--count", "1", by="boss")
    assert aged.ok("case", "show", "A-17", "--json", by="boss").json["closed_on"] == "2020-04-01"
    assert due(aged) == {clip}
    aged.ok("case", "reopen", "A-17", "--reason", "复议", by="boss")
    assert due(aged) == set()
    # Today it makes nothing due.
    done(aged, "case", "close", "A-17")


def test_putting_a_recording_under_a_case_closed_long_ago_or_out_from_under_an_open_one_waits(aged: Keeping) -> None:
    first, second = old(aged)
    closed_long_ago(aged)
    said = asked(aged, "case", "link", "A-17", first)
    assert aged.ok("case", "show", "A-17", "--json", by="boss").json["links"] == []
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(aged) == {first}

    aged.ok("case", "open", "B-1", "--kind", "coercive-measure", "--department", "城关中队", by="boss")
    done(aged, "clip", "file", second, "--case", "B-1", "--class", "routine")
    said = asked(aged, "case", "unlink", "B-1", second, "--reason", "误关联")
    assert due(aged) == {first}
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(aged) == {first, second}


def test_filing_under_another_class_waits(aged: Keeping) -> None:
    (clip, _other) = old(aged)
    said = asked(aged, "clip", "file", clip, "--class", "routine")
    assert "routine" in aged.ok("change", "list", by="chief").out
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(aged) == {clip}


def test_another_kind_of_a_case_waits_and_is_not_confirmed_once_the_case_was_changed_again(aged: Keeping) -> None:
    (clip, _other) = old(aged)
    closed_long_ago(aged, "coercive-measure")
    done(aged, "case", "link", "A-17", clip)
    done(aged, "case", "edit", "A-17", "--note", "已缴款")
    stale = asked(aged, "case", "edit", "A-17", "--kind", "general-procedure")
    done(aged, "case", "edit", "A-17", "--note", "又有补充")
    refused = aged("change", "confirm", stale["change"], "--count", "1", by="chief")
    assert refused.code == Exit.REFUSED and "changed since" in refused.told
    assert aged.ok("change", "show", stale["change"], "--json", by="chief").json["now"] is None
    assert "cannot be confirmed" in aged.ok("change", "show", stale["change"], by="chief").out
    fresh = asked(aged, "case", "edit", "A-17", "--kind", "general-procedure")
    aged.ok("change", "confirm", fresh["change"], "--count", "1", by="chief")
    case = aged.ok("case", "show", "A-17", "--json", by="boss").json
    assert (case["kind"], case["note"]) == ("general-procedure", "又有补充")
    assert due(aged) == {clip}


def test_a_time_that_makes_a_recording_due_waits(aged: Keeping) -> None:
    (clip, *_others) = [one for one in aged.clips() if one not in old(aged)]
    done(aged, "clip", "classify", clip, "--class", "routine", *REASON)
    aged.lasting(clip)
    words = ("clip", "settle-time", clip, "--at", "2020-02-29 12:00", "--within", "10m", "--reason", "出警记录")
    assert aged.ok(*words, "--dry-run", "--json", by="boss").json["made_due"] == 1
    assert "1 recording becomes due" in aged.ok(*words, "--dry-run", by="boss").out
    said = asked(aged, *words)
    assert due(aged) == set()
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(aged) == {clip}
    assert aged.ok("clip", "show", clip, "--json", by="boss").json["time_source"] == "settled"
    later = ("clip", "settle-time", clip, "--at", "2026-11-18 12:00", "--reason", "更正")
    assert done(aged, *later)["no_longer_due"] == 1
    assert due(aged) == set()


@pytest.mark.duty("D14")
def test_how_long_the_file_of_one_case_is_kept_goes_before_the_table_of_the_pack(aged: Keeping) -> None:
    (clip, _other) = old(aged)
    closed_long_ago(aged)
    done(aged, "case", "keep", "A-17", "--for-ever", "--reason", "重大案件")
    done(aged, "case", "link", "A-17", clip)
    assert [aged.why(clip)[key] for key in ("until", "verdict")] == [None, "keep"]
    assert aged.why(clip)["grounds"][0]["reason"] == "case-file-permanent"
    done(aged, "case", "keep", "A-17", "--years", "30", "--reason", "归档")
    assert aged.why(clip)["until"] == "2050-12-31"
    words = ("case", "keep", "A-17", "--years", "2", "--counted-from", "closing", "--reason", "归档")
    said = asked(aged, *words)
    assert aged.ok("case", "show", "A-17", "--json", by="boss").json["file_kept"]["years"] == 30
    assert "A-17" in aged.ok("change", "show", said["change"], by="chief").out
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    kept = aged.ok("case", "show", "A-17", "--json", by="boss").json["file_kept"]
    assert (kept["years"], kept["counted_from"], kept["set_by"]) == (2, "closing", "user:boss")
    assert "2 years from the closing" in aged.ok("case", "show", "A-17", by="boss").out
    assert due(aged) == {clip}
    (row,) = aged.ok("term", "list", "--due", "--json", by="boss").json
    assert row["keep_until"] == "2022-04-01"


@pytest.mark.parametrize("words", [(), ("--years", "3", "--for-ever"), ("--years", "0")])
def test_how_long_a_file_is_kept_is_years_or_for_ever(aged: Keeping, words: tuple[str, ...]) -> None:
    closed_long_ago(aged)
    assert aged("case", "keep", "A-17", *words, "--reason", "x", by="boss").code == Exit.USAGE


def test_a_hold_is_lifted_only_with_the_number_of_recordings_that_become_due(aged: Keeping) -> None:
    clips = old(aged)
    hold = aged.ok("hold", "place", *(word for clip in clips for word in ("--clip", clip)), *REASON, by="arch").out
    hold = hold.split()[1]
    done(aged, "clip", "classify", *clips, "--class", "routine", *REASON)
    assert due(aged) == set()
    aged.ok("hold", "lift", hold, "--reason", "已办结", by="boss")
    grant = ("hold", "grant", hold, "--reason", "同意")
    began = len(aged.log())
    plan = aged.ok(*grant, "--dry-run", "--json", by="chief").json
    assert (plan["made_due"], plan["done"], plan["without_second_copy"]) == (2, False, 2)
    assert "2 recordings become due" in aged.ok(*grant, "--dry-run", by="chief").out
    assert aged(*grant, "--dry-run", by="boss").code == Exit.NOT_ALLOWED
    for wrong in ((), ("--count", "1"), ("--count", "3")):
        assert aged(*grant, *wrong, by="chief").code == Exit.REFUSED
    aged.set_share(199)
    assert aged(*grant, "--count", "2", by="chief").code == Exit.REFUSED
    aged.set_share(200)
    assert [kind for kind in kinds(aged, began) if kind.startswith("hold")] == []
    lifted = aged.ok(*grant, "--count", "2", "--json", by="chief").json
    assert (lifted["hold"], lifted["done"]) == (hold, True)
    assert due(aged) == set(clips)


def test_a_pack_is_adopted_by_two_and_only_while_the_settings_name_it(quick_path: Path) -> None:
    station, *clips = with_another_pack(quick_path)
    said = station.ok("term", "adopt", "--json", by=ADMIN).json
    assert (said["adopted"], said["made_due"], said["refused"]) == (False, 2, False)
    assert [one["what"] for one in station.ok("change", "list", "--json", by=ADMIN).json] == ["pack-adopted"]
    assert "qianxi-baimiaozi" in station.ok("change", "show", said["change"], by="chief").out
    confirm = ("change", "confirm", said["change"], "--count", "2")
    station.set_pack("changli-water")
    refused = station(*confirm, by="chief")
    assert refused.code == Exit.REFUSED and "not the one of the settings" in refused.told
    station.set_pack("qianxi-baimiaozi")
    station.ok(*confirm, by="chief")
    status = station.ok("term", "status", "--json", by="boss").json
    assert (status["adopted_pack"], status["adopted"]) == ("qianxi-baimiaozi", True)
    assert due(station) == set(clips[:2])
    assert [entry["data"]["made_due"] for entry in station.log() if entry["kind"] == "pack-adopted"] == [0, 2]
