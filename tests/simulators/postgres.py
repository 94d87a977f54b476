"""A real PostgreSQL server for one test run: its own folder, socket and port, nothing of the machine's touched.

Needs the server's programs (apt: postgresql). As root the server runs as user `postgres`, since it refuses root.
"""

from __future__ import annotations

import contextlib
import glob
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

OWNER = "dockd_owner"
DAEMON = "dockd"
ADMIN = "postgres"
_TEMPLATE = "dockd_template"
_DEADLINE_S = 60


class ServerMissing(Exception):
    """The PostgreSQL server is not installed."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the server, as each of its roles reaches it."""

    name: str
    url: str
    owner_url: str
    admin_url: str


class PostgresServer:
    """A running server. `close` stops it by its process id and removes its folder."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = tempfile.mkdtemp(prefix="dockd-postgres-")
        self._as = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._data = f"{self._folder}/data"
        self.port = _free_port()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._initialise()
            self.start()
            self._prepare()
        except BaseException:
            self.close()
            raise

    # ------------------------------------------------------------------------------------------------------ server

    def start(self, **settings: str) -> None:
        """Start with these settings on the command line; waits until it answers."""
        arguments = [f"{self._programs}/postgres", "-D", self._data, "-k", self._folder, "-p", str(self.port)]
        arguments += ["-h", "127.0.0.1"]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        with open(f"{self._folder}/server.log", "ab") as log:
            self._process = subprocess.Popen(arguments, cwd=self._folder, stdout=log, stderr=log, **self._as)
        deadline = time.monotonic() + _DEADLINE_S
        while True:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    with open(f"{self._folder}/server.log", encoding="utf-8", errors="replace") as log_again:
                        raise RuntimeError(log_again.read()[-3000:]) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop as a shutdown of the machine would (fast: sessions are ended, all is written)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_DEADLINE_S)
            self._process = None

    def close(self) -> None:
        """Stop and remove everything."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextlib.contextmanager
    def started_with(self, **settings: str) -> Iterator[None]:
        """Restarted with these settings; as before afterwards."""
        self.stop()
        self.start(**settings)
        try:
            yield
        finally:
            self.stop()
            self.start()

    # --------------------------------------------------------------------------------------------------- databases

    def new_database(self, *, migrated: bool = True) -> Database:
        """A fresh database that the owner's role owns, with an empty catalogue when `migrated`."""
        name = f"dockd_test_{os.getpid()}_{next(self._numbers)}"
        template = _TEMPLATE if migrated else "template1"
        self.admin(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return self._database(name)

    def drop(self, database: Database) -> None:
        """Remove a database, whoever is still connected."""
        self.admin(f"DROP DATABASE {database.name} WITH (FORCE)")

    def admin(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the server's administrator, each by itself."""
        with psycopg.connect(self._conninfo(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _initialise(self) -> None:
        command = [f"{self._programs}/initdb", "-D", self._data, "-U", ADMIN, "--auth=trust", "-E", "UTF8"]
        # A locale that does not sort by bytes, so that a missing collation shows.
        command += ["--locale-provider=icu", "--icu-locale=zh", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(command, cwd=self._folder, check=True, capture_output=True, **self._as)

    def _prepare(self) -> None:
        from catalog.store import Catalog

        self.admin(
            f"CREATE ROLE {OWNER} LOGIN",
            f"CREATE ROLE {DAEMON} LOGIN",
            f"CREATE DATABASE {_TEMPLATE} OWNER {OWNER}",
        )
        template = self._database(_TEMPLATE)
        Catalog.create(template.url, owner_url=template.owner_url)

    def _database(self, name: str) -> Database:
        def url(role: str) -> str:
            return f"postgresql://{role}@127.0.0.1:{self.port}/{name}"

        return Database(name, url(DAEMON), url(OWNER), url(ADMIN))

    def _conninfo(self, database: str) -> str:
        return f"host={self._folder} port={self.port} user={ADMIN} dbname={database}"


def _programs() -> str:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise ServerMissing("no PostgreSQL server under /usr/lib/postgresql: apt install postgresql")
    return os.path.dirname(found[-1])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
