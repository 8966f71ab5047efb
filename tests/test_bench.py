"""The benches run: each one, as small as it can be. What they measure is no test's business."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parents[1]
# What a bench must find for itself; the tests' own servers are not its.
OURS = ("DATABASE_URL", "REDIS_URL", "REDIS_BROKER_URL", "PORTOLAN_VAR", "DJANGO_SETTINGS_MODULE")

SMALL = {
    "intake": ["--events", "500", "--rounds", "1"],
    "commit": ["--seconds", "2", "--services", "50", "--rates", "50"],
    "firstsync": ["--services", "50"],
    "registries": ["--registries", "5", "--seconds", "1"],
    "takeover": ["--rounds", "1"],
    "pages": ["--services", "50", "--applications", "5", "--entries", "20", "--rounds", "3"],
    "streams": ["--pages", "3", "--seconds", "1", "--changes", "2"],
    "propagation": ["--sizes", "20", "--rounds", "2"],
    "soak": ["--minutes", "0.2", "--seed", "7"],
}


def run(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *options],
        cwd=BASE,
        env=kept | {"LEASE_TTL": "2"},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


def test_every_bench_is_tried_here() -> None:
    found = {path.stem for path in (BASE / "bench").glob("*.py")} - {"__init__"}
    assert {one for one in found if not one.startswith("parts")} == SMALL.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_prints_a_table_and_a_verdict(name: str) -> None:
    done = run(name, *SMALL[name])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "──" in done.stdout
    assert "→ kept: " in done.stdout or "→ MISSED: " in done.stdout
