"""`dockd fixity` and `dockd mirror` as people use them."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.fixity.events import CopiesMade, DamageFound, MirrorPrepared
from dockd.exits import Exit
from dockd.explain import explain
from dockd.upkeep import idle
from dockd.upkeep.errors import Destroyed, MirrorFault, MirrorFull, MirrorUnusable
from dockd.upkeep.words import WHY, damage_text, of_upkeep, what_text
from hashing.errors import TargetFault
from tests.simulators.agency import ADMIN, Command

RECORDING = "1234567_100001_20261119080000.mp4"


@pytest.fixture
def kept(agency: Command) -> Command:
    """A station with two recordings, and a folder for second copies in its settings."""
    card = agency.home / "card"
    card.mkdir()
    (card / RECORDING).write_bytes(b"evidence" * 1000)
    (card / RECORDING.replace("0800", "0900")).write_bytes(b"more" * 1000)
    agency.ok("dock", str(card), "--facts", "later", "--quiet")
    (agency.home / "second").mkdir()
    settings = agency.home / "station/dockd.toml"
    text = settings.read_text("utf-8")
    assert '#folder = ""' in text
    settings.write_text(text.replace('#folder = ""', f'folder = "{agency.home}/second"'), "utf-8")
    return agency


def clip_of(command: Command) -> str:
    listed = command.ok("clip", "list", "--json", by="boss").json
    found: str = next(one["id"] for one in listed if one["name"] == RECORDING)
    return found


def original(command: Command) -> Path:
    (path,) = (command.home / "station/vault").rglob(f"clips/{RECORDING}")
    return path


def change(path: Path) -> bytes:
    path.chmod(0o640)
    data = b"E" + path.read_bytes()[1:]
    path.write_bytes(data)
    return data


@pytest.mark.duty("D07")
def test_damage_is_found_and_put_right_from_the_second_copy_by_commands(kept: Command) -> None:
    clip = clip_of(kept)
    kept.ok("mirror", "init", "--same-disk", by=ADMIN)
    assert kept.ok("mirror", "run", "--json").json["clips"] == 2
    assert kept.ok("fixity", "run", "--minutes", "9").code == Exit.OK
    assert "nothing is damaged" in kept.ok("fixity", "status").out
    assert kept.ok("fixity", "status", clip, "--json", by="boss").json["has_copy"] is True

    bad = change(original(kept))
    ran = kept("fixity", "run", "--minutes", "9")
    assert ran.code == Exit.FINDINGS and RECORDING in ran.out and "changed" in ran.out
    status = kept("fixity", "status")
    assert status.code == Exit.FINDINGS and "DAMAGED since" in status.out and RECORDING in status.out
    said = kept("fixity", "status", clip, "--json", by="boss")
    assert (said.code, said.json["damage"]) == (Exit.FINDINGS, "different-digest")
    doctor = {check["name"]: check["state"] for check in kept("doctor", "--json").json}
    assert (doctor["fixity"], doctor["mirror"]) == ("fail", "ok")

    done = kept.ok("fixity", "restore", clip, "--json", by=ADMIN).json
    assert done["source"] == "mirror"
    assert original(kept).read_bytes() == b"evidence" * 1000
    assert (kept.home / "station/vault" / done["aside"][0]).read_bytes() == bad
    assert kept.ok("fixity", "status").code == kept.ok("verify", "--all").code == Exit.OK
    assert "whole again on" in kept.ok("fixity", "status", clip, by="boss").out
    kinds = [entry["kind"] for entry in kept.log()]
    assert [kinds.count(kind) for kind in ("damage-found", "damage-restored", "copies-made")] == [1, 1, 1]


def second_copy(command: Command) -> Path:
    (path,) = (command.home / "second").rglob(f"clips/{RECORDING}")
    return path


@pytest.mark.duty("D07")
def test_a_second_copy_that_does_not_hold_is_found_told_and_made_anew_by_commands(kept: Command) -> None:
    clip = clip_of(kept)
    kept.ok("mirror", "init", "--same-disk", by=ADMIN)
    kept.ok("mirror", "run")
    change(second_copy(kept))
    ran = kept("fixity", "run", "--slice", "100000000")
    assert ran.code == Exit.FINDINGS
    assert "second copy in mirror-" in ran.out and RECORDING in ran.out and "1 second copy does not hold" in ran.out
    status = kept.ok("fixity", "status")
    assert "does not hold since" in status.out and "second copies in mirror-" in status.out
    told = kept.ok("fixity", "status", "--json").json
    assert [one["clip"] for one in told["copies_lost"]] == [clip]
    assert [one["place"] is None for one in told["readings"]] == [True, True, True, False]
    assert kept.ok("fixity", "status", clip, "--json", by="boss").json["has_copy"] is False
    (check,) = [one for one in kept("doctor", "--json").json if one["name"] == "mirror"]
    assert check["state"] == "warn"
    assert kept.ok("mirror", "run", "--json").json["clips"] == 1
    assert second_copy(kept).read_bytes() == b"evidence" * 1000
    again = kept.ok("fixity", "run", "--slice", "100000000", "--json").json
    assert (again["copies_lost"], again["mirror_left"]) == ([], False)
    assert kept.ok("fixity", "status", clip, "--json", by="boss").json["has_copy"] is True
    assert kept.ok("fixity", "status", "--json").json["copies_lost"] == []
    assert kept.ok("verify", "--all").code == Exit.OK


def test_a_mirror_that_is_away_is_not_read_and_nothing_is_said_of_it(kept: Command) -> None:
    kept.ok("mirror", "init", "--same-disk", by=ADMIN)
    kept.ok("mirror", "run")
    (kept.home / "second").rename(kept.home / "away")
    ran = kept.ok("fixity", "run", "--slice", "100000000", "--json").json
    assert (ran["files"], ran["copies_lost"], ran["mirror_left"]) == (2, [], False)
    assert len(kept.ok("fixity", "status", "--json").json["readings"]) == 3


def test_the_nightly_run_puts_right_what_it_can_when_the_settings_say_so(kept: Command) -> None:
    settings = kept.home / "station/dockd.toml"
    settings.write_text(settings.read_text("utf-8").replace("#restore = false", "restore = true"), "utf-8")
    kept.ok("mirror", "init", "--same-disk", by=ADMIN)
    kept.ok("mirror", "run")
    change(original(kept))
    ran = kept("fixity", "run", "--slice", "100000000", "--json")
    assert (ran.code, len(ran.json["damaged"]), ran.json["restored"]) == (Exit.FINDINGS, 1, 1)
    assert original(kept).read_bytes() == b"evidence" * 1000
    assert kept("fixity", "run", "--slice", "100000000").code == Exit.OK


def test_a_recording_comes_back_from_a_disc(kept: Command) -> None:
    clip, disc = clip_of(kept), kept.home / "disc/bag"
    disc.mkdir(parents=True)
    (disc / "0001.mp4").write_bytes(original(kept).read_bytes())
    change(original(kept))
    refused = kept("fixity", "restore", clip, by=ADMIN)
    assert refused.code == Exit.NOT_FOUND and "no copy of recording" in refused.told
    said = kept.ok("fixity", "restore", clip, "--from", str(disc.parent), by=ADMIN).out
    assert "whole again" in said and ".damaged/" in said
    assert kept.ok("verify", "--all").code == Exit.OK


def test_what_is_whole_is_not_restored_and_not_by_everybody(kept: Command) -> None:
    clip = clip_of(kept)
    assert kept("fixity", "restore", clip, by=ADMIN).code == Exit.REFUSED
    assert kept("fixity", "restore", clip, by="boss").code == Exit.NOT_ALLOWED
    assert kept("mirror", "init", "--same-disk", by="boss").code == Exit.NOT_ALLOWED
    assert kept("fixity", "restore", "zzzz", by=ADMIN).code == Exit.NOT_FOUND
    assert kept("fixity", "restore", clip, "--from", str(kept.home / "nowhere"), by=ADMIN).code == Exit.USAGE
    assert kept("fixity", "run", "--slice", "1", "--minutes", "1").code == Exit.USAGE


def test_a_mirror_that_is_not_prepared_is_refused_and_doctor_says_so(kept: Command) -> None:
    assert kept("mirror", "run").code == Exit.REFUSED
    assert "mirror init" in kept("mirror", "status").told
    assert kept("mirror", "init", by=ADMIN).code == Exit.REFUSED
    (check,) = [one for one in kept("doctor", "--json").json if one["name"] == "mirror"]
    assert check["state"] == "fail"
    kept.ok("mirror", "init", "--same-disk", by=ADMIN)
    (check,) = [one for one in kept("doctor", "--json").json if one["name"] == "mirror"]
    assert check["state"] == "warn"
    assert "without a second copy: sessions 1" in kept.ok("mirror", "status").out
    kept.ok("mirror", "run")
    status = kept.ok("mirror", "status", "--json").json
    assert (status["clips"], status["waiting"], status["lacking"]) == (2, 0, 0)


def test_two_runs_do_not_meet(kept: Command) -> None:
    from dockd.lock import WriterLock

    kept.ok("mirror", "init", "--same-disk", by=ADMIN)
    for work in ("fixity", "mirror"):
        with WriterLock(str(kept.home / f"station/{work}.lock")):
            assert kept(work, "run").code == Exit.BUSY


def test_a_station_without_a_mirror_is_told_how_to_have_one(agency: Command) -> None:
    refused = agency("mirror", "run")
    assert refused.code == Exit.REFUSED and "mirror.folder" in refused.told
    assert "mirror" not in {check["name"] for check in agency("doctor", "--json").json}


# -------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("error", "code"),
    [
        *((MirrorUnusable("/srv/mirror", why), Exit.REFUSED) for why in WHY),
        (MirrorFault(TargetFault("/srv/mirror/x", "write", OSError(errno.EIO, "x"))), Exit.VAULT),
        (MirrorFull("/srv/mirror", 2**31, 2**20), Exit.VAULT),
        (Destroyed("38a9"), Exit.REFUSED),
    ],
)
def test_every_error_of_upkeep_is_told_with_a_hint(error: Exception, code: Exit) -> None:
    told = explain(error)
    assert told.exit_code == code and told.sentence and told.hint
    assert "{" not in told.sentence + told.hint


def test_other_errors_are_not_ours_and_unknown_codes_stay_as_they_are() -> None:
    assert of_upkeep(ValueError()) is None
    assert (damage_text("strange"), what_text("strange")) == ("strange", "strange")


def test_the_log_names_no_more_than_it_must() -> None:
    assert list(MirrorPrepared("m", "/f", False).data()) == ["place", "folder", "same_disk"]
    assert "clip" in DamageFound("clips", "c", "p", "missing", "", "").data()
    assert CopiesMade("m", "s", 1, 2, []).data()["lacking"] == []


# --------------------------------------------------------------------------------------------------------------- idle


def test_a_run_asks_for_the_disk_only_when_nobody_else_does() -> None:
    code = "from dockd.upkeep.idle import step_aside; import subprocess, os;"
    code += (
        " print(step_aside(), os.nice(0), flush=True); subprocess.run(['ionice', '-p', str(os.getpid())], check=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.split() == ["True", str(idle.NICEST), "idle"]


def test_the_marker_of_a_mirror_is_plain_text(kept: Command) -> None:
    kept.ok("mirror", "init", "--same-disk", by=ADMIN)
    said = json.loads((kept.home / "second/.dockd-mirror.json").read_text())
    assert sorted(said) == ["format", "place", "station"]
