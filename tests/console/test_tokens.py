"""API tokens: the text is shown once, to the one who made it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.urls import reverse

from console.roles import Role
from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from .conftest import Rows


def test_the_text_is_shown_once(page: Client, bo: User) -> None:
    from console.models import ApiToken

    answer = page.post(reverse("console:token-create"), {"name": "ci", "lifetime": "90"})
    found = re.search(r"ptl_[\w-]{20,}", answer.content.decode())
    assert found is not None
    assert answer.headers["Cache-Control"] == "no-store"
    token = ApiToken.objects.get(user=bo)
    assert token.digest == ApiToken.digest_of(found[0])
    assert token.expires_at is not None
    assert found[0] not in page.get(reverse("console:token-list")).content.decode()


def test_a_token_without_a_name_is_not_made(page: Client) -> None:
    answer = page.post(reverse("console:token-create"), {"name": " ", "lifetime": ""})
    assert "name" in answer.context["form"].errors


def test_only_ones_own_are_seen_and_revoked(page: Client, bo: User, cy: User) -> None:
    from console import actions
    from console.models import ApiToken

    theirs, _text = actions.create_api_token(user=cy, name="of-cy")
    mine, _text = actions.create_api_token(user=bo, name="of-bo")
    assert "of-cy" not in page.get(reverse("console:token-list")).content.decode()
    assert page.post(reverse("console:token-revoke", args=[theirs.pk])).status_code == 404
    revoke = reverse("console:token-revoke", args=[mine.pk])
    assert "Revoke the token “of-bo”?" in page.get(revoke).content.decode()
    answer = page.post(revoke, {"name": "of-cy"})
    assert "This is not the name. Nothing was revoked." in answer.content.decode()
    assert ApiToken.objects.count() == 2
    assert page.post(revoke, {"name": "of-bo"}).status_code == 302
    assert list(ApiToken.objects.all()) == [theirs]


def test_login_and_logout(client: Client, cy: User) -> None:
    answer = client.post(reverse("console:login"), {"username": "cy", "password": "wrong"})
    assert "Please enter a correct username" in answer.content.decode()
    answer = client.post(reverse("console:login"), {"username": "cy", "password": "cy-cy-cy-cy"})
    assert answer.headers["Location"] == "/"
    client.post(reverse("console:logout"))
    assert client.get("/").status_code == 302


def test_members_tokens_are_seen_by_their_admin_without_their_text(
    client: Client, rows: Rows, bo: User, cy: User
) -> None:
    from console import actions
    from console.models import ApiToken

    rows.plane.memberships.filter(user=bo).update(role=Role.ADMIN)
    factories.make_member_of(rows.plane, cy, Role.VIEWER)
    token, text = actions.create_api_token(user=cy, name="of-cy")
    client.force_login(bo)
    html = client.get(reverse("console:token-list")).content.decode()
    assert "of-cy" in html
    assert text not in html
    revoke = reverse("console:token-revoke", args=[token.pk])
    factories.make_member_of(factories.make_control_plane(), cy)
    assert revoke not in client.get(reverse("console:token-list")).content.decode()
    assert client.post(revoke).status_code == 404  # it opens another control plane too
    cy.memberships.exclude(control_plane=rows.plane).delete()
    assert client.post(revoke, {"name": "of-cy"}).status_code == 302
    assert not ApiToken.objects.exists()
