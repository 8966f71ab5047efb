"""Members of a control plane: invited, given a role, sent away; and one administrator stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from console.roles import Role
from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from console.models import ControlPlane, Membership

    from .conftest import Rows

LIST, NEW = "console:member-list", "console:member-create"
PASSWORD = "a-long-enough-password"


@pytest.fixture
def head(client: Client, plane: ControlPlane, bo: User) -> Client:
    """Bo's browser, who administers the control plane."""
    plane.memberships.filter(user=bo).update(role=Role.ADMIN)
    client.force_login(bo)
    return client


@pytest.fixture
def member(plane: ControlPlane, cy: User) -> Membership:
    return factories.make_member_of(plane, cy, Role.VIEWER)


def _invite(browser: Client, username: str, role: str = "viewer", **more: str) -> str:
    """Invite somebody new; the link that is shown."""
    answer = browser.post(reverse(NEW), {"username": username, "role": role, **more})
    assert answer.status_code == 200, answer
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r"http://testserver(/invitation/[\w-]+/[\w-]+/)", answer.content.decode())
    assert found is not None
    return found[1]


def _accept(browser: Client, link: str, password: str = PASSWORD) -> int:
    """Open the link as a browser does and set the password; how that is answered."""
    opened = browser.get(link, follow=True)
    address = opened.redirect_chain[-1][0] if opened.redirect_chain else link
    typed = {"new_password1": password, "new_password2": password}
    return browser.post(address, typed).status_code


def test_who_is_invited_sets_a_password_and_is_in(head: Client, plane: ControlPlane) -> None:
    from django.contrib.auth.models import User
    from django.test import Client as Browser

    link = _invite(head, "eve", "editor", email="eve@example.org")
    eve = User.objects.get(username="eve")
    assert (eve.email, eve.has_usable_password()) == ("eve@example.org", False)
    theirs = Browser()
    assert _accept(theirs, link) == 302
    assert theirs.get("/settings/").context["may"].role == Role.EDITOR
    assert Browser().login(username="eve", password=PASSWORD)
    [entry] = _entries(plane, "membership", "created")
    assert (entry.actor_name, entry.object_name) == ("bo", "eve")


def test_an_invitation_is_good_once(head: Client) -> None:
    from django.contrib.auth.models import User
    from django.test import Client as Browser

    link = _invite(head, "eve")
    _accept(Browser(), link)
    late = Browser()
    assert "This link is not good any more" in late.get(link, follow=True).content.decode()
    _accept(late, link, "another-long-password")
    assert User.objects.get(username="eve").check_password(PASSWORD)
    assert late.get("/").status_code == 302


def test_a_bad_first_password_is_said_at_its_field(head: Client) -> None:
    from django.contrib.auth.models import User
    from django.test import Client as Browser

    assert _accept(Browser(), _invite(head, "eve"), "password") == 200
    assert not User.objects.get(username="eve").has_usable_password()


def test_who_has_an_account_becomes_a_member_without_a_link(
    head: Client, plane: ControlPlane, cy: User
) -> None:
    answer = head.post(reverse(NEW), {"username": "CY", "role": "editor"})
    assert answer.status_code == 302
    assert plane.memberships.get(user=cy).role == Role.EDITOR
    assert cy.has_usable_password()
    answer = head.post(reverse(NEW), {"username": "cy", "role": "viewer"})
    assert "This person is a member already." in str(answer.context["form"].errors["username"])
    answer = head.post(reverse(NEW), {"username": "no good name!", "role": "viewer"})
    assert "username" in answer.context["form"].errors


def test_a_role_is_changed_at_once_and_can_be_taken_back(
    head: Client, member: Membership, plane: ControlPlane
) -> None:
    address = reverse("console:member-edit", args=[member.pk])
    answer = head.post(address, {"role": "editor"}, follow=True)
    html = answer.content.decode()
    assert "“cy” is an editor now." in html
    assert 'name="role" value="viewer"' in html
    member.refresh_from_db()
    assert member.role == Role.EDITOR
    [entry] = _entries(plane, "membership", "changed")
    assert (entry.before, entry.after) == ({"role": "viewer"}, {"role": "editor"})
    answer = head.post(address, {"role": "emperor"})
    assert "role" in answer.context["form"].errors


def test_who_is_removed_sees_nothing_any_more(
    head: Client, member: Membership, plane: ControlPlane, cy: User
) -> None:
    from django.test import Client as Browser

    theirs = Browser()
    theirs.force_login(cy)
    assert theirs.get("/settings/").status_code == 200
    head.post(reverse("console:member-remove", args=[member.pk]))
    assert theirs.get("/settings/").status_code == 403
    assert [one.object_name for one in _entries(plane, "membership", "deleted")] == ["cy"]


def test_the_last_admin_stays(head: Client, plane: ControlPlane, bo: User, cy: User) -> None:
    from console import actions

    mine = plane.memberships.get(user=bo)
    answer = head.post(reverse("console:member-edit", args=[mine.pk]), {"role": "viewer"})
    assert "The last admin of “Default” stays" in answer.content.decode()
    answer = head.post(reverse("console:member-remove", args=[mine.pk]), follow=True)
    assert "The last admin of “Default” stays" in answer.content.decode()
    with pytest.raises(ValidationError, match="last admin"):
        actions.switch_account(membership=mine, active=False, actor=None)
    mine.refresh_from_db()
    assert mine.role == Role.ADMIN
    other = factories.make_member_of(plane, cy, Role.ADMIN)
    other.user.is_active = False
    other.user.save()
    with pytest.raises(ValidationError, match="last admin"):
        actions.remove_member(membership=mine, actor=None)
    other.user.is_active = True
    other.user.save()
    actions.remove_member(membership=mine, actor=None)
    assert [one.user for one in plane.memberships.all()] == [cy]


def test_an_account_is_turned_off_and_on_with_its_sessions_and_tokens(
    head: Client, member: Membership, cy: User
) -> None:
    from django.test import Client as Browser

    from console import actions

    _token, text = actions.create_api_token(user=cy, name="theirs")
    header = {"Authorization": f"Bearer {text}"}
    theirs = Browser()
    theirs.force_login(cy)
    address = reverse("console:member-account", args=[member.pk])
    head.post(address)
    assert theirs.get("/settings/").status_code == 302
    assert Browser().get("/api/v1/registries/", headers=header).status_code == 401
    head.post(address, {"active": "1"})
    assert Browser().get("/api/v1/registries/", headers=header).status_code == 200


def test_an_account_with_another_home_is_not_the_admins_to_touch(
    head: Client, member: Membership, cy: User
) -> None:
    """Else who administers one control plane could come into the others of its members."""
    factories.make_member_of(factories.make_control_plane(), cy)
    for name in ("console:member-link", "console:member-account"):
        assert head.post(reverse(name, args=[member.pk])).status_code == 403
    cy.refresh_from_db()
    assert cy.is_active
    assert cy.has_usable_password()
    html = head.get(reverse("console:member-edit", args=[member.pk])).content.decode()
    assert "Reset the password" not in html


def test_nor_is_a_superusers(head: Client, plane: ControlPlane, ada: User) -> None:
    member = factories.make_member_of(plane, ada, Role.VIEWER)
    assert head.post(reverse("console:member-link", args=[member.pk])).status_code == 403
    ada.refresh_from_db()
    assert ada.has_usable_password()


def test_a_forgotten_password_is_replaced_by_a_link(
    head: Client, member: Membership, cy: User
) -> None:
    from django.test import Client as Browser

    theirs = Browser()
    theirs.force_login(cy)
    answer = head.post(reverse("console:member-link", args=[member.pk]))
    assert theirs.get("/settings/").status_code == 302
    link = re.search(r"/invitation/[\w-]+/[\w-]+/", answer.content.decode())
    assert link is not None
    assert _accept(Browser(), link[0]) == 302
    assert Browser().login(username="cy", password=PASSWORD)


def test_members_are_for_admins(page: Client, rows: Rows) -> None:
    assert page.get(reverse(LIST)).status_code == 403
    assert reverse(LIST) not in page.get("/settings/").content.decode()


def test_the_list_is_narrowed_sorted_and_exported(head: Client, member: Membership) -> None:
    def names(query: str) -> list[str]:
        answer = head.get(reverse(LIST) + query)
        return [str(one) for one in answer.context["listing"].page.object_list]

    assert names("") == ["bo", "cy"]
    assert names("?sort=-name") == ["cy", "bo"]
    assert names("?q=c") == ["cy"]
    assert names("?role=admin") == ["bo"]
    exported = b"".join(head.get(reverse(LIST) + "?format=csv&role=viewer")).decode()  # type: ignore[arg-type]
    assert "cy,,,viewer,True" in exported
    assert "bo" not in exported


def test_members_by_rest(head: Client, plane: ControlPlane, member: Membership) -> None:
    url = f"/api/v1/control-planes/{plane.pk}/members/"
    json = {"content_type": "application/json"}
    made = head.post(url, {"username": "eve", "role": "editor"}, **json)  # type: ignore[arg-type]
    assert made.status_code == 201, made.content
    assert made.json()["invitation"].startswith("http://testserver/invitation/")
    known = [one["username"] for one in head.get(url).json()["results"]]
    assert known == ["bo", "cy", "eve"]
    one = f"{url}{member.pk}/"
    changed = head.patch(one, {"role": "admin"}, **json)  # type: ignore[arg-type]
    assert changed.json()["role"] == "admin"
    assert head.delete(one).status_code == 204
    mine = plane.memberships.get(user__username="bo")
    answer = head.delete(f"{url}{mine.pk}/")
    assert answer.status_code == 400
    assert "last admin" in str(answer.json())


def _entries(plane: ControlPlane, kind: str, verb: str) -> list[object]:
    from console.models import AuditEntry

    found = AuditEntry.objects.filter(object_type=kind, verb=verb, control_plane_id=plane.pk)
    return list(found)


def test_the_list_keeps_its_budget(
    head: Client, plane: ControlPlane, django_assert_max_num_queries: Any
) -> None:
    from django.contrib.auth.models import User

    for number in range(30):
        factories.make_member_of(plane, User.objects.create_user(f"one-of-many-{number}"))
    with django_assert_max_num_queries(6):  # session, user, seats, superusers, count, members
        head.get(reverse(LIST))
