"""Each trouble is told while it lasts, with what mends it, and no longer."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

from .scenes import now

if TYPE_CHECKING:
    from .scenes import Scene

DAY = 86_400_000


def test_where_all_is_well_nothing_is_told(scene: Scene) -> None:
    assert scene.troubles == []


@pytest.mark.parametrize(
    ("status", "code", "weight"),
    [
        ({"phase": "failing", "reason": "unauthorized", "text": "401"}, "failing", "BROKEN"),
        ({"said_at": 1_000}, "silent", "BROKEN"),
        ({"token_expires_at": 1_000}, "token_expired", "BROKEN"),
        ({"token_expires_at": 5 * DAY}, "token_expires", "AT_RISK"),
        ({"token_expires_at": 20 * DAY}, "token_expires", "HINT"),
        ({"drift": 2}, "drift", "HINT"),
        ({"refused": {"loopback": 3}}, "refused", "AT_RISK"),
        ({"truncated": 1}, "truncated", "AT_RISK"),
        ({"resource": "endpoints"}, "second_best", "HINT"),
    ],
)
def test_a_registry_s_trouble_comes_and_goes(
    status: dict[str, Any], code: str, weight: str, scene: Scene
) -> None:
    if status.get("token_expires_at", 0) >= DAY:
        status = {"token_expires_at": now() + status["token_expires_at"]}
    scene.registry(**status)
    [found] = scene.found
    assert (found.code, found.weight.name) == (f"registry.{code}", weight)
    assert found.row_name == "cluster-a"
    assert "cluster-a" in found.text
    assert str(scene.rows.registry.pk) in found.url
    scene.registry()
    assert scene.troubles == []


def test_a_failing_registry_is_told_in_our_words_and_the_server_s(scene: Scene) -> None:
    from registries import wording
    from registries.health import Status

    scene.registry(phase="failing", reason="unauthorized", text="said the server", since=5)
    [found] = scene.found
    said = wording.of(Status(phase="failing", reason="unauthorized"))
    assert said.headline in found.text
    assert (found.fix, found.command) == (said.fix, said.command)
    assert (found.detail, found.since) == ("said the server", 5)


def test_a_new_token_is_given_on_its_own_page(scene: Scene) -> None:
    rotate = reverse("registries:registry-rotate", args=[scene.rows.registry.pk])
    for status in (
        {"token_expires_at": 1_000},
        {"token_expires_at": now() + 5 * DAY},
        {"phase": "failing", "reason": "unauthorized"},
    ):
        scene.registry(**status)
        [found] = scene.found
        assert (found.url, found.action) == (rotate, "Give a new token")


def test_a_token_that_a_file_holds_is_not_given_here(scene: Scene) -> None:
    from registries.models import Registry

    rows = Registry.objects.filter(pk=scene.rows.registry.pk)
    rows.update(token="", token_file="/run/secrets/token")
    scene.registry(token_expires_at=1_000)
    [found] = scene.found
    page = reverse("registries:registry-detail", args=[scene.rows.registry.pk])
    assert (found.code, found.url) == ("registry.token_expired", page)


def test_an_expired_token_is_one_trouble_with_what_came_of_it(scene: Scene) -> None:
    scene.registry(phase="failing", reason="unauthorized", token_expires_at=1_000)
    assert scene.troubles == ["registry.failing"]
    scene.registry(phase="failing", reason="dns", token_expires_at=1_000)
    assert sorted(scene.troubles) == ["registry.failing", "registry.token_expired"]


def test_a_registry_in_quarantine_fails_rather_than_being_silent(scene: Scene) -> None:
    scene.registry(phase="failing", reason="quarantined", said_at=1_000)
    assert scene.troubles == ["registry.failing"]


def test_a_registry_that_nobody_ever_began_with_is_told_after_a_while(scene: Scene) -> None:
    from django.utils import timezone

    from registries.models import Registry

    more = factories.make_registry(control_plane=scene.rows.plane, name="new")
    assert scene.troubles == []
    long_ago = timezone.now() - timezone.timedelta(minutes=1)
    Registry.objects.filter(pk=more.pk).update(created_at=long_ago)
    assert scene.troubles == ["registry.silent"]


def test_a_disabled_registry_is_no_trouble(scene: Scene) -> None:
    scene.registry(phase="failing", reason="unauthorized")
    scene.rows.registry.enabled = False
    scene.rows.registry.save()
    assert scene.troubles == []


def test_a_difference_to_the_cluster_is_told(scene: Scene) -> None:
    from registries import truth

    registry = str(scene.rows.registry.pk)
    differs = truth.Difference(service="apisix/httpbin", missing=("10.0.0.9",))
    truth.write(registry, truth.Comparison(compared_at=now(), services=3, differences=(differs,)))
    [found] = scene.found
    assert (found.code, found.detail) == ("registry.differs", "apisix/httpbin")
    truth.write(registry, truth.Comparison(compared_at=now(), services=3))
    assert scene.troubles == []


def test_a_published_application_without_nodes_is_told_with_the_reason(scene: Scene) -> None:
    from console.contract import keys

    scene.store.hdel(keys.feed(keys.registry(str(scene.rows.registry.pk))).states, "apisix/httpbin")
    scene.compiled(nodes=0)
    scene.gateway()
    [found] = scene.found
    assert found.code == "application.no_nodes"
    assert "sd.httpbin.org" in found.text
    assert "apisix/httpbin" in found.detail
    assert found.fix
    scene.compiled(nodes=1)
    scene.gateway()
    assert scene.troubles == []


def test_an_application_that_nobody_can_call_is_no_trouble_for_lack_of_nodes(scene: Scene) -> None:
    from applications import actions

    scene.compiled(nodes=0)
    scene.gateway()
    actions.unpublish_api(api=scene.rows.api, actor=None)
    assert scene.troubles == ["application.no_api"]
    actions.unpublish_application(application=scene.rows.application, actor=None)
    assert scene.troubles == []


def test_kept_nodes_are_told_with_their_end(scene: Scene) -> None:
    scene.compiled(nodes=2, kept_since=now() - 5_000, kept_until=now() + 60_000)
    scene.gateway()
    [found] = scene.found
    assert found.code == "application.kept_nodes"
    assert "kept until" in found.detail


def test_many_applications_of_one_trouble_are_counted(scene: Scene) -> None:
    from applications.troubles import NAMED

    for _number in range(NAMED + 3):
        factories.make_application(registry=scene.rows.registry)
    codes = scene.troubles
    assert codes.count("application.no_api") == NAMED
    assert codes.count("application.more_without_api") == 1
    [more] = [one for one in scene.found if one.code == "application.more_without_api"]
    assert "3 more" in more.text


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"phase": "failing", "reason": "unreachable", "text": "refused"}, "failing"),
        ({"said_at": 1_000}, "silent"),
    ],
)
def test_a_gateway_s_trouble_comes_and_goes(
    status: dict[str, Any], code: str, scene: Scene
) -> None:
    scene.gateway(**status)
    [found] = scene.found
    assert found.code == f"gateway.{code}"
    assert found.fix
    scene.gateway()
    assert scene.troubles == []


def test_a_gateway_that_is_behind_is_told_only_once_it_takes_long(scene: Scene) -> None:
    before = scene.position
    scene.compiled(nodes=3)
    scene.gateway(applied=before)
    assert scene.troubles == []
    scene.gateway()
    late = scene.position
    scene.compiled(nodes=4, at=lambda: time.time() - 60)
    scene.compiled(nodes=5)
    scene.gateway(applied=late)
    [found] = scene.found
    assert found.code == "gateway.behind"
    assert "2 changes behind" in found.text
    assert now() - found.since > 50_000


def test_a_gateway_of_another_history_is_not_behind(scene: Scene) -> None:
    scene.gateway(applied="9-5000")
    assert scene.troubles == []


def test_what_a_gateway_refuses_leads_to_the_row_that_it_is_about(scene: Scene) -> None:
    from django.urls import reverse

    api = scene.rows.api
    refused = {f"route/{api.pk}": "anything: no such matcher", f"upstream/{uuid.uuid4()}": "odd"}
    scene.gateway(refused=refused)
    first, second = sorted(scene.found, key=lambda one: one.detail)
    assert first.code == second.code == "gateway.refused"
    assert "the API “anything” of “sd.httpbin.org”" in first.text
    assert first.url == reverse("applications:api-edit", args=[api.pk])
    assert str(scene.rows.gateway.pk) in second.url
    assert first.key != second.key


def test_redis_away_is_one_trouble(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from console import redis

    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    assert scene.troubles == ["console.redis_away"]


def test_a_store_that_evicts_is_told(scene: Scene, evicting: Any) -> None:
    assert scene.troubles == ["console.storage"]


def test_without_any_worker_only_that_is_told(scene: Scene) -> None:
    from console import crew

    scene.registry(said_at=1_000)
    scene.gateway(said_at=1_000)
    scene.compiler(held=False)
    crew.leave(scene.store, "worker-1")
    assert scene.troubles == ["console.no_worker"]
    scene.workers()
    assert scene.troubles == ["registry.silent", "gateway.silent"]


def test_a_control_plane_that_nobody_compiles_is_told(scene: Scene) -> None:
    from console.contract import keys

    scene.compiler(held=False)
    assert scene.troubles == ["console.not_compiled"]
    owner = keys.control_plane(str(scene.rows.plane.pk))
    scene.store.set(keys.queued(owner), 1)  # it is on its way to a worker
    assert scene.troubles == []
    scene.store.set(keys.held_back(owner), 3)
    assert scene.troubles == ["console.not_compiled"]


def test_the_worst_comes_first_and_of_these_the_oldest(scene: Scene) -> None:
    factories.make_application(registry=scene.rows.registry)
    scene.registry(refused={"loopback": 1}, token_expires_at=2_000)
    scene.gateway(phase="failing", since=1_000)
    assert scene.troubles == [
        "gateway.failing",
        "registry.token_expired",
        "registry.refused",
        "application.no_api",
    ]


def test_troubles_of_another_control_plane_are_not_told(scene: Scene) -> None:
    other = factories.make_registry(name="elsewhere")
    assert other.control_plane != scene.rows.plane
    from registries import health

    health.write(scene.store, str(other.pk), health.Status(phase="failing", said_at=now()))
    assert scene.troubles == []
