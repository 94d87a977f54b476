"""Makes a station's home. Settings come last: a home without them was never finished, and may be finished again."""

from __future__ import annotations

import os
from dataclasses import dataclass

from catalog.errors import CatalogExists
from catalog.events import StationInitialised
from hashing.filecalls import OsFileCalls
from hashing.signing import SigningKey
from hashing.writing import write_new

from . import __version__
from .assembly import build, load_key, station_id, utc_now
from .config import Home
from .config_file import database_url, default_text, parse
from .errors import HomeExists, HomeFault
from .ledger import export, write_signers
from .lock import WriterLock


@dataclass(frozen=True, slots=True)
class Made:
    """What a person should write down: the station's name and the fingerprint of its key."""

    station: str
    fingerprint: str
    vault: str
    database: str


def initialise(home: Home, settings: dict[str, object], owner_url: str | None) -> Made:
    """Make folders, keys, catalogue and vault. Raises HomeExists, HomeFault, ConfigFault, CatalogError, TargetFault.

    `settings` are those that differ from the defaults, by `section__name`. The signing key never leaves `keys/`; who
    copies it can sign as this station.
    """
    from catalog.store import Catalog

    if os.path.lexists(home.config_file):
        raise HomeExists(home.config_file)
    text = default_text(**settings)
    config = parse(text.encode(), home.config_file)
    vault_dir = config.vault_dir(home)
    for folder, mode in (
        (os.path.dirname(home.config_file), 0o755),
        (home.data_dir, 0o750),
        (home.keys_dir, 0o700),
        (home.run_dir, 0o755),
        (vault_dir, 0o750),
    ):
        _make_folder(folder, mode)
    with WriterLock(home.lock_file):
        key = _key(home)
        url = database_url(config, home, os.environ)
        try:
            Catalog.create(url, owner_url=owner_url)
        except CatalogExists:
            # Of an init that did not come to its end: settings are written last.
            Catalog.upgrade(url, owner_url=owner_url)
        catalog = Catalog.open(url, station_id(key), clock=utc_now)
        try:
            station = build(home, config, key, catalog)
            write_signers(station.vault, station.id, key)
            if catalog.head().seq == 0:
                catalog.append([StationInitialised(key.public_line(), __version__)])
            export(station)
        finally:
            catalog.close()
        _write(home.config_file, text.encode(), 0o644)
    return Made(station_id(key), key.fingerprint(), vault_dir, config.database.url)


def _make_folder(path: str, mode: int) -> None:
    try:
        os.makedirs(path, mode, exist_ok=True)
    except OSError as error:
        raise HomeFault(path, "mkdir", error) from error


def _key(home: Home) -> SigningKey:
    """The key of an unfinished init, or a new one."""
    if os.path.lexists(home.key_file):
        return load_key(home)
    key = SigningKey.generate()
    _write(home.public_key_file, (key.public_line(station_id(key)) + "\n").encode(), 0o644)
    _write(home.key_file, key.to_openssh(), 0o600)
    return key


def _write(path: str, data: bytes, mode: int) -> None:
    try:
        if mode == 0o644 and os.path.lexists(path):
            os.unlink(path)
        write_new(OsFileCalls(), path, data, mode)
    except OSError as error:
        raise HomeFault(path, "write", error) from error
