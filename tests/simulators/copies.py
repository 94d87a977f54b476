"""A station from which copies go out, the folder they go to, and hands that change them on the way."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog.people.queries import account_for, account_named
from dockd.assembly import Opened
from dockd.exits import Exit
from dockd.people.acting import Acting
from dockd.vault import Vault
from hashing.filecalls import FileCalls
from tests.simulators.agency import ADMIN, Command

COPIER = "arch"
RECIPIENT = "昌黎县人民法院"


def settle_copies(station: Command, recordings: Mapping[str, bytes]) -> None:
    """Dock recordings (names as recorders give them) and make the account that may copy out."""
    for serial in sorted({name.partition("_")[0] for name in recordings}):
        folder = station.home / f"recorder-{serial}"
        folder.mkdir()
        for name, content in recordings.items():
            if name.startswith(serial):
                (folder / name).write_bytes(content)
        station.ok("ledger", "register", serial, "--department", "城关中队", by="keeper")
        station.ok("dock", "--facts", "later", str(folder))
    station.ok("user", "add", COPIER, "--role", "archivist", "--department", "局", by=ADMIN)


def clip_ids(station: Command) -> list[str]:
    """All recordings, in the order they were made."""
    return [one["id"] for one in station.ok("clip", "list", "--json", by="boss").json]


def approved(station: Command, *clips: str, kind: str = "provide", uses: int = 1, recipient: str = RECIPIENT) -> str:
    """The number of a request that a second person approved."""
    words = ("--kind", kind, "--recipient", recipient, "--purpose", "行政诉讼举证", *clips)
    number = station.ok("request", "ask", *words, by="keeper").out.split()[1]
    station.ok("request", "approve", number, "--days", "3", "--uses", str(uses), "--reason", "同意", by="boss")
    return number


def copied(station: Command, number: str, target: Path, *words: str) -> dict[str, Any]:
    """What `dockd request copy` says of a copy that it made."""
    said: dict[str, Any] = station.ok("request", "copy", number, "--to", str(target), *words, "--json", by=COPIER).json
    return said


def acting_as(opened: Opened, name: str) -> Opened:
    """The station as this account has it."""
    row = account_named(opened.station.catalog, name)
    assert row is not None
    account = account_for(opened.station.catalog, row)
    opened.acting = Acting(account.person.actor, account)
    return opened


def as_copier(opened: Opened, files: FileCalls | None = None) -> Opened:
    """The station as whoever may copy out has it, on file calls of the test's choice."""
    acting_as(opened, COPIER)
    if files is not None:
        opened.station.files = files
        opened.station.vault = Vault(files, opened.station.vault.root)
    return opened


# ------------------------------------------------------------------------------------------------------- the stranger


def checked(bag: Path, *words: str, path: str | None = None) -> tuple[int, str]:
    """What the bag's own verifier says, far from the project: no environment, no site, no folder of ours."""
    environment = {} if path is None else {"PATH": path}
    command = [getattr(sys, "_base_executable", sys.executable), "-I", "-S", str(bag / "proof/check.py"), *words]
    ran = subprocess.run(command, cwd="/", env=environment, capture_output=True, check=False)
    assert not ran.stderr, ran.stderr.decode()
    return ran.returncode, ran.stdout.decode()


def well(bag: Path) -> None:
    """The verifier has nothing to say against it."""
    code, said = checked(bag)
    assert (code, "ALL IS WELL" in said) == (Exit.OK, True), said


def changed(path: Path, old: bytes, new: bytes) -> None:
    """Another content, where the old one stands."""
    content = path.read_bytes()
    assert old in content
    path.chmod(0o644)
    path.write_bytes(content.replace(old, new, 1))


def relisted(bag: Path) -> None:
    """Put all digests right that anybody can put right: manifests, tag manifest, sums."""
    data = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    write(bag / "manifest-sha256.txt", lines(bag, data, "sha256sum"))
    write(bag / "manifest.b3", lines(bag, data, "b3sum"))
    oxum = f"{sum(path.stat().st_size for path in data)}.{len(data)}"
    info = re.sub(r"Payload-Oxum: .*", f"Payload-Oxum: {oxum}", (bag / "bag-info.txt").read_text("utf-8"))
    write(bag / "bag-info.txt", info.encode())
    tags = [path for path in bag.rglob("*") if path.is_file() and path not in data]
    tags = sorted(path for path in tags if path.name != "tagmanifest-sha256.txt")
    write(bag / "tagmanifest-sha256.txt", lines(bag, tags, "sha256sum"))


def restated(bag: Path) -> None:
    """The station's statement made to fit, which only its key could sign."""
    statement = json.loads((bag / "proof/copy.json").read_text("utf-8"))
    for one in (one for one in statement["files"] if (bag / one["path"]).exists()):
        one["sha256"] = f"sha256:{hashlib.sha256((bag / one['path']).read_bytes()).hexdigest()}"
    for name in (name for name in statement["proof"] if (bag / "proof" / name).exists()):
        statement["proof"][name] = f"sha256:{hashlib.sha256((bag / 'proof' / name).read_bytes()).hexdigest()}"
    write(bag / "proof/copy.json", json.dumps(statement, ensure_ascii=False).encode())
    relisted(bag)


def write(path: Path, content: bytes) -> None:
    """Write over whatever lies there."""
    if path.exists():
        path.chmod(0o644)
    path.write_bytes(content)


def lines(bag: Path, paths: list[Path], program: str) -> bytes:
    """The lines of a manifest, by the tool that reads it."""
    names = [str(path.relative_to(bag)) for path in paths]
    return subprocess.run([program, *names], cwd=bag, capture_output=True, check=True).stdout
