"""Builds the disk of a station that QEMU boots: Debian with real systemd, udev and polkit, and dockd's package in it.

    build/machine/base-<key>/      root.tar, vmlinuz, initrd.gz, manifest.json   made when the inputs below change
    build/machine/station-<key>/   root.img, vmlinuz, initrd.gz                  made when the package changes

The guest is the building machine's own release of Debian, fetched from that machine's own sources of packages. ffmpeg
and exiftool would bring 300 MB of libraries, and no play needs them: two empty packages of these names stand in for
them, and the guest's settings say `facts.when = "later"`.

Needs root and the system packages mmdebstrap, e2fsprogs, kmod, cpio, busybox-static.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.machine.guest import ETC, INIT, MASKED, MODULES, PACKAGES, PREPARE, STAND_INS

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "machine"


@dataclass(frozen=True, slots=True)
class Image:
    """A folder with root.img, vmlinuz and initrd.gz: what a machine boots."""

    folder: Path
    build_s: float

    @property
    def disk(self) -> Path:
        """The root file system, ext4 without partitions; machines write to overlays of it."""
        return self.folder / "root.img"


def station_image(deb: Path) -> Image:
    """The image with this package installed, from the cache where nothing changed. Raises RuntimeError."""
    began = time.monotonic()
    with _one_builder():
        base = _cached("base", _base_inputs(), _build_base)
        package = hashlib.sha256(deb.read_bytes()).hexdigest()
        station = _cached("station", [base.name, package, repr(PREPARE)], lambda out: _build_station(out, base, deb))
    return Image(station, time.monotonic() - began)


@contextmanager
def _one_builder() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _cached(kind: str, inputs: Iterable[str], build: Callable[[Path], None]) -> Path:
    """The folder of this kind and these inputs; older ones of the kind are removed when a new one is made."""
    key = hashlib.sha256("\0".join([Path(__file__).read_text("utf-8"), *inputs]).encode()).hexdigest()[:16]
    wanted = CACHE / f"{kind}-{key}"
    if wanted.is_dir():
        return wanted
    for old in CACHE.glob(f"{kind}-*"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=CACHE) as folder:
        made = Path(folder) / kind
        made.mkdir()
        build(made)
        made.rename(wanted)
    return wanted


def _run(*command: str | Path, stdin: str = "", folder: Path | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True, input=stdin, cwd=folder
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}):\n{done.stdout[-1000:]}{done.stderr[-3000:]}")
    return done.stdout


# ------------------------------------------------------------------------------------------- sources of packages


def _release() -> str:
    found = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError("this system does not name its release: the machine test needs Debian")
    return found[1]


def sources(release: str, apt_dir: Path = Path("/etc/apt")) -> str:
    """The lines of this machine's own sources that belong to the release itself, its updates or its security fixes."""
    wanted = {release, f"{release}-updates", f"{release}-security"}
    lines = []
    for file in sorted([apt_dir / "sources.list", *apt_dir.glob("sources.list.d/*")]):
        if file.suffix == ".sources":
            lines += _deb822(file.read_text("utf-8"), wanted)
        elif file.suffix == ".list" and file.is_file():
            entry = re.compile(r"^deb\s+(?:\[[^]]*\]\s+)?\S+\s+(\S+)\s")
            lines += [one for one in file.read_text("utf-8").splitlines() if (m := entry.match(one)) and m[1] in wanted]
    return "\n".join(lines)


def _deb822(text: str, wanted: set[str]) -> list[str]:
    lines = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "deb" not in fields.get("Types", "").split() or fields.get("Enabled", "yes") == "no":
            continue
        signed = f"[signed-by={fields['Signed-By']}] " if fields.get("Signed-By", "").startswith("/") else ""
        for suite in wanted & set(fields.get("Suites", "").split()):
            lines += [f"deb {signed}{uri} {suite} {fields['Components']}" for uri in fields["URIs"].split()]
    return sorted(lines)


def _kernel() -> str:
    """The package that linux-image-amd64 stands for today."""
    found = re.search(r"Depends: (linux-image-\S+)", _run("apt-cache", "depends", "linux-image-amd64"))
    if found is None:
        raise RuntimeError("apt knows no kernel: apt-get update")
    return found[1]


def _base_inputs() -> list[str]:
    guest = (PACKAGES, STAND_INS, MODULES, MASKED, INIT, sorted(ETC.items()))
    return [_release(), sources(_release()), _kernel(), repr(guest)]


# ------------------------------------------------------------------------------------------------------ the base


def _build_base(out: Path) -> None:
    release, kernel = _release(), _kernel()
    work = out / "work"
    root = work / "tree"
    work.mkdir(mode=0o755)
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{one}/*" for one in ("doc", "man", "info", "locale")]
    _run(
        "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", f"--include={','.join(PACKAGES)}", *left_out,
        release, root, "-", stdin=sources(release),
    )  # fmt: skip
    _add_kernel(root, work, out, kernel)
    _configure(root)
    for name in STAND_INS:
        _install(root, _stand_in(work, name))
    _run("tar", "--numeric-owner", "--sort=name", "-C", root, "-cf", out / "root.tar", ".")
    packages = _run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\\n")
    (out / "manifest.json").write_text(json.dumps({"kernel": kernel, "packages": packages.split("\n")}, indent=1))
    shutil.rmtree(work)


def _add_kernel(root: Path, work: Path, out: Path, kernel: str) -> None:
    """Unpack the kernel rather than install it: its scripts would build an initramfs of their own."""
    version = kernel.removeprefix("linux-image-")
    subprocess.run(["apt-get", "-qq", "download", kernel, "busybox-static"], cwd=work, check=True, capture_output=True)
    (deb,) = work.glob(f"{kernel}_*.deb")
    wanted = [f"./lib/modules/{version}/kernel/{one}" for one in MODULES]
    wanted += [f"./lib/modules/{version}/modules.{one}" for one in ("order", "builtin", "builtin.modinfo")]
    _unpack(deb, work, [*wanted, "./boot"])
    (root / "lib/modules").mkdir(parents=True, exist_ok=True)
    shutil.move(work / "lib/modules" / version, root / "lib/modules" / version)
    _run("depmod", "-b", root, version)
    shutil.copy(work / f"boot/vmlinuz-{version}", out / "vmlinuz")
    (busybox,) = work.glob("busybox-static_*.deb")
    _unpack(busybox, work, ["./bin/busybox"])
    _make_initrd(root, work, out / "initrd.gz", version)


def _unpack(deb: Path, into: Path, names: list[str]) -> None:
    files = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], check=True, capture_output=True).stdout
    done = subprocess.run(
        ["tar", "-x", "-C", into, "--no-same-owner", *names], input=files, capture_output=True, check=False
    )
    # A module that is built into this version of the kernel is no reason to stop.
    other = [
        one
        for one in done.stderr.decode().splitlines()
        if "Not found in archive" not in one and "previous err" not in one
    ]
    if done.returncode and other:
        raise RuntimeError(f"{deb.name}: {other}")


def _make_initrd(root: Path, work: Path, initrd: Path, version: str) -> None:
    tree = work / "initrd"
    for name in ("bin", "dev", "proc", "sys", "mod", "new"):
        (tree / name).mkdir(parents=True)
    shutil.copy(work / "bin/busybox", tree / "bin/busybox")
    modules: list[str] = []
    for name in ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4"):
        needs = _run("modprobe", "-d", root, "-S", version, "--show-depends", name)
        modules += [line.split()[1] for line in needs.splitlines() if line.startswith("insmod")]
    modules = list(dict.fromkeys(modules))
    for one in modules:
        shutil.copy(one, tree / "mod")
    (tree / "mod/order").write_text("".join(f"{os.path.basename(one)}\n" for one in modules))
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    _run("sh", "-c", f"find . | sort | cpio -o -H newc --quiet | gzip -6 > '{initrd}'", folder=tree)


def _configure(root: Path) -> None:
    for name, text in ETC.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    # With an id of its own this is no first boot.
    (root / "etc/machine-id").write_text(hashlib.sha256(b"station").hexdigest()[:32] + "\n")
    (root / "var/log/journal").mkdir(exist_ok=True)
    for unit in MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    (root / "etc/systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
    for left in (*root.glob("var/lib/apt/lists/*"), *root.glob("var/cache/apt/*.bin")):
        if left.is_file():
            left.unlink()


def _stand_in(work: Path, name: str) -> Path:
    """An empty package that satisfies a Depends and says what it is."""
    tree = work / f"stand-in-{name}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 99~stand-in\nArchitecture: all\nMaintainer: dockd <dockd@localhost>\n"
        f"Description: empty stand-in for {name}\n The machine test reads no facts of media: it needs the name only.\n"
    )
    _run("dpkg-deb", "--root-owner-group", "--build", tree, work)
    return next(work.glob(f"{name}_*.deb"))


# --------------------------------------------------------------------------------------------------- the station


def _build_station(out: Path, base: Path, deb: Path) -> None:
    root = out / "tree"
    root.mkdir(mode=0o755)
    _run("tar", "--numeric-owner", "-xf", base / "root.tar", "-C", root)
    _install(root, deb)
    _in_tree(root, "set -e\n" + "\n".join(PREPARE))
    disk = out / "root.img"
    with disk.open("wb") as file:
        file.truncate(3 << 30)
    _run(
        "mke2fs", "-q", "-F", "-t", "ext4", "-L", "station", "-m", "0",
        "-E", "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0", "-d", root, disk,
    )  # fmt: skip
    disk.chmod(0o444)
    for name in ("vmlinuz", "initrd.gz"):
        os.link(base / name, out / name)
    shutil.rmtree(root)


def _install(root: Path, deb: Path) -> None:
    """`dpkg -i` in the tree, as in any chroot without an init."""
    shutil.copy(deb, root / "package.deb")
    _in_tree(root, "dpkg -i /package.deb")
    (root / "package.deb").unlink()


def _in_tree(root: Path, command: str) -> None:
    """A command in the tree; /proc and /dev are there for this one command only."""
    script = """
        mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" || exit 1
        exec chroot "$1" env -i DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \\
            sh -c "$2" """
    _run("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", root, command)
