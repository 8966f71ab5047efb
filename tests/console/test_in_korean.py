"""What fails, is refused or is left out is said in Korean to who reads Korean: pages that are seen
when something is wrong, which `tests/browser/test_every_page.py` does not come by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from tests import literals

from .scenes import now

if TYPE_CHECKING:
    from django.test import Client

    from console.contract import wire

    from .conftest import Publish
    from .scenes import Scene

# Four words of English in a row: no name of ours or of Kubernetes has as many.
_PROSE = re.compile(r"[A-Za-z][a-z']+(?:[ ,;:]+[a-z']+){3,}")
_FORBIDDEN = "The token lacks a permission (403): endpointslices is forbidden"


@pytest.fixture
def korean(page: Client) -> Client:
    page.post(reverse("console:look"), {"language": "ko"})
    return page


def english(page: Client, name: str, row: object) -> list[str]:
    """The English prose that a page shows outside of what is marked to be so."""
    answer = page.get(reverse(name, args=[row] if row else []))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert re.search("[가-힣]", html)
    return [text for _line, text in literals.in_template(html) if _PROSE.search(text)]


def refusing(scene: Scene) -> dict[str, str]:
    """The gateway is one that cannot have what the application wants of it; what its driver says of
    that is told by its status."""
    from applications import dryrun
    from applications.models import Api, Upstream
    from gateways import health, rendering

    Api.objects.filter(pk=scene.rows.api.pk).update(plugins={"limit-req": {"rate": 1}})
    Upstream.objects.update(balance="consistent_hash", hash_key="header:X-User")
    scene.rows.application.refresh_from_db()
    wanted = dryrun.of_application(scene.rows.application, apis=[str(scene.rows.api.pk)]).after
    refused = rendering.preview(scene.rows.gateway, wanted).refused
    assert len(refused) == 2
    scene.gateway(refused=health.plain(refused), refused_marked=health.marked(refused))
    return dict(refused)


@pytest.mark.parametrize("reason", ["forbidden", "of_another_release", ""])
def test_a_registry_that_fails(korean: Client, scene: Scene, reason: str) -> None:
    registry, upstream = scene.rows.registry, scene.rows.application.upstreams.get()
    scene.registry(phase="failing", reason=reason, text=_FORBIDDEN)
    assert english(korean, "registries:registry-detail", registry.pk) == []
    assert english(korean, "registries:registry-list", None) == []
    assert english(korean, "applications:upstream-explain", upstream.pk) == []


def test_a_registry_that_could_not_be_compared(korean: Client, scene: Scene) -> None:
    from registries import truth
    from registries.models import Registry

    registry = scene.rows.registry
    Registry.objects.filter(pk=registry.pk).update(resync_asked_at=timezone.now())
    registry.refresh_from_db()
    at = registry.resync
    scene.registry(resync=at, resync_at=at, resync_error=_FORBIDDEN, resync_reason="forbidden")
    truth.write(
        str(registry.pk), truth.Comparison(compared_at=at, error=_FORBIDDEN, reason="forbidden")
    )
    assert english(korean, "registries:registry-detail", registry.pk) == []


def test_endpoints_that_are_left_out(
    korean: Client, scene: Scene, publish: Publish, httpbin: wire.Service
) -> None:
    from registries.kube import addresses

    reasons = [
        addresses.judge(text, allow_loopback=False)[1]
        for text in ("127.0.0.1", "169.254.1.1", "0.0.0.0", "239.1.1.1", "100.100.100.200", "x")  # noqa: S104
    ]
    refused = dict.fromkeys((*reasons, "port without a number"), 2)
    upstream = scene.rows.application.upstreams.get()
    publish(
        scene.rows.registry,
        httpbin,
        refused=refused,
        truncated=1,
        cut_off=("shop/web",),
        resource="endpoints",
        warnings=("in English for programs, not for people",),
    )
    with translation.override("ko"):
        assert (
            translation.gettext(reasons[0])
            in korean.get(
                reverse("registries:registry-detail", args=[scene.rows.registry.pk])
            ).content.decode()
        )
    assert english(korean, "registries:registry-detail", scene.rows.registry.pk) == []
    assert english(korean, "applications:upstream-explain", upstream.pk) == []
    assert english(korean, "console:overview", None) == []


def test_what_a_gateway_cannot_have(korean: Client, scene: Scene) -> None:
    refused = refusing(scene)
    rows, upstream = scene.rows, scene.rows.application.upstreams.get()
    for name, row in (
        ("gateways:application-warnings", rows.application.pk),
        ("gateways:application-dryrun", rows.application.pk),
        ("gateways:gateway-detail", rows.gateway.pk),
        ("gateways:upstream-standing", upstream.pk),
        ("console:overview", None),
    ):
        assert english(korean, name, row) == [], name
    html = korean.get(reverse("gateways:gateway-detail", args=[rows.gateway.pk])).content.decode()
    assert "limit-req" in html
    assert not any(why in html for why in refused.values())


def test_what_a_gateway_serves_otherwise(korean: Client, scene: Scene) -> None:
    from console.contract import keys
    from console.contract.wire import Node, Upstream
    from gateways import health
    from gateways.drivers.base import Served
    from gateways.driving.comparing import compared

    own = str(scene.rows.application.upstreams.get().pk)
    wanted = {
        keys.upstream(own): Upstream(id=own, name="x", nodes=(Node(host="10.0.0.1", port=80),))
    }
    for has in ({}, {keys.upstream(own): ("10.0.0.9:80",)}, {keys.upstream(own): ()}):
        found = compared(wanted, Served(has), ())
        scene.gateway(
            differences=health.plain(found),
            differences_marked=health.marked(found),
            audited_at=now(),
        )
        assert english(korean, "gateways:gateway-detail", scene.rows.gateway.pk) == []
        assert english(korean, "console:overview", None) == []


def test_a_gateway_that_fails_or_is_set_up_wrongly(korean: Client, scene: Scene) -> None:
    from gateways.models import Gateway

    rows, upstream = scene.rows, scene.rows.application.upstreams.get()
    scene.gateway(phase="failing", reason="unreachable", text="Nothing answers at 127.0.0.1:6379")
    assert english(korean, "gateways:gateway-detail", rows.gateway.pk) == []
    assert english(korean, "gateways:upstream-standing", upstream.pk) == []
    Gateway.objects.update(settings={"redis_url": "http://not-redis"})
    assert english(korean, "gateways:gateway-rendered", rows.gateway.pk) == []
    assert english(korean, "gateways:application-dryrun", rows.application.pk) == []
