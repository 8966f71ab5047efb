"""Children of `manage.py up`: started one by one, their lines in one log, stopped in two waves.

Honcho prints the lines. Its manager starts and ends all processes at the same time with one signal;
ours must come up in order, each when the one before it answers, and the stores must outlive those
who still write to them. Hence this module.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TextIO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from console.embedded.errors import StartError
from console.embedded.process import signal_all, spawn

# Seconds from the wish to stop after which each wave is killed; below the ten that `up` promises.
_PATIENCE = (6.0, 9.0)
_GLANCE = 0.05


class Interrupted(Exception):
    """Somebody asked us to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run. `stop` asks it to end, `death` does the same when we die without asking.
    `store`: others write to it until their end, so it is stopped after them."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM
    death: signal.Signals = signal.SIGKILL
    store: bool = False


@dataclass(slots=True)
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    reader: threading.Thread

    @property
    def alive(self) -> bool:
        return self.process.poll() is None


class Supervisor:
    """Use it in the main thread: signals arrive there, and children live as long as it."""

    def __init__(self, *, width: int, output: TextIO = sys.stdout) -> None:
        self._children: list[Child] = []
        self._printer = Printer(output, width=width)
        self._printing = threading.Lock()
        self._colours = get_colours()
        self._asked = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGINT, SIGTERM and SIGHUP as the wish to stop, and stop everything at the end."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._ask) for number in numbers}
        try:
            yield
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, program: Program) -> Child:
        """Start a program; its lines go to the log."""
        self.check()
        try:
            process = spawn(
                program.argv,
                env=program.env,
                cwd=program.cwd,
                user=program.user,
                on_our_death=program.death,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            as_whom = f" as the user {program.user}" if program.user else ""
            raise StartError(
                f"{program.name} cannot be started{as_whom}: {error.strerror} ({error.filename})."
            ) from error
        reader = threading.Thread(target=lambda: self._relay(child), daemon=True)
        child = Child(program, process, reader)
        child.reader.start()
        self._children.append(child)
        return child

    def run(self, program: Program, *, timeout: float) -> None:
        """Run a program to its end. Raises `StartError` unless it succeeds."""
        child = self.start(program)
        self._children.remove(child)
        deadline = time.monotonic() + timeout
        try:
            while child.alive:
                self.check()
                if time.monotonic() > deadline:
                    raise StartError(f"{program.name} took longer than {timeout:.0f} s.")
                time.sleep(_GLANCE / 5)
        finally:
            signal_all(child.process, signal.SIGKILL)
            child.process.wait()
            child.reader.join(1)
        if child.process.returncode:
            raise StartError(_ended(child))

    def check(self) -> None:
        """Raise `Interrupted` if we are asked to stop, `StartError` if a child has ended."""
        if self._asked:
            raise Interrupted
        for child in self._children:
            if not child.alive:
                child.reader.join(1)  # its last words come before ours
                raise StartError(_ended(child))

    def watch(self) -> None:
        """Return never; see `check` for what it raises."""
        while True:
            self.check()
            time.sleep(_GLANCE)

    def say(self, text: str) -> None:
        self._print("up", None, text)

    def stop(self) -> None:
        """Stop every child: first those who work, then the stores. Leaves none."""
        began = time.monotonic()
        for store, patience in zip((False, True), _PATIENCE, strict=True):
            wave = [child for child in self._children if child.program.store is store]
            for child in wave:
                if child.alive:
                    child.process.send_signal(child.program.stop)
            self._await_end(wave, began + patience)
            for child in wave:
                if child.alive:
                    self.say(f"{child.program.name} does not stop; killing it")
                signal_all(child.process, signal.SIGKILL)  # also what it may have left behind
                child.process.wait()
                child.reader.join(1)
        self._children.clear()

    def _await_end(self, wave: list[Child], deadline: float) -> None:
        asked = self._asked
        while any(child.alive for child in wave) and time.monotonic() < deadline:
            if self._asked > max(asked, 1):
                return  # a second Ctrl-C: no more patience
            time.sleep(_GLANCE / 5)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _relay(self, child: Child) -> None:
        colour = next(self._colours)
        stream = child.process.stdout
        for line in stream or ():
            text = line.decode(errors="replace").rstrip()
            self._print(child.program.name, colour, text)
        if stream:
            stream.close()

    def _print(self, name: str, colour: str | None, text: str) -> None:
        message = Message(type="line", data=text, time=datetime.now(), name=name, colour=colour)  # noqa: DTZ005 - the reader's own clock
        try:
            with self._printing:
                self._printer.write(message)
        except OSError:
            self._asked += 1  # nobody reads us any more


def _ended(child: Child) -> str:
    code = child.process.returncode
    how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    return f"{child.program.name} has ended ({how}); its last lines above say why."
