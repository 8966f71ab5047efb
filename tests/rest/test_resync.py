"""Reading a registry anew by REST, and what its status says in words."""

from __future__ import annotations

import pytest

from console import redis
from console.models import AuditEntry
from registries import health
from tests import factories

URL = "/api/v1/registries/"


@pytest.fixture
def registry(plane):
    return factories.make_registry(control_plane=plane, name="c1")


def test_a_request_is_taken_down_and_met_by_the_worker(api, registry):
    answer = api.post(f"{URL}{registry.pk}/resync/")
    assert answer.status_code == 202
    registry.refresh_from_db()
    assert registry.resync
    asked = answer.json()["resync"]
    status = f"{URL}{registry.pk}/status/"
    assert api.get(status).json()["resync"] is None
    word = health.Status(
        phase="connected",
        resync=registry.resync,
        resync_at=registry.resync + 40,
        resync_different=2,
    )
    health.write(redis.store(), str(registry.pk), word)
    met = api.get(status).json()
    assert met["resync"] == asked
    assert met["resync_different"] == 2
    entry = AuditEntry.objects.filter(object_id=str(registry.pk)).first()
    assert entry.verb == "changed"
    assert list(entry.after) == ["resync_asked_at"]


def test_a_paused_registry_refuses(api, registry):
    registry.enabled = False
    registry.save()
    answer = api.post(f"{URL}{registry.pk}/resync/")
    assert answer.status_code == 400
    assert "paused" in answer.content.decode()


def test_a_status_says_what_to_do(api, registry):
    word = health.Status(phase="failing", reason="unauthorized", text="The API server refuses.")
    health.write(redis.store(), str(registry.pk), word)
    found = api.get(f"{URL}{registry.pk}/status/").json()
    assert found["headline"] == "The cluster does not accept the token"
    assert found["command"].startswith("kubectl -n portolan create token")
    assert found["text"] == "The API server refuses."
