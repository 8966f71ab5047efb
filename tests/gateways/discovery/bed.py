"""A real nginx with APISIX's discovery module in it, and a thin stand-in for APISIX around that.

Needs Debian's nginx, libnginx-mod-http-lua, lua-nginx-redis and lua-cjson. Also for benchmarks:

    with Bed(folder, redis_url=URL, control_plane=ID, gateway=ID) as bed:
        bed.get("upstream-id")       # proxied to one of the upstream's nodes
        bed.look("upstream-id")      # the nodes that a worker has
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from console.embedded import ports
from console.embedded.process import spawn
from tests.threads import eventually

LUA = Path(__file__).parents[3] / "gateways/drivers/apisix/lua"
_HARNESS = Path(__file__).parent / "harness"
_MODULES = Path("/usr/lib/nginx/modules")
_PACKAGES = "nginx-light libnginx-mod-http-lua lua-nginx-redis lua-cjson"


class Bed:
    """nginx with `workers` processes, started by `with` or `start`. `redis_url` may hold a user
    and a password; `file` keeps the last good state. `authority`: a client that knows TLS, and
    nginx trusts this file's certificates. `options` are further settings of the module."""

    def __init__(
        self,
        folder: Path,
        *,
        redis_url: str,
        control_plane: str,
        gateway: str = "",
        port: int = 0,
        workers: int = 2,
        file: Path | None = None,
        authority: Path | None = None,
        **options: Any,
    ) -> None:
        self.folder = folder
        self.port = port or ports.free()
        self.workers = workers
        self._authority = authority
        self._settings = _settings(redis_url) | {"control_plane": control_plane} | options
        if gateway:
            self._settings["gateway"] = gateway
        if file:
            self._settings["file"] = str(file)
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Bed:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Return when nginx answers; the module may know nothing yet."""
        require()
        (self.folder / "temp").mkdir(parents=True, exist_ok=True)
        # Workers of a server started by root have another user.
        self.folder.chmod(0o755)
        text = (_HARNESS / "nginx.conf").read_text()
        for word, value in {
            "MODULES": _MODULES,
            "WORKERS": self.workers,
            "LUA": LUA,
            "CLIENT": _HARNESS / "tls" if self._authority else _HARNESS,
            "TRUST": _trust(self._authority) if self._authority else "",
            "HARNESS": _HARNESS,
            "PORT": self.port,
        }.items():
            text = text.replace(word, str(value))
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(user + text)
        config = self.folder / "config.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"discovery": {"portolan": self._settings}}))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        log = self.folder / "error.log"
        self._child = spawn(
            [nginx, "-p", f"{self.folder}/", "-c", "nginx.conf", "-e", str(log)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._answers, within=20, what=f"nginx answers; {log} says why not")

    def stop(self) -> None:
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
            self._child.wait(20)
            self._child = None

    def reload(self) -> None:
        """New workers, as APISIX's `reload` does; the old ones end when they have no request."""
        assert self._child is not None
        self._child.send_signal(signal.SIGHUP)

    def quit(self, *, within: float = 20) -> None:
        """End as nginx does without a hurry: when the workers' work is done."""
        assert self._child is not None
        self._child.send_signal(signal.SIGQUIT)
        self._child.wait(within)
        self._child = None

    def processes(self) -> list[int]:
        """The workers, old ones that still end among them."""
        assert self._child is not None
        text = Path(f"/proc/{self._child.pid}/task/{self._child.pid}/children").read_text()
        return [int(one) for one in text.split()]

    @property
    def log(self) -> str:
        return (self.folder / "error.log").read_text()

    def get(self, host: str, path: str = "/") -> tuple[int, str]:
        """Status and body of a request to an upstream, 0 when nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def look(self, upstream: str) -> dict[str, Any]:
        """What a worker has of an upstream; which one, says its `worker`."""
        return json.loads(self.get("any", f"/look?name={upstream}")[1])

    def looks(self, upstream: str) -> dict[int, dict[str, Any]]:
        """What each worker has, by its number: the kernel chooses, so ask until all answered."""
        found: dict[int, dict[str, Any]] = {}
        eventually(
            lambda: (
                found.update({(one := self.look(upstream))["worker"]: one})
                or len(found) == self.workers
            ),
            within=20,
            what="every worker answers",
        )
        return found

    def control(self, path: str) -> tuple[int, dict[str, Any]]:
        """The module's part of APISIX's control API: /status, /ready, /nodes or /dump."""
        status, body = self.get("any", f"/v1/discovery/portolan{path}")
        return status, json.loads(body)

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, f"nginx ended: {self.log}"
        return self.get("any", "/status/ready")[0] in (200, 503)


def require() -> None:
    """Fail with a sentence if the packages are missing."""
    needed = (
        Path("/usr/sbin/nginx"),
        _MODULES / "ngx_http_lua_module.so",
        Path("/usr/share/lua/5.1/nginx/redis.lua"),
    )
    missing = [str(one) for one in needed if not one.exists()]
    if missing:
        raise RuntimeError(
            f"{', '.join(missing)}: not there; the tests of APISIX's discovery module need them "
            f"(Debian: apt-get install --no-install-recommends {_PACKAGES})"
        )


def _trust(authority: Path) -> str:
    """As APISIX writes it for `apisix.ssl.ssl_trusted_certificate`."""
    return f"lua_ssl_trusted_certificate {authority}; lua_ssl_verify_depth 5;"


def _settings(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    redis: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or 6379,
        "database": int(parts.path.strip("/") or 0),
    }
    if parts.username:
        redis["username"] = unquote(parts.username)
    if parts.password:
        redis["password"] = unquote(parts.password)
    return {"redis": redis}
