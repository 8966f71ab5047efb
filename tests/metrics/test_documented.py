"""The rules that operations.md offers ask for metrics that there are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from console.lags import BOUNDS
from console.redis import Client
from gateways import health as gateways
from gateways.instances import Instance, report
from gateways.xds import standing as xds
from registries import health, truth
from registries.health import Status
from registries.truth import Comparison
from tests.factories import make_gateway, make_registry

from .conftest import Scrape

PAGE = Path(__file__).parents[2] / "docs/operations.md"


def test_each_name_in_a_rule_is_that_of_a_sample(
    store: Client, scrape: Callable[[], Scrape]
) -> None:
    now = int(time.time() * 1000)
    registry_id = str(make_registry().pk)
    lags = (1,) * (len(BOUNDS) + 1)
    status = Status(phase="connected", said_at=now, token_expires_at=now, lag_counts=lags)
    health.write(store, registry_id, status)
    truth.write(registry_id, Comparison(compared_at=now, services=3))
    gateway = make_gateway()
    said = gateways.Status(phase="in_sync", said_at=now, audited_at=now, differences={"u": "other"})
    gateways.write(store, str(gateway.pk), said)
    report(store, str(gateway.pk), Instance(id="one", hostname="edge"))
    xds.say(store, xds.Standing(id="edge:18000", certificate_expires_at=now))
    [text] = re.findall(r"```yaml\n(groups:.*?)```", PAGE.read_text(), re.S)
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"portolan_\w+", rule["expr"])}
    assert len(rules) >= 5
    assert len(asked) >= 7
    found = scrape()
    assert {name for name in asked if not found.of(name)} == set()
