"""Bringing the house up: stores, migrations, programs, sample objects, the first answer.

What can start together does: the practice cluster comes up while the database is migrated. Each
step waits for what it stands on, and gives up with a sentence as soon as any child has ended.
"""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from pathlib import Path

import msgspec

from console.demo import SAMPLE_HOST, Done, Wishes
from console.embedded.errors import StartError
from console.embedded.files import write_private
from console.embedded.waiting import wait_until
from gateways.drivers.envoy.bootstrap import bootstrap

from . import report
from .plan import Plan
from .supervisor import Supervisor

_ANSWER_WITHIN = 60.0


class Addresses(msgspec.Struct):
    """Where things were at the last start; sample objects that still point there move along."""

    gateway_redis_url: str = ""
    cluster_url: str = ""
    envoy_admin_url: str = ""


class House:
    def __init__(self, plan: Plan, supervisor: Supervisor, password: str) -> None:
        self._plan = plan
        self._supervisor = supervisor
        self._password = password
        # A login that was made and not told yet: whoever ends this start early must tell it.
        self.untold = ""

    def start(self) -> str:
        """Start everything. Returns what the person at the terminal wants to read."""
        plan, up = self._plan, self._supervisor
        with_cluster = not plan.options.empty
        if plan.postgres:
            plan.postgres.prepare()
        if plan.valkey:
            plan.valkey.prepare()
        if plan.traefik:
            plan.traefik.prepare()
        for program in plan.stores():
            up.start(program)
        if with_cluster:
            up.start(plan.cluster())
        if plan.traefik:
            up.start(plan.gateway())
        if plan.postgres:
            plan.postgres.wait(up.check)
        if plan.valkey:
            plan.valkey.wait(up.check)
        up.run(plan.manage("migrate", "--no-input", "--verbosity=0", "--skip-checks"), timeout=120)
        for program in plan.workers():
            up.start(program)
        if with_cluster:
            self._await_cluster()
        done = self._first_objects()
        if plan.envoy:
            self._start_envoy(done)
        self._await_page(f"{plan.console_url}/login/", "The console does not answer")
        if plan.traefik:
            plan.traefik.wait(up.check)
        if plan.envoy:
            plan.envoy.wait(up.check)
        problem = self._await_sample() if done.sample else ""
        password, self.untold = self.untold, ""
        return report.text(plan, done, password=password, problem=problem)

    def _first_objects(self) -> Done:
        """Make what a first start makes, in a process of its own that knows the database."""
        plan, run = self._plan, self._plan.options.var / "run"
        kept = plan.options.var / "addresses.json"
        before = _read_addresses(kept)
        admin_url = plan.envoy.admin_url if plan.envoy else before.envoy_admin_url
        now = Addresses(plan.gateway_redis_url, plan.cluster_url, admin_url)
        wishes = Wishes(
            password=self._password,
            gateway=plan.options.gateway,
            gateway_url=plan.gateway_url,
            gateway_host=plan.options.host,
            gateway_redis_url=now.gateway_redis_url,
            gateway_redis_url_before=before.gateway_redis_url,
            traefik_api_url=plan.traefik.api_url if plan.traefik else "",
            envoy_admin_url=now.envoy_admin_url,
            envoy_admin_url_before=before.envoy_admin_url,
            cluster_url="" if plan.options.empty else now.cluster_url,
            cluster_url_before=before.cluster_url,
            cluster_folder=str(plan.cluster_folder),
            report=str(run / "demo.json"),
        )
        extra = {"PORTOLAN_DEMO": msgspec.json.encode(wishes).decode()}
        self._supervisor.run(plan.manage("demo", extra=extra), timeout=120)
        done = msgspec.json.decode(Path(wishes.report).read_bytes(), type=Done)
        self.untold = self._password if done.administrator else ""
        if plan.options.empty:
            now.cluster_url = before.cluster_url
        write_private(kept, msgspec.json.encode(now).decode())
        return done

    def _start_envoy(self, done: Done) -> None:
        """Envoy says which gateway it belongs to, so that one has to be there."""
        envoy = self._plan.envoy
        if envoy is None:
            return
        if not done.gateway:
            raise StartError(
                "The gateway that script/up made for Envoy is no more. Create one of the kind"
                " Envoy and of the name envoy in the console, or start with --gateway traefik."
            )
        made = bootstrap(
            gateway_id=done.gateway,
            node_id=f"envoy@{socket.gethostname()}",
            host="127.0.0.1",
            port=envoy.xds_port,
            admin_port=envoy.admin_port,
        )
        envoy.prepare(made)
        self._supervisor.start(self._plan.gateway())

    def _await_cluster(self) -> None:
        token = self._plan.cluster_folder / "token"
        wait_until(
            lambda: "" if token.exists() and _listens(self._plan.cluster_url) else "nothing yet",
            self._supervisor.check,
            timeout=60,
            what="The practice cluster does not answer",
        )

    def _await_page(self, url: str, what: str) -> None:
        wait_until(
            lambda: "" if _status(url) == "200" else _status(url),
            self._supervisor.check,
            timeout=60,
            what=what,
            pause=0.1,
        )

    def _await_sample(self) -> str:
        """Wait for the article's answer. A sample that does not come stops nothing: it is told."""
        url = f"{self._plan.gateway_url}/anything"
        try:
            wait_until(
                lambda: "" if (answer := _status(url, SAMPLE_HOST)) == "200" else answer,
                self._supervisor.check,
                timeout=_ANSWER_WITHIN,
                what="The sample API does not answer through the gateway",
                pause=0.05,
            )
        except StartError as error:
            self._supervisor.check()  # if a child has ended, that is what to tell
            return str(error)
        return ""


def _status(url: str, host: str = "") -> str:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310 - http
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310 - http
            return str(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return str(error.code)
    except OSError as error:
        return str(error)


def _listens(url: str) -> bool:
    """Whether a TLS server takes connections there; whose it is, verification will tell."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 443), timeout=1).close()
    except OSError:
        return False
    return True


def _read_addresses(path: Path) -> Addresses:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Addresses)
    except (OSError, msgspec.DecodeError):
        return Addresses()
