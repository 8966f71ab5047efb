"""How a gateway stands, and what it was given last, by REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.lags import BOUNDS, Lags
from gateways import instances
from gateways.instances import Instance

if TYPE_CHECKING:
    from django.test import Client

    from .scenes import Scene


def _get(page: Client, scene: Scene, name: str) -> Any:
    answer = page.get(f"/api/v1/gateways/{scene.rows.gateway.pk}/{name}/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_one_that_fails_says_why_and_what_mends_it(page: Client, scene: Scene) -> None:
    scene.gateway(phase="failing", reason="unauthorized", text="401 from 10.0.0.9", since=1_000)
    told = _get(page, scene, "status")
    assert (told["phase"], told["reason"]) == ("failing", "unauthorized")
    assert "401" in told["text"]
    assert told["headline"]
    assert told["fix"]
    assert told["since"] == "1970-01-01T00:00:01Z"


def test_it_says_how_far_behind_it_is(page: Client, scene: Scene) -> None:
    scene.gateway(applied=scene.position)
    told = _get(page, scene, "status")
    assert (told["newest"], told["behind"], told["waiting_since"]) == (told["applied"], 0, None)
    scene.compiled(nodes=5)
    told = _get(page, scene, "status")
    assert told["behind"] == 1
    assert told["waiting_since"]
    assert told["newest"] == scene.position


def test_it_says_what_is_refused_and_served_otherwise(page: Client, scene: Scene) -> None:
    scene.gateway(refused={"route/r": "No."}, differences={"upstream/u": "Others."}, audited_at=1)
    told = _get(page, scene, "status")
    assert told["refused"] == {"route/r": "No."}
    assert told["differences"] == {"upstream/u": "Others."}
    assert told["audited_at"]


def test_a_gateway_that_is_switched_off_is_disabled_whatever_was_said(
    page: Client, scene: Scene
) -> None:
    type(scene.rows.gateway).objects.update(enabled=False)
    scene.gateway(phase="in_sync")
    assert _get(page, scene, "status")["phase"] == "disabled"


def test_its_lags_are_those_of_all_its_instances(page: Client, scene: Scene) -> None:
    for name, seconds in (("one", 0.004), ("two", 0.3)):
        counted = Lags()
        counted.add(seconds)
        report = Instance(id=name, hostname=name, lag_counts=counted.counts, lag_sum=counted.sum)
        instances.report(scene.store, str(scene.rows.gateway.pk), report)
    told = _get(page, scene, "status")
    assert [one["up_to"] for one in told["lags"]] == [*BOUNDS, None]
    assert {one["up_to"]: one["count"] for one in told["lags"] if one["count"]} == {
        0.005: 1,
        0.5: 1,
    }
    assert told["lag_sum"] == pytest.approx(0.304)
    listed = {one["id"]: one["lags"] for one in _get(page, scene, "instances")}
    assert {one["up_to"] for one in listed["one"] if one["count"]} == {0.005}


def test_the_last_commits_name_their_resources(page: Client, scene: Scene) -> None:
    before = scene.position
    scene.compiled(nodes=5)
    scene.gateway(applied=before)
    newest, older = _get(page, scene, "publications")[:2]
    assert (newest["position"], newest["taken"]) == (scene.position, False)
    assert (older["position"], older["taken"]) == (before, True)
    assert "sd.httpbin.org" in newest["resources"][0]["name"]
    assert newest["resources"][0]["resource"].partition("/")[0] in ("route", "upstream")
