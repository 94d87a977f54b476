"""The settings of a station as values, and where its files lie. `dockd.config_file` reads and writes them.

Every setting stands here once: name with its unit, default, bounds, and the line that explains it in the settings file
and in docs/settings.md. Pure, but for `Home.chosen` being told the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from hashing.digest import Algorithm

from .database_urls import SQLITE, with_password
from .handover.settings import HandoverSettings
from .i18n import N_
from .setting import About
from .setting import setting as _setting
from .sweep.settings import SweepSettings
from .upkeep.settings import FixitySettings, MirrorSettings

if TYPE_CHECKING:
    from catalog.watching.health import Thresholds


@dataclass(frozen=True, slots=True)
class StationSettings:
    """Whose station this is and how it speaks."""

    name: str = _setting("dockd", N_("What people call this station; shown on screens and in session.json."))
    department: str = _setting(
        "unassigned", N_("Department of recorders that are assigned to none: the first folder in the vault.")
    )
    language: Literal["auto", "en", "zh_CN"] = _setting(
        "auto", N_("Language of messages; auto takes it from the environment. DOCKD_LANG goes before it.")
    )
    time_zone: str = _setting(
        "Asia/Shanghai", N_("The agency's time zone: recorders' clocks and the vault's day folders are read in it.")
    )


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Where originals are kept and by what they are proven."""

    path: str = _setting("vault", N_("Folder of the originals; a relative path lies in the station's data folder."))
    digests: tuple[Literal["sha256", "sm3"], ...] = _setting(
        (), N_("Digests taken beside BLAKE3, each with its own manifest: sha256, sm3 (GB/T 32905-2016).")
    )

    @property
    def algorithms(self) -> tuple[Algorithm, ...]:
        """All digests of every clip, BLAKE3 first."""
        return (Algorithm.BLAKE3, *(Algorithm(name) for name in self.digests))


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the catalogue is."""

    url: str = _setting(
        "sqlite:///catalog.db",
        N_(
            "The catalogue: sqlite:///FILE (relative: in the data folder) or postgresql://USER@HOST/NAME. "
            "A password is better kept out of this file: DOCKD_DATABASE_PASSWORD, or the next setting."
        ),
    )
    password_file: str = _setting("", N_("File whose first line is the database password; empty: none."))


@dataclass(frozen=True, slots=True)
class DockSettings:
    """How recorders are taken in."""

    clear: Literal["never", "after-verify", "by-hand"] = _setting(
        "never",
        N_(
            "When a recorder is emptied: never; after-verify (every clip read twice, read back from the vault and "
            "catalogued); by-hand (only when dock is told so)."
        ),
    )
    parallel: int = _setting(16, N_("How many recorders are copied at once, at most."), 1, 256)
    stall_s: int = _setting(30, N_("Seconds without a byte after which a recorder counts as stuck."), 1, 3600)
    checkpoint_mib: int = _setting(
        256, N_("MiB of a clip after which its unfinished copy is made durable, so that it can be resumed."), 1, 65536
    )
    free_space_floor_mib: int = _setting(
        1024, N_("MiB that stay free in the vault: below it nothing is taken in. Nothing is deleted for it."), 0, 2**30
    )
    families_dir: str = _setting(
        "families",
        N_("Folder with your own recorder families (*.toml); a relative path lies beside this file; it may be absent."),
    )


@dataclass(frozen=True, slots=True)
class DropSettings:
    """Folders in which files arrive without a recorder: over the network, or by hand."""

    folders: tuple[str, ...] = _setting(
        (), N_("Drop folders, each a source of its own by its name: cameras, voice recorders, interview rooms.")
    )
    still_s: int = _setting(10, N_("Seconds a file must not have changed before it is taken in."), 1, 3600)
    after: Literal["keep", "remove"] = _setting(
        "keep", N_("What becomes of a file once it is proven and catalogued: keep, or remove.")
    )


@dataclass(frozen=True, slots=True)
class FactsSettings:
    """How clips are asked what they are; ingest never waits for this."""

    when: Literal["after", "later"] = _setting(
        "after", N_("When facts are read: after each docking, or later (dockd facts).")
    )
    timeout_s: int = _setting(60, N_("Seconds a parser may take for one clip."), 1, 3600)
    memory_mib: int = _setting(1024, N_("MiB of memory a parser may take."), 64, 65536)
    packets: Literal["read", "skip"] = _setting(
        "read", N_("Whether whole recordings are read for jumps of their time: it costs as much reading as a copy.")
    )
    exiftool: str = _setting("exiftool", N_("The exiftool program: a name on the PATH, or a full path."))
    ffprobe: str = _setting("ffprobe", N_("The ffprobe program: a name on the PATH, or a full path."))


@dataclass(frozen=True, slots=True)
class GapsSettings:
    """What becomes of gaps in recordings."""

    chase_days: int = _setting(
        3, N_("Days after which a gap that no leader has reviewed is listed as overdue."), 0, 365
    )


@dataclass(frozen=True, slots=True)
class CasesSettings:
    """What is reckoned with in cases."""

    filing_days: int = _setting(
        0,
        N_("Days from the end of the act within which a case's file is made, if the pack allows longer. 0: its own."),
        0,
        3650,
    )
    slack_min: int = _setting(
        30, N_("Minutes by which clocks and memories may be off when recordings are suggested for a case."), 0, 1440
    )
    near_m: int = _setting(300, N_("Metres within which a recording was made where the case happened."), 1, 100_000)
    classes: tuple[str, ...] = _setting((), N_("Classes of activity beside those of the rule pack."))


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """From where on a recorder is not fit for duty."""

    battery_min_percent: int = _setting(
        15, N_("Charge on arrival, percent, below which a recorder is not fit for duty. 0: not asked."), 0, 100
    )
    voltage_min_mv: int = _setting(0, N_("Battery voltage, mV, below which it is not. 0: not asked."), 0, 100_000)
    cycles_max: int = _setting(500, N_("Charge cycles above which it is not. -1: not asked."), -1, 100_000)
    free_min_percent: int = _setting(
        10, N_("Percent of the card that must be free when a recorder is released. 0: not asked."), 0, 100
    )
    read_rate_min_percent: int = _setting(
        60, N_("Percent of a card's own early read rate below which it is not fit. 0: not asked."), 0, 100
    )
    read_errors_max: int = _setting(
        3, N_("Read errors of the last ten dockings together above which it is not. -1: not asked."), -1, 1_000_000
    )
    clock_error_max_ms: int = _setting(
        60_000, N_("Milliseconds a clock may be off, either way. -1: not asked."), -1, 10**12
    )
    open_gaps_max: int = _setting(
        -1, N_("Unexplained gaps of a recorder above which it is not fit for duty. -1: not asked."), -1, 1_000_000
    )
    forecast_days: int = _setting(21, N_("Days ahead for which a failing battery or card is announced."), 1, 365)

    @property
    def thresholds(self) -> Thresholds:
        """The same as the arithmetic takes them."""
        from catalog.watching.health import Thresholds

        def asked(value: int, off: int) -> int | None:
            return None if value == off else value

        return Thresholds(
            battery_min_percent=asked(self.battery_min_percent, 0),
            voltage_min_mv=asked(self.voltage_min_mv, 0),
            cycles_max=asked(self.cycles_max, -1),
            free_min_percent=asked(self.free_min_percent, 0),
            read_rate_min_percent=asked(self.read_rate_min_percent, 0),
            read_errors_max=asked(self.read_errors_max, -1),
            clock_error_max_ms=asked(self.clock_error_max_ms, -1),
            open_gaps_max=asked(self.open_gaps_max, -1),
            forecast_days=self.forecast_days,
        )


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """By which regulation recordings are kept."""

    pack: str = _setting(
        "qinghe-market",
        N_(
            "Rule pack by which recordings are kept (dockd pack list; your own: packs.d beside this file). Another one "
            "counts once somebody took it over: dockd term adopt."
        ),
    )


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Changes of packs, classes, cases and holds that would make recordings due."""

    refuse_above_permille: int = _setting(
        200,
        N_(
            "Thousandths of the archive, in recordings or bytes: a change that would make more than that due is "
            "refused outright."
        ),
        0,
        1000,
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a station, checked: whoever holds one need not check again."""

    station: StationSettings = field(default_factory=StationSettings)
    vault: VaultSettings = field(default_factory=VaultSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    dock: DockSettings = field(default_factory=DockSettings)
    drop: DropSettings = field(default_factory=DropSettings)
    facts: FactsSettings = field(default_factory=FactsSettings)
    gaps: GapsSettings = field(default_factory=GapsSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    cases: CasesSettings = field(default_factory=CasesSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    change: ChangeSettings = field(default_factory=ChangeSettings)
    sweep: SweepSettings = field(default_factory=SweepSettings)
    fixity: FixitySettings = field(default_factory=FixitySettings)
    mirror: MirrorSettings = field(default_factory=MirrorSettings)
    handover: HandoverSettings = field(default_factory=HandoverSettings)

    def vault_dir(self, home: Home) -> str:
        """The vault's folder, absolute."""
        return os.path.join(home.data_dir, self.vault.path)

    def mirror_dir(self, home: Home) -> str:
        """The folder of second copies, absolute; empty where there is to be none."""
        return os.path.join(home.data_dir, self.mirror.folder) if self.mirror.folder else ""

    def families_dir(self, home: Home) -> str:
        """The folder of the station's own recorder families, absolute; it need not exist."""
        return os.path.join(os.path.dirname(home.config_file), self.dock.families_dir)

    def password_file(self, home: Home) -> str | None:
        """The file that holds the database password, absolute; None when there is none."""
        name = self.database.password_file
        return os.path.join(os.path.dirname(home.config_file), name) if name else None

    def database_url(self, home: Home, password: str | None = None) -> str:
        """The catalogue's URL with a SQLite file made absolute and `password` put in; for SQLAlchemy, not for eyes."""
        url = self.database.url
        if url.startswith(SQLITE):
            return SQLITE + os.path.join(home.data_dir, url.removeprefix(SQLITE))
        # SQLAlchemy would take psycopg2 for a bare postgresql://.
        url = "postgresql+psycopg://" + url.partition("://")[2]
        return url if password is None else with_password(url, password)


@dataclass(frozen=True, slots=True)
class Home:
    """Where the files of one station lie; all paths are absolute."""

    config_file: str
    data_dir: str
    run_dir: str

    @classmethod
    def at(cls, directory: str) -> Home:
        """Everything under one folder."""
        root = os.path.abspath(directory)
        return cls(os.path.join(root, "dockd.toml"), root, os.path.join(root, "run"))

    @classmethod
    def of_station(cls) -> Home:
        """The paths of an installed station (Filesystem Hierarchy Standard 3.0: /etc, /var/lib, /run)."""
        return cls("/etc/dockd/dockd.toml", "/var/lib/dockd", "/run/dockd")

    @classmethod
    def chosen(cls, option: str | None, environ: Mapping[str, str]) -> Home:
        """`--home`, then DOCKD_HOME, then the station's own paths."""
        directory = option or environ.get("DOCKD_HOME")
        return cls.at(directory) if directory else cls.of_station()

    @property
    def keys_dir(self) -> str:
        """The folder of the signing key, 0700."""
        return os.path.join(self.data_dir, "keys")

    @property
    def key_file(self) -> str:
        """The station's private key, 0600."""
        return os.path.join(self.keys_dir, "station")

    @property
    def public_key_file(self) -> str:
        """The station's public key, for everybody."""
        return os.path.join(self.keys_dir, "station.pub")

    def lock_of(self, work: str) -> str:
        """Held by the one process that does some work beside the writer's: `fixity`, `mirror`, `sweep`."""
        return os.path.join(self.data_dir, f"{work}.lock")

    @property
    def lock_file(self) -> str:
        """Held by the one process that writes here."""
        return os.path.join(self.run_dir, "writer.lock")


SECTIONS = tuple(section.name for section in fields(Config))


def settings_of(section: str) -> list[tuple[str, Any, About]]:
    """Name, default and meaning of each setting of a section, in the order of the settings file."""
    return [(f.name, f.default, f.metadata["about"]) for f in fields(getattr(Config(), section))]
