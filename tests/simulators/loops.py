"""Recorders as ext4 images on loop devices: what stands in for USB where a machine has none."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


def make_image(path: Path, content: Path, *, label: str, size_mib: int = 32) -> Path:
    """An ext4 image that holds what lies in `content`."""
    with open(path, "wb") as file:
        file.truncate(size_mib << 20)
    subprocess.run(
        ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-L", label, "-d", str(content), str(path)], check=True
    )
    return path


@dataclass(slots=True)
class Plugged:
    """An attached image; `name` is the loop device's."""

    image: Path
    name: str
    out: bool = False

    @property
    def port(self) -> str:
        """The port dockd knows it by."""
        return f"loop/{self.name}"

    def unplug(self) -> None:
        """Detach; a mount keeps it until it is unmounted, as the kernel has it. Once: the device's name may be that of
        somebody else's image by now.
        """
        if not self.out:
            self.out = True
            subprocess.run(["losetup", "-d", f"/dev/{self.name}"], check=False, capture_output=True)


def plug(image: Path) -> Plugged:
    """Attach an image to a free loop device."""
    done = subprocess.run(["losetup", "--find", "--show", str(image)], check=True, capture_output=True, text=True)
    return Plugged(image, done.stdout.strip().rsplit("/", 1)[-1])


def free_name() -> str:
    """The loop device the next image will get."""
    return (
        subprocess.run(["losetup", "--find"], check=True, capture_output=True, text=True)
        .stdout.strip()
        .rsplit("/", 1)[-1]
    )


def mounts_under(folder: Path) -> list[str]:
    """What is mounted below a folder, the last mounted first."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        places = [line.split()[4] for line in file]
    return [place for place in reversed(places) if place.startswith(f"{folder}/")]
