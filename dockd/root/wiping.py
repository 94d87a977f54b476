"""Clears a recorder (contract P2), from a wipe list of which no word is trusted.

    seal proven ─► list borne out by it ─► mounted rw, same device, same listing ─► each file read again ─► unlink,
    fsync folder ─► unmounted for sure ─► mounted ro again: gone, and the rest is there ─► [clock] ─► outcome

Any doubt keeps what it touches. The mount is root's alone: the daemon never sees a writable one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from hashing.filecalls import FileCalls
from hashing.writing import replace_durably
from retention.clearing import Doubt, Keep

from ..listing import Volume
from ..mounts import disk_sequence
from .clockfile import write_clock
from .device import Device
from .folders import our_folder, read_bounded
from .kernel import Mounter, Owner
from .mounting import ROOT, let_go, plan_for, refuse_mounted
from .refusals import Refused
from .removing import Proven, confirmed, listed_now, read_again, remove
from .vouching import Stayed, proven_seal, weigh_list
from .wipelist import (
    CONFIRMED_BY_REMOUNT,
    NOTHING_REMOVED,
    WIPE_LIMIT_BYTES,
    ClockSet,
    Outcome,
    WipeList,
    read_wipe_list,
)

WIPE, OUTCOME, CLEARING = "wipe", "outcome", "clearing"
STALL_S = 30.0
_WRITE_PROTECTED = frozenset({errno.EROFS, errno.EACCES})

DiskSequence = Callable[[int], int | None]


@dataclass(frozen=True, slots=True)
class Means:
    """What clearing works with. `clock` gives the present time in the station's zone; `owner` is the daemon, which
    writes wipe lists; `public_key_file` is root's."""

    run_dir: str
    owner: Owner
    public_key_file: str
    files: FileCalls
    mounter: Mounter
    clock: Callable[[], datetime]
    stall_s: float = STALL_S
    disk_sequence: DiskSequence = disk_sequence


def clear(device: Device, means: Means) -> Outcome:
    """Do what `<run_dir>/wipe/<name>.json` asks for as far as it holds, and leave `<run_dir>/outcome/<name>.json`.

    Raises Refused and OSError when not even an outcome can be written.
    """
    path = f"{our_folder(means.files, means.run_dir, OUTCOME)}/{device.name}.json"
    with suppress(FileNotFoundError):
        # An outcome of an earlier clearing must not be taken for this one's.
        means.files.unlink(path)
    outcome = _cleared(device, means)
    replace_durably(means.files, path, outcome.to_json(), 0o644)
    return outcome


def _cleared(device: Device, means: Means) -> Outcome:
    try:
        path = f"{means.run_dir}/{WIPE}/{device.name}.json"
        data = read_bounded(means.files, path, WIPE_LIMIT_BYTES, (os.geteuid(), means.owner.uid))
        wipe = read_wipe_list(data)
    except (Refused, OSError, ValueError) as error:
        return Outcome("", device.name, (), (), fault=f"wipe list: {error}")
    try:
        if wipe.device != device.name:
            raise Stayed(Doubt.DEVICE_CHANGED, f"the list is for {wipe.device}")
        weigh_list(wipe, proven_seal(means.files, wipe.seal, means.public_key_file))
        return _Clearing(device, means, wipe).run()
    except Stayed as stayed:
        kept = tuple((removal.seq, stayed.doubt.value) for removal in wipe.remove)
        return Outcome(wipe.session, device.name, (), kept, fault=stayed.detail or stayed.doubt.value)


@dataclass(slots=True)
class _Clearing:
    """One clearing whose list the seal bears out: `kept` and `unlinked` fill as it goes on, and from `begun` on names
    may be gone."""

    device: Device
    means: Means
    wipe: WipeList
    place: str = ""
    proven: list[Proven] = field(default_factory=list)
    kept: list[Keep] = field(default_factory=list)
    unlinked: list[Proven] = field(default_factory=list)
    begun: bool = False

    def run(self) -> Outcome:
        """Raises Stayed while nothing has been removed yet."""
        self.place = f"{our_folder(self.means.files, self.means.run_dir, CLEARING, 0o700)}/{self.device.name}"
        try:
            let_go(self.place, self.means.files, self.means.mounter)  # of a clearing that was killed
            refuse_mounted(self.device, self.place, self.means.mounter)
            with suppress(FileExistsError):
                self.means.files.mkdir(self.place, 0o700)
        except (Refused, OSError) as error:
            raise Stayed(Doubt.NOT_MOUNTED, str(error)) from error
        try:
            fault = self._remove()
            removed = self._confirm(fault) if self.unlinked else set()
            clock = None
            if fault is None and not self._in_doubt():
                clock, fault = self._set_clock()
        finally:
            with suppress(OSError):
                let_go(self.place, self.means.files, self.means.mounter)
        return Outcome(
            self.wipe.session,
            self.device.name,
            tuple(sorted(removed)),
            tuple(sorted((keep.seq, keep.doubt.value) for keep in self.kept)),
            CONFIRMED_BY_REMOUNT if removed else NOTHING_REMOVED,
            clock,
            fault,
        )

    # ------------------------------------------------------------------------------------------------------- steps

    def _remove(self) -> str | None:
        """Read again and remove; what went wrong with the volume as a whole, if anything did."""
        means = self.means
        try:
            # With nothing to remove, looking is enough.
            with self._mounted(writable=bool(self.wipe.remove)) as volume:
                if listed_now(means.files, volume) != sorted(self.wipe.listing):
                    raise Stayed(Doubt.LISTING_CHANGED)
                self.proven, self.kept = read_again(means.files, volume, self.wipe.remove, stall_s=means.stall_s)
                self._same_device(volume)
                # Until it is known better, all of them may be gone.
                self.begun, self.unlinked = True, list(self.proven)
                failed = remove(means.files, volume, self.proven)
                self.kept += [Keep(seq, Doubt.REMOVAL_FAILED) for seq in failed]
                self.unlinked = [one for one in self.proven if one.removal.seq not in failed]
                if self.unlinked:
                    self._sync(volume)
        except OSError as error:
            # The kernel did not say that all is on the medium. It is not asked again.
            if not self.begun:
                raise Stayed(Doubt.NOT_MOUNTED, str(error)) from error
            return str(error)
        return None

    def _sync(self, volume: Volume) -> None:
        fd = volume.open_folder(b"")
        try:
            self.means.files.syncfs(fd)
        finally:
            self.means.files.close(fd)

    def _confirm(self, fault: str | None) -> set[int]:
        """The entries that a fresh mount shows to be gone; the others join `kept`."""
        doubt: Doubt | None = Doubt.NOT_CONFIRMED
        gone: set[bytes] = set()
        if fault is None:
            with suppress(Stayed, Refused, OSError):
                self.means.mounter.forget(self.device.node)
                with self._mounted(writable=False) as volume:
                    now = listed_now(self.means.files, volume)
                paths = {one.removal.path for one in self.unlinked}
                gone, doubt = confirmed(self.wipe.listing, now, paths, {one.removal.path for one in self.proven})
        if doubt is not None:
            self.kept += [Keep(one.removal.seq, doubt) for one in self.unlinked if one.removal.path not in gone]
        return {one.removal.seq for one in self.unlinked if one.removal.path in gone}

    def _in_doubt(self) -> bool:
        """Whether anything speaks against writing on this volume once more."""
        return any(
            keep.doubt in (Doubt.REMOVAL_FAILED, Doubt.NOT_CONFIRMED, Doubt.STILL_LISTED, Doubt.SECOND_READING_FAILED)
            for keep in self.kept
        )

    def _set_clock(self) -> tuple[ClockSet | None, str | None]:
        """The last act before release; what was set, or why not."""
        if self.wipe.clock is None:
            return None, None
        try:
            with self._mounted(writable=True) as volume:
                done = write_clock(self.means.files, volume, self.wipe.clock, self.means.clock())
        except (OSError, Refused) as error:
            return None, f"clock: {error}"
        except Stayed as stayed:
            return None, f"clock: {stayed.doubt.value} {stayed.detail}".rstrip()
        return done, None

    # ---------------------------------------------------------------------------------------------------- mounting

    @contextmanager
    def _mounted(self, *, writable: bool) -> Iterator[Volume]:
        """The volume, mounted where only root looks, and known to be the device of the list.

        Raises Stayed when it cannot be mounted or is another; OSError when, in the end, it cannot be unmounted for
        sure: then what was written may not have arrived.
        """
        means = self.means
        try:
            plan = plan_for(self.device, means.mounter, ROOT, writable=writable)
            means.mounter.attach(plan, self.place)
        except Refused as refused:
            raise Stayed(Doubt.NOT_MOUNTED, str(refused)) from refused
        except OSError as error:
            doubt = Doubt.READ_ONLY if error.errno in _WRITE_PROTECTED else Doubt.NOT_MOUNTED
            raise Stayed(doubt, str(error)) from error
        try:
            with Volume.open(means.files, self.place) as volume:
                self._same_device(volume)
                if writable and os.statvfs(self.place).f_flag & os.ST_RDONLY:
                    raise Stayed(Doubt.READ_ONLY)
                yield volume
        except BaseException:
            with suppress(OSError):
                means.mounter.detach(self.place, lazily=True)
            raise
        means.mounter.detach(self.place, lazily=False)

    def _same_device(self, volume: Volume) -> None:
        """Raises Stayed when what is mounted is not the device, or not the plugging, that the daemon read from."""
        now = self.means.disk_sequence(volume.device)
        if volume.device != self.device.number or now is None or now != self.wipe.diskseq:
            raise Stayed(Doubt.DEVICE_CHANGED, f"diskseq {now}, listed {self.wipe.diskseq}")
