"""Changes that would make recordings due: shown first, done by two, and never above a share of the archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from catalog.cases.events import ClipNoted
from catalog.changes.queries import find_change
from catalog.event import Event
from catalog.fixity.events import CopiesMade, MirrorPrepared
from catalog.keeping.events import HoldPlaced
from catalog.model import CustodyEntry
from catalog.people.queries import account_named
from dockd.assembly import reading
from dockd.changes.changing import confirm
from dockd.errors import Busy, CountDiffers
from dockd.exits import Exit
from dockd.people.acting import Acting
from tests.simulators.aged import OLD, REASON, TEN, asked, done, due, kinds, old, opened_long_ago, with_another_pack
from tests.simulators.agency import ADMIN
from tests.simulators.keeping import Keeping

# ------------------------------------------------------------------------------------------------------------ two do it


def test_a_class_that_makes_recordings_due_waits_for_a_second_person_who_types_the_count(aged: Keeping) -> None:
    clips = old(aged)
    words = ("clip", "classify", *clips, "--class", "routine", *REASON)
    began = len(aged.log())
    plan = aged.ok(*words, "--dry-run", "--json", by="boss").json
    assert (plan["made_due"], plan["without_second_copy"], plan["duration_ms"]) == (2, 2, 120_000)
    assert plan["refused"] is False
    assert [(one["id"], one["recorded_on"]) for one in plan["oldest"]] == [(clip, OLD) for clip in sorted(clips)]
    rows = aged.ok("clip", "list", "--until", "2021-01-01", "--json", by="boss").json
    assert plan["size_bytes"] == sum(clip["size_bytes"] for clip in rows)
    told = aged.ok(*words, "--dry-run", by="boss").out
    assert "2 recordings become due" in told and "without a second copy: 2" in told and "nothing was recorded" in told
    assert len(aged.log()) == began

    said = asked(aged, *words)
    assert kinds(aged, began) == ["change-proposed"]
    assert due(aged) == set()
    assert {row["class"] for row in aged.ok("clip", "list", "--until", "2021-01-01", "--json", by="boss").json} == {
        "unclassified"
    }
    confirm = ("change", "confirm", said["change"], "--count")
    for by, code in (("boss", Exit.NOT_ALLOWED), ("arch", Exit.NOT_ALLOWED), (ADMIN, Exit.NOT_ALLOWED)):
        assert aged(*confirm, "2", by=by).code == code, by
    for wrong in ("0", "1", "3"):
        refused = aged(*confirm, wrong, by="chief")
        assert refused.code == Exit.REFUSED and "2 recordings" in refused.told
    assert due(aged) == set()

    before = len(aged.log())
    confirmed = aged.ok(*confirm, "2", "--json", by="chief").json
    assert (confirmed["done"], confirmed["made_due"]) == (True, 2)
    entries = aged.log()[before:]
    assert [entry["kind"] for entry in entries] == ["change-confirmed", "clip-classified", "clip-classified"]
    assert len({entry["at"] for entry in entries}) == 1
    (first, *_rest) = entries
    assert first["actor"] == first["data"]["by"] == "user:chief"
    assert first["data"]["proposed_by"] == "user:boss"
    assert due(aged) == set(clips)
    assert aged(*confirm, "2", by="chief").code == Exit.REFUSED
    aged.ok("verify", "--all")


def test_the_same_officer_under_another_account_is_no_second_person(aged: Keeping) -> None:
    aged.ok("user", "add", "deputy", "--role", "leader", "--department", "局", "--officer", "100234", by=ADMIN)
    (clip, _other) = old(aged)
    said = asked(aged, "clip", "classify", clip, "--class", "routine", *REASON, by="keeper")
    refused = aged("change", "confirm", said["change"], "--count", "1", by="deputy")
    assert refused.code == Exit.NOT_ALLOWED and "second person" in refused.told
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(aged) == {clip}


def test_a_leader_of_another_department_does_not_confirm(aged: Keeping) -> None:
    aged.ok("user", "add", "southern", "--role", "leader", "--department", "城南中队", by=ADMIN)
    (clip, _other) = old(aged)
    said = asked(aged, "clip", "classify", clip, "--class", "routine", *REASON)
    assert aged("change", "confirm", said["change"], "--count", "1", by="southern").code == Exit.NOT_ALLOWED
    assert aged("change", "refuse", said["change"], "--reason", "x", by="southern").code == Exit.NOT_ALLOWED
    assert aged("change", "show", said["change"], by="southern").code == Exit.NOT_ALLOWED
    assert aged.ok("change", "list", "--json", by="southern").json == []
    assert [one["id"] for one in aged.ok("change", "list", "--json", by="chief").json] == [said["change"]]


def test_on_a_station_without_accounts_nobody_is_his_own_second_person(quick_path: Path) -> None:
    alone = Keeping.at(quick_path, "changli-water")
    alone.set_share(1000)
    (clip,) = alone.dock(TEN[0])
    alone.settle_time(clip, OLD)
    alone.lasting(clip)
    said = asked(alone, "clip", "classify", clip, "--class", "routine", *REASON)
    refused = alone("change", "confirm", said["change"], "--count", "1")
    assert refused.code == Exit.NOT_ALLOWED and "second person" in refused.told
    assert due(alone) == set()
    alone.ok("change", "refuse", said["change"], "--reason", "误操作")
    assert alone.ok("change", "list", "--json").json == []


# --------------------------------------------------------------------------------------------------- above the share


def test_above_a_share_of_the_archive_it_is_refused_outright_at_every_step(aged: Keeping) -> None:
    aged.set_share(199)
    clips = old(aged)
    words = ("clip", "classify", *clips, "--class", "routine", *REASON)
    began = len(aged.log())
    assert aged.ok(*words, "--dry-run", "--json", by="boss").json["refused"]
    assert "above the share" in aged.ok(*words, "--dry-run", by="boss").out
    refused = aged(*words, by="boss")
    assert refused.code == Exit.REFUSED and "change.refuse_above_permille" in refused.told
    assert kinds(aged, began) == []
    aged.set_share(200)
    said = asked(aged, *words)
    aged.set_share(199)
    assert aged("change", "confirm", said["change"], "--count", "2", by="chief").code == Exit.REFUSED
    assert due(aged) == set()
    aged.set_share(200)
    aged.ok("change", "confirm", said["change"], "--count", "2", by="chief")
    assert due(aged) == set(clips)


# ------------------------------------------------------------------------------------------------------ weighed anew


def test_what_changed_meanwhile_is_counted_anew_before_it_is_confirmed(aged: Keeping) -> None:
    held, plain = old(aged)
    said = asked(aged, "clip", "classify", held, plain, "--class", "routine", *REASON)
    aged.ok("hold", "place", "--clip", held, *REASON, by="arch")
    refused = aged("change", "confirm", said["change"], "--count", "2", by="chief")
    assert refused.code == Exit.REFUSED and "1 recording due" in refused.told
    shown = aged.ok("change", "show", said["change"], "--json", by="chief").json
    assert (shown["made_due"], shown["now"]["made_due"]) == (2, 1)
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(aged) == {plain}


def confirmed_after_a_hold(station: Keeping, change: str, held: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`chief` confirms that two become due; before his entries are written, another comes first and holds one."""
    hold = HoldPlaced("h1", None, False, "投诉", "user:arch", "clips", {}, ["城关中队"], [held])
    confirmed_after(station, change, hold, monkeypatch)


def confirmed_after(station: Keeping, change: str, other: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """`chief` confirms that two become due; each time that his entries are to be written, another's come first."""
    with reading(str(station.home / "station")) as opened:
        catalog = opened.station.catalog
        account = account_named(catalog, "chief")
        assert account is not None
        opened.acting = Acting("user:chief", account)
        ours = catalog.append

        def after_another(events: Sequence[Event], **how: Any) -> list[CustodyEntry]:
            ours([other], actor="user:arch")
            return ours(events, **how)

        monkeypatch.setattr(catalog, "append", after_another)
        confirm(opened, find_change(catalog, change), 2)


def test_what_comes_in_between_the_count_and_the_turn_to_write_stops_it(
    aged: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, plain = old(aged)
    said = asked(aged, "clip", "classify", held, plain, "--class", "routine", *REASON)
    began = len(aged.log())
    with pytest.raises(CountDiffers) as stopped:
        confirmed_after_a_hold(aged, said["change"], held, monkeypatch)
    assert (stopped.value.given, stopped.value.found) == (2, 1)
    assert kinds(aged, began) == ["hold-placed"]
    aged.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(aged) == {plain}


def test_what_comes_in_between_stops_the_adoption_of_a_pack_as_well(
    quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, held, plain = with_another_pack(quick_path)
    said = station.ok("term", "adopt", "--json", by=ADMIN).json
    began = len(station.log())
    with pytest.raises(CountDiffers) as stopped:
        confirmed_after_a_hold(station, said["change"], held, monkeypatch)
    assert (stopped.value.given, stopped.value.found) == (2, 1)
    assert kinds(station, began) == ["hold-placed"]
    station.ok("change", "confirm", said["change"], "--count", "1", by="chief")
    assert due(station) == {plain}


def test_a_pack_is_not_adopted_while_others_write_all_the_time(
    quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, *clips = with_another_pack(quick_path)
    said = station.ok("term", "adopt", "--json", by=ADMIN).json
    began = len(station.log())
    with pytest.raises(Busy):
        confirmed_after(station, said["change"], ClipNoted(clips[0], "x"), monkeypatch)
    assert set(kinds(station, began)) == {"clip-noted"}
    station.ok("change", "confirm", said["change"], "--count", "2", by="chief")
    assert due(station) == set(clips)


def test_of_two_that_ask_for_the_same_one_is_done_and_the_other_fits_no_more(aged: Keeping) -> None:
    (clip, _other) = old(aged)
    opened_long_ago(aged)
    done(aged, "case", "link", "A-17", clip)
    words = ("case", "close", "A-17", "--on", "2020-04-01")
    first, second = asked(aged, *words), asked(aged, *words, by="arch")
    aged.ok("change", "confirm", first["change"], "--count", "1", by="chief")
    assert aged("change", "confirm", second["change"], "--count", "1", by="chief").code == Exit.REFUSED
    began = len(aged.log())
    refused = aged("change", "confirm", second["change"], "--count", "0", by="chief")
    assert refused.code == Exit.REFUSED and "changed since" in refused.told
    assert kinds(aged, began) == []


# ----------------------------------------------------------------------------------------------- refused, taken back


def test_a_second_person_refuses_it_or_whoever_asked_takes_it_back(aged: Keeping) -> None:
    clip, other = old(aged)
    first = asked(aged, "clip", "classify", clip, "--class", "routine", *REASON, by="keeper")
    second = asked(aged, "clip", "classify", other, "--class", "routine", *REASON, by="keeper")
    assert aged("change", "refuse", first["change"], "--reason", " ", by="chief").code == Exit.USAGE
    assert aged("change", "refuse", first["change"], "--reason", "x", by="arch").code == Exit.NOT_ALLOWED
    aged.ok("change", "refuse", first["change"], "--reason", "分类有误", by="chief")
    aged.ok("change", "refuse", second["change"], "--reason", "误操作", by="keeper")
    assert aged("change", "confirm", first["change"], "--count", "1", by="chief").code == Exit.REFUSED
    assert aged.ok("change", "list", "--json", by="chief").json == []
    answered = aged.ok("change", "list", "--answered", "--json", by="chief").json
    assert [(one["state"], one["answered_by"], one["answer_reason"]) for one in answered] == [
        ("refused", "user:chief", "分类有误"), ("refused", "user:keeper", "误操作"),
    ]  # fmt: skip
    assert "分类有误" in aged.ok("change", "show", first["change"], by="chief").out
    assert due(aged) == set()


def test_who_sees_only_what_is_his_own_sees_what_he_asked_for(aged: Keeping) -> None:
    (clip, _other) = old(aged)
    theirs = asked(aged, "clip", "classify", clip, "--class", "routine", *REASON)
    assert aged.ok("change", "list", "--json", by="zhang").json == []
    assert aged("change", "show", theirs["change"], by="zhang").code == Exit.NOT_ALLOWED
    assert aged.ok("change", "list", "--json", by=ADMIN).json == []
    own = asked(aged, "clip", "classify", clip, "--class", "routine", *REASON, by="zhang")
    assert [one["id"] for one in aged.ok("change", "list", "--json", by="zhang").json] == [own["change"]]
    aged.ok("change", "show", own["change"], by="zhang")
    assert len(aged.ok("change", "list", "--json", by="audit").json) == 2


def test_changes_come_back_with_the_catalogue(aged: Keeping) -> None:
    clip, other = old(aged)
    first = asked(aged, "clip", "classify", clip, "--class", "routine", *REASON)
    aged.ok("change", "confirm", first["change"], "--count", "1", by="chief")
    asked(aged, "clip", "classify", other, "--class", "routine", *REASON)
    lists = [("change", "list", "--json"), ("change", "list", "--answered", "--json")]
    before = [aged.ok(*words, by="boss").json for words in lists]
    assert [len(rows) for rows in before] == [1, 1]
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        (aged.home / "station" / name).unlink(missing_ok=True)
    aged.ok("catalog", "rebuild")
    assert [aged.ok(*words, by="boss").json for words in lists] == before
    aged.ok("verify", "--all")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_a_change_would_do_is_told_in_words(aged: Keeping, language: str) -> None:
    (clip, _other) = old(aged)
    said = asked(aged, "clip", "classify", clip, "--class", "routine", *REASON)
    aged.language = language
    shown = aged.ok("change", "show", said["change"], by="chief").out
    assert clip in shown and "routine" in shown and f"dockd change confirm {said['change']} --count 1" in shown
    assert "{" not in shown


def test_recordings_with_a_second_copy_are_told_from_those_without(aged: Keeping) -> None:
    copied, other = old(aged)
    session = aged.ok("clip", "show", copied, "--json", by="boss").json["session"]
    with reading(str(aged.home / "station")) as opened:
        prepared = MirrorPrepared("second-disk", "/mnt/second", same_disk=False)
        opened.station.catalog.append([prepared, CopiesMade("second-disk", session, 9, 9_000, [other])])
    plan = aged.ok(
        "clip", "classify", copied, other, "--class", "routine", *REASON, "--dry-run", "--json", by="boss"
    ).json
    assert (plan["made_due"], plan["without_second_copy"]) == (2, 1)
