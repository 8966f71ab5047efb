"""Text from a cluster is text on every page: markup in names and errors is shown, never run.

What a real API server lets through comes through the practice cluster; what it would refuse is
written into the feed, as a server that is no Kubernetes might make the worker write it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser

from console.contract import keys, wire
from console.feed import FeedWriter
from console.redis import connect
from practice.testing import PracticeCluster
from tests import pages
from tests.browser import looking
from tests.house import House
from tests.pages import PAGES, PARTS, Places
from tests.threads import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EVIL = "<img src=x onerror=window.__pwned=1>"
QUOTED = f"\"'>{EVIL}"
# What markup would have become of it, had it been taken for such.
_MADE = "() => window.__pwned || document.querySelectorAll('[onerror], img[src=x]').length"
# Where a person must be able to read it: a page that drops it would hide what a cluster does.
READ_ON = {
    "registries:registry-list": "refused",
    "registries:registry-detail": "refused",
    "registries:service-detail": "passed",
    "applications:upstream-explain": "refused",
    "console:overview": "refused",
    "console:activity": "passed",
}
# The pages on which each kind may show up, by the beginnings of their names.
LOOKED_AT = {
    "passed": ("",),
    "refused": ("registries:", "applications:application", "applications:upstream", "console:"),
    "written": ("registries:", "applications:choices"),
}


@dataclass(frozen=True)
class Hostile:
    """`passed`: places around what a real server lets through. `refused`: around a registry whose
    server refuses us with markup. `written`: around what only a feed can hold."""

    passed: Places
    refused: Places
    written: Places


@pytest.fixture(scope="module")
def hostile(house: House) -> Iterator[Hostile]:
    with PracticeCluster() as cluster, PracticeCluster() as refusing:
        made: list[str] = []
        first = _registry(house, made, "hostile", cluster)
        second = _registry(house, made, "refusing", refusing)
        third = _registry(house, made, "written", cluster, enabled=False)
        passed = _application(house, made, first, "hostile")
        refused = _application(house, made, second, "refusing")
        _let_through(cluster, ready=True)
        eventually(lambda: _nodes(house, first) == 1, within=20)
        _let_through(cluster, ready=False)
        refusing.fault("status", code=403, message=f"forbidden: {EVIL}")
        refusing.fault("drop-watches")
        _write(house, third)
        path = f"registries/{second}/status/"
        eventually(lambda: house.api("GET", path)[1]["phase"] == "failing", within=30)
        names = {"namespace": EVIL, "service": QUOTED}
        written = Places(**{**vars_of(passed), "registry": third, **names})
        yield Hostile(passed, refused, written)
        for path in reversed(made):
            house.api("DELETE", path)


def test_markup_from_a_cluster_is_shown_as_text(
    chromium: Browser,
    house: House,
    hostile: Hostile,
    session: Any,
) -> None:
    wrong: list[str] = []
    read: set[str] = set()
    tab = looking.open_tab(chromium, house.console, looking.Variant("en", "light", 1280), session)
    with looking.Complaints(tab) as complaints:
        for kind, beginnings in LOOKED_AT.items():
            places = getattr(hostile, kind)
            for name in (one for one in (*PAGES, *PARTS) if one.startswith(beginnings)):
                address = pages.address(name, places) + pages.question(name, places)
                tab.goto(address)
                said = complaints.take()
                if name in PAGES:  # a part by itself lacks what the page around it has
                    wrong += [f"{kind} {name}: {text}" for text in said]
                if tab.evaluate(_MADE):
                    wrong.append(f"{kind} {name} takes it for markup")
                if EVIL in tab.locator("body").inner_text():
                    read.add(f"{kind} {name}")
    tab.context.close()
    assert not wrong, "\n".join(wrong)
    assert {f"{kind} {name}" for name, kind in READ_ON.items()} - read == set()
    assert "written registries:registry-detail" in read
    assert "written registries:service-detail" in read


def vars_of(places: Places) -> dict[str, str]:
    return {name: getattr(places, name) for name in Places.__slots__}


def _registry(
    house: House, made: list[str], name: str, cluster: PracticeCluster, *, enabled: bool = True
) -> str:
    body = {
        "name": f"{name} {EVIL}",
        "description": QUOTED,
        "server": cluster.server,
        "ca_bundle": cluster.ca,
        "token": cluster.token,
        "enabled": enabled,
    }
    registry = house.made("registries/", body)
    made.append(f"registries/{registry['id']}/")
    return str(registry["id"])


def _application(house: House, made: list[str], registry: str, name: str) -> Places:
    member = {"kind": "discovery", "registry": registry, "namespace": "evil", "service": "web"}
    body = {
        "name": f"{name} {EVIL}",
        "description": QUOTED,
        "hosts": [f"{name}.evil.example.org"],
        "upstream": {"members": [member]},
    }
    application = house.made("applications/", body)
    made.append(f"applications/{application['id']}/")
    apis = f"applications/{application['id']}/apis/"
    api = house.made(apis, {"name": QUOTED, "description": EVIL, "paths": [{"path": "/"}]})
    made.append(f"{apis}{api['id']}/")
    house.made(f"{apis}{api['id']}/publish/", {})
    house.made(f"applications/{application['id']}/publish/", {})
    return Places(
        registry=registry,
        application=application["id"],
        upstream=application["upstream"]["id"],
        api=api["id"],
        gateway=house.api("GET", "gateways/")[1]["results"][0]["id"],
        member=_somebody(house),
        namespace="evil",
        service="web",
    )


def _somebody(house: House) -> str:
    plane = house.api("GET", "control-planes/")[1]["results"][0]["id"]
    members = f"control-planes/{plane}/members/"
    found = house.api("GET", members)[1]["results"]
    return str((found or [house.made(members, {"username": "evil", "role": "viewer"})])[0]["id"])


def _let_through(cluster: PracticeCluster, *, ready: bool) -> None:
    """A slice as a real server takes it: it does not look into zones and names of pods."""
    cluster.put_service("evil", "web", ports=[("http", 8080)], addresses=["10.6.6.6"])
    [found] = cluster.list("endpointslices", "evil")
    found["endpoints"][0] |= {
        "zone": EVIL,
        "targetRef": {"kind": "Pod", "namespace": "evil", "name": QUOTED},
        "conditions": {"ready": ready},
    }
    cluster.apply(found)


def _nodes(house: House, registry: str) -> int:
    status, found = house.api("GET", f"registries/{registry}/services/?namespace=evil")
    return len(found["results"]) if status == 200 else 0


def _write(house: House, registry: str) -> None:
    """What no server may send: names, ports and nodes of markup."""
    folder = house.checkout.folder / "var/run"
    client = connect((folder / "redis_url").read_text().strip())
    feed = FeedWriter(client, keys.feed(keys.registry(registry)), epoch=1000)
    feed.open()
    service = wire.Service(
        namespace=EVIL,
        name=QUOTED,
        subsets=(
            wire.Subset(
                ports=(wire.Port(port=80, name=EVIL, app=EVIL),),
                endpoints=(wire.Endpoint(address="10.6.6.7", node=EVIL, zone=QUOTED, pod=EVIL),),
            ),
        ),
        observed_at=int(time.time() * 1000),
    )
    feed.commit({keys.service(service.namespace, service.name): wire.encode(service)})
    client.close()
