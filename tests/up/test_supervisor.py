"""Children are started, watched and stopped in order, and never outlive the supervisor."""

from __future__ import annotations

import io
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from console.embedded.errors import StartError
from console.up.supervisor import Interrupted, Program, Supervisor
from tests.threads import eventually

SLEEP = "import time; time.sleep(60)"
# One write for the whole line: two that say it at once must not share one.
DEAF = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " os.write(1, b'deaf\\n')"
)


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(log: io.StringIO) -> Iterator[Supervisor]:
    made = Supervisor(width=8, output=log)
    with made.listening():
        yield made


def python(name: str, code: str, *, store: bool = False) -> Program:
    return Program(name=name, argv=[sys.executable, "-c", code], store=store)


def await_lines(log: io.StringIO, text: str, count: int) -> None:
    deadline = time.monotonic() + 30
    while log.getvalue().count(f"| {text}") < count:
        assert time.monotonic() < deadline, log.getvalue()
        time.sleep(0.02)


def test_a_child_that_ends_is_named_with_its_end(supervisor: Supervisor) -> None:
    child = supervisor.start(python("broken", "raise SystemExit(3)"))
    child.process.wait(30)
    with pytest.raises(StartError, match=r"broken has ended \(exit code 3\)"):
        supervisor.check()


def test_a_program_that_is_not_there_is_named(supervisor: Supervisor) -> None:
    with pytest.raises(StartError, match=r"ghost cannot be started: No such file"):
        supervisor.start(Program(name="ghost", argv=["/no/such/program"]))


def test_a_command_that_fails_is_an_error_and_one_that_succeeds_is_none(
    supervisor: Supervisor,
) -> None:
    supervisor.run(python("fine", "pass"), timeout=30)
    with pytest.raises(StartError, match="broken has ended"):
        supervisor.run(python("broken", "raise SystemExit(1)"), timeout=30)
    with pytest.raises(StartError, match="slow took longer than"):
        supervisor.run(python("slow", SLEEP), timeout=0.2)


def test_lines_carry_the_name_of_their_child(supervisor: Supervisor, log: io.StringIO) -> None:
    supervisor.run(python("talker", "print('hello')"), timeout=30)
    assert "talker   | hello" in log.getvalue()


def test_a_signal_interrupts(supervisor: Supervisor) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        supervisor.check()


def test_stores_are_stopped_after_those_who_write_to_them(
    supervisor: Supervisor, log: io.StringIO, tmp_path: Path
) -> None:
    note = tmp_path / "ends"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(float(sys.argv[2]))\n"
        f"    open({str(note)!r}, 'a').write(sys.argv[1])\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    for name, delay, store in (("store ", "0", True), ("writer ", "0.3", False)):
        argv = [sys.executable, "-c", code, name, delay]
        supervisor.start(Program(name=name, argv=argv, store=store))
    await_lines(log, "ready", 2)
    supervisor.stop()
    assert note.read_text() == "writer store "


def test_a_deaf_child_and_its_children_are_killed(
    supervisor: Supervisor, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.up.supervisor._PATIENCE", (0.3, 0.6))
    fork = f"import os; os.fork(); {DEAF}; time.sleep(60)"
    child = supervisor.start(python("deaf", fork))
    await_lines(log, "deaf", 2)
    family = [psutil.Process(child.process.pid), *psutil.Process(child.process.pid).children()]
    supervisor.stop()
    # A killed process takes a moment to go, and nobody waits for a grandchild.
    eventually(lambda: all(gone(one) for one in family), what="the family's end")


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
