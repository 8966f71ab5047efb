"""The driver beside the xDS server, and the settings of the kind."""

from __future__ import annotations

from typing import Any

import pytest

from gateways import drivers
from gateways.drivers import envoy
from gateways.drivers.base import BadSetting
from gateways.drivers.envoy import api
from gateways.drivers.envoy.listener import listener
from tests.gateways.examples import EXAMPLES, REFUSED, route, upstream


def test_it_counts_and_names_and_starts_anew() -> None:
    driver = drivers.build("envoy", {}, "")
    driver.start(epoch=3)
    bad, word = REFUSED["envoy"]["plugins"]
    done = driver.replace({"upstream/u1": upstream(), "route/r1": route(), "route/r2": bad})
    assert word in done.refused["route/r2"]
    assert driver.describe() == {"resources": 2}
    done = driver.apply({"route/r2": None})
    assert done.refused == {}
    assert driver.apply({"upstream/u1": upstream()}).written == 0
    driver.start()
    assert driver.describe() == {"resources": 0}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_preview_is_total(name: str) -> None:
    found = envoy.preview(envoy.Settings(), {name: EXAMPLES[name]})
    assert not found.refused
    assert {"listener/portolan", "routes/portolan"} <= found.documents.keys()


@pytest.mark.parametrize("name", REFUSED["envoy"])
def test_a_preview_names_what_cannot_be(name: str) -> None:
    resource, word = REFUSED["envoy"][name]
    assert word in envoy.preview(envoy.Settings(), {name: resource}).refused[name]


@pytest.mark.parametrize(
    ("given", "blamed"),
    [
        ({"address": "everywhere"}, "address"),
        ({"port": 0}, "port"),
        ({"admin_urls": ["redis://x"]}, "admin_urls"),
        ({"admin_urls": ["http://u:p@x"]}, "admin_urls"),
        ({"trusted_proxies": -1}, "trusted_proxies"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(given: dict[str, Any], blamed: str) -> None:
    with pytest.raises(BadSetting) as caught:
        drivers.check_settings("envoy", given)
    assert caught.value.setting == blamed


def test_a_listener_trusts_as_many_proxies_as_it_is_told() -> None:
    made = listener(envoy.Settings(trusted_proxies=2))
    manager = made.filter_chains[0].filters[0].typed_config
    unpacked = api.Connections.FromString(manager.value)
    assert unpacked.xff_num_trusted_hops == 2
    assert unpacked.use_remote_address.value
