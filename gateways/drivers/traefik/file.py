"""Driving the file that Traefik's file provider watches: one document, written anew at each change
and put in place by a rename, so that no reader sees a half of it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes, DriverError, Outlived

from . import document
from .book import Book
from .render import Objects, render

_APART = ".portolan"  # a folder beside the file
# Seconds for each resource until Traefik, which reads and builds everything anew, serves it: 0.3 at
# 1,000 services with a route each, 1.5 at 5,000 (docs/gateways/traefik.md).
READING = 0.00015
_HEAD = re.compile(rb"# Portolan, epoch (\d+)\n")


class FileDriver:
    """Drives one file (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = False

    def __init__(self, path: Path, *, entry_points: list[str]) -> None:
        self._path = path
        self._book = Book(lambda resource: render(resource, entry_points=entry_points))
        self._texts: dict[str, str] = {}
        self._epoch = 0
        self._found: Objects = {}
        self._written = b""

    def start(self, *, epoch: int = 0) -> None:
        self._epoch = epoch
        content = self._read()
        self._refuse_newer(content)
        self._written = content
        try:
            self._found = document.split(content) if content else {}
        except ValueError:
            self._found = {}  # written by someone else: ours replaces it

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self._book.replace(resources, had=self._found, keep=keep)
        after = self._book.objects
        self._texts = {place: document.text(found) for place, found in after.items()}
        places = self._found.keys() | after.keys()
        written = sum(self._found.get(place) != after.get(place) for place in places)
        self._write()
        self._found = {}
        return self._applied(written)

    def apply(self, changes: Changes) -> Applied:
        differences = self._book.apply(changes)
        for place, found in differences.items():
            if found is None:
                self._texts.pop(place, None)
            else:
                self._texts[place] = document.text(found)
        if differences:
            self._write()
        return self._applied(len(differences))

    def touch(self) -> None:
        content = self._read()
        if content != self._written:
            self._refuse_newer(content)
            self._written = b""
            self._write()

    def describe(self) -> dict[str, Any]:
        return {
            "provider": "file",
            "resources": len(self._book),
            "objects": len(self._book.objects),
            "refused": len(self._book.refused),
        }

    def _applied(self, written: int) -> Applied:
        rest = READING * len(self._book) if written else 0.0
        return Applied(written, dict(self._book.refused), rest=rest)

    def _write(self) -> None:
        content = b"# Portolan, epoch %d\n" % self._epoch + document.join(self._texts)
        if content == self._written:
            return
        self._refuse_newer(self._head())
        replace_file(self._path, content)
        self._written = content

    def _refuse_newer(self, content: bytes) -> None:
        head = _HEAD.match(content)
        if head and self._epoch and int(head.group(1)) > self._epoch:
            raise Outlived(int(head.group(1)))

    def _head(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.readline(100)
        except OSError:
            return b""

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise _unwritable(self._path, error) from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a file and rename it into its place. Not synced to the disk: it is written again at
    every start. Raises `DriverError`."""
    # Traefik reads a directory whole at every event there, but watches no folder in it: made there,
    # the file is one event. It passes over a name of another ending.
    apart = path.parent / _APART
    made = apart / f"{path.name}-{secrets.token_hex(4)}.tmp"
    try:
        try:
            apart.mkdir(exist_ok=True)
            made.write_bytes(content)
            os.replace(made, path)
        except BaseException:
            made.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> DriverError:
    return DriverError(f"{path.name} cannot be written: {error.strerror}", code="file")
