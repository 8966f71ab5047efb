"""The instances of a gateway on pages, as files, by REST and in troubles."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from gateways import fleet, instances
from gateways.instances import Instance
from gateways.presence import State

if TYPE_CHECKING:
    from django.test import Client

    from .scenes import Scene

HOSTILE = '<script>alert("host")</script>'


def _report(scene: Scene, name: str = "one", **said: Any) -> None:
    """What an instance says, now or `seconds` ago."""
    from console.contract import keys

    seconds = said.pop("seconds", 0)
    gateway = str(scene.rows.gateway.pk)
    instance = Instance(id=name, hostname=said.pop("hostname", name), **said)
    instances.report(scene.store, gateway, instance)
    if seconds:
        import msgspec

        old = msgspec.structs.replace(instance, seen_at=int((time.time() - seconds) * 1000))
        key = keys.instances(keys.gateway(gateway))
        scene.store.hset(key, name, msgspec.json.encode(old))


def _page(page: Client, scene: Scene, name: str = "gateway-instances", query: str = "") -> str:
    answer = page.get(reverse(f"gateways:{name}", args=[scene.rows.gateway.pk]) + query)
    assert answer.status_code == 200
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()


def test_each_state_has_its_word_and_the_list_counts(page: Client, scene: Scene) -> None:
    before = scene.position
    _report(scene, "well", applied=before, lag_ms=9)
    _report(scene, "refusing", refuses="the Admin API refuses the key")
    _report(scene, "lost", seconds=45)
    _report(scene, "gone", seconds=3 * 3600)
    html = _page(page, scene)
    for word in ("healthy", "only heartbeats", "lost connection", "offline"):
        assert f"</span> {word}</span>" in html
    assert "1 of 4 healthy" in html
    assert "the Admin API refuses the key" in html
    assert "9 ms" in html
    assert "1 of 4 healthy" in page.get(reverse("gateways:gateway-list")).content.decode()
    assert "1 of 4 healthy" in _page(page, scene, "gateway-detail")


def test_only_of_who_is_silent_the_age_of_its_report_is_told(page: Client, scene: Scene) -> None:
    """Pages do not hear of heartbeats: an age that grows would say that nobody sends any."""
    seen = 'data-label="Last seen">'
    _report(scene)
    assert f"{seen}just now<" in _page(page, scene)
    _report(scene, seconds=45)
    assert f"{seen}<time" in _page(page, scene)


def test_who_does_not_take_a_commit_only_sends_heartbeats(page: Client, scene: Scene) -> None:
    _report(scene, applied=scene.position)
    scene.compiled(nodes=3, at=lambda: time.time() - 60)
    [one] = fleet.of([scene.rows.gateway])[str(scene.rows.gateway.pk)].members
    assert one.state is State.HEARTBEATS
    assert one.behind == 1
    assert 55_000 < (one.behind_ms or 0) < 75_000
    assert "1 behind" in _page(page, scene)


@pytest.mark.parametrize("applied", ["", "x", "1-2-3", "9" * 40 + "-1", "(", "1-٣"])
def test_a_position_that_is_none_says_nothing(applied: str, scene: Scene) -> None:
    _report(scene, "odd", applied=applied)
    _report(scene, "well", applied=scene.position)
    odd, well = fleet.of([scene.rows.gateway])[str(scene.rows.gateway.pk)].members
    assert (odd.behind, odd.state) == (None, State.HEALTHY)
    assert well.behind == 0


def test_what_instances_say_is_text(page: Client, scene: Scene) -> None:
    _report(scene, hostname=HOSTILE, version=HOSTILE, by=HOSTILE, applied=HOSTILE, refuses=HOSTILE)
    for name in ("gateway-instances", "gateway-detail"):
        html = _page(page, scene, name)
        assert "<script>alert" not in html
        assert "&lt;script&gt;" in html


def test_instances_as_files(page: Client, scene: Scene) -> None:
    _report(scene, hostname="=cmd()", version="3.18", applied=scene.position, lag_ms=4)
    [row] = csv.DictReader(io.StringIO(_page(page, scene, query="?format=csv")))
    assert row["hostname"] == "'=cmd()"
    assert (row["state"], row["behind"], row["lag_ms"]) == ("healthy", "0", "4")
    [same] = json.loads(_page(page, scene, query="?format=json"))
    assert same["version"] == "3.18"


def test_their_lags_are_one_histogram(page: Client, scene: Scene) -> None:
    counts = (0, 0, 60, 39, 1, *(0,) * 9)
    _report(scene, "one", lag_counts=counts, lag_sum=0.5)
    _report(scene, "two", lag_counts=counts, lag_sum=0.5)
    _report(scene, "older", lag_counts=(1, 2, 3))
    found = fleet.of([scene.rows.gateway])[str(scene.rows.gateway.pk)]
    assert (found.measured, found.half, found.most, found.lag_sum) == (200, 0.005, 0.01, 1.0)
    html = _page(page, scene)
    assert "half of the changes within 5 ms, 99 % within 10 ms. Measured: 200." in html
    overview = page.get(reverse("console:overview")).content.decode()
    assert "≤ 5 ms" in overview


def test_an_instance_that_is_not_well_is_a_trouble(scene: Scene) -> None:
    _report(scene, "well")
    assert "gateway.instances" not in scene.troubles
    _report(scene, "lost", hostname=HOSTILE, seconds=45)
    [trouble] = [one for one in scene.found if one.code == "gateway.instances"]
    assert "1 instance of “edge” is not healthy." in trouble.text
    assert "lost connection" in trouble.detail
    _report(scene, "gone", seconds=3 * 3600)
    assert len([one for one in scene.found if one.code == "gateway.instances"]) == 1


def test_rest_tells_state_and_lack(page: Client, scene: Scene) -> None:
    _report(scene, applied=scene.position)
    [one] = page.get(f"/api/v1/gateways/{scene.rows.gateway.pk}/instances/").json()
    assert (one["state"], one["behind"], one["behind_ms"]) == ("healthy", 0, 0)
