"""What is said when something is not there, not allowed, or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from console.roles import Role
from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from .conftest import Rows


def test_a_missing_page_names_the_ways_on(page: Client, rows: Rows) -> None:
    html = page.get("/no/such/page/").content.decode()
    assert "There is nothing here" in html
    for name in ("console:overview", "applications:application-list", "registries:registry-list"):
        assert f'href="{reverse(name)}"' in html


def test_a_stranger_to_a_missing_page_is_shown_the_login(client: Client, db: None) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert f'href="{reverse("console:login")}"' in answer.content.decode()


def test_a_refusal_says_which_role_it_takes(client: Client, rows: Rows, cy: User) -> None:
    factories.make_member_of(rows.plane, cy, Role.EDITOR)
    client.force_login(cy)
    answer = client.get(reverse("console:member-list"))
    assert answer.status_code == 403
    html = answer.content.decode()
    assert "You are an editor of the control plane “Default”; this takes an admin." in html


def test_a_form_without_its_token_says_what_to_do(rows: Rows, bo: User) -> None:
    from django.test import Client as Browser

    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(bo)
    answer = browser.post(reverse("console:profile"), {"first_name": "Bo"})
    assert answer.status_code == 403
    html = answer.content.decode()
    assert "This page was open for too long" in html
    assert "Nothing was saved" in html
    bo.refresh_from_db()
    assert bo.first_name == ""


def test_a_mistake_of_the_console_needs_no_database() -> None:
    """No fixture opens the database here: a query would fail."""
    from django.test import RequestFactory
    from django.views.defaults import server_error

    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    html = answer.content.decode()
    assert "Something went wrong" in html
    assert 'lang="ko"' in html
    assert "css/tabler" in html
