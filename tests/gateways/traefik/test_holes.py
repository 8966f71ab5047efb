"""A way to Traefik that swallows everything and resets nothing."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import pytest

from console.contract.wire import Resource
from gateways import drivers
from gateways.driving.comparing import compared
from tests.gateways.examples import route
from tests.relay import Trouble, relay_to
from tests.threads import eventually

from .conftest import Make, Serve, Start
from .test_troubles import node, serves

pytestmark = pytest.mark.slow
HOLE = Trouble(end="hole")


def test_a_traefik_that_hears_no_event_any_more_is_found_by_asking_it(
    make: Make,
    traefik: Start,
    tree_url: str,
    serve: Serve,
    gateway_redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Traefik reads its subscription without any limit in time, so that no reminder of ours reaches
    it by a connection that is lost without a word: what it serves is compared beside the driver."""
    monkeypatch.setattr("gateways.drivers.traefik.tree.REMIND_EVERY", 0.1)
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    driver = make()
    driver.start(epoch=1)
    resources: dict[str, Resource] = {"upstream/u1": node(first), "route/r1": route()}
    driver.replace(resources)
    with relay_to(tree_url) as (relay, url):
        gateway = traefik(redis_url=url)
        eventually(lambda: serves(gateway.proxy, "127.0.0.1"), within=30)
        settings: dict[str, Any] = {"redis_url": gateway_redis_url, "api_url": gateway.api}
        with closing(drivers.reader("traefik", settings, "")) as reader:

            def different() -> dict[str, str]:
                served = reader.served()
                assert served is not None
                return compared(resources, served, ())

            assert different() == {}
            relay.be(HOLE)
            relay.clear()  # whoever comes anew is welcome
            resources["upstream/u1"] = node(second, "127.0.0.2")
            driver.apply(resources)
            reminders = iter(range(30))

            def reminded() -> bool:
                driver.touch()
                time.sleep(0.1)
                return next(reminders, None) is None

            eventually(reminded, within=120)
            assert serves(gateway.proxy, "127.0.0.1"), "it has heard of nothing"
            assert different() == {
                "upstream/u1": "Other nodes are served:"
                f" missing 127.0.0.2:{second}; too many 127.0.0.1:{first}."
            }
            gateway.stop()
            gateway.start()
            eventually(lambda: serves(gateway.proxy, "127.0.0.2"), within=30)
            assert different() == {}
