"""Trees that were made to mislead, and file systems that answer as broken ones do.

`build` makes on a real disk what a real disk can hold; the classes put in front of it what only a broken or foreign
file system says: one name twice, a folder that contains itself, a listing that fails.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hashing.filecalls import OsFileCalls

SECRET = b"this lies outside the recorder and must never be read\n"
CLIP = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(range(256)) * 16

# Names a FAT, exFAT or ext4 volume can really hold, each with a trap.
NAMES = (
    "重点文件 1.mp4".encode(),
    b"line\nbreak.mp4",
    b"carriage\rreturn.mp4",
    b"back\\slash.mp4",
    b"percent%41.mp4",
    b"percentA.mp4",
    b"invalid-\xff\xfe-utf8.mp4",
    b"half-\xe9\x87-sign.mp4",
    b"escape\x1b[2Jscreen.mp4",
    b"bell\x07.mp4",
    "turned\u202e4pm.exe".encode(),
    "zero\u200bwidth.mp4".encode(),
    "replacement\ufffd.mp4".encode(),
    b" leading blank.mp4",
    b"trailing blank ",
    b"trailing dot.",
    b"...",
    b"-rf",
    b"--help.mp4",
    b"*.mp4",
    b"$(reboot).mp4",
    b"Case.mp4",
    b"case.mp4",
    b"CASE.MP4",
    "caf\u00e9.mp4".encode(),
    "cafe\u0301.mp4".encode(),
    b"n" * 251 + b".mp4",
    b"\xff" * 251 + b".mp4",
    ("长" * 83 + ".mp4").encode(),
    b"looks-shortened~0123456789abcdef0123456789abcdef.mp4",
    b"manifest.b3",
    b"session.json",
    b"session.json.sig",
)
DEEP_LEVELS, DEEP_NAME = 60, b"d" * 100
DEEP_PATH = b"/".join([DEEP_NAME] * DEEP_LEVELS + [b"at-the-bottom.mp4"])
SPARSE_BYTES = 15 * 1024**4


@dataclass(slots=True)
class Hostile:
    """What was built: raw relative path of every entry that is no folder, and its kind as listing says it."""

    root: bytes
    kinds: dict[bytes, str] = field(default_factory=dict)

    @property
    def files(self) -> list[bytes]:
        """The plain files among them."""
        return [path for path, kind in self.kinds.items() if kind == "file"]


def build(root: str | bytes, *, outside: str | bytes | None = None) -> Hostile:
    """Build all of it in the folder `root`, which must exist.

    `outside` is a file beyond the volume that links point at. Device nodes are made only by root; everything else by
    anyone.
    """
    tree = Hostile(os.fsencode(root))
    for name in NAMES:
        _file(tree, name)
    _links(tree, os.fsencode(outside) if outside else b"/etc/passwd")
    _specials(tree)
    _odd_files(tree)
    _folders(tree)
    _deep(tree)
    return tree


def _file(tree: Hostile, path: bytes, data: bytes | None = None) -> None:
    # Every file differs from every other one, so that a mix-up of two is seen.
    with open(tree.root + b"/" + path, "wb") as file:
        file.write(CLIP + path if data is None else data)
    tree.kinds[path] = "file"


def _links(tree: Hostile, outside: bytes) -> None:
    links = {
        b"link-outside.mp4": outside,
        b"link-up.mp4": b"../../../../../../../../etc/passwd",
        b"link-dangling.mp4": b"nowhere",
        b"link-to-itself.mp4": b"link-to-itself.mp4",
        b"link-to-root": b".",
        b"link-to-folder": b"/",
        b"link-to-clip.mp4": NAMES[0],
    }
    for name, target in links.items():
        os.symlink(target, tree.root + b"/" + name)
        tree.kinds[name] = "symlink"


def _specials(tree: Hostile) -> None:
    os.mkfifo(tree.root + b"/fifo.mp4")
    tree.kinds[b"fifo.mp4"] = "fifo"
    _socket(tree, b"socket.mp4")
    if os.geteuid() == 0:
        try:
            os.mknod(tree.root + b"/zero.mp4", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
            os.mknod(tree.root + b"/disk.mp4", 0o666 | stat.S_IFBLK, os.makedev(7, 250))
        except PermissionError:
            # A container's root may be none.
            return
        tree.kinds[b"zero.mp4"] = "char-device"
        tree.kinds[b"disk.mp4"] = "block-device"


def _socket(tree: Hostile, name: bytes) -> None:
    # A socket's address takes 107 bytes; from inside the folder any root is short enough.
    with socket.socket(socket.AF_UNIX) as one, _inside(tree.root):
        one.bind(name)
    tree.kinds[name] = "socket"


def _odd_files(tree: Hostile) -> None:
    _file(tree, b"empty.mp4", b"")
    _file(tree, b"truncated.mp4", CLIP[:20])
    _file(tree, b"setuid.mp4")
    os.chmod(tree.root + b"/setuid.mp4", 0o6755)
    _file(tree, b"hardlink-a.mp4")
    os.link(tree.root + b"/hardlink-a.mp4", tree.root + b"/hardlink-b.mp4")
    tree.kinds[b"hardlink-b.mp4"] = "file"
    _file(tree, b"sparse-bomb.mp4", b"")
    os.truncate(tree.root + b"/sparse-bomb.mp4", _largest_size(tree.root))


def _largest_size(root: bytes) -> int:
    """15 TiB where the file system takes it (ext4 with 4 KiB blocks takes 16), else what is always possible."""
    path = root + b"/.size-probe"
    with open(path, "wb") as file:
        for size_bytes in (SPARSE_BYTES, 1024**4):
            try:
                file.truncate(size_bytes)
            except OSError:
                continue
            break
    os.unlink(path)
    return size_bytes


def _folders(tree: Hostile) -> None:
    for folder in (b"empty folder", b"folder.mp4", b"new\nline", b"\xff\xfe", b"deep", b"quarantine", b".. "):
        os.mkdir(tree.root + b"/" + folder)
        if folder != b"empty folder":
            _file(tree, folder + b"/inside.mp4")


def _deep(tree: Hostile) -> None:
    """Folders in folders until the path is longer than PATH_MAX: only descriptors reach the bottom."""
    fd = os.open(tree.root, os.O_RDONLY | os.O_DIRECTORY)
    for _level in range(DEEP_LEVELS):
        os.mkdir(DEEP_NAME, dir_fd=fd)
        below = os.open(DEEP_NAME, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = below
    bottom = os.open(b"at-the-bottom.mp4", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd)
    os.write(bottom, CLIP + b"bottom")
    os.close(bottom)
    os.close(fd)
    tree.kinds[DEEP_PATH] = "file"


@contextmanager
def _inside(folder: bytes) -> Iterator[None]:
    before = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    os.chdir(folder)
    try:
        yield
    finally:
        os.fchdir(before)
        os.close(before)


# ------------------------------------------------------------------------------------- what broken file systems say


class OneNameTwice(OsFileCalls):
    """Lists one name twice, as a FAT folder can; every call by that name reaches the first."""

    def __init__(self, name: str) -> None:
        self.name = name

    def scandir(self, fd_or_path: int | str | bytes) -> list[os.DirEntry[str]] | list[os.DirEntry[bytes]]:
        entries = super().scandir(fd_or_path)
        return [*entries, *(entry for entry in entries if entry.name == self.name)]


class ContainsItself(OsFileCalls):
    """A folder that lists itself under `name`: opening that name inside it gives the folder again.

    With `refused` the kernel notices and says ELOOP instead.
    """

    def __init__(self, name: bytes, *, refused: bool = False) -> None:
        self.name = name
        self.refused = refused

    def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def]
        if path == self.name and dir_fd is not None:
            if self.refused:
                raise OSError(40, "Too many levels of symbolic links")
            return os.open(b".", flags, mode, dir_fd=dir_fd)
        return os.open(path, flags, mode, dir_fd=dir_fd)


class Failing(OsFileCalls):
    """Fails one kind of call with an errno where `when` says so of its first argument."""

    def __init__(self, call: str, number: int, when: Callable[[object], bool]) -> None:
        self.fired = 0
        real = getattr(self, call)

        def failing(first, *rest, **named):  # type: ignore[no-untyped-def]
            if when(first):
                self.fired += 1
                raise OSError(number, os.strerror(number))
            return real(first, *rest, **named)

        setattr(self, call, failing)


class Counting(OsFileCalls):
    """Counts calls, and how many descriptors were open at once."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.open_now: set[int] = set()
        self.most_open = 0
        for name in ("fstat", "lstat", "scandir", "preadv"):
            setattr(self, name, self._counted(name, getattr(self, name)))

    def _counted(self, name: str, real):  # type: ignore[no-untyped-def]
        def counted(*rest, **named):  # type: ignore[no-untyped-def]
            self.calls[name] = self.calls.get(name, 0) + 1
            return real(*rest, **named)

        return counted

    def open(self, path, flags, mode=0o600, *, dir_fd=None):  # type: ignore[no-untyped-def]
        self.calls["open"] = self.calls.get("open", 0) + 1
        fd = os.open(path, flags, mode, dir_fd=dir_fd)
        self.open_now.add(fd)
        self.most_open = max(self.most_open, len(self.open_now))
        return fd

    def close(self, fd: int) -> None:
        self.open_now.discard(fd)
        os.close(fd)
