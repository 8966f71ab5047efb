"""The login: patient with mistakes, not with guessing; open when Redis is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from console import throttle

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from console.redis import Client as Store

GOOD = {"username": "cy", "password": "cy-cy-cy-cy"}
WRONG = {"username": "cy", "password": "wrong"}


def _says(client: Client, typed: dict[str, str], **more: str) -> str:
    return client.post(reverse("console:login"), typed, **more).content.decode()  # type: ignore[arg-type]


def test_after_some_wrong_passwords_the_right_one_waits_too(
    client: Client, cy: User, store: Store
) -> None:
    for _ in range(throttle.FREE):
        assert "Please enter a correct username" in _says(client, WRONG)
    assert "Too many wrong passwords. Try again in 5 seconds." in _says(client, GOOD)
    assert client.get("/").status_code == 302


def test_the_wait_grows_to_five_minutes(client: Client, cy: User, store: Store) -> None:
    from django.test import RequestFactory

    attempts = throttle.Attempts.of(RequestFactory().get("/"), "cy")
    waits = []
    for _ in range(throttle.FREE + 7):
        attempts.failed()
        waits.append(attempts.wait())
    assert waits[: throttle.FREE - 1] == [0] * (throttle.FREE - 1)
    assert waits[throttle.FREE - 1 :] == [5, 10, 20, 40, 80, 160, 300, 300]


def test_neither_others_nor_other_addresses_wait(client: Client, cy: User, store: Store) -> None:
    for _ in range(throttle.FREE):
        _says(client, WRONG)
    assert "Please enter a correct" in _says(client, WRONG | {"username": "someone-else"})
    answer = client.post(reverse("console:login"), GOOD, REMOTE_ADDR="10.9.9.9")
    assert answer.status_code == 302


def test_a_success_forgets_the_mistakes(client: Client, cy: User, store: Store) -> None:
    for _ in range(3):
        for _ in range(throttle.FREE - 1):
            _says(client, WRONG)
        assert client.post(reverse("console:login"), GOOD).status_code == 302
        client.logout()


def test_without_redis_one_comes_in(
    client: Client, cy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console import redis

    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    for _ in range(throttle.FREE + 1):
        assert "Please enter a correct username" in _says(client, WRONG)
    assert client.post(reverse("console:login"), GOOD).status_code == 302


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/settings/", "/settings/"),
        ("https://evil.example.org/", "/"),
        ("//evil.example.org/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_way_goes_on_within_the_console_only(
    client: Client, cy: User, store: Store, wanted: str, leads: str
) -> None:
    answer = client.post(reverse("console:login"), GOOD | {"next": wanted})
    assert answer.headers["Location"] == leads


def test_behind_a_proxy_the_last_word_counts(settings: object) -> None:
    from django.test import RequestFactory

    request = RequestFactory().get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.7"})
    assert throttle.address_of(request) == "127.0.0.1"
    settings.HTTPS = True  # type: ignore[attr-defined]
    assert throttle.address_of(request) == "10.0.0.7"


def test_the_session_is_another_after_the_login(client: Client, cy: User, store: Store) -> None:
    client.get(reverse("console:login"))
    before = client.cookies.get("csrftoken")
    client.post(reverse("console:login"), GOOD)
    assert before is not None
    assert client.cookies["csrftoken"].value != before.value or client.session.session_key
