"""Builds the Debian package of a station: `build_deb.py [--out dist] [--revision N]`; prints its path.

The package carries wheels of everything a station runs, so that it installs without a network; what they hold is
checked against the hashes of requirements/run.txt here. Wheels fit one version of Python: the package depends on the
one that builds it (Debian 12: 3.11), and on the C library the newest wheel asks for.

Needs dpkg-deb, and the packages of requirements/setup.txt in the Python that runs it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

CODE = ("hashing", "catalog", "retention", "dockd")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NEXT_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor + 1}"
WHEELS = "usr/lib/dockd/wheels"
SCRIPTS = ("postinst", "prerm", "postrm")

# From the checkout into the package: patterns, folder or name there, mode.
FILES = (
    ("packaging/launchers/dockd", "usr/bin/dockd", 0o755),
    ("packaging/launchers/dockd-root", "usr/lib/dockd/dockd-root", 0o755),
    ("systemd/*.service", "usr/lib/systemd/system/", 0o644),
    ("systemd/*.timer", "usr/lib/systemd/system/", 0o644),
    ("systemd/*.slice", "usr/lib/systemd/system/", 0o644),
    ("udev-rules/*.rules", "usr/lib/udev/rules.d/", 0o644),
    ("packaging/polkit/*.rules", "usr/share/polkit-1/rules.d/", 0o644),
    ("packaging/dockd.sysusers", "usr/lib/sysusers.d/dockd.conf", 0o644),
    ("packaging/dockd.tmpfiles", "usr/lib/tmpfiles.d/dockd.conf", 0o644),
    ("packaging/debian/copyright", "usr/share/doc/dockd/copyright", 0o644),
    ("README*.md", "usr/share/doc/dockd/", 0o644),
    ("docs/*.md", "usr/share/doc/dockd/", 0o644),
    # Named in dockd.service: to be copied by whoever has a catalogue on another machine.
    ("systemd/*.conf", "usr/share/doc/dockd/", 0o644),
    ("udev-rules/README.md", "usr/share/doc/dockd/udev-rules.md", 0o644),
)
# Without these a station does nothing: a package that lacks one is not built.
MUST_HAVE = (
    "usr/bin/dockd",
    "usr/lib/dockd/dockd-root",
    "usr/lib/systemd/system/dockd.service",
    "usr/lib/systemd/system/dockd-mount@.service",
    "usr/lib/systemd/system/dockd-clear@.service",
    "usr/lib/systemd/system/dockd-talk@.service",
    "usr/lib/udev/rules.d/70-dockd.rules",
    "usr/share/polkit-1/rules.d/50-dockd.rules",
    "usr/lib/sysusers.d/dockd.conf",
    "usr/lib/tmpfiles.d/dockd.conf",
)
DEPENDS = (
    f"python3 (>= {PYTHON})",
    f"python3 (<< {NEXT_PYTHON})",
    "python3-venv",
    "libstdc++6",
    "ffmpeg",
    "fonts-wqy-zenhei | fonts-noto-cjk",
    "libimage-exiftool-perl",
    "bubblewrap",
    "polkitd | policykit-1",
    "udev",
    "systemd",
    "dbus",
    "util-linux",
    "init-system-helpers (>= 1.54)",
    "debconf (>= 0.5) | debconf-2.0",
)
CONTROL = """\
Package: dockd
Version: {version}
Architecture: {architecture}
Maintainer: dockd <dockd@localhost>
Section: video
Priority: optional
Installed-Size: {size_kib}
Depends: {depends}
Recommends: b3sum, openssh-client
Description: the service inside a docking station for body cameras
 Takes in every recording of a recorder that is put into its bay, proves it by
 digest and signature, files it, clears the recorder if the station's rule says
 so, and hands it back.
 .
 The package carries the Python packages it needs and makes an environment of
 its own from them: installing takes no network.
"""


def build(out: Path, revision: str = "") -> Path:
    """Build the package into `out` and give its path. Raises RuntimeError, CalledProcessError."""
    out.mkdir(parents=True, exist_ok=True)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    version += f"-{revision}" if revision else ""
    architecture = _said("dpkg", "--print-architecture").strip()
    # All times in the package are this one: the same checkout gives the same package.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _epoch()}
    with tempfile.TemporaryDirectory(prefix="deb-") as folder:
        tree = Path(folder) / "tree"
        (tree / WHEELS).mkdir(parents=True)
        _own_wheel(Path(folder) / "source", tree / WHEELS, environment)
        _wheels(tree / WHEELS)
        _lay_files(tree)
        _control(tree, version, architecture)
        _set_modes(tree)
        package = out / f"dockd_{version}_{architecture}.deb"
        # Wheels are compressed already: more effort gains nothing.
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(package)]
        subprocess.run(command, check=True, capture_output=True, env=environment)
    return package


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def _epoch() -> str:
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    try:
        return _said("git", "log", "-1", "--format=%ct").strip()
    except (OSError, subprocess.CalledProcessError):
        return str(int((ROOT / "pyproject.toml").stat().st_mtime))


def _own_wheel(source: Path, into: Path, environment: dict[str, str]) -> None:
    """dockd's own wheel, from a copy: setuptools would leave its traces in the checkout and take up old ones."""
    for name in CODE:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for name in ("pyproject.toml", "requirements/run.in"):
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    # The package's own description tells what it is; the readme of the project is not part of the code.
    readme = ROOT / "README.md"
    (source / "README.md").write_text(readme.read_text("utf-8") if readme.exists() else "", "utf-8")
    for po in source.glob("dockd/locale/*/LC_MESSAGES/*.po"):
        _compile_messages(po)
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel", "--no-deps",
        "--no-build-isolation", "--no-index", "-w", str(into), str(source),
    ]  # fmt: skip
    subprocess.run(command, check=True, env=environment)


def _compile_messages(po: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with po.open("rb") as text, po.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(text))


def _wheels(into: Path) -> None:
    """Wheels of requirements/run.txt for this Python, each with the hash that stands there."""
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--only-binary", ":all:",
        "--no-deps", "--require-hashes", "-r", str(ROOT / "requirements/run.txt"), "-d", str(into),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the wheels cannot be had: {done.stderr.strip()}")


def glibc_needed(wheels: Iterator[Path]) -> str:
    """The C library that the newest of these wheels asks for by its name (PEP 600; manylinux2014 is 2.17)."""
    needed = [(2, 17)]
    for wheel in wheels:
        tags = re.findall(r"manylinux_(\d+)_(\d+)_", wheel.name)
        if tags:
            # One wheel may carry several tags: it runs wherever the oldest of them does.
            needed.append(min((int(major), int(minor)) for major, minor in tags))
    return "{}.{}".format(*max(needed))


def _lay_files(tree: Path) -> None:
    for pattern, to, mode in FILES:
        for source in sorted(ROOT.glob(pattern)):
            target = tree / to / source.name if to.endswith("/") else tree / to
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(mode)
    missing = [name for name in MUST_HAVE if not (tree / name).is_file()]
    if missing:
        raise RuntimeError(f"the checkout lacks what a station needs: {', '.join(missing)}")


def _control(tree: Path, version: str, architecture: str) -> None:
    control = tree / "DEBIAN"
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    control.mkdir()
    depends = [*DEPENDS, f"libc6 (>= {glibc_needed((tree / WHEELS).iterdir())})"]
    size_kib = sum(-(-path.stat().st_size // 1024) for path in files)
    (control / "control").write_text(
        CONTROL.format(version=version, architecture=architecture, size_kib=size_kib, depends=", ".join(depends)),
        "utf-8",
    )
    digests = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n" for path in files]
    (control / "md5sums").write_text("".join(digests), "utf-8")
    shutil.copyfile(HERE / "debian/templates", control / "templates")
    for name in SCRIPTS:
        shutil.copyfile(HERE / "debian" / name, control / name)
        (control / name).chmod(0o755)


def _set_modes(tree: Path) -> None:
    """Nothing in the package depends on the umask of whoever builds it."""
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--revision", default="", help="of the package, beside the version of dockd")
    asked = parser.parse_args()
    try:
        sys.stdout.write(f"{build(asked.out, asked.revision)}\n")
    except RuntimeError as error:
        sys.exit(f"dockd: error: {error}")


if __name__ == "__main__":
    main()
