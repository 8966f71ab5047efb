"""A copy of this checkout to start and stop: our files, the environment linked, data of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from console.embedded import ports

BASE = Path(__file__).resolve().parents[2]


class Checkout:
    """A folder with what git would clone, uncommitted work included."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=BASE,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (BASE / name).exists():  # not one that is about to be deleted
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(BASE / name, folder / name)
        for name in (".venv", "node_modules"):
            (folder / name).symlink_to(BASE / name)
        self.runs = 0
        self.ports = {name: ports.free() for name in ("console", "gateway", "cluster")}

    @property
    def options(self) -> list[str]:
        return [word for name, port in self.ports.items() for word in (f"--{name}-port", str(port))]

    def environment(self, **more: str) -> dict[str, str]:
        """A newcomer's: none of the servers and settings that the tests run with."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "LANG": "C.UTF-8", **more}

    def run(self, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with its output."""
        return subprocess.run(
            argv,
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def manage(self, *words: str) -> str:
        done = self.run(".venv/bin/python", "manage.py", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def scale(self, replicas: int) -> None:
        argv = (".venv/bin/python", "-m", "practice", "scale", "httpbin", str(replicas))
        assert self.run(*argv).returncode == 0

    def get(self, room: str, path: str, host: str = "") -> tuple[int, str]:
        """Status and the pod that answered, of console or gateway; 0 if nobody listens."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports[room]}{path}", headers={"Host": host} if host else {}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers.get("X-Practice-Pod", "")
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, ""
        except OSError:
            return 0, ""

    def processes(self) -> list[psutil.Process]:
        """Every process that works in this folder or was started with a path in it."""
        found = []
        for process in psutil.process_iter():
            try:
                words = [process.cwd(), *process.cmdline()]
            except psutil.Error:
                continue
            if any(str(self.folder) in word for word in words):
                found.append(process)
        return found

    def await_silence(self, seconds: float) -> list[psutil.Process]:
        """What is still running after so many seconds at the most."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left


class Up:
    """One run of script/up, with a log of its own beside the checkout."""

    def __init__(self, checkout: Checkout, *options: str, **more: str) -> None:
        self.checkout = checkout
        checkout.runs += 1
        self.log = checkout.folder.with_suffix(f".{checkout.runs}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["script/up", *checkout.options, *options],
                cwd=checkout.folder,
                env=checkout.environment(**more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.log.read_text()

    def await_line(self, line: str, *, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while line not in self.text:
            assert self.process.poll() is None, f"script/up has ended:\n{self.text[-4000:]}"
            assert time.monotonic() < deadline, f"no “{line}” in\n{self.text[-4000:]}"
            time.sleep(0.1)

    def stop(self, number: signal.Signals) -> float:
        """Signal the process alone; the seconds that it took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - began

    def end(self) -> None:
        """Whatever a test has left, even a failed one."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        for process in self.checkout.processes():
            with contextlib.suppress(psutil.NoSuchProcess):  # on its way out already
                process.kill()
