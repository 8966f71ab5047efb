"""Gateways by REST: tried before and after they are saved; what they get is in tests/console."""

from __future__ import annotations

import pytest

from gateways import told
from gateways.models import Gateway
from gateways.told import Told
from tests import factories

URL = "/api/v1/gateways/"
NOWHERE = {"redis_url": "redis://127.0.0.1:1/0"}
SECRET = "the-secret-that-nobody-may-see"


@pytest.fixture
def gateway(plane):
    return factories.make_gateway(
        control_plane=plane, name="edge", settings=NOWHERE, secret=SECRET, url="http://127.0.0.1:1"
    )


def test_one_that_is_not_saved_is_tried(api, plane):
    body = {"kind": "traefik", "settings": NOWHERE}
    answer = api.post(f"{URL}test/", body, format="json")
    assert answer.status_code == 200
    report = answer.json()
    assert report["ok"] is False
    assert "does not answer" in report["findings"][-1]["text"]
    assert report["findings"][-1]["fix"]
    assert not Gateway.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "traefik", "settings": {"redis_url": "http://x"}}, "settings"),
        ({"kind": "nginx", "settings": {}}, "kind"),
        ({"kind": "traefik", "settings": NOWHERE, "colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_not_tried(api, plane, body, field):
    answer = api.post(f"{URL}test/", body, format="json")
    assert answer.status_code == 400
    assert field in answer.json()


def test_one_that_is_saved_is_tried_with_its_secret(api, gateway):
    answer = api.post(f"{URL}{gateway.pk}/test/")
    assert answer.status_code == 200
    assert answer.json()["ok"] is False
    assert SECRET not in answer.content.decode()


def test_trying_is_limited(api, gateway):
    codes = [api.post(f"{URL}{gateway.pk}/test/").status_code for _ in range(61)]
    assert codes[0] == 200
    assert codes[-1] == 429


def test_a_stranger_and_a_viewer_try_nothing(api, cy, plane):
    strange = factories.make_gateway(name="strange", settings=NOWHERE)
    assert api.post(f"{URL}{strange.pk}/test/").status_code in (403, 404)
    for name in ("rendered", "serving", "instances"):
        answer = api.get(f"{URL}{strange.pk}/{name}/")
        assert answer.status_code in (200, 404), name


def test_an_agent_s_gateway_is_made_by_rest(api, plane):
    body = {"name": "far", "kind": "traefik", "settings": NOWHERE, "by_agent": True}
    made = api.post(URL, body, format="json")
    assert made.status_code == 201, made.content
    assert made.json()["by_agent"] is True
    asked = api.get(f"{URL}{made.json()['id']}/serving/").json()
    assert (asked["asked"], asked["error"], asked["served_at"]) == (False, "", None)


def test_what_an_agent_found_is_told_with_its_moment(api, plane, store):
    gateway = factories.make_gateway(
        control_plane=plane, name="far", settings=NOWHERE, by_agent=True
    )
    told.tell(store, str(gateway.pk), Told(1_700_000_000_000, {}))
    asked = api.get(f"{URL}{gateway.pk}/serving/").json()
    assert (asked["asked"], asked["served_at"]) == (True, 1_700_000_000_000)
