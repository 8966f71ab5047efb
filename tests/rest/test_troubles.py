"""“Is everything true?”, asked by a program."""

from __future__ import annotations

import time
import uuid

from tests import factories

TROUBLES = "/api/v1/troubles/"


def _fail(store, registry):
    from registries import health

    now = int(time.time() * 1000)
    status = health.Status(
        phase="failing", reason="unauthorized", text="said 401", since=now, said_at=now
    )
    health.write(store, str(registry.pk), status)


def _staff(store, *planes):
    """Workers that do everything there is to do."""
    from console import crew
    from console.contract import keys

    crew.say(store, "worker-1", crew.Member(kinds=("control-plane",)), ttl=60)
    for plane in planes:
        store.set(keys.lease(keys.control_plane(str(plane.pk))), "worker-1")


def _seat(plane, user):
    from console.models import Membership

    Membership.objects.get_or_create(control_plane=plane, user=user)


def test_tells_that_all_is_well(api, bo, plane, store):
    _seat(plane, bo)
    _staff(store, plane)
    answer = api.get(TROUBLES).json()
    expected = {"control_plane": str(plane.pk), "name": plane.name, "well": True, "troubles": []}
    assert answer == {"well": True, "results": [expected]}


def test_tells_what_is_wrong_and_what_mends_it(api, bo, plane, store):
    _seat(plane, bo)
    _staff(store, plane)
    registry = factories.make_registry(control_plane=plane, name="ill")
    _fail(store, registry)
    answer = api.get(TROUBLES).json()
    assert not answer["well"]
    [trouble] = answer["results"][0]["troubles"]
    assert trouble["code"] == "registry.failing"
    assert trouble["weight"] == "broken"
    assert trouble["detail"] == "said 401"
    assert trouble["fix"]
    assert (trouble["object_type"], trouble["object_id"]) == ("registry", str(registry.pk))
    assert trouble["object_name"] == "ill"
    assert str(registry.pk) in trouble["page"]
    assert trouble["since"].endswith("Z")


def test_a_hint_leaves_everything_well(api, bo, plane, store):
    _seat(plane, bo)
    _staff(store, plane)
    factories.make_application(control_plane=plane)
    answer = api.get(TROUBLES).json()
    assert answer["well"]
    assert [one["code"] for one in answer["results"][0]["troubles"]] == ["application.no_api"]


def test_only_the_control_planes_of_who_asks_are_told_of(api, bo, plane, store):
    _seat(plane, bo)
    other = factories.make_control_plane(name="Other", slug="other")
    _staff(store, plane, other)
    _fail(store, factories.make_registry(control_plane=other))
    assert [one["name"] for one in api.get(TROUBLES).json()["results"]] == ["Main"]
    assert api.get(TROUBLES, {"control_plane": str(other.pk)}).status_code == 404
    assert api.get(TROUBLES, {"control_plane": str(uuid.uuid4())}).status_code == 404
    assert api.get(TROUBLES, {"control_plane": "x"}).status_code == 400
    assert api.get(TROUBLES, {"control_plane": str(plane.pk)}).json()["well"]


def test_redis_away_is_a_trouble_and_no_error(api, bo, plane, monkeypatch):
    from console import redis

    _seat(plane, bo)
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    answer = api.get(TROUBLES)
    assert answer.status_code == 200
    [trouble] = answer.json()["results"][0]["troubles"]
    assert trouble["code"] == "console.redis_away"
