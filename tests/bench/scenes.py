"""The eight scenes: what lies where, who races, and which goals follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from . import contenders as who
from .contenders import Contender
from .figures import Goal, Spread, Steps, cpu_s, peak_mib, ratio, spread, wall_s
from .loads import GIB, KIB, MIB, Load
from .racing import Samples, sessions_of
from .serving import serve
from .workshop import Workshop

CARD = Load(clips=24, clip_bytes=128 * MIB, small=1000, small_from_bytes=200 * KIB, small_to_bytes=2 * MIB)
HALF_CARD = Load(clips=12, clip_bytes=128 * MIB, small=500, small_from_bytes=200 * KIB, small_to_bytes=2 * MIB)
SIXTEENTH = Load(clips=1, clip_bytes=128 * MIB, small=65, small_from_bytes=200 * KIB, small_to_bytes=2 * MIB)
MANY = Load(clips=0, clip_bytes=0, small=20_000, small_from_bytes=64 * KIB, small_to_bytes=64 * KIB)
FACTS_CLIPS = 1000
RECORDERS = 16

SLOW_BYTES_PER_S = 380_000_000
SIXTEENTH_BYTES_PER_S = 38_000_000
# A start is short: more of them cost nothing and say more.
STARTS_PER_ROUND = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """What one scene came to: its heading, what was done in a few words, who ran, and the goals it answers."""

    heading: str
    words: str
    field: tuple[Contender, ...]
    samples: Samples
    base: str
    goals: tuple[Goal, ...]
    extra: tuple[str, ...] = ()


Play = Callable[[Workshop], Scene]


def slow_source(shop: Workshop) -> Scene:
    """G1, G2, G3, G7: one recorder that is slower than the disk, the station's normal case."""
    load = CARD.scaled(shop.scale)
    field = (who.RAW, who.DOCKD, who.CP, who.CP_B3SUM, who.RSYNC, who.RSYNC_C, who.RCLONE_CHECK)
    runners = [contender for contender in field if contender not in who.FIRST_STEP_ONLY.values()]
    with shop.recorder("card", load, SLOW_BYTES_PER_S) as source:
        samples = shop.track.race("slow source", runners, SOURCE=source)
    for both, first in who.FIRST_STEP_ONLY.items():
        # The copy alone is the first step of copying and checking: no need to run it twice.
        samples[first.key] = [steps[:1] for steps in samples[both]]
    rate = load.size_bytes / 1e6 / spread(samples["raw"], wall_s).middle
    return Scene(
        "One recorder, slower than the disk",
        f"{_words(load)}; reads held at {SLOW_BYTES_PER_S / 1e6:.0f} MB/s, raw read measured {rate:.0f} MB/s",
        field,
        samples,
        "raw",
        (
            _ratio("G1", "whole ingest ÷ raw read of the source", samples, "dockd", "raw", 1.06),
            _ratio("G2", "whole ingest ÷ (cp, then b3sum on both sides)", samples, "dockd", "cp-b3sum", 0.48),
            _ratio("G3", "whole ingest ÷ (rclone copy, then check)", samples, "dockd", "rclone-check", 0.50),
            _ratio("G3", "whole ingest ÷ (rsync -a, then -ac)", samples, "dockd", "rsync-c", 0.50),
            _peak("G7", "peak memory of dockd, one source", samples["dockd"], 110),
        ),
    )


def one_disk(shop: Workshop) -> Scene:
    """G4, G6: source and target share one fast disk."""
    load = CARD.scaled(shop.scale)
    field = (who.STREAMS, who.ENGINE, who.CP)
    with shop.recorder("card", load, None) as source:
        samples = shop.track.race("one disk", field, SOURCE=source, TWIN=str(shop.folder_of("card")))
    per_gib = Spread.of([cpu_s(steps) / (load.size_bytes / GIB) for steps in samples["engine"]])
    return Scene(
        "Recorder and vault on one disk",
        f"{_words(load)}; nothing held back: three streams share the disk",
        field,
        samples,
        "streams",
        (
            _ratio("G4", "copy engine ÷ bound read ∥ write ∥ read-back", samples, "engine", "streams", 1.00),
            Goal("G6", "CPU of the copy engine, verified", per_gib, 0.85, " s/GiB"),
        ),
    )


def in_memory(shop: Workshop) -> Scene:
    """G5: the engine's own work, nothing else."""
    load = HALF_CARD.scaled(shop.scale)
    with shop.memory(load) as (source, targets):
        track = replace(shop.track, targets=targets)
        samples = track.race("memory", (who.ENGINE, who.PROVEN, who.CP), SOURCE=source)
    return Scene(
        "Both sides in memory",
        f"{_words(load)}; source and target on tmpfs. The bound is what two digests and a true read-back cost at "
        "least: as many threads as processors, none of which waits for another",
        (who.ENGINE, who.PROVEN, who.CP),
        samples,
        "cp",
        (
            _ratio("G5", "copy engine, verified ÷ cp -a + sync", samples, "engine", "cp", 1.25),
            Goal("", "in memory: bound of a proven copy ÷ cp -a + sync", ratio(samples["proven"], samples["cp"]), None),
            Goal(
                "", "in memory: copy engine ÷ bound of a proven copy", ratio(samples["engine"], samples["proven"]), None
            ),
        ),
    )


def many_files(shop: Workshop) -> Scene:
    """G8: what a file costs beside its bytes."""
    load = MANY.scaled(shop.scale)
    field = (who.CP, who.DOCKD)
    with shop.recorder("many", load, None) as source:
        samples = shop.track.race("many files", field, keep=True, SOURCE=source)

    def per_file(name: str, key: str) -> Goal:
        found = Spread.of([wall_s(steps) / load.files * 1e6 for steps in samples[key]])
        return Goal("", f"time per file of 64 KiB, {name}", found, None, " µs", 0)

    return Scene(
        "Many small files",
        f"{load.files:,} files of 64 KiB; recorder and vault on one disk, nothing held back",
        field,
        samples,
        "cp",
        (
            _ratio("G8", f"{load.files:,} files of 64 KiB: whole ingest ÷ cp -a + sync", samples, "dockd", "cp", 2.5),
            per_file("dockd", "dockd"),
            per_file("cp -a + sync", "cp"),
        ),
    )


def sixteen(shop: Workshop) -> Scene:
    """G7, G9: as many recorders as a station has bays."""
    load = SIXTEENTH.scaled(shop.scale)
    alone = replace(who.DOCKD, title="dockd dock, one of them alone")
    with ExitStack() as seats:
        paths = [
            seats.enter_context(shop.recorder("bay", load, SIXTEENTH_BYTES_PER_S, serial=serial))
            for serial in range(1, RECORDERS + 1)
        ]
        places = {"SOURCE": paths[0], "SOURCES": str(Path(paths[0]).parent)}
        samples = shop.track.race("sixteen", (who.RAW, alone, who.DOCKD_ALL), **places)
    rate = load.size_bytes / 1e6 / spread(samples["raw"], wall_s).middle
    return Scene(
        "Sixteen recorders at once",
        f"{_words(load)} on each, {RECORDERS * load.size_bytes / GIB:.2f} GiB in all; reads of each held at "
        f"{SIXTEENTH_BYTES_PER_S / 1e6:.0f} MB/s, raw read of one measured {rate:.1f} MB/s",
        (who.RAW, alone, who.DOCKD_ALL),
        samples,
        "dockd",
        (
            _ratio("G9", "16 slow sources at once ÷ one of them alone", samples, "dockd-all", "dockd", 1.10),
            _peak("G7", "peak memory of dockd, 16 sources at once", samples["dockd-all"], 300),
        ),
    )


def reading_facts(shop: Workshop) -> Scene:
    """G10: what recordings say of themselves is read after they are safe."""
    count = max(10, round(FACTS_CLIPS * shop.scale))
    with shop.clips(count) as source:
        samples = shop.track.race("facts", (who.DOCKD, who.DOCKD_TOLD), SOURCE=source)
        # Once: what one recording costs is the mean of so many.
        samples |= shop.track.race("facts", (who.DOCKD_FACTS,), 1, SOURCE=source)
    sealed = {key: [_sealed_s(steps) for steps in rounds] for key, rounds in samples.items()}
    told = {key: [steps[0].told_s for steps in rounds] for key, rounds in samples.items()}
    cost = [steps[0].wall_s - steps[0].told_s for steps in samples["dockd-facts"]]

    def share(times: dict[str, list[float]]) -> Spread:
        return Spread.of([a / b for a, b in zip(times["dockd-told"], times["dockd"], strict=True)])

    return Scene(
        "Facts of recordings",
        f"{count:,} generated recordings (MP4, H.264 and AAC, 256 KiB); exiftool and ffprobe, boxed, after the sealing",
        (who.DOCKD, who.DOCKD_TOLD, who.DOCKD_FACTS),
        samples,
        "dockd",
        (
            Goal("G10", "start to sealed sessions: facts after ÷ facts later", share(told), None),
            Goal("", "the session's own seconds: facts after ÷ facts later", share(sealed), None),
            Goal("", "their own cost, a recording", Spread.of([s / count * 1e3 for s in cost]), None, " ms", 1),
        ),
    )


def starting(shop: Workshop) -> Scene:
    """How long until dockd answers."""
    field = (who.BARE, who.HELP, who.EMPTY)
    samples = shop.track.race("starting", field, STARTS_PER_ROUND * shop.track.rounds, SOURCE=str(shop.empty()))

    def start(text: str, key: str) -> Goal:
        return Goal("", text, Spread.of([wall_s(steps) * 1e3 for steps in samples[key]]), None, " ms", 0)

    return Scene(
        "Starting",
        f"{len(samples['help'])} starts of each, programs in memory",
        field,
        samples,
        "python",
        (
            start("dockd --help", "help"),
            start("dockd dock on an empty folder (a whole session, sealed and signed)", "dockd"),
        ),
    )


def the_daemon(shop: Workshop) -> Scene:
    """The service by itself: nobody runs against it."""
    served = serve(shop)
    return Scene("The daemon", served.words, (), {}, "", served.goals)


SCENES: dict[Play, tuple[str, ...]] = {
    slow_source: ("G1", "G2", "G3", "G7"),
    one_disk: ("G4", "G6"),
    in_memory: ("G5",),
    many_files: ("G8",),
    sixteen: ("G7", "G9"),
    reading_facts: ("G10",),
    starting: ("start",),
    the_daemon: ("daemon",),
}


def wanted(names: Sequence[str]) -> Iterator[Play]:
    """The scenes that answer any of these goals; all of them when none is named."""
    for play, answers in SCENES.items():
        if not names or set(names) & set(answers):
            yield play


def _sealed_s(steps: Steps) -> float:
    found = sessions_of(steps[0])[0]["seconds"]
    assert isinstance(found, int | float)
    return float(found)


def _ratio(name: str, text: str, samples: Samples, ours: str, theirs: str, limit: float) -> Goal:
    return Goal(name, text, ratio(samples[ours], samples[theirs]), limit)


def _peak(name: str, text: str, rounds: Sequence[Steps], limit_mib: float) -> Goal:
    return Goal(name, text, spread(rounds, peak_mib), limit_mib, " MiB", 0)


def _words(load: Load) -> str:
    return (
        f"{load.clips} recordings of {load.clip_bytes // MIB} MiB and {load.small:,} files of "
        f"{load.small_from_bytes / MIB:.1f}–{load.small_to_bytes / MIB:.0f} MiB ({load.size_bytes / GIB:.2f} GiB)"
    )
