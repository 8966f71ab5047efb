"""What the benches share: the head of a page, tables, verdicts, figures of a process."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

BASE = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024


class Broken(SystemExit):
    """The measurement itself failed: its figures would be worth nothing. Ends with exit code 1."""


def options_of(doc: str | None) -> argparse.ArgumentParser:
    """A parser that shows the module's own words as help."""
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def print_head(title: str) -> None:
    """Say what is measured, where and when: a figure without its machine means nothing."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    memory = psutil.virtual_memory().total / MIB / 1024
    print(f"\n── {title}")
    print(
        f"   {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}, {psutil.cpu_count()} cores"
        f" of {_processor()}, {memory:.0f} GiB, {platform.system()},"
        f" Python {platform.python_version()}, load before {load}\n"
    )


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a head; the first column holds names, the others figures."""
    texts = [[_text(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[at]) for row in texts) for at in range(len(head))]
    for number, row in enumerate(texts):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
        if number == 0:
            print("  ".join("─" * width for width in widths))
    sys.stdout.flush()


def print_verdict(kept: bool, text: str) -> None:
    print(f"→ {'kept' if kept else 'MISSED'}: {text}", flush=True)


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, 99th percentile and maximum."""
    if not values:
        raise Broken("Nothing was measured.")
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]


def wait_for(condition: Callable[[], bool], *, within: float, what: str) -> float:
    """Wait until the condition holds; return the seconds it took, or give the bench up."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise Broken(f"Not within {within:.0f} s: {what}.")
        time.sleep(0.01)
    return time.monotonic() - began


class Meter:
    """CPU of a process over a stretch of time, and its memory now."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.restart()

    def restart(self) -> None:
        self._began, self._used = time.monotonic(), self._cpu()

    @property
    def share(self) -> float:
        """CPU since the restart, as a part of one core."""
        return self.seconds / max(0.001, time.monotonic() - self._began)

    @property
    def seconds(self) -> float:
        return self._cpu() - self._used

    @property
    def rss(self) -> float:
        """MiB."""
        return float(self._process.memory_info().rss) / MIB

    @property
    def threads(self) -> int:
        return int(self._process.num_threads())

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


class Peak:
    """The most memory this process had since its start, and how much it had when this was made."""

    def __init__(self) -> None:
        self._most = self._before = psutil.Process().memory_info().rss
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="peak", daemon=True)
        self._thread.start()

    def growth(self) -> float:
        """MiB; counts what the kernel has seen where it says so, else what was seen every 20 ms."""
        self._done.set()
        self._thread.join()
        return float(max(self._most, _high_water()) - self._before) / MIB

    def _sample(self) -> None:
        process = psutil.Process()
        while not self._done.wait(0.02):
            self._most = max(self._most, process.memory_info().rss)


def _high_water() -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _commit() -> str:
    argv = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(argv, cwd=BASE, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        about = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    return about.partition("model name")[2].partition(":")[2].partition("\n")[0].strip() or "?"


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
