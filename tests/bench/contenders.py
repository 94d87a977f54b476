"""Who is measured, as the very commands that run. Each step finds $SOURCE and a fresh, empty folder $TARGET.

Caches are dropped before every step. Whatever copies also makes durable what it wrote (`sync -f`, or by itself),
because the step after it shall compare the medium and not the memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Contender:
    """`prepare` and the removal of $TARGET are outside the clock. `checks`: whether the medium is read back and
    compared. `own_clock`: the command prints its seconds, without an interpreter's start. `until`: it is ended when its
    output ends so; what it would do after that is not measured.
    """

    key: str
    title: str
    steps: tuple[str, ...]
    checks: bool = False
    prepare: str = ""
    own_clock: bool = False
    until: bytes = b""


_DOCKD = '"$PYTHON" -m dockd --home "$TARGET/home"'
_INIT = f'{_DOCKD} init --yes --vault "$TARGET/vault"'
_DOCK = f'exec {_DOCKD} dock "$SOURCE" --json'

RAW = Contender(
    "raw", "raw read of the source", ('exec "$PYTHON" -m tests.bench.bounds read "$SOURCE"',), own_clock=True
)
STREAMS = Contender(
    "streams",
    "bound: read ∥ write ∥ read-back",
    ('exec "$PYTHON" -m tests.bench.bounds streams "$SOURCE" "$TWIN" "$TARGET"',),
    own_clock=True,
)
PROVEN = Contender(
    "proven",
    "bound: read, digest, write, read back, digest",
    ('exec "$PYTHON" -m tests.bench.bounds proven "$SOURCE" "$TARGET"',),
    checks=True,
    own_clock=True,
)
ENGINE = Contender(
    "engine",
    "copy engine alone",
    ('exec "$PYTHON" -m tests.bench.engine "$SOURCE" "$TARGET"',),
    checks=True,
    own_clock=True,
)
DOCKD = Contender("dockd", "dockd dock", (f"{_DOCK} --facts later",), checks=True, prepare=_INIT)
DOCKD_FACTS = Contender("dockd-facts", "dockd dock --facts after, whole", (f"{_DOCK} --facts after",), True, _INIT)
DOCKD_TOLD = replace(DOCKD_FACTS, key="dockd-told", title="dockd dock --facts after, until sealed", until=b"]\n")
DOCKD_ALL = Contender(
    "dockd-all",
    "dockd dock, sixteen at once",
    (f'exec {_DOCKD} dock "$SOURCES"/* --json --facts later',),
    checks=True,
    prepare=_INIT,
)

_SYNC = 'sync -f "$TARGET"'
CP = Contender("cp", "cp -a + sync", (f'cp -a "$SOURCE/." "$TARGET" && {_SYNC}',))
CP_B3SUM = Contender(
    "cp-b3sum",
    "cp -a, then b3sum on both sides",
    (
        f'cp -a "$SOURCE/." "$TARGET" && {_SYNC}',
        'cd "$SOURCE" && find . -type f -print0 | xargs -0 b3sum >"$LIST"',
        'cd "$TARGET" && b3sum --quiet --check "$LIST"',
    ),
    checks=True,
)
RSYNC = Contender("rsync", "rsync -a", (f'rsync -a "$SOURCE/" "$TARGET" && {_SYNC}',))
RSYNC_C = Contender(
    "rsync-c",
    "rsync -a, then rsync -ac",
    (RSYNC.steps[0], 'changed=$(rsync -aci "$SOURCE/" "$TARGET") && test -z "$changed"'),
    checks=True,
)
_RCLONE = "rclone --config= --quiet"
RCLONE_CHECK = Contender(
    "rclone-check",
    "rclone copy --checksum, then rclone check",
    (f'{_RCLONE} copy --checksum "$SOURCE" "$TARGET" && {_SYNC}', f'{_RCLONE} check "$SOURCE" "$TARGET"'),
    checks=True,
)
HELP = Contender("help", "dockd --help", ('exec "$PYTHON" -m dockd --help',))
BARE = Contender("python", "python -c pass (the interpreter's own start)", ('exec "$PYTHON" -c pass',))
EMPTY = Contender("dockd", "dockd dock on an empty folder", (f"{_DOCK} --facts later",), prepare=_INIT)
FIRST_STEP_ONLY = {CP_B3SUM.key: CP, RSYNC_C.key: RSYNC}
