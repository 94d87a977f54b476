"""What a station does beside taking recorders in: facts, drop folders, recorders' clocks, a catalogue on a server."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.machine import tools
from tests.machine.dock import Dock
from tests.machine.sticks import ALIGN, Volume, recording, recordings

pytestmark = pytest.mark.machine

DROP = "/var/lib/dockd/drop"
DROP_IN = Path(__file__).resolve().parents[2] / "systemd/dockd-postgresql.conf"


def clips(dock: Dock) -> list[dict[str, Any]]:
    """Recordings in the catalogue."""
    found: list[dict[str, Any]] = json.loads(dock.machine.say("dockd clip list --json"))
    return found


# ------------------------------------------------------------------------------------------------------------- facts


def test_the_unit_for_facts_reads_them_with_the_real_parsers_in_their_box(dock: Dock, tmp_path: Path) -> None:
    film, noise = {recording(0)[0]: tools.film(tmp_path)}, recordings(1, first=1)
    dock.seat(dock.recorder("one", Volume(film | noise)), 1)
    dock.wait(1, "take-it")
    dock.machine.unpack(tools.parsers(tmp_path))
    dock.machine.say("systemctl start dockd-facts.service")
    facts = {}
    for clip in clips(dock):
        for fact in json.loads(dock.machine.say(f"dockd clip show {clip['id']} --json"))["facts"]:
            facts[Path(clip["name"]).name, fact["name"], fact["source"].split()[0]] = fact["value"]
    name = Path(recording(0)[0]).name
    assert {source for clip, _fact, source in facts if clip == name} >= {"exiftool", "ffprobe"}
    assert (facts[name, "container", "exiftool"], facts[name, "duration", "ffprobe"]) == ("MP4", 1000)
    failed = {
        one["data"]["clip"]: [fault["parser"] for fault in one["data"]["failures"]]
        for one in dock.custody("facts-read")
    }
    # Noise is no film: a parser says so, and that costs its own facts only.
    assert {Path(clip["name"]).name: failed[clip["id"]] for clip in clips(dock)}[name] == []
    assert len(failed) == 2
    dock.rests(film, noise)


# ------------------------------------------------------------------------------------------------------ drop folders


def test_what_is_dropped_is_taken_in_once_it_is_whole_and_then_kept_or_removed(dock: Dock) -> None:
    first, second = recordings(1, first=0), recordings(1, first=1)
    dock.machine.say(f"install -d -o dockd -g dockd {DROP} {DROP}/interview-1 {DROP}/voice")
    dock.set(folders=f'["{DROP}/interview-1", "{DROP}/voice"]', still_s="1", then="restart")
    # One that arrives whole, and one whose writer rests longer than a file has to be still.
    ((_name, whole),) = first.items()
    ((_name, halved),) = second.items()
    dock.machine.write("/var/tmp/whole", whole)
    dock.machine.write("/var/tmp/halved", halved)
    dock.machine.say(f"cp /var/tmp/whole {DROP}/interview-1/room.mp4")
    half = len(halved) // 2
    writer = f"head -c {half} /var/tmp/halved; sleep 6; tail -c +{half + 1} /var/tmp/halved"
    dock.machine.say(f"setpriv --reuid=dockd --regid=dockd --clear-groups sh -c '({writer}) > {DROP}/voice/talk.wav'")
    dock.machine.wait_for("[ $(dockd clip list --json | grep -o '\"blake3\"' | wc -l) = 2 ]")
    assert {clip["recorder"] for clip in clips(dock)} == {"interview-1", "voice"}
    dock.rests(first, second)
    left = dock.machine.say(f"cd {DROP} && find . -type f | sort").split()
    assert left == ["./interview-1/room.mp4", "./voice/talk.wav"]
    # Told to remove, it does so with what it holds already, too.
    third = recordings(1, first=2)
    dock.set(after='"remove"', then="restart")
    dock.machine.write(f"{DROP}/voice/more.wav", next(iter(third.values())))
    dock.machine.wait_for(f'[ -z "$(find {DROP} -type f)" ]')
    dock.rests(first, second, third)


# ------------------------------------------------------------------------------------------------- recorders' clocks

FAMILY = """
name = "own"
extends = "gat947"
title = { zh = "本站记录仪", en = "recorder of this station" }
rank = 99
sources = ["this play"]
not_known = []

[[recognise]]
names_share = 0.5

[[names]]
pattern = '(?P<recorder>[0-9]{7})_(?P<officer>[0-9]{6})_(?P<start>[0-9]{14})'
start = ["%Y%m%d%H%M%S"]

[clock]
measure = ["newest-file"]
set = "TIMESET.TXT"
"""


def test_a_recorders_clock_is_set_as_the_last_act_before_it_is_handed_back(dock: Dock) -> None:
    # A station's own clock runs in its agency's zone.
    dock.machine.say("ln -sf /usr/share/zoneinfo/Asia/Shanghai /etc/localtime && timedatectl --version >/dev/null")
    dock.machine.write("/etc/dockd/families/own.toml", FAMILY.encode())
    dock.machine.say("chmod -R go+rX /etc/dockd/families && systemctl restart dockd")
    taken = recordings(2)
    card = dock.recorder("one", Volume(taken | {"TIMESET.TXT": b"2020-01-01 00:00:00\n"}))
    before = datetime.fromtimestamp(float(dock.machine.say("date +%s")), UTC)
    dock.seat(card, 1)
    dock.wait(1, "take-it")
    dock.take(1)
    after = datetime.fromtimestamp(float(dock.machine.say("date +%s")), UTC)
    # As the recorder finds it: read from the card itself, which was pulled the moment it was done.
    command = ["mtype", "-i", f"{card}@@{ALIGN}", "::TIMESET.TXT"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    told = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert before <= told <= after
    (cleared,) = dock.custody("recorder-cleared")
    assert cleared["data"]["removed"]
    command = ["mdir", "-/", "-b", "-i", f"{card}@@{ALIGN}", "::"]
    assert ".mp4" not in subprocess.run(command, check=True, capture_output=True, text=True).stdout
    dock.rests(taken)


# ------------------------------------------------------------------------------------------- a catalogue on a server


def test_the_hardened_daemon_reaches_the_one_server_it_is_let_reach(dock: Dock, tmp_path: Path) -> None:
    before = dock.custody()
    tar, server = tools.postgresql(tmp_path)
    machine = dock.machine
    machine.unpack(tar)
    machine.say(f"chown -R nobody {tools.POSTGRES_DATA} && chmod 700 {tools.POSTGRES_DATA}")
    machine.say(
        f"systemd-run --quiet --unit=server -p User=nobody {server} -D {tools.POSTGRES_DATA} -k {tools.POSTGRES_DATA} "
        "-c listen_addresses=127.0.0.1 -c shared_buffers=16MB"
    )
    roles = "CREATE ROLE owner LOGIN; CREATE ROLE dockd LOGIN; CREATE DATABASE dockd OWNER owner"
    script = (
        "import psycopg\n"
        "with psycopg.connect('host=127.0.0.1 user=postgres dbname=postgres', autocommit=True) as server:\n"
        f"    for one in '{roles}'.split('; '): server.execute(one)\n"
    )
    machine.write("/var/tmp/roles.py", script.encode())
    machine.wait_for("/usr/lib/dockd/venv/bin/python /var/tmp/roles.py")
    machine.say("systemctl stop dockd")
    machine.say("mv /var/lib/dockd/catalog.db /var/lib/dockd/catalog.db.old")
    dock.set(url='"postgresql://dockd@127.0.0.1/dockd"', then="stop")
    machine.say("dockd catalog rebuild --owner-url postgresql://owner@127.0.0.1/dockd")
    # As the package has it, with the address of an example: the server is out of reach.
    for unit in ("dockd", "dockd-facts"):
        machine.write(f"/etc/systemd/system/{unit}.service.d/postgresql.conf", DROP_IN.read_bytes())
    machine.say("systemctl daemon-reload")
    assert machine.run("timeout 60 systemctl start dockd").code
    machine.say("systemctl stop dockd && systemctl reset-failed dockd")
    machine.say("sed -i 's/^IPAddressAllow=.*/IPAddressAllow=127.0.0.1/' /etc/systemd/system/*/postgresql.conf")
    machine.say("systemctl daemon-reload && systemctl start dockd")
    taken = recordings(2)
    dock.seat(dock.recorder("one", Volume(taken)), 1)
    dock.wait(1, "take-it")
    assert dock.custody()[: len(before)] == before
    assert machine.run("ls /var/lib/dockd/catalog.db").code
    # The unit for facts reaches the server too: it comes as far as to miss its parsers (exit code 11, not 7).
    machine.run("systemctl start dockd-facts.service")
    assert machine.say("systemctl show -P ExecMainStatus dockd-facts").strip() == "11"
    machine.say("systemctl reset-failed dockd-facts")
    dock.rests(taken)
