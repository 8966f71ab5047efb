"""Who may read the metrics, and what is answered when they cannot be known."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from console import actions, redis
from console.models import ApiToken
from console.redis import Client
from tests.factories import make_registry


@pytest.fixture
def token(bo: User) -> str:
    return actions.create_api_token(user=bo, name="prometheus")[1]


def ask(client: Browser, token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = client.get("/metrics", headers=headers)
    return answer.status_code, answer.content.decode()


def test_a_token_of_the_api_is_enough(client: Browser, token: str, store: Client) -> None:
    status, text = ask(client, token)
    assert status == 200
    assert "portolan_redis_up 1.0" in text


def test_the_answer_is_what_prometheus_expects(client: Browser, token: str, store: Client) -> None:
    answer = client.get(
        "/metrics", headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    )
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Content-Encoding"] == "gzip"


def test_a_session_is_enough(client: Browser, bo: User, store: Client) -> None:
    client.force_login(bo)
    assert ask(client)[0] == 200


def test_metrics_tell_nothing_of_control_planes_that_one_has_no_seat_in(
    client: Browser, token: str, store: Client
) -> None:
    make_registry(name="mine")  # in the first control plane, where bo edits
    assert ask(client, token)[0] == 200
    make_registry(name="a-secret-name")
    status, said = ask(client, token)
    assert status == 403
    assert "a-secret-name" not in said


@pytest.mark.parametrize("text", ["", "ptl_wrong"])
def test_strangers_are_told_how_to_come_in(
    client: Browser, db: None, store: Client, text: str
) -> None:
    make_registry(name="a-secret-name")
    status, said = ask(client, text)
    assert status == 401
    assert "a-secret-name" not in said
    answer = client.get("/metrics")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Portolan"'
    assert "ptl_" in answer.content.decode()


def test_a_revoked_token_is_refused(client: Browser, token: str, ada: User, store: Client) -> None:
    actions.revoke_api_token(token=ApiToken.objects.get(), actor=ada)
    assert ask(client, token)[0] == 401


def test_an_open_house_asks_for_nothing(
    client: Browser, db: None, store: Client, settings: Settings
) -> None:
    settings.METRICS_OPEN = True
    assert ask(client)[0] == 200


def test_they_are_only_read(client: Browser, token: str) -> None:
    assert client.post("/metrics").status_code == 405


def test_without_redis_there_are_no_half_figures(
    client: Browser, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_registry()
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    assert ask(client, token) == (503, "Redis does not answer.\n")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_open", [True, False])
def test_without_postgresql_there_are_no_half_figures(
    client: Browser, store: Client, settings: Settings, *, is_open: bool
) -> None:
    settings.METRICS_OPEN = is_open
    address = connection.settings_dict
    port = address["PORT"]
    connection.close()
    address["PORT"] = "1"
    try:
        assert ask(client, "ptl_some") == (503, "The database does not answer.\n")
    finally:
        address["PORT"] = port
        connection.close()
