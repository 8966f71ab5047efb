"""Redis being away: what needs it says so, everything else goes on."""

from __future__ import annotations

import pytest

from console import redis
from tests import factories

V1 = "/api/v1"
STATIC = {"kind": "static", "host": "10.0.0.1", "port": 80}


@pytest.fixture
def no_redis(monkeypatch):
    """A store that nobody listens at."""
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))


def test_what_runs_now_is_not_known(api, plane, no_redis):
    registry = factories.make_registry(control_plane=plane)
    application = factories.make_application(registry=registry)
    upstream = application.upstreams.get()
    for path in (
        f"registries/{registry.pk}/status/",
        f"registries/{registry.pk}/namespaces/",
        f"registries/{registry.pk}/services/",
        f"registries/{registry.pk}/services/a/b/",
        f"applications/{application.pk}/upstreams/{upstream.pk}/nodes/",
    ):
        answer = api.get(f"{V1}/{path}")
        assert answer.status_code == 503
        text = "Redis does not answer: what runs now is not known. Try again soon."
        assert answer.json() == {"detail": text}


def test_rows_are_kept_without_redis(api, plane, no_redis, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        registry = factories.make_registry(control_plane=plane)
        member = {"registry": str(registry.pk), "namespace": "a", "service": "b"}
        body = {"name": "x", "hosts": ["x.org"], "upstream": {"members": [STATIC, member]}}
        answer = api.post(f"{V1}/applications/", body)
        assert answer.status_code == 201
        base = f"{V1}/applications/{answer.json()['id']}/"
        assert api.post(f"{base}publish/").status_code == 200
        assert api.delete(base).status_code == 204
        assert api.delete(f"{V1}/registries/{registry.pk}/").status_code == 204
