"""`manage.py xds` and `manage.py envoybootstrap`: rows, a real Envoy, and what is refused."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from console.contract import keys, wire
from console.embedded import ports
from console.embedded.process import spawn
from console.feed import FeedWriter
from console.redis import Client
from gateways import actions
from gateways.drivers.envoy import api
from gateways.models import Gateway
from gateways.xds.rows import Rows
from gateways.xds.server import Row
from tests.factories import make_control_plane
from tests.gateways.conftest import Serve
from tests.threads import eventually

from .bed import BASE, Bed
from .conftest import route, upstream


def make_envoy(**fields: Any) -> Gateway:
    values = {"name": "edge", "kind": "envoy", "settings": {"address": "127.0.0.1"}} | fields
    values.setdefault("control_plane", None)
    values["control_plane"] = values["control_plane"] or make_control_plane()
    return actions.create_gateway(gateway=Gateway(**values), actor=None)


def printed(*words: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("envoybootstrap", *words, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


_LOOKING = """
import os, sys

class Looking:
    def find_spec(self, name, *_):
        if name == "grpc":
            sys.exit(os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "unset"))

sys.meta_path.insert(0, Looking())
import gateways.xds.%s
"""


@pytest.mark.parametrize("module", ["server", "certificates", "serving"])
def test_grpc_is_told_to_leave_forks_alone_before_it_is_there(module: str) -> None:
    """Told later it does not hear, and now and then a process that is started hangs."""
    without = {k: v for k, v in os.environ.items() if not k.startswith("GRPC_")}
    argv = [sys.executable, "-c", _LOOKING % module]
    done = subprocess.run(argv, cwd=BASE, env=without, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "0"


@pytest.mark.django_db
def test_a_bootstrap_is_one_that_envoy_can_read(store: Client) -> None:
    gateway = make_envoy()
    plain = printed("edge")
    assert plain["node"] == {"cluster": str(gateway.pk), "id": "edge"}
    assert "transport_socket" not in plain["static_resources"]["clusters"][0]
    files = ("--certificate", "/c", "--key", "/k", "--authority", "/a", "--server-name", "xds.org")
    secure = printed("edge", "--node", "e7", *files, "--admin-port", "9901")
    for made in (plain, secure):
        api.from_json(made, api.Bootstrap)
    assert secure["node"]["id"] == "e7"
    assert "/k" in json.dumps(secure["static_resources"])
    assert "xds.org" in json.dumps(secure["static_resources"])


@pytest.mark.django_db
def test_a_bootstrap_needs_one_gateway_of_this_kind(store: Client) -> None:
    with pytest.raises(CommandError, match="no gateway of kind Envoy called edge"):
        printed("edge")
    planes = [make_control_plane(), make_control_plane()]
    for plane in planes:
        make_envoy(control_plane=plane)
    with pytest.raises(CommandError, match="Several"):
        printed("edge")
    assert printed(f"{planes[0].slug}/edge")["node"]["id"] == "edge"
    with pytest.raises(CommandError, match="belong together"):
        printed(f"{planes[0].slug}/edge", "--key", "/k")


@pytest.mark.django_db(transaction=True)
def test_rows_are_those_of_this_kind_and_hold_while_the_database_is_away(store: Client) -> None:
    plane = make_control_plane()
    gateway = make_envoy(control_plane=plane, settings={"port": 9081})
    found = Rows()

    def asked() -> dict[str, Row]:
        """As the server does: in a thread, which lets go of its connection."""
        with ThreadPoolExecutor(1) as pool:
            return dict(pool.submit(found, False).result())

    (row,) = asked().values()
    assert (row.id, row.control_plane, row.enabled) == (str(gateway.pk), str(plane.pk), True)
    assert row.settings.port == 9081
    table = Gateway._meta.db_table
    try:
        rename(table, "away")
        assert list(asked()) == [str(gateway.pk)]
    finally:
        rename("away", table)


def rename(before: str, after: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{before}" RENAME TO "{after}"')


@pytest.fixture
def served(store: Client, db: None) -> Iterator[int]:
    """The command in a process of its own, with the test's database; its port."""
    port = ports.free()
    name = connection.settings_dict["NAME"]
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    child = spawn(
        [sys.executable, "manage.py", "xds", "--port", str(port)],
        cwd=BASE,
        env={**os.environ, "DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield port
    child.send_signal(signal.SIGTERM)
    child.wait(20)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_command_serves_the_gateways_of_the_database(
    served: int, store: Client, serve: Serve, tmp_path: Path
) -> None:
    plane = make_control_plane()
    writer = FeedWriter(store, keys.feed(keys.control_plane(str(plane.pk))), epoch=1)
    writer.open()
    one, way = upstream(1, f"127.0.0.1:{serve('127.0.0.1')}"), route(1)
    writer.commit({"upstream/u1": wire.encode(one), "route/r1": wire.encode(way)})
    bed = Bed(tmp_path / "bed", "", "")
    gateway = make_envoy(control_plane=plane, settings={"address": "127.0.0.1", "port": bed.port})
    try:
        bed.run_envoy(printed("edge", "--port", str(served)))
        eventually(lambda: bed.get("h1.org")[0] == 200, within=40)
        bed.port = ports.free()
        gateway.settings = {"address": "127.0.0.1", "port": bed.port}
        actions.change_gateway(gateway=gateway, actor=None)
        bed.url = f"http://127.0.0.1:{bed.port}"
        eventually(lambda: bed.get("h1.org")[0] == 200, within=15, what="wake-up, not the look")
        actions.change_gateway(gateway=_disabled(gateway), actor=None)
        time.sleep(0.5)
        assert bed.get("h1.org")[0] == 200  # it keeps what it has
    finally:
        bed.end()


def _disabled(gateway: Gateway) -> Gateway:
    gateway.enabled = False
    return gateway


def _apart(*words: str) -> None:
    """Call a command in a thread of its own: a browser test of the same process keeps an event
    loop in the main one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(call_command, *words).result()


def test_the_command_will_not_serve_everybody_in_plain_text(store: Client) -> None:
    with pytest.raises(CommandError, match="Without TLS"):
        _apart("xds", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    with pytest.raises(CommandError, match="belong together"):
        _apart("xds", "--key", "/k")
    with pytest.raises(CommandError, match="cannot be read"):
        _apart("xds", "--certificate", "/c", "--key", "/k", "--authority", "/a")
