"""Why a gateway does not have something: English for programs, and what other languages need."""

from __future__ import annotations

import msgspec
import pytest
from django.utils import translation

from console.redis import Client
from gateways import drivers, health, wording
from gateways.drivers.base import BadSetting
from gateways.drivers.reasons import Reason, Unsupported, reason
from gateways.health import Status
from tests.gateways.examples import route, upstream


@pytest.mark.parametrize("kind", ["traefik", "envoy"])
def test_a_reason_is_english_and_knows_what_it_is_made_of(kind: str) -> None:
    refused = drivers.preview(kind, {}, {"route/r1": route(plugins={"limit-req": {}})}).refused
    why = refused["route/r1"]
    assert isinstance(why, Reason)
    assert (why.about, why.params) == ("shop/cart", {"plugins": "limit-req"})
    assert why == f"shop/cart: {why.text % why.params}"


def test_what_a_library_says_stays_as_it_is() -> None:
    said = reason("orders", ValueError("100 % odd"))
    assert said == "orders: It cannot be said in this gateway's terms (ValueError: 100 % odd)."
    assert reason("orders", Unsupported("100 % odd")) == "orders: 100 % odd"
    assert reason("orders", Unsupported("no %(what)s", what="%s")) == "orders: no %s"


def test_a_reason_comes_through_redis_in_both_shapes(store: Client) -> None:
    refused = drivers.preview("traefik", {}, {"upstream/u1": upstream(balance="maglev")}).refused
    said = {"upstream/u1": refused["upstream/u1"], "route/r1": "said a server"}
    told = Status(refused=health.plain(said), refused_marked=health.marked(said))
    health.write(store, "a-gateway", told)
    found = health.read(["a-gateway"])["a-gateway"]
    assert found.refused == said
    assert all(type(one) is str for one in found.refused.values())
    assert [type(one) for one in found.refusals.values()] == [Reason, str]
    with translation.override("ko"):
        shown = wording.reason(found.refusals["upstream/u1"])
        assert shown == "shop/default: Traefik에는 maglev 로드 밸런싱이 없습니다."
        assert wording.reason(found.refusals["route/r1"]) == "said a server"


def test_the_word_of_a_driver_of_another_release_is_read() -> None:
    old = Status(refused={"route/r1": "orders: not so"}, differences={"route/r1": "unknown"})
    assert (old.refusals, old.deviations) == (old.refused, old.differences)
    assert b"marked" not in msgspec.json.encode(old)


def test_a_setting_that_does_not_fit_is_said_in_the_reader_s_language() -> None:
    with pytest.raises(BadSetting) as caught:
        drivers.preview("traefik", {"redis_url": "http://x"}, {})
    with translation.override("ko"):
        assert wording.setting(caught.value) != str(caught.value)
