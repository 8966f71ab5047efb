"""What a checkout makes for itself: once, whole, and for its owner only."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from console import local


def test_a_value_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret.key"
    first = local.generated(path, local.encryption_key)
    Fernet(first)
    assert local.generated(path, lambda: "another") == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["secret.key"], "no draft is left"


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    path = tmp_path / "key"
    script = (
        "import sys, pathlib, uuid; from console import local\n"
        "sys.stdin.read()\n"
        "print(local.generated(pathlib.Path(sys.argv[1]), lambda: uuid.uuid4().hex))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.close()
    found = set()
    for process in processes:
        assert process.stdout
        with process.stdout as out:
            found.add(out.read().strip())
        assert process.wait() == 0
    assert found == {path.read_text()}


def test_a_running_server_is_found_by_its_file(tmp_path: Path) -> None:
    assert local.running(tmp_path, "redis_url") == ""
    (tmp_path / "run").mkdir()
    (tmp_path / "run/redis_url").write_text("redis://x/0\n")
    assert local.running(tmp_path, "redis_url") == "redis://x/0"


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("redis://h:1/0", "redis://h:1/3"),
        ("rediss://:p@h", "rediss://:p@h/3"),
        ("redis://h/0?x=1", "redis://h/3?x=1"),
    ],
)
def test_another_database_of_the_same_server(url: str, other: str) -> None:
    assert local.with_database(url, 3) == other
