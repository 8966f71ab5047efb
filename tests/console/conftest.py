"""The console as a person sees it: pages and forms, and what a watcher would have written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from applications.models import Api, Application
    from console.contract import wire
    from console.models import ControlPlane
    from console.redis import Client as Store
    from gateways.models import Gateway
    from registries.models import Registry

    from .moves import Move
    from .scenes import Scene

TOKEN = "the-token-that-nobody-may-see"
SECRET = "the-secret-that-nobody-may-see"

Publish = Callable[..., None]


@dataclass
class Rows:
    """One of each object, all of one control plane."""

    plane: ControlPlane
    registry: Registry
    application: Application
    api: Api
    gateway: Gateway


@pytest.fixture
def plane(db: None) -> ControlPlane:
    return factories.make_control_plane(name="Default", slug="default")


@pytest.fixture
def rows(plane: ControlPlane, store: Store) -> Rows:
    registry = factories.make_registry(control_plane=plane, name="cluster-a", token=TOKEN)
    application = factories.make_application(
        registry=registry, name="sd.httpbin.org", hosts=["sd.httpbin.org"], labels=["demo"]
    )
    return Rows(
        plane=plane,
        registry=registry,
        application=application,
        api=factories.make_api(application=application, name="anything"),
        gateway=factories.make_gateway(
            control_plane=plane,
            name="edge",
            url="http://127.0.0.1:9080",
            settings={"redis_url": "redis://127.0.0.1:6379/3"},
            secret=SECRET,
        ),
    )


@pytest.fixture
def page(client: Client, bo: User) -> Client:
    """Bo's browser, logged in."""
    client.force_login(bo)
    return client


@pytest.fixture
def ruler(client: Client, ada: User) -> Client:
    """Ada's browser, logged in."""
    client.force_login(ada)
    return client


@pytest.fixture
def publish(store: Store) -> Publish:
    """Write services into a registry's feed as its watcher would, and its status."""
    from console.contract import keys, wire
    from console.feed import FeedWriter
    from registries import health

    def write(registry: Registry, *services: wire.Service, **status: object) -> None:
        feed = FeedWriter(store, keys.feed(keys.registry(str(registry.pk))), epoch=1)
        feed.open()
        states = {keys.service(one.namespace, one.name): wire.encode(one) for one in services}
        feed.commit(dict(states), always=True)
        now = int(time.time() * 1000)
        said = {"phase": "connected", "since": now, "said_at": now} | status
        health.write(store, str(registry.pk), health.Status(**said))  # type: ignore[arg-type]

    return write


@pytest.fixture
def move(store: Store) -> Move:
    """Let the nodes of a service move: pods before and after, `!` before one that is not ready."""
    from .moves import mover

    return mover(store)


@pytest.fixture
def scene(rows: Rows, store: Store, publish: Publish, httpbin: wire.Service) -> Scene:
    """A house in which everything is well."""
    from .scenes import Scene

    made = Scene(rows, store, publish)
    made.all_well(httpbin)
    return made


@pytest.fixture
def httpbin() -> wire.Service:
    """The service of the practice cluster, with two of its three endpoints ready."""
    from console.contract import wire

    return wire.Service(
        namespace=factories.NAMESPACE,
        name=factories.SERVICE,
        subsets=(
            wire.Subset(
                ports=(wire.Port(port=80, name=factories.PORT), wire.Port(port=9090, name="m")),
                endpoints=(
                    wire.Endpoint(address="10.0.0.1"),
                    wire.Endpoint(address="10.0.0.2", zone="eu-1a", node="n2", pod="httpbin-2"),
                    wire.Endpoint(address="10.0.0.3", ready=False),
                ),
            ),
        ),
        observed_at=int(time.time() * 1000),
    )
