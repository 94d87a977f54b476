"""udev's events as values: listens first, then enumerates, so that nothing seated in between is missed.

A recorder that was in its bay at power-on may appear seconds after the daemon (measured: 4.4 s after multi-user), and
one that is in when the daemon starts has no event at all: both ways are one here. Loop devices, when allowed, come from
the kernel's own events and are asked for their file system by blkid, so that a machine without udev runs the same code.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyudev

from .usb import Gone, Origin, Seen, inquiry_of, stranger_seen, volume_seen

Tell = Callable[[Seen | Gone], None]
SECTOR_BYTES = 512
LOOP_SETTLES_S = 0.1


class Devices:
    """Watches block devices and USB devices; `tell` is called from a thread of its own."""

    def __init__(self, tell: Tell, *, allow_loop: bool) -> None:
        self._tell = tell
        self._allow_loop = allow_loop
        self._context = pyudev.Context()
        self._observers: list[Any] = []
        self._ending = threading.Event()

    def start(self) -> None:
        """Listen, then tell of everything that is there already."""
        monitor = pyudev.Monitor.from_netlink(self._context, source="udev")
        monitor.filter_by("block")
        monitor.filter_by("usb", "usb_device")
        self._listen(monitor, self._from_udev)
        if self._allow_loop:
            kernel = pyudev.Monitor.from_netlink(self._context, source="kernel")
            kernel.filter_by("block")
            self._listen(kernel, self._from_kernel)
        for seen in self._present():
            self._tell(seen)

    def stop(self) -> None:
        """Listen no more. What was heard and not told yet is let go: an observer ends only once nothing waits in it."""
        self._ending.set()
        for observer in self._observers:
            observer.stop()

    def _listen(self, monitor: Any, heard: Callable[[Any], None]) -> None:
        def told(device: Any) -> None:
            if not self._ending.is_set():
                heard(device)

        observer = pyudev.MonitorObserver(monitor, callback=told, name="devices")
        observer.start()
        self._observers.append(observer)

    def _present(self) -> Iterator[Seen]:
        for device in self._context.list_devices(subsystem="block"):
            seen = self._volume(device) if not device.sys_name.startswith("loop") else self._loop(device)
            if seen is not None:
                yield seen
        for device in self._context.list_devices(subsystem="block"):
            speaker = _speaker(device)
            if speaker is not None:
                yield speaker
        for device in self._context.list_devices(subsystem="usb", DEVTYPE="usb_device"):
            yield stranger_seen(device.properties, device.sys_name)

    def _from_udev(self, device: Any) -> None:
        if device.subsystem == "usb":
            name = f"usb:{device.sys_name}"
            self._tell(Gone(name) if device.action == "remove" else stranger_seen(device.properties, device.sys_name))
        elif device.action == "remove":
            self._tell(Gone(device.sys_name))
        elif not device.sys_name.startswith("loop"):
            seen = self._volume(device) or _speaker(device)
            if seen is not None:
                self._tell(seen)

    def _from_kernel(self, device: Any) -> None:
        if not device.sys_name.startswith("loop"):
            return
        heard_at = datetime.now(UTC)
        # A loop device that is being detached tells of a change first, and still has its file then.
        self._ending.wait(LOOP_SETTLES_S)
        seen = self._loop(device)
        # A loop device never goes: it loses what it was attached to.
        self._tell(Gone(device.sys_name) if seen is None else replace(seen, plugged_at=heard_at))

    def _volume(self, device: Any) -> Seen | None:
        properties = device.properties
        if properties.get("ID_BUS") != "usb" or properties.get("ID_FS_USAGE") != "filesystem":
            return None
        seen = volume_seen(properties, _size_bytes(device.sys_path), _diskseq(device.sys_path))
        return replace(seen, plugged_at=_plugged_at(device))

    def _loop(self, device: Any) -> Seen | None:
        if not self._allow_loop or not os.path.exists(f"{device.sys_path}/loop/backing_file"):
            return None
        properties = {"DEVNAME": f"/dev/{device.sys_name}", "DEVTYPE": "disk", "DEVPATH": device.device_path}
        properties.update(probed(f"/dev/{device.sys_name}"))
        return volume_seen(properties, _size_bytes(device.sys_path), _diskseq(device.sys_path))


def origin_of(device_number: int) -> Origin:
    """What udev knows of the block device with this number (st_dev). Never raises: a folder on a disk has none."""
    try:
        device: Any = pyudev.Devices.from_device_number(pyudev.Context(), "block", device_number)
    except (pyudev.DeviceNotFoundError, ValueError, OSError):
        return Origin()
    if device.properties.get("ID_BUS") != "usb":
        return Origin()
    return replace(volume_seen(device.properties, 0, None), plugged_at=_plugged_at(device)).origin


def _speaker(device: Any) -> Seen | None:
    """The USB device behind a disk on which there is nothing to be mounted: it may be a recorder that waits to be
    spoken to before it shows its card, known by what it calls itself.
    """
    properties = device.properties
    if properties.get("ID_BUS") != "usb" or properties.get("DEVTYPE") != "disk":
        return None
    if properties.get("ID_FS_USAGE") or properties.get("ID_PART_TABLE_TYPE"):
        return None
    whole = device.find_parent("usb", "usb_device")
    inquiry = inquiry_of(properties)
    return replace(stranger_seen(whole.properties, whole.sys_name), inquiry=inquiry) if whole and inquiry else None


def _plugged_at(device: Any) -> datetime | None:
    """When udev first saw the USB device that a volume belongs to: it keeps that as time since the boot."""
    whole = device.find_parent("usb", "usb_device")
    since: timedelta = whole.time_since_initialized if whole is not None else timedelta()
    return datetime.now(UTC) - since if since else None


def probed(path: str) -> Mapping[str, str]:
    """What blkid says of a device's file system, by udev's names; nothing when there is none."""
    try:
        done = subprocess.run(
            ["blkid", "-p", "-o", "udev", path], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _size_bytes(sys_path: str) -> int:
    return (_number(f"{sys_path}/size") or 0) * SECTOR_BYTES


def _diskseq(sys_path: str) -> int | None:
    """The kernel's number for this insertion of the disk (a partition's is its disk's)."""
    return _number(f"{sys_path}/diskseq") or _number(f"{os.path.dirname(sys_path)}/diskseq")
