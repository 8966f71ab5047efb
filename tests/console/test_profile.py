"""One's own account: names, password, sessions, language and theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from console.redis import Client as Store

    from .conftest import Rows

PROFILE, LOOK = "console:profile", "console:look"
PASSWORDS = {
    "old_password": "bo-bo-bo-bo",
    "new_password1": "a-new-long-password",
    "new_password2": "a-new-long-password",
}


def test_names_are_saved(page: Client, rows: Rows, bo: User) -> None:
    typed = {"first_name": "Bo", "last_name": "Berg", "email": "bo@example.org"}
    assert page.post(reverse(PROFILE), typed).status_code == 302
    bo.refresh_from_db()
    assert bo.get_full_name() == "Bo Berg"
    answer = page.post(reverse(PROFILE), typed | {"email": "nobody"})
    assert "email" in answer.context["form"].errors
    assert 'value="nobody"' in answer.content.decode()


def test_a_new_password_ends_the_other_sessions(page: Client, rows: Rows, bo: User) -> None:
    from django.test import Client as Browser

    from console.models import AuditEntry

    other = Browser()
    other.force_login(bo)
    assert page.post(reverse("console:profile-password"), PASSWORDS).status_code == 302
    assert page.get(reverse(PROFILE)).status_code == 200
    assert other.get(reverse(PROFILE)).status_code == 302
    assert Browser().login(username="bo", password="a-new-long-password")
    entry = AuditEntry.objects.get(object_type="user", object_id=str(bo.pk))
    assert (entry.before, entry.after) == ({"password": ""}, {"password": "(set)"})


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"old_password": "guessed"}, "old_password"),
        ({"new_password1": "password", "new_password2": "password"}, "new_password2"),
        ({"new_password2": "another-long-one"}, "new_password2"),
    ],
)
def test_a_password_is_checked(
    page: Client, rows: Rows, bo: User, wrong: dict[str, str], field: str
) -> None:
    answer = page.post(reverse("console:profile-password"), PASSWORDS | wrong)
    assert field in answer.context["password_form"].errors
    bo.refresh_from_db()
    assert bo.check_password("bo-bo-bo-bo")


def test_one_logs_out_everywhere_else(page: Client, rows: Rows, bo: User, cy: User) -> None:
    from django.test import Client as Browser

    others, strange = [Browser(), Browser()], Browser()
    for one in others:
        one.force_login(bo)
    strange.force_login(cy)
    answer = page.post(reverse("console:profile-sessions"), follow=True)
    assert "2 other sessions ended." in answer.content.decode()
    assert all(one.get(reverse(PROFILE)).status_code == 302 for one in others)
    assert strange.get(reverse(PROFILE)).status_code == 200


def test_a_theme_comes_with_the_first_byte(page: Client, rows: Rows) -> None:
    def html() -> str:
        return page.get(reverse(PROFILE)).content.decode()[:400]

    assert '<html lang="en">' in html()
    page.post(reverse(LOOK), {"theme": "dark", "next": "/profile/"})
    assert '<html lang="en" data-bs-theme="dark">' in html()
    page.post(reverse(LOOK), {"theme": ""})
    assert '<html lang="en">' in html()
    page.post(reverse(LOOK), {"theme": '"><script>'})
    assert '<html lang="en">' in html()


def test_language_and_theme_follow_the_login(
    page: Client, rows: Rows, bo: User, store: Store
) -> None:
    from django.test import Client as Browser

    page.post(reverse(LOOK), {"language": "ko"})
    page.post(reverse(LOOK), {"theme": "dark"})
    other = Browser()
    assert 'lang="en"' in other.get(reverse("console:login")).content.decode()
    other.post(reverse("console:login"), {"username": "bo", "password": "bo-bo-bo-bo"})
    assert '<html lang="ko" data-bs-theme="dark">' in other.get(reverse(PROFILE)).content.decode()


def test_the_language_is_chosen_before_the_login_too(client: Client, db: None) -> None:
    login = reverse("console:login")
    answer = client.post(reverse(LOOK), {"language": "ko", "next": login})
    assert answer.headers["Location"] == login
    assert '<html lang="ko"' in client.get(login).content.decode()
    client.post(reverse(LOOK), {"language": "xx"})
    assert '<html lang="ko"' in client.get(login).content.decode()


def test_the_way_back_leads_nowhere_else(client: Client, db: None) -> None:
    answer = client.post(reverse(LOOK), {"theme": "dark", "next": "https://evil.example.org/"})
    assert answer.headers["Location"] == "/"


def test_the_profile_is_there_without_a_control_plane(client: Client, cy: User) -> None:
    client.force_login(cy)
    assert client.get(reverse(PROFILE)).status_code == 200
    assert client.get(reverse("console:token-list")).status_code == 200
