"""What a gateway really serves: cluster, console and gateway side by side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.urls import reverse

from console.contract import keys
from gateways import readback, told
from gateways.drivers.base import Served
from gateways.rendering import Asked
from gateways.told import Told

if TYPE_CHECKING:
    from django.test import Client

    from .scenes import Scene


def _lines(scene: Scene, served: Served | None, **refused: str) -> list[readback.Line]:
    shown = readback.upstreams(str(scene.rows.plane.pk))
    return readback.lines(scene.rows.gateway, shown, Asked(served=served), refused)


def _key(scene: Scene) -> str:
    return f"upstream/{scene.rows.application.upstreams.get().pk}"


def test_three_columns_that_agree(scene: Scene) -> None:
    # The practice service has two ready endpoints, which the scene has compiled with port 80.
    [line] = _lines(scene, Served(upstreams={_key(scene): ("10.0.0.1:80", "10.0.0.2:80")}))
    assert line.cluster == line.compiled == line.served
    assert line.agrees
    assert "sd.httpbin.org" in line.title


def test_each_column_may_be_behind_the_one_before(scene: Scene) -> None:
    scene.compiled(nodes=1)
    [line] = _lines(scene, Served(upstreams={_key(scene): ("10.0.0.1:80", "10.0.0.9:80")}))
    assert line.cluster == ("10.0.0.1:80", "10.0.0.2:80")
    assert line.waiting
    assert line.difference is not None
    assert line.difference.extra == ("10.0.0.9:80",)
    [silent] = _lines(scene, None)
    assert (silent.served, silent.difference) == (None, None)


def test_the_page_shows_them_and_says_why_a_gateway_is_not_asked(
    page: Client, scene: Scene
) -> None:
    address = reverse("gateways:gateway-serving", args=[scene.rows.gateway.pk])
    html = page.get(address).content.decode()
    assert "10.0.0.1:80" in html
    assert "cannot be asked what it serves" in html or "did not answer" in html
    type(scene.rows.gateway).objects.update(by_agent=True)
    assert "has not said of late" in page.get(address).content.decode()
    found = page.get(address + "?q=10.0.0.1").content.decode()
    assert "10.0.0.1:80" in found
    assert "No upstream has this name" in page.get(address + "?q=nowhere").content.decode()


def test_asking_is_limited(page: Client, scene: Scene) -> None:
    address = reverse("gateways:gateway-serving", args=[scene.rows.gateway.pk])
    answers = [page.get(address).content.decode() for _ in range(31)]
    assert "Too many requests" not in answers[0]
    assert "Too many requests" in answers[-1]
    tested = reverse("gateways:gateway-test", args=[scene.rows.gateway.pk])
    said = [page.post(tested).content.decode() for _ in range(61)]
    assert "Too many requests" in said[-1]


def test_rest_tells_the_same(page: Client, scene: Scene) -> None:
    answer = page.get(f"/api/v1/gateways/{scene.rows.gateway.pk}/serving/").json()
    [line] = answer["upstreams"]
    assert line["cluster"] == line["compiled"] == ["10.0.0.1:80", "10.0.0.2:80"]
    assert (line["served"], line["missing"], line["extra"]) == (None, [], [])
    assert answer["asked"] is False


def test_the_last_commits_are_named(page: Client, scene: Scene) -> None:
    scene.gateway(applied=scene.position, since=1)
    html = page.get(
        reverse("gateways:gateway-publications", args=[scene.rows.gateway.pk])
    ).content.decode()
    assert "of “sd.httpbin.org”" in html
    assert "applied after" in html
    before = scene.position
    scene.compiled(nodes=5)
    scene.gateway(applied=before)
    html = page.get(
        reverse("gateways:gateway-publications", args=[scene.rows.gateway.pk])
    ).content.decode()
    assert "waiting" in html
    scene.gateway(applied=scene.position, since=int(time.time() * 1000) + 60_000)
    html = page.get(
        reverse("gateways:gateway-publications", args=[scene.rows.gateway.pk])
    ).content.decode()
    assert "applied after" not in html, "its driver began later"


def test_what_the_auditor_found_is_told_live_and_as_a_trouble(page: Client, scene: Scene) -> None:
    said = "Other nodes are served: missing 10.0.0.1:80; too many <b>10.0.0.9:80</b>."
    scene.gateway(differences={_key(scene): said}, audited_at=1)
    address = reverse("gateways:gateway-detail", args=[scene.rows.gateway.pk])
    html = page.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "What it serves otherwise" in html
    assert "too many &lt;b&gt;10.0.0.9:80" in html
    [trouble] = [one for one in scene.found if one.code == "gateway.differs"]
    assert "10.0.0.9:80" in trouble.detail
    assert trouble.fix


def _by_agent(scene: Scene, *places: str, ago: float) -> None:
    """The gateway's agent said that it sends the application's requests there."""
    gateway = scene.rows.gateway
    type(gateway).objects.update(by_agent=True)
    at = int((time.time() - ago) * 1000)
    told.tell(scene.store, str(gateway.pk), Told(at, {_key(scene): places}))


def test_what_an_agent_found_is_shown_with_its_age(page: Client, scene: Scene) -> None:
    address = reverse("gateways:gateway-serving", args=[scene.rows.gateway.pk])
    _by_agent(scene, "10.0.0.1:80", "10.0.0.2:80", ago=120)
    html = page.get(address).content.decode()
    assert "Its agent asked it what it serves, <time" in html
    assert 'class="differs"' not in html
    _by_agent(scene, "10.0.0.1:80", "10.0.0.9:80", ago=3)
    html = page.get(address).content.decode()
    assert "1 upstream shown here differs" in html
    assert "has still:" in html


def test_what_an_agent_found_before_the_nodes_changed_is_no_difference(
    page: Client, scene: Scene
) -> None:
    scene.compiled(nodes=2, observed_at=int(time.time() * 1000))
    _by_agent(scene, "10.0.0.1:80", ago=20)
    address = reverse("gateways:gateway-serving", args=[scene.rows.gateway.pk])
    html = page.get(address).content.decode()
    assert "10.0.0.1:80" in html
    assert 'class="differs"' not in html


def test_what_an_agent_says_is_anybodys_text(page: Client, scene: Scene) -> None:
    _by_agent(scene, "<script>alert(1)</script>", ago=1)
    address = reverse("gateways:gateway-serving", args=[scene.rows.gateway.pk])
    assert "<script>alert" not in page.get(address).content.decode()
    key = keys.served(keys.gateway(str(scene.rows.gateway.pk)))
    for nonsense in (b"{", b"[1]", b'{"at": "x"}'):
        scene.store.set(key, nonsense)
        assert "has not said of late" in page.get(address).content.decode()
