"""Root mounts what it may, read-only, for the daemon's eyes; and lets go of it whatever became of it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dockd.root.device import Device, checked_name, find_device
from dockd.root.kernel import KernelMounter, Owner
from dockd.root.mounting import ROOT, mount, plan_for, unmount
from dockd.root.refusals import Refused
from hashing.filecalls import OsFileCalls
from tests.simulators.loop_bay import LoopBay, mounts_of

FILES = OsFileCalls()
DAEMON = Owner(61_234, 61_235)


class Says(KernelMounter):
    """The kernel, but blkid says this."""

    def __init__(self, file_system: str) -> None:
        self._file_system = file_system

    def file_system_of(self, node: str) -> str:
        return self._file_system


def mounted(bay: LoopBay, owner: Owner = ROOT) -> Path:
    return Path(mount(bay.device(), str(bay.run_dir), owner, FILES, bay.mounter))


# ------------------------------------------------------------------------------------------------------------ devices


@pytest.mark.parametrize("name", ["sdb1", "sda", "loop3", "loop3p1", "mmcblk0p1", "vda15"])
def test_the_kernels_names_are_names(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "sdb1/../sda", "sdb 1", "sdb1\n", "-a", "SDB1", "sdb1;x", "１", "x" * 40, "dm-0", "nvme0n1"]
)
def test_anything_else_is_no_name(name: str) -> None:
    with pytest.raises(Refused):
        checked_name(name)


def fake_sysfs(root: Path, *, subsystem: str) -> Path:
    """A disk sdz1 that hangs on a device of this subsystem, as sysfs lays it out."""
    sys_dir = root / "sys"
    disk = sys_dir / "devices/pci0/usb1/1-1/1-1:1.0/host2/block/sdz/sdz1"
    disk.mkdir(parents=True)
    for folder in ("class/block", f"bus/{subsystem}", "bus/scsi"):
        (sys_dir / folder).mkdir(parents=True, exist_ok=True)
    (sys_dir / "devices/pci0/usb1/1-1/subsystem").symlink_to(sys_dir / f"bus/{subsystem}")
    (sys_dir / "devices/pci0/usb1/1-1/1-1:1.0/host2/subsystem").symlink_to(sys_dir / "bus/scsi")
    (sys_dir / "class/block/sdz1").symlink_to(disk)
    return sys_dir


def test_a_disk_on_usb_is_found_and_one_on_another_bus_is_refused(bay: LoopBay, tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    dev.mkdir()
    os.mknod(dev / "sdz1", stat.S_IFBLK | 0o600, bay.device().number)
    found = find_device("sdz1", allow_loop=False, sys_dir=str(fake_sysfs(tmp_path, subsystem="usb")), dev_dir=str(dev))
    assert found == Device("sdz1", str(dev / "sdz1"), bay.device().number)
    (tmp_path / "other").mkdir()
    with pytest.raises(Refused, match="not-on-usb"):
        find_device("sdz1", allow_loop=True, sys_dir=str(fake_sysfs(tmp_path / "other", subsystem="pci")))


def test_a_node_that_is_no_block_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sdz1").symlink_to("/dev/null")
    with pytest.raises(Refused, match="no-block-device"):
        find_device("sdz1", allow_loop=False, sys_dir=str(fake_sysfs(tmp_path, subsystem="usb")), dev_dir=str(tmp_path))


def test_loop_devices_only_where_they_are_allowed(bay: LoopBay) -> None:
    with pytest.raises(Refused, match="not-on-usb"):
        find_device(bay.card.name, allow_loop=False)


def test_the_stations_own_disk_is_refused_even_where_loops_are_allowed() -> None:
    disks = [name for name in os.listdir("/sys/class/block") if not name.startswith("loop") and name.isalnum()]
    for name in disks:
        with pytest.raises(Refused):
            find_device(name, allow_loop=True)


# ----------------------------------------------------------------------------------------------------------- mounting


def test_a_recorder_is_mounted_read_only_and_harmless(bay: LoopBay) -> None:
    mounted(bay)
    (line,) = mounts_of(bay.card.name)
    options, _, of_file_system = line.split(" ", 5)[5].partition(" - ")
    assert {"ro", "nosuid", "nodev", "noexec", "noatime", "nosymfollow"} <= set(options.split()[0].split(","))
    # norecovery is the kernel's word for noload: the journal is not replayed. A card could ask for errors=panic.
    assert of_file_system.split()[2].split(",") == ["ro", "norecovery", "errors=remount-ro"]


def test_a_card_that_wants_its_errors_to_stop_the_machine_does_not_get_its_way(tmp_path: Path, bay: LoopBay) -> None:
    bay.card.unplug()
    subprocess.run(["tune2fs", "-e", "panic", str(bay.card.image)], check=True, capture_output=True)
    bay.card.plug()
    mounted(bay)
    assert "errors=remount-ro" in mounts_of(bay.card.name)[0]


def test_mounting_reading_and_letting_go_changes_no_byte_of_the_card(bay: LoopBay) -> None:
    before = bay.card.image.read_bytes()
    assert len([path.read_bytes() for path in mounted(bay).rglob("*.mp4")]) == 2
    unmount(bay.card.name, str(bay.run_dir), FILES, bay.mounter)
    assert bay.card.image.read_bytes() == before


def test_the_daemon_reads_what_only_root_may_on_an_ext4_recorder_and_nobody_else_does(bay: LoopBay) -> None:
    bay.card.unplug()
    clip = "/DCIM/100MEDIA/1234567_100001_20261119080000.mp4"
    bay.card.debug(f"sif {clip} mode 0100600", "sif /DCIM/101MEDIA mode 040700")
    bay.card.plug()
    path = mounted(bay, DAEMON)
    script = f"head -c 5 .{clip}; ls DCIM/101MEDIA | wc -l; ls lost+found"

    def as_user(uid: int, gid: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", script], user=uid, group=gid, extra_groups=[], cwd=path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert (as_user(DAEMON.uid, DAEMON.gid).stdout, as_user(DAEMON.uid, DAEMON.gid).stderr) == ("first2\n", "")
    assert as_user(DAEMON.uid + 1, DAEMON.gid + 1).stderr.count("Permission denied") == 3


@pytest.mark.parametrize("file_system", ["vfat", "exfat"])
def test_times_of_fat_are_utc_and_its_files_are_the_daemons_to_read(bay: LoopBay, file_system: str) -> None:
    plan = plan_for(bay.device(), Says(file_system), DAEMON, writable=False)
    assert {"uid=61234", "gid=61235", "fmask=0337", "dmask=0227"} <= set(plan.options)
    assert {"tz=UTC", "time_offset=0"} & set(plan.options)
    assert plan.shown_to is None


@pytest.mark.parametrize("file_system", ["", "ext2", "btrfs", "ntfs", "squashfs"])
def test_other_file_systems_never_meet_the_kernel(bay: LoopBay, file_system: str) -> None:
    with pytest.raises(Refused, match="file-system"):
        mount(bay.device(), str(bay.run_dir), ROOT, FILES, Says(file_system))
    assert mounts_of(bay.card.name) == []


def test_a_card_without_a_file_system_is_refused(bay: LoopBay) -> None:
    bay.card.unplug()
    bay.card.image.write_bytes(bytes(1 << 20))
    bay.card.plug()
    with pytest.raises(Refused, match="file-system: none"):
        mounted(bay)


def test_what_the_file_system_says_of_a_broken_card_is_told(bay: LoopBay) -> None:
    bay.card.unplug()
    with open(bay.card.image, "r+b") as file:
        file.seek(1024 + 0x60)  # s_feature_incompat
        file.write(b"\xff\xff\xff\xff")
    bay.card.plug()
    with pytest.raises(OSError) as caught:
        mount(bay.device(), str(bay.run_dir), ROOT, FILES, Says("ext4"))
    assert caught.value.filename == f"/dev/{bay.card.name}"
    assert not (bay.run_dir / "volumes" / bay.card.name).exists()


def test_nothing_is_mounted_over_anything(bay: LoopBay) -> None:
    mounted(bay)
    with pytest.raises(Refused, match="mounted-already"):
        mounted(bay)
    assert len(mounts_of(bay.card.name)) == 1


def test_a_recorder_that_an_automounter_took_first_is_refused(bay: LoopBay, quick_path: Path) -> None:
    place = quick_path / "media"
    place.mkdir()
    subprocess.run(["mount", "-o", "ro,noload", f"/dev/{bay.card.name}", str(place)], check=True)
    with pytest.raises(Refused, match="mounted-elsewhere"):
        mounted(bay)


def test_an_unmounted_place_refuses_to_be_read_rather_than_to_look_empty(bay: LoopBay) -> None:
    path = mounted(bay)
    bay.mounter.detach(str(path), lazily=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0
    assert path.stat().st_uid == 0


# -------------------------------------------------------------------------------------------------------- letting go


def test_letting_go_twice_or_of_nothing_is_no_fault(bay: LoopBay) -> None:
    path = mounted(bay)
    for _ in range(3):
        unmount(bay.card.name, str(bay.run_dir), FILES, bay.mounter)
    assert mounts_of(bay.card.name) == []
    assert not path.exists()


def test_a_recorder_is_let_go_of_while_somebody_reads_it(bay: LoopBay) -> None:
    path = mounted(bay)
    with open(path / "DCIM/101MEDIA/strange.xyz", "rb") as file:
        unmount(bay.card.name, str(bay.run_dir), FILES, bay.mounter)
        assert mounts_of(bay.card.name) == []
        assert file.read() == b"what is this?"


def test_a_recorder_that_is_gone_is_let_go_of(bay: LoopBay) -> None:
    name = bay.card.name
    path = mounted(bay)
    bay.card.unplug()
    unmount(name, str(bay.run_dir), FILES, bay.mounter)
    assert not path.exists()
    with pytest.raises(Refused):
        unmount("../../etc", str(bay.run_dir), FILES, bay.mounter)


def test_mounts_that_lie_over_each_other_are_all_let_go_of(bay: LoopBay) -> None:
    path = mounted(bay)
    bay.mounter.attach(plan_for(bay.device(), bay.mounter, ROOT, writable=False), str(path))
    assert len(mounts_of(bay.card.name)) == 2
    unmount(bay.card.name, str(bay.run_dir), FILES, bay.mounter)
    assert mounts_of(bay.card.name) == []


# ------------------------------------------------------------------------------------------------------ folders, tool


def test_a_run_folder_that_others_may_write_is_refused(bay: LoopBay) -> None:
    bay.run_dir.chmod(0o777)
    with pytest.raises(Refused, match="folder-not-ours"):
        mounted(bay)


def test_a_link_in_the_place_of_roots_folder_is_refused(bay: LoopBay, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (bay.run_dir / "volumes").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="folder-not-ours"):
        mounted(bay)


def test_a_folder_of_another_user_in_the_place_of_roots_is_refused(bay: LoopBay) -> None:
    (bay.run_dir / "volumes").mkdir()
    os.chown(bay.run_dir / "volumes", DAEMON.uid, DAEMON.gid)
    with pytest.raises(Refused, match="folder-not-ours"):
        mounted(bay)


def tool(bay: LoopBay, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dockd.root", "--run-dir", str(bay.run_dir), "--allow-loop", *words]
    command[-len(words) : -len(words)] = ["--public-key", str(bay.key_file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_tool_mounts_and_lets_go(bay: LoopBay) -> None:
    assert tool(bay, "mount", bay.card.name).returncode == 0
    assert len(mounts_of(bay.card.name)) == 1
    assert tool(bay, "unmount", bay.card.name).returncode == 0
    assert mounts_of(bay.card.name) == []


def test_the_tool_mounts_again_where_a_killed_run_left_its_mount(bay: LoopBay) -> None:
    assert tool(bay, "mount", bay.card.name).returncode == 0
    assert "mounted-already" in tool(bay, "mount", bay.card.name).stderr
    assert tool(bay, "--again", "mount", bay.card.name).returncode == 0
    assert len(mounts_of(bay.card.name)) == 1


def test_the_tools_last_word_says_why_not(bay: LoopBay) -> None:
    for words, said in [
        (("mount", "sdb1;reboot"), "dockd-root: mount 'sdb1;reboot': no-device-name: 'sdb1;reboot'"),
        (("mount", "sdzz9"), "dockd-root: mount 'sdzz9': no-device: sdzz9"),
        (("--user", "nobody-of-that-name", "mount", bay.card.name), "no-user: nobody-of-that-name"),
    ]:
        done = tool(bay, *words)
        assert done.returncode == 1
        assert said in done.stderr.splitlines()[-1]
    assert tool(bay, "format", bay.card.name).returncode == 2


def test_root_code_brings_little_of_the_station_with_it() -> None:
    script = "import sys, dockd.root.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    packages = ("dockd.", "catalog", "click", "sqlalchemy", "pydantic")
    ours = {n for n in done.stdout.split() if n.startswith(packages) and not n.startswith("dockd.root")}
    assert ours == {"dockd.listing", "dockd.mounts", "dockd.naming", "dockd.volume"}


def test_the_tool_needs_no_memory_that_is_both_written_and_run(bay: LoopBay) -> None:
    # MemoryDenyWriteExecute= of the units: PR_SET_MDWE (65) is the kernel's own word for it, since Linux 6.3.
    script = f"""
import ctypes, sys
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0
from dockd.root.__main__ import main
sys.exit(main(["--run-dir", {str(bay.run_dir)!r}, "--allow-loop", "mount", {bay.card.name!r}]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
