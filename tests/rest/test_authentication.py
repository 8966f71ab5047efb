"""Who may come in: nobody without a token that is known, in time and of an active user."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from console import actions
from console.models import ApiToken
from tests.rest.routes import Route, all_routes

DOCS = "/api/v1/docs/"
ROUTES = [route for route in all_routes() if route.pattern != DOCS]


# One client for all calls: making one reads all static files.
CLIENT = APIClient()


def _call(route: Route, authorization: str = "") -> tuple[int, str]:
    headers = {"HTTP_AUTHORIZATION": authorization} if authorization else {}
    response = getattr(CLIENT, route.method)(route.url, {}, format="json", **headers)
    return response.status_code, response.headers.get("WWW-Authenticate", "")


def test_there_are_routes():
    assert len(ROUTES) > 50


def _no_token(bo: User) -> str:
    return ""


def _nothing_behind_bearer(bo: User) -> str:
    return "Bearer"


def _wrong(bo: User) -> str:
    return "Bearer ptl_wrong"


def _password(bo: User) -> str:
    return "Basic Ym86Ym8tYm8tYm8tYm8="


def _expired(bo: User) -> str:
    row, text = actions.create_api_token(user=bo, name="expired")
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    return f"Bearer {text}"


def _revoked(bo: User) -> str:
    row, text = actions.create_api_token(user=bo, name="revoked")
    actions.revoke_api_token(token=row, actor=bo)
    return f"Bearer {text}"


def _inactive(bo: User) -> str:
    _, text = actions.create_api_token(user=bo, name="of an inactive user")
    bo.is_active = False
    bo.save()
    return f"Bearer {text}"


@pytest.mark.parametrize(
    "make",
    [_no_token, _nothing_behind_bearer, _wrong, _password, _expired, _revoked, _inactive],
)
def test_every_route_refuses_who_has_no_valid_token(make, bo):
    authorization = make(bo)
    answers = {str(route): _call(route, authorization) for route in ROUTES}
    refused = (401, 'Bearer realm="Portolan"')
    assert answers == dict.fromkeys(answers, refused)


def test_every_route_lets_a_valid_token_in(token, ruling):
    for route in ROUTES:
        status, _ = _call(route, f"Bearer {token}")
        assert status in (200, 400, 404), str(route)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"digest": "0" * 64}, "This token is not known."),
        ({"expires_at": timezone.now()}, "This token has expired."),
    ],
)
def test_says_why_a_token_is_refused(api, change, text):
    ApiToken.objects.update(**change)
    assert api.get("/api/v1/registries/").json() == {"detail": text}


def test_notes_the_use_of_a_token_once_a_minute(api, token):
    row = ApiToken.objects.get()
    just_now = timezone.now() - timedelta(seconds=50)
    ApiToken.objects.update(last_used_at=just_now)
    api.get("/api/v1/registries/")
    row.refresh_from_db()
    assert row.last_used_at == just_now

    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    api.get("/api/v1/registries/")
    row.refresh_from_db()
    assert timezone.now() - row.last_used_at < timedelta(seconds=10)


def test_the_page_to_try_it_leads_to_the_login(db):
    response = Client().get(DOCS)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")


def test_a_session_reads_and_needs_the_csrf_token_to_write(bo):
    client = Client(enforce_csrf_checks=True)
    client.force_login(bo)
    assert client.get("/api/v1/registries/").status_code == 200
    response = client.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json")
    assert response.status_code == 403
    assert not ApiToken.objects.exists()
