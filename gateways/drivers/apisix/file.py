"""Driving the apisix.yaml that an APISIX without an Admin API follows.

Its workers look once a second whether the whole second of the file's mtime is another one, each by
itself: of two writings in one second they would miss one. So the mtime grows with each writing, by
a second at least, and not more than one is made in a second: what comes in between goes with the
next. The file is put in place by a rename, so that no worker reads a half of it.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes, DriverError, Outlived

from . import document, names
from .book import Book
from .render import Objects
from .settings import Settings

_BETWEEN = 1.0  # seconds
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FileDriver:
    """Drives one file (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = False

    def __init__(
        self,
        settings: Settings,
        path: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._prefix = settings.id_prefix
        self._path = path
        self._clock, self._sleep = clock, sleep
        self._book = Book(settings)
        self._epoch = 0
        self._found: Objects = {}
        self._rest: dict[str, Any] = {}
        self._others: dict[str, list[str]] = {}
        self._texts: dict[str, str] = {}
        self._written = b""
        self._wrote_at = -_BETWEEN

    def start(self, *, epoch: int = 0) -> None:
        self._epoch = epoch
        self._written = read(self._path)
        self._refuse_newer(self._written)
        found = parse(self._written, self._path)
        self._found = document.ours(found, self._prefix)
        self._rest = {kind: value for kind, value in found.items() if kind not in names.KINDS}
        self._others = {
            kind: [document.text(body) for body in document.others(found, self._prefix, kind)]
            for kind in names.KINDS
        }

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self._book.replace(resources, had=self._found, keep=keep)
        after = self._book.objects
        self._texts = {name: document.text(body) for name, body in sorted(after.items())}
        places = self._found.keys() | after.keys()
        written = sum(self._found.get(name) != after.get(name) for name in places)
        self._write()
        self._found = after  # the book's own: it knows what is written from now on
        return Applied(written, dict(self._book.refused), rest=_BETWEEN if written else 0.0)

    def apply(self, changes: Changes) -> Applied:
        differing = self._book.apply(changes)
        for name in differing:
            self._texts.pop(name, None)
            if name in self._book.objects:
                self._texts[name] = document.text(self._book.objects[name])
        if differing:
            self._write()
        return Applied(
            len(differing), dict(self._book.refused), rest=_BETWEEN if differing else 0.0
        )

    def touch(self) -> None:
        content = read(self._path)
        if content != self._written:
            self._refuse_newer(content)
            self._written = b""
            self._write()

    def describe(self) -> dict[str, Any]:
        return {
            "mode": "file",
            "resources": len(self._book),
            "objects": len(self._book.objects),
            "refused": len(self._book.refused),
        }

    def _write(self) -> None:
        content = document.join(
            self._epoch,
            self._rest,
            {kind: [*self._others.get(kind, ()), *self._lines(kind)] for kind in names.KINDS},
        )
        if content == self._written:
            return
        self._sleep(max(0.0, self._wrote_at + _BETWEEN - self._clock()))
        self._refuse_newer(_head(self._path))
        replace_file(self._path, content)
        self._wrote_at = self._clock()
        self._written = content

    def _lines(self, kind: str) -> Iterable[str]:
        return (text for name, text in self._texts.items() if names.kind_of(name) == kind)

    def _refuse_newer(self, content: bytes) -> None:
        newer = document.epoch_of(content)
        if self._epoch and newer > self._epoch:
            raise Outlived(newer)


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise DriverError(f"{path.name} cannot be read: {error.strerror}", code="file") from error


def parse(content: bytes, path: Path) -> dict[str, Any]:
    """The document of a file. Raises `DriverError`: what cannot be read is not overwritten."""
    try:
        found = yaml.load(content, _Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DriverError(
            f"{path.name} is no YAML, so it is left as it is: {error}", code="file", permanent=True
        ) from error
    return found if isinstance(found, dict) else {}


def replace_file(path: Path, content: bytes) -> None:
    """Raises `DriverError`."""
    try:
        before = path.stat().st_mtime if path.exists() else 0.0
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o644)
                file.flush()
                # APISIX may be started by what is on the disk, without a driver.
                os.fsync(file.fileno())
            second = max(math.floor(time.time()), math.floor(before) + 1)
            os.utime(name, (second, second))
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DriverError(
            f"{path.name} cannot be written: {error.strerror}", code="file"
        ) from error


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.readline(100)
    except OSError:
        return b""
