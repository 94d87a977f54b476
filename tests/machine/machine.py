"""A docking station in a process: QEMU with a stock Debian kernel, its power and its memory in our hands.

    with Machine(image) as station:
        station.boot()
        station.ports.plug(stick, port="1.3", serial="BWC0001")
        station.run("dockd slots")
        station.power_cut()
        station.boot()                  the same disk, a cold start

Every machine writes to overlays in its own folder; the image is only read. QEMU ends with the process that began it.
Software emulation is asked for by name: a /dev/kvm that opens but cannot run a stock kernel would hang.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.machine.image import Image
from tests.machine.link import PATIENCE_S, Agent, Done, Job, MachineFault, NoAnswer, Qmp
from tests.machine.ports import Ports

QEMU = "qemu-system-x86_64"
MEMORY_MIB = 512
# qemu64 boots a fifth faster under emulation than `max`; wheels that want AVX choose at run time.
HARDWARE = ("-cpu", "qemu64", "-smp", "2", "-accel", "tcg,thread=multi,tb-size=256", "-m", str(MEMORY_MIB))
KERNEL_LINE = (
    "console=ttyS0 quiet loglevel=4 systemd.show_status=0 net.ifnames=0 mitigations=off random.trust_cpu=on "
    "tsc=reliable audit=0"
)
# Eight bays on one hub, as a dock has them: ports 1.1 to 1.8.
HUBS = {"1": 8}


class Machine:
    """One machine. Methods return when what they name is done."""

    def __init__(self, image: Image, *, hubs: Mapping[str, int] | None = None, keep: bool = False) -> None:
        self.image = image
        self.hubs = dict(HUBS if hubs is None else hubs)
        self.keep = keep
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self._below = (image.disk.resolve(), "raw")
        self._overlay = self.folder / "root.qcow2"
        # A file in memory: gone when QEMU and we are. A machine out of a snapshot maps the snapshot's instead.
        self._ram_fd: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: list[socket.socket] = []
        self.ports = Ports(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Off, and its folder gone."""
        self._off()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---------------------------------------------------------------------------------------------- power

    def boot(self, timeout_s: float = PATIENCE_S) -> float:
        """Switch on and wait until systemd has nothing left to start; the seconds it took.

        What is plugged in is there from the start, as recorders are that stay in their bays while the power is off.
        """
        began = time.monotonic()
        self._on(paused=bool(self.ports.plugged))
        if self.ports.plugged:
            self.ports.plug_again()
            self.qmp.ask("cont")
        self._wait_up(timeout_s)
        return time.monotonic() - began

    def power_cut(self) -> None:
        """The mains goes: what the guest had not flushed to its disk is lost."""
        self._off()
        self.ports.power_went()

    def reset(self, timeout_s: float = PATIENCE_S) -> None:
        """The reset button: memory gone, all that was written to the disk is there."""
        self.qmp.events.clear()
        self.qmp.ask("system_reset")
        self._wait_up(timeout_s)

    def shut_down(self, timeout_s: float = PATIENCE_S) -> None:
        """An orderly end by systemd. Raises NoAnswer."""
        assert self._process is not None
        self.agent.start("sleep 0.2; systemctl poweroff")
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise NoAnswer("did not power off") from None
        finally:
            self.power_cut()

    def _wait_up(self, timeout_s: float) -> None:
        end = time.monotonic() + timeout_s
        while True:
            try:
                self.qmp.wait_event("VSERPORT_CHANGE", min(2, max(0.1, end - time.monotonic())), id="agent", open=True)
                break
            except NoAnswer:
                if time.monotonic() > end:
                    raise NoAnswer(f"the guest did not come up:\n{self.console()[-1500:]}") from None
        self.agent.sync(end - time.monotonic())
        self.run("systemctl is-system-running --wait", timeout_s=timeout_s)

    # ------------------------------------------------------------------------------------------- commands

    def start(self, command: str) -> Job:
        """Begin a shell command as root in the guest."""
        return self.agent.start(command)

    def run(self, command: str, *, timeout_s: float = PATIENCE_S, stdin: bytes | None = None) -> Done:
        """Run a shell command as root in the guest."""
        return self.agent.start(command, stdin).wait(timeout_s)

    def say(self, command: str, *, timeout_s: float = PATIENCE_S) -> str:
        """What a command prints that has to succeed. Raises MachineFault."""
        done = self.run(command, timeout_s=timeout_s)
        if done.code:
            raise MachineFault(f"exit {done.code}: {command}\n{done.out}{done.err}")
        return done.out

    def wait_for(self, command: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Return when the command succeeds; it is tried over and over in the guest. Raises NoAnswer."""
        loop = (
            f"end=$((SECONDS+{int(timeout_s)})); until {{ {command} ; }} >/dev/null 2>&1; do "
            "[ $SECONDS -ge $end ] && exit 111; sleep 0.1; done"
        )
        if self.run(loop, timeout_s=timeout_s + 60).code:
            raise NoAnswer(f"not within {timeout_s:.0f} s: {command}")

    def write(self, path: str, data: bytes) -> None:
        """A small file in the guest."""
        if self.run(f"mkdir -p \"$(dirname '{path}')\" && cat > '{path}'", stdin=data).code:
            raise MachineFault(f"cannot write {path}")

    def give(self, file: Path, path: str) -> None:
        """A large file in the guest: a disk that holds it is plugged in for as long as the copy takes."""
        size = file.stat().st_size
        with self.ports.lent_disk(file) as device:
            self.say(f"head -c {size} {device} > '{path}'")

    def unpack(self, tar: Path) -> None:
        """Lay a tar over the guest's root; what is there already stays as it is."""
        with self.ports.lent_disk(tar) as device:
            self.say(f"tar -x -C / --skip-old-files -f {device}")

    def console(self) -> str:
        """What the kernel printed."""
        log = self.folder / "console.log"
        return log.read_text(errors="replace") if log.exists() else ""

    # ------------------------------------------------------------------------------------------ snapshots

    def snapshot(self, folder: Path) -> None:
        """Freeze this machine into a folder and end it; any number of machines go on from there with `restore`.

        Its memory is a file already: only the state of its devices (half a megabyte) has to be written.
        """
        assert self._ram_fd is not None and self._process is not None
        folder.mkdir(parents=True, exist_ok=True)
        self.say("sync; echo 3 > /proc/sys/vm/drop_caches; echo 1 > /proc/sys/vm/compact_memory; sync")
        self.qmp.ask("stop")
        self._share_memory()
        self.qmp.ask("migrate", uri=f"exec:cat > {folder}/state")
        self._migrated()
        self.qmp.ask("quit")
        self._process.wait(PATIENCE_S)
        for source, name in ((f"/proc/self/fd/{self._ram_fd}", "ram"), (str(self._overlay), "root.qcow2")):
            subprocess.run(["cp", "--sparse=always", source, folder / name], pass_fds=[self._ram_fd], check=True)
        (folder / "machine.json").write_text(json.dumps({"hubs": self.hubs}))
        self._off()

    @classmethod
    def restore(cls, image: Image, folder: Path, *, keep: bool = False) -> Machine:
        """A running machine out of a snapshot, in a second; the snapshot is only read."""
        machine = cls(image, hubs=json.loads((folder / "machine.json").read_text())["hubs"], keep=keep)
        machine._below = (folder / "root.qcow2", "qcow2")
        machine._on(frozen=folder / "ram")
        machine._share_memory()
        machine.qmp.ask("migrate-incoming", uri=f"exec:cat {folder}/state")
        machine._migrated()
        machine.qmp.ask("cont")
        machine.agent.sync(30)
        # The guest's clock stood still.
        machine.agent.ask("guest-set-time", time=time.time_ns())
        return machine

    def _share_memory(self) -> None:
        self.qmp.ask("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])

    def _migrated(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while (status := self.qmp.ask("query-migrate")).get("status") != "completed":
            if status.get("status") == "failed" or time.monotonic() > end:
                raise MachineFault(f"snapshot: {status}")
            time.sleep(0.01)

    # ----------------------------------------------------------------------------------------------- QEMU

    def _on(self, *, paused: bool = False, frozen: Path | None = None) -> None:
        if self._process is not None:
            raise MachineFault("the machine is on")
        if not self._overlay.exists():
            below, form = self._below
            command = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(below), "-F", form, str(self._overlay)]
            subprocess.run(command, check=True)
        qmp, qmp_there = socket.socketpair()
        agent, agent_there = socket.socketpair()
        inherited = [qmp_there.fileno(), agent_there.fileno()]
        ram = str(frozen)
        if frozen is None:
            self._ram_fd = os.memfd_create("guest")
            os.ftruncate(self._ram_fd, MEMORY_MIB << 20)
            inherited.append(self._ram_fd)
            ram = f"/proc/self/fd/{self._ram_fd}"
        command = self._command(qmp_there.fileno(), agent_there.fileno(), ram, shared=frozen is None)
        command += ["-incoming", "defer"] if frozen is not None else ["-S"] if paused else []
        with (self.folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, pass_fds=inherited, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_us
            )
        qmp_there.close()
        agent_there.close()
        self._sockets = [qmp, agent]
        self.agent = Agent(agent)
        try:
            self.qmp = Qmp(qmp)
        except MachineFault:
            self._off()
            raise MachineFault("QEMU did not start: " + (self.folder / "qemu.log").read_text()[-2000:]) from None

    def _command(self, qmp_fd: int, agent_fd: int, ram: str, *, shared: bool) -> list[str]:
        folder = self.image.folder
        memory = f"memory-backend-file,id=ram,size={MEMORY_MIB}M,mem-path={ram}"
        command = [
            QEMU, "-nodefaults", "-no-user-config", "-display", "none", *HARDWARE, "-rtc", "base=utc,clock=host",
            "-machine", "pc,usb=off,vmport=off,memory-backend=ram",
            "-object", f"{memory},share={'on' if shared else 'off'}",
            "-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initrd.gz"), "-append", KERNEL_LINE,
            "-chardev", f"socket,id=qmp,fd={qmp_fd}", "-mon", "chardev=qmp,mode=control",
            "-chardev", f"file,id=console,path={self.folder}/console.log,append=on", "-serial", "chardev:console",
            "-chardev", f"socket,id=agent,fd={agent_fd}", "-device", "virtio-serial-pci,addr=2",
            "-device", "virtserialport,chardev=agent,id=agent,name=org.qemu.guest_agent.0",
            "-device", "virtio-rng-pci,addr=3", "-device", "qemu-xhci,id=xhci,p2=15,p3=15,addr=4",
            "-blockdev", f"driver=qcow2,node-name=disk,file.driver=file,file.filename={self._overlay}",
            "-device", "virtio-blk-pci,drive=disk,addr=5",
        ]  # fmt: skip
        for port, ports in self.hubs.items():
            command += ["-device", f"usb-hub,bus=xhci.0,port={port},ports={ports},id=hub-{port.replace('.', '-')}"]
        return command

    def _off(self) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            self._process = None
        for sock in self._sockets:
            sock.close()
        self._sockets = []
        if self._ram_fd is not None:
            os.close(self._ram_fd)
            self._ram_fd = None


def _die_with_us() -> None:
    """PR_SET_PDEATHSIG (prctl(2)): the machine goes when the thread that began it goes, however it goes."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
