"""`dockd run`: the daemon."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import click

from ..assembly import MIB, Opened, writing
from ..bays.events import Happened
from ..bays.hands import Hands
from ..bays.slotfile import slots_dir
from ..config import Home
from ..config_file import load
from ..daemon import Daemon, configure_log
from ..drops import Drops
from ..exits import Exit
from ..i18n import _
from ..notify import Notify
from ..units import RootTool, SystemdUnits, Units
from ..upkeep.watch import UpkeepWatch


@click.command(
    help=_(
        "Watch the bays: find, mount, take in, clear if the settings say so, release.\n\n"
        "Runs until SIGTERM; SIGHUP reads the settings again. systemd starts it on a station (dockd.service).\n\n"
        "--allow-loop takes loop devices for recorders, on a machine without USB, and needs root:\n\n\b\n"
        "  dockd --home ./station run --allow-loop\n"
        "  losetup --find --show recorder.img"
    )
)
@click.option("--allow-loop", is_flag=True, help=_("Take loop devices for recorders, too."))
@click.pass_obj
def run(home: str | None, allow_loop: bool) -> int:
    """Serve until told to end."""
    configure_log()
    with writing(home) as opened:
        where = opened.home
        for folder in (slots_dir(where.run_dir), *(f"{where.run_dir}/{name}" for name in ("wipe", "talk", "outcome"))):
            os.makedirs(folder, mode=0o755, exist_ok=True)
        for name in os.listdir(slots_dir(where.run_dir)):
            os.unlink(f"{slots_dir(where.run_dir)}/{name}")
        opened.tune_copying(opened.config.dock.parallel)
        units: Units = RootTool(where.run_dir, where.public_key_file) if allow_loop else SystemdUnits(where.run_dir)
        made: list[Hands] = []

        def hands(tell: Callable[[Happened], None], alarm: Callable[[BaseException], None]) -> Hands:
            made.append(
                Hands(
                    opened.station,
                    units,
                    run_dir=where.run_dir,
                    clear=opened.config.dock.clear == "after-verify",
                    parallel=opened.config.dock.parallel,
                    tell=tell,
                    alarm=alarm,
                )
            )
            return made[0]

        daemon = Daemon(
            opened.station,
            hands,
            run_dir=where.run_dir,
            allow_loop=allow_loop,
            notify=Notify(os.environ),
            drops=lambda alarm: Drops(
                opened.station,
                opened.config.drop.folders,
                still_s=float(opened.config.drop.still_s),
                remove=opened.config.drop.after == "remove",
                alarm=alarm,
            ),
            reload=lambda: _reload(opened, made[0], where),
            upkeep=UpkeepWatch(opened.station, lambda: opened.config.fixity.within_days),
        )
        daemon.run()
    return Exit.OK


def _reload(opened: Opened, hands: Hands, where: Home) -> None:
    """Take over what may change while recorders are in: clearing, number of workers, patience, floor, department,
    thresholds of health.
    """
    config = load(where)
    hands.reconfigure(clear=config.dock.clear == "after-verify", parallel=config.dock.parallel)
    station = opened.station
    station.department = config.station.department
    station.free_space_floor_bytes = config.dock.free_space_floor_mib * MIB
    station.thresholds = config.health.thresholds
    station.copying = replace(station.copying, stall_s=float(config.dock.stall_s))
    opened.config = config
