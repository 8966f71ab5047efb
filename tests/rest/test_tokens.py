"""API tokens by REST: one's own, the text once, ended at once."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from console import actions
from console.models import ApiToken

URL = "/api/v1/tokens/"


def test_the_text_is_shown_once_and_opens_the_door(api):
    created = api.post(URL, {"name": "pipeline"})
    assert created.status_code == 201
    text = created.json()["text"]
    assert text.startswith("ptl_")
    url = f"{URL}{created.json()['id']}/"
    assert "text" not in api.get(url).json()
    assert text not in api.get(URL).content.decode()
    assert api.get(url).json()["hint"] == text[-4:]

    api.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert api.get(URL).status_code == 200
    assert api.delete(url).status_code == 204
    assert api.get(URL).status_code == 401


def test_others_tokens_are_not_there(api, cy):
    row, _ = actions.create_api_token(user=cy, name="of Cy")
    assert [one["name"] for one in api.get(URL).json()["results"]] == ["tests"]
    assert api.get(f"{URL}{row.pk}/").status_code == 404
    assert api.delete(f"{URL}{row.pk}/").status_code == 404
    assert ApiToken.objects.filter(pk=row.pk).exists()


def test_a_token_is_not_changed(api):
    row = ApiToken.objects.get()
    assert api.patch(f"{URL}{row.pk}/", {"name": "x"}).status_code == 405


def test_a_token_made_with_a_token_does_not_outlive_it(api):
    end = timezone.now() + timedelta(hours=1)
    ApiToken.objects.update(expires_at=end)
    for wanted in (None, end + timedelta(seconds=1)):
        answer = api.post(URL, {"name": "x", "expires_at": wanted})
        assert (answer.status_code, list(answer.json())) == (400, ["expires_at"])
    answer = api.post(URL, {"name": "x", "expires_at": end - timedelta(minutes=1)})
    assert answer.status_code == 201
