"""Drivers against transcripts: what goes over the wire is what public sources state, and nothing else."""

from __future__ import annotations

import errno
from datetime import datetime

import pytest

from dockd.drivers import Ability, Control, NotStated, Refusal, Speaks, control_for
from dockd.drivers.ambarella import Ambarella
from dockd.drivers.jieli import JieLi
from dockd.recorders import load_families
from tests.simulators.transcripts import PlayedBulk, PlayedScsi

NOW = datetime(2026, 11, 21, 9, 35, 7, 900_000)
LOG_IN = "> @Ver;8;00000000;#\n< @Ver;OK;#\n"

# ------------------------------------------------------------------------------------------------------ Ambarella


def test_an_ambarella_recorder_says_its_id_after_logging_in() -> None:
    bulk = PlayedBulk(LOG_IN + "> @Gdv;8;12345678;#\n< @Gdv;8;00018123;#\n")
    found = Ambarella(bulk).identify()
    assert found is not None and (found.driver, found.serial, found.officer) == ("ambarella", "00018123", None)
    assert bulk.played


def test_another_usb_device_is_not_spoken_to() -> None:
    bulk = PlayedBulk("")
    bulk.ids = (0x46F4, 0x0001)
    assert Ambarella(bulk).identify() is None


def test_an_ambarella_clock_is_set_date_first_and_logs_in_once() -> None:
    bulk = PlayedBulk(
        LOG_IN
        + """
        > @Sdt;8;20261121;#
        < @Sdt;OK;#
        > @Stm;6;09350700;#
        < @Stm;OK;#
        > @ATH;8;12345678;#
        """
    )
    recorder = Ambarella(bulk)
    recorder.set_clock(NOW)
    recorder.enter_disk_mode()
    assert bulk.played


@pytest.mark.parametrize("answer", ["@Ver;ERROR;#", "", "\x1b[2J"])
def test_a_refused_log_in_ends_the_talk(answer: str) -> None:
    bulk = PlayedBulk(f"> @Ver;8;00000000;#\n< {answer}\n")
    with pytest.raises(Refusal) as raised:
        Ambarella(bulk).set_clock(NOW)
    assert raised.value.said.isprintable()
    assert bulk.played


def test_an_error_in_answer_to_the_date_leaves_the_time_unsent() -> None:
    bulk = PlayedBulk(LOG_IN + "> @Sdt;8;20261121;#\n< @Sdt;ERROR;#\n> never\n")
    with pytest.raises(Refusal) as raised:
        Ambarella(bulk).set_clock(NOW)
    assert raised.value.asked == "Sdt"


def test_a_recorder_that_says_nothing_is_an_error_of_the_system() -> None:
    bulk = PlayedBulk(f"> @Ver;8;00000000;#\n! {errno.ETIMEDOUT}\n")
    with pytest.raises(TimeoutError):
        Ambarella(bulk).identify()


# ---------------------------------------------------------------------------------------------------------- JieLi

INQUIRY = "> 120000002400\n< 0080020220000000" + b"DV16    DEVICE V1.00    1.00".hex() + "\n"
WELL = "> fd81000000 0e 0004 0000000000000000".replace(" ", "").replace(">", "> ") + "\n< 00000000\n"


def block(first: str, command: int, size: int) -> str:
    return f"{first}000000{command:02x}{size:04x}{'00' * 8}"


def info() -> bytes:
    fields = (b"4500123", b"012345", "张伟".encode("gbk"), b"130200000000", "城关执法中队".encode("gbk"))
    return b"".join(field.ljust(width, b"\0") for field, width in zip(fields, (7, 6, 32, 12, 32), strict=True))


def test_a_jieli_recorder_says_who_it_is_and_whose() -> None:
    scsi = PlayedScsi(
        INQUIRY
        + f"> {block('fb82', 1, 0)}\n"
        + f"> {block('fd81', 2, 6)}\n< {b'JLDV16'.hex()}\n{WELL}"
        + f"> {block('fd81', 3, 89)}\n< {info().hex()}\n{WELL}"
    )
    found = JieLi(scsi).identify()
    assert found is not None and (found.serial, found.officer) == ("4500123", "012345")
    assert found.details == {
        "id_code": "JLDV16",
        "officer_name": "张伟",
        "unit": "130200000000",
        "unit_name": "城关执法中队",
    }
    assert scsi.played


def test_an_ordinary_disk_is_sent_no_command_of_the_chip() -> None:
    scsi = PlayedScsi("> 120000002400\n< 0080020220000000" + b"SanDisk Cruzer Blade    1.00".hex() + "\n")
    assert JieLi(scsi).identify() is None
    assert scsi.played


def test_a_jieli_clock_is_set_in_seven_packed_bytes_and_the_status_is_asked() -> None:
    scsi = PlayedScsi(f"> {block('fb82', 5, 7)} : ea070b15092307\n{WELL}")
    JieLi(scsi).set_clock(NOW)
    assert scsi.played


def test_a_jieli_recorder_that_did_not_obey_says_so() -> None:
    scsi = PlayedScsi(f"> {block('fb82', 5, 7)} : ea070b15092307\n" + WELL.replace("< 00", "< 01"))
    with pytest.raises(Refusal) as raised:
        JieLi(scsi).set_clock(NOW)
    assert raised.value.asked == "set_clock"


def test_the_battery_is_the_number_that_the_recorder_gives() -> None:
    assert JieLi(PlayedScsi(f"> {block('fd81', 8, 4)}\n< 58000000\n{WELL}")).battery() == 88


def test_a_short_answer_is_no_number() -> None:
    with pytest.raises(Refusal):
        JieLi(PlayedScsi(f"> {block('fd81', 8, 4)}\n< 58\n")).battery()


def test_a_recorder_without_a_card_does_not_become_a_disk() -> None:
    with_card = PlayedScsi(f"> {block('fd81', 12, 4)}\n< 01000000\n> {block('fb82', 6, 0)}\n")
    JieLi(with_card).enter_disk_mode()
    assert with_card.played
    without = PlayedScsi(f"> {block('fd81', 12, 4)}\n< 00000000\n")
    with pytest.raises(Refusal):
        JieLi(without).enter_disk_mode()


# ------------------------------------------------------------------------------------------------- both, and which


@pytest.mark.parametrize("recorder", [Ambarella(PlayedBulk("")), JieLi(PlayedScsi(""))])
def test_what_no_source_states_is_not_tried(recorder: Control) -> None:
    acts = {Ability.READ_CLOCK: recorder.read_clock, Ability.BATTERY: recorder.battery}
    for ability, act in acts.items():
        if ability not in recorder.abilities:
            with pytest.raises(NotStated) as raised:
                act()
            assert raised.value.ability is ability
    assert Ability.READ_CLOCK not in recorder.abilities


def test_families_say_which_driver_speaks_to_a_device() -> None:
    families = load_families()
    assert control_for(families, usb="4255:0001") == Speaks("ambarella", "Asia/Shanghai", set_clock=True)
    assert control_for(families, inquiry="DV16    DEVICE V1.00    ") == Speaks("jieli", "Asia/Shanghai", set_clock=True)
    assert control_for(families, usb="46f4:0001", inquiry="SanDisk Cruzer") is None
    assert control_for(families, inquiry="") is None
