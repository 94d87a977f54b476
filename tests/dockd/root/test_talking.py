"""What root says to a recorder that is no disk yet: nothing before it knows whom it speaks to; from transcripts."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dockd.drivers import Control
from dockd.drivers.ambarella import Ambarella
from dockd.drivers.jieli import JieLi
from dockd.root.kernel import Owner
from dockd.root.refusals import Refused
from dockd.root.talk import TalkOrder, TalkOutcome, checked_usb_name, read_order, read_outcome
from dockd.root.talking import Nodes, TalkMeans, find_nodes, talk
from hashing.filecalls import OsFileCalls
from tests.simulators.transcripts import PlayedBulk, PlayedScsi

NOW = datetime(2026, 11, 21, 1, 35, 7, 900_000, tzinfo=UTC)
LOG_IN = "> @Ver;8;00000000;#\n< @Ver;OK;#\n"
WHO = "> @Gdv;8;12345678;#\n< @Gdv;8;00018123;#\n"
CLOCK = "> @Sdt;8;20261121;#\n< @Sdt;OK;#\n> @Stm;6;09350700;#\n< @Stm;OK;#\n"
DISK = "> @ATH;8;12345678;#\n"
NAME = "1-1.3"


class Port:
    """A USB port with a device in it: its folder in a sysfs, its nodes, and what the daemon ordered."""

    def __init__(self, root: Path) -> None:
        self.sys, self.dev, self.run = root / "sys", root / "dev", root / "run"
        self.place = self.sys / f"devices/usb1/1-1/{NAME}"
        self.place.mkdir(parents=True)
        (self.sys / "bus/usb/devices").mkdir(parents=True)
        (self.sys / f"bus/usb/devices/{NAME}").symlink_to(self.place)
        for name, text in (("busnum", "1\n"), ("devnum", "4\n"), ("dev", "189:3\n")):
            (self.place / name).write_text(text)
        (self.dev / "bus/usb/001").mkdir(parents=True)
        for name in ("talk", "outcome"):
            (self.run / name).mkdir(parents=True)

    def order(self, order: TalkOrder | None = None) -> None:
        order = order or TalkOrder(NAME, "ambarella", "Asia/Shanghai")
        (self.run / f"talk/{NAME}.json").write_bytes(order.to_json())

    @property
    def nodes(self) -> Nodes:
        return find_nodes(NAME, str(self.sys), str(self.dev))

    def disk(self, number: str = "8:16") -> None:
        """A SCSI disk below it."""
        scsi = self.place / "1-1.3:1.0/host2/target2:0:0/2:0:0:0"
        (scsi / "block/sdb").mkdir(parents=True)
        (scsi / "block/sdb/dev").write_text(f"{number}\n")
        (scsi / "scsi_generic/sg1").mkdir(parents=True)
        (scsi / "scsi_generic/sg1/dev").write_text("21:1\n")

    def means(self, recorder: Control, mountinfo: bytes = b"") -> TalkMeans:
        @contextmanager
        def connect(_driver: str, _nodes: Nodes) -> Iterator[Control]:
            yield recorder

        owner = Owner(os.geteuid(), os.getegid())
        return TalkMeans(str(self.run), owner, OsFileCalls(), lambda: NOW, lambda: mountinfo, connect)

    def talk(self, recorder: Control, mountinfo: bytes = b"") -> TalkOutcome:
        said = talk(NAME, self.nodes, self.means(recorder, mountinfo))
        assert read_outcome((self.run / f"outcome/{NAME}.json").read_bytes()) == said
        return said


@pytest.fixture
def port(tmp_path: Path) -> Port:
    return Port(tmp_path)


def test_a_recorder_says_who_it_is_gets_the_time_of_its_zone_and_becomes_a_disk(port: Port) -> None:
    port.order()
    bulk = PlayedBulk(LOG_IN + WHO + CLOCK + DISK)
    said = port.talk(Ambarella(bulk))
    assert bulk.played
    assert said == TalkOutcome(
        NAME, "ambarella", "00018123", None, {}, None, "2026-11-21T01:35:07Z", "2026-11-21T09:35:07", disk=True
    )


def test_a_clock_that_its_family_does_not_set_so_is_left_alone(port: Port) -> None:
    port.order(TalkOrder(NAME, "ambarella", None))
    bulk = PlayedBulk(LOG_IN + WHO + DISK)
    said = port.talk(Ambarella(bulk))
    assert bulk.played and (said.set_at, said.told, said.disk, said.fault) == (None, None, True, None)


def test_a_device_that_is_no_such_recorder_is_told_nothing(port: Port) -> None:
    port.order()
    bulk = PlayedBulk("")
    bulk.ids = (0x0627, 0x0001)
    with pytest.raises(Refused) as refused:
        port.talk(Ambarella(bulk))
    assert refused.value.reason == "not-that-recorder"
    assert not (port.run / f"outcome/{NAME}.json").exists()


def test_an_answer_that_nobody_knows_ends_the_talk_before_anything_is_changed(port: Port) -> None:
    port.order()
    with pytest.raises(Refused) as refused:
        port.talk(Ambarella(PlayedBulk("> @Ver;8;00000000;#\n< @Ver;ERROR;#\n")))
    assert (refused.value.reason, refused.value.detail) == ("strange-answer", "log-in: '@Ver;ERROR;#'")


def test_a_clock_that_is_not_set_keeps_nobody_from_the_recordings(port: Port) -> None:
    port.order()
    said = port.talk(Ambarella(PlayedBulk(LOG_IN + WHO + "> @Sdt;8;20261121;#\n< @Sdt;ERROR;#\n" + DISK)))
    assert (said.set_at, said.disk, said.fault) == (None, True, "clock: Sdt: '@Sdt;ERROR;#'")


def test_a_recorder_that_stops_answering_is_told_of_with_what_was_done(port: Port) -> None:
    port.order()
    said = port.talk(Ambarella(PlayedBulk(LOG_IN + WHO + CLOCK + f"> @ATH;8;12345678;#\n! {errno.ETIMEDOUT}\n")))
    assert said.set_at is not None and not said.disk
    assert said.fault is not None and said.fault.startswith("disk: ")


def block(first: str, command: int, size: int) -> str:
    return f"{first}000000{command:02x}{size:04x}{'00' * 8}"


def test_a_recorder_by_scsi_tells_its_battery_too(port: Port) -> None:
    well = f"> {block('fd81', 14, 4)}\n< 00000000\n"
    who = b"".join(text.ljust(width, b"\0") for text, width in ((b"4500123", 7), (b"012345", 6), (b"", 76)))
    scsi = PlayedScsi(
        "> 120000002400\n< 0080020220000000" + b"DV16    DEVICE V1.00    1.00".hex() + "\n"
        f"> {block('fb82', 1, 0)}\n> {block('fd81', 2, 6)}\n< {b'JLDV16'.hex()}\n{well}"
        f"> {block('fd81', 3, 89)}\n< {who.hex()}\n{well}> {block('fd81', 8, 4)}\n< 58000000\n{well}"
        f"> {block('fb82', 5, 7)} : ea070b15092307\n{well}"
        f"> {block('fd81', 12, 4)}\n< 01000000\n> {block('fb82', 6, 0)}\n"
    )
    port.order(TalkOrder(NAME, "jieli", "Asia/Shanghai"))
    said = port.talk(JieLi(scsi))
    assert scsi.played
    assert (said.serial, said.officer, said.battery, said.details) == ("4500123", "012345", 88, {"id_code": "JLDV16"})
    assert (said.told, said.disk, said.fault) == ("2026-11-21T09:35:07", True, None)


# ------------------------------------------------------------------------------------------- whom root speaks to at all


def test_a_recorder_whose_volume_is_mounted_is_left_alone(port: Port) -> None:
    port.order()
    port.disk("8:16")
    line = b"36 35 8:16 / /run/dockd/volumes/sdb ro - vfat /dev/sdb ro\n"
    with pytest.raises(Refused) as refused:
        port.talk(Ambarella(PlayedBulk("")), line)
    assert refused.value.reason == "mounted-elsewhere"
    assert port.talk(Ambarella(PlayedBulk(LOG_IN + WHO + CLOCK + DISK)), line.replace(b"8:16", b"8:32")).disk


@pytest.mark.parametrize(
    "name", ["../sdb", "sdb1", "usb1", "1-1.3/..", "1-1.", "1-1;reboot", "1-1.3\n", "", "1-" + "9" * 9]
)
def test_only_names_of_usb_devices_are_looked_up(name: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_usb_name(name)
    assert refused.value.reason == "no-device-name"


def test_a_device_that_is_gone_is_refused(port: Port) -> None:
    with pytest.raises(Refused) as refused:
        find_nodes("1-2", str(port.sys), str(port.dev))
    assert refused.value.reason == "no-device"


def test_a_node_is_opened_only_when_it_is_the_device_that_sysfs_names(port: Port) -> None:
    node = port.dev / "bus/usb/001/004"
    with pytest.raises(Refused, match="no-device"):
        port.nodes.usb()
    node.write_bytes(b"")
    with pytest.raises(Refused, match="another-node"):
        port.nodes.usb()
    node.unlink()
    os.mknod(node, stat.S_IFCHR | 0o600, os.makedev(189, 4))
    with pytest.raises(Refused, match="another-node"):
        port.nodes.usb()
    node.unlink()
    os.mknod(node, stat.S_IFCHR | 0o600, os.makedev(189, 3))
    assert port.nodes.usb() == str(node)


def test_one_scsi_device_is_spoken_to_and_no_other_number_of_them(port: Port) -> None:
    with pytest.raises(Refused, match="no-scsi-device"):
        port.nodes.scsi()
    port.disk()
    os.mknod(port.dev / "sg1", stat.S_IFCHR | 0o600, os.makedev(21, 1))
    assert port.nodes.scsi() == str(port.dev / "sg1")
    second = port.place / "1-1.3:1.0/host2/target2:0:0/2:0:0:1/scsi_generic/sg2"
    second.mkdir(parents=True)
    with pytest.raises(Refused, match="no-scsi-device"):
        port.nodes.scsi()


# ------------------------------------------------------------------------------------------------------ what is ordered


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{}", b"[]", b'{"format":"dockd talk order 2","device":"1-1.3","driver":"ambarella","zone":null}',
        b'{"format":"dockd talk order 1","device":"1-1.3","driver":"ambarella"}',
        b'{"format":"dockd talk order 1","device":"1-1.3","driver":"ambarella","zone":null,"more":1}',
        b'{"format":"dockd talk order 1","device":"1-1.3","driver":"shell","zone":null}',
        b'{"format":"dockd talk order 1","device":"1-1.3","driver":"ambarella","zone":"../etc/passwd"}',
        b'{"format":"dockd talk order 1","device":7,"driver":"ambarella","zone":null}',
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused(port: Port, text: bytes) -> None:
    (port.run / f"talk/{NAME}.json").write_bytes(text)
    with pytest.raises(Refused) as refused:
        port.talk(Ambarella(PlayedBulk("")))
    assert refused.value.reason == "no-order"


def test_an_order_for_another_device_is_refused(port: Port) -> None:
    port.order(TalkOrder("1-1.4", "ambarella", None))
    with pytest.raises(Refused, match="no-order"):
        port.talk(Ambarella(PlayedBulk("")))


def test_an_order_that_somebody_else_wrote_is_refused(port: Port) -> None:
    port.order()
    os.chown(port.run / f"talk/{NAME}.json", 65534, 65534)
    with pytest.raises(Refused, match="foreign-owner"):
        port.talk(Ambarella(PlayedBulk("")))


def test_an_outcome_of_before_does_not_outlive_a_talk_that_failed(port: Port) -> None:
    port.order()
    port.talk(Ambarella(PlayedBulk(LOG_IN + WHO + CLOCK + DISK)))
    with pytest.raises(Refused):
        port.talk(Ambarella(PlayedBulk("> @Ver;8;00000000;#\n< no\n")))
    assert not (port.run / f"outcome/{NAME}.json").exists()


def test_orders_and_outcomes_read_back_as_they_were() -> None:
    order = TalkOrder(NAME, "jieli", "Asia/Urumqi")
    assert read_order(order.to_json()) == order
    outcome = TalkOutcome(NAME, "jieli", "45", "01", {"unit_name": "城关"}, 88, None, None, fault="no card")
    assert read_outcome(outcome.to_json()) == outcome
    with pytest.raises(ValueError, match="other fields"):
        read_outcome(replace(outcome, battery="88").to_json())  # type: ignore[arg-type]
