"""Every address of the console and of the REST API, asked by those who may not.

The addresses are found by walking the URL patterns and are filled with the ids of all rows there
are, so that a new view is tried by being there.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from console.roles import Role
from tests import factories

from .conftest import SECRET, TOKEN

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from console.models import ControlPlane
    from console.redis import Client as Store

    from .conftest import Rows

# Views that take no seat, each with its reason.
OPEN = {
    "console:login": "is how one comes in",
    "console:logout": "ends one's own session",
    "console:invitation": "is opened by the link that an administrator gives",
    "console:audit-list": "leads to where the timeline is now",
    "api:schema": "describes the API, for whoever is logged in",
    "api:docs": "describes the API, for whoever is logged in",
    "api:api-root": "names the lists, for whoever is logged in",
    "api:nowhere": "is nothing",
    "serving:traefik": "is opened by the gateway's own secret, in tests/gateways/traefik",
    "metrics": "has a rule of its own, in tests/metrics",
}
WRITING = ("post", "put", "patch", "delete")
# What every row of the other control plane is called, so that any of it would be seen.
MARK = "unseen-by-strangers"
HOME = "/settings/"


@dataclass(frozen=True)
class View:
    name: str
    route: str
    view: Any

    @property
    def rest(self) -> bool:
        return self.route.startswith("api/")

    @property
    def rule(self) -> Any:
        return getattr(self.view, "rule", None)

    @property
    def personal(self) -> bool:
        return bool(getattr(getattr(self.view, "cls", self.rule), "personal", False))

    @property
    def writing(self) -> Role | None:
        """The role that everything but reading takes."""
        return getattr(getattr(self.view, "cls", self.rule), "writing", Role.EDITOR)

    @property
    def methods(self) -> tuple[str, ...]:
        if hasattr(self.view, "actions"):
            return tuple(method for method in self.view.actions if method != "head")
        return ("get", "post")


def _walk(patterns: list[Any], base: str, namespace: str) -> Iterator[View]:
    for one in patterns:
        route = base + str(one.pattern)
        if isinstance(one, URLResolver):
            if one.namespace != "admin":
                yield from _walk(one.url_patterns, route, one.namespace or namespace)
        elif isinstance(one, URLPattern):
            name = f"{namespace}:{one.name or 'nowhere'}" if namespace else str(one.name)
            yield View(name, route, one.callback)


VIEWS = sorted(_walk(get_resolver().url_patterns, "", ""), key=lambda one: (one.name, one.route))
GUARDED = [one for one in VIEWS if one.name not in OPEN]
OF_PLANES = [one for one in GUARDED if not one.personal]


def _addresses(view: View, ids: list[uuid.UUID]) -> Iterator[str]:
    """The view's address for every way of putting the ids into it."""
    holes = re.findall(r"<(\w+):\w+>", view.route)
    choices: list[list[str]] = []
    for kind in holes:
        choices.append([str(one) for one in ids] if kind == "uuid" else ["1"])
    for values in itertools.product(*choices):
        address = f"/{view.route}"
        for value in values:
            address = re.sub(r"<\w+:\w+>", value, address, count=1)
        yield address


@pytest.fixture
def ids(rows: Rows, bo: User) -> list[uuid.UUID]:
    """The ids of all rows of Bo's control plane, which all bear the mark."""
    for row in (rows.plane, rows.registry, rows.application, rows.api, rows.gateway):
        type(row).objects.filter(pk=row.pk).update(name=f"{MARK}-{type(row).__name__}")  # type: ignore[attr-defined]
    return [
        rows.plane.pk,
        rows.registry.pk,
        rows.application.pk,
        rows.application.upstreams.get().pk,
        rows.api.pk,
        rows.gateway.pk,
        bo.memberships.get().pk,
    ]


@pytest.fixture
def elsewhere(rows: Rows, cy: User) -> ControlPlane:
    """A control plane of Cy's own, who administers it and knows no other."""
    plane = factories.make_control_plane(name="Elsewhere", slug="elsewhere")
    factories.make_member_of(plane, cy, Role.ADMIN)
    return plane


def _ask(client: Client, method: str, address: str) -> tuple[int, str]:
    """Send a request and take back what it did. Nobody here asks too often."""
    cache.clear()
    with transaction.atomic():
        answer = getattr(client, method)(address, **_body(method, address))
        text = b"".join(answer).decode(errors="replace")
        transaction.set_rollback(True)
    return answer.status_code, text


def _body(method: str, address: str) -> dict[str, Any]:
    if method == "get" or not address.startswith("/api/"):
        return {}
    return {"data": "{}", "content_type": "application/json"}


def test_every_view_has_a_rule() -> None:
    """A page declares its own (`console.ui.pages`); a REST view has one permission class."""
    from console.permissions import RolePermission

    lawless = [
        one.name
        for one in GUARDED
        if not (RolePermission in one.view.cls.permission_classes if one.rest else one.rule)
    ]
    assert lawless == []
    assert len(GUARDED) > 80
    assert set(OPEN) <= {one.name for one in VIEWS}


@pytest.mark.slow
def test_a_stranger_finds_nothing_of_others(
    client: Client, elsewhere: ControlPlane, cy: User, ids: list[uuid.UUID]
) -> None:
    """Who administers another control plane reads no name, and writes to no row, of this one."""
    client.force_login(cy)
    found = []
    for view in GUARDED:
        cache.clear()  # who asks too often is refused for that alone, and learns nothing
        for address, method in itertools.product(_addresses(view, ids), view.methods):
            status, text = _ask(client, method, address)
            refused = status in (403, 404, 405) or "<uuid:" not in view.route
            # What is not refused must be the same as for something that nobody has.
            if not refused:
                nowhere = re.sub(r"[0-9a-f-]{36}", str(uuid.UUID(int=0)), address)
                refused = (status, text) == _ask(client, method, nowhere)
            if not refused or any(word in text for word in (MARK, TOKEN, SECRET)):
                found.append((view.name, method, address, status))
    assert found == []


@pytest.mark.slow
def test_the_ids_lead_somewhere_for_a_member(
    client: Client, rows: Rows, ada: User, ids: list[uuid.UUID]
) -> None:
    """What the matrix above finds refused is there: else it would prove nothing."""
    client.force_login(ada)
    nowhere = []
    for view in OF_PLANES:
        if "<uuid:" not in view.route or "<str:" in view.route:
            continue
        asked = itertools.product(_addresses(view, ids), view.methods)
        if all(_ask(client, method, address)[0] in (404, 405) for address, method in asked):
            nowhere.append(view.name)
    assert nowhere == []


@pytest.mark.slow
def test_a_viewer_reads_and_changes_nothing(
    client: Client, rows: Rows, cy: User, ids: list[uuid.UUID]
) -> None:
    factories.make_member_of(rows.plane, cy, Role.VIEWER)
    client.force_login(cy)
    written = []
    for view in OF_PLANES:
        if view.writing is Role.VIEWER:  # a question in a body is a question still
            continue
        methods = [method for method in view.methods if method in WRITING]
        for address, method in itertools.product(_addresses(view, ids), methods):
            status, _text = _ask(client, method, address)
            if status not in (403, 404, 405):
                written.append((view.name, method, status))
    assert written == []


def test_a_viewer_is_offered_no_form(client: Client, rows: Rows, cy: User) -> None:
    factories.make_member_of(rows.plane, cy, Role.VIEWER)
    client.force_login(cy)
    for name, row in (
        ("registries:registry-edit", rows.registry),
        ("gateways:gateway-edit", rows.gateway),
    ):
        answer = client.get(reverse(name, args=[row.pk]))
        assert answer.status_code == 403
        assert "You are a viewer of the control plane “Default”; this takes an editor." in (
            answer.content.decode()
        )
    assert (
        client.get(reverse("registries:registry-detail", args=[rows.registry.pk])).status_code
        == 200
    )


def test_a_viewer_is_offered_nothing_that_would_be_refused(
    client: Client, rows: Rows, cy: User, ids: list[uuid.UUID]
) -> None:
    factories.make_member_of(rows.plane, cy, Role.VIEWER)
    client.force_login(cy)
    seen, refused = _walked(client)
    assert len(seen) > 20
    assert refused == set()


def test_a_viewer_of_an_empty_house_is_offered_nothing_that_would_be_refused(
    client: Client, plane: ControlPlane, store: Store, cy: User
) -> None:
    """Where there is nothing yet, pages teach the next step; it is not a viewer's."""
    factories.make_member_of(plane, cy, Role.VIEWER)
    client.force_login(cy)
    seen, refused = _walked(client)
    assert len(seen) > 8
    assert refused == set()


def _walked(client: Client) -> tuple[set[str], set[tuple[str, str]]]:
    """Open every page, follow every link on it, look up every form: the links that were seen, and
    which page offers what is refused."""
    refused, seen, left = set(), set(), ["/"]
    while left:
        page = left.pop()
        _status, html = _ask(client, "get", page)
        links = set(re.findall(r'(?:href|hx-get)="(/[^"?#]*)', html)) - seen
        seen |= links
        for link in links:
            if link.startswith(("/static/", "/api/", "/live/")):
                continue
            if _ask(client, "get", link)[0] == 403:
                refused.add((page, link))
            left.append(link)
        for action in re.findall(r'<form method="post" action="(/[^"]*)"', html):
            rule = getattr(resolve(action).func, "rule", None)
            if rule and rule.writing and rule.writing is not Role.VIEWER:
                refused.add((page, action))
    return seen, refused


def test_who_has_no_control_plane_is_told_what_to_do(client: Client, rows: Rows, cy: User) -> None:
    client.force_login(cy)
    answer = client.get("/")
    assert answer.status_code == 403
    assert "You are not a member of a control plane yet" in answer.content.decode()
    assert client.get("/api/v1/registries/").json()["results"] == []


def test_a_link_into_another_control_plane_opens_it(client: Client, rows: Rows, bo: User) -> None:
    other = factories.make_registry(name="over-there")
    address = reverse("registries:registry-detail", args=[other.pk])
    client.force_login(bo)
    assert client.get(address).status_code == 404
    factories.make_member_of(other.control_plane, bo, Role.VIEWER)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.context["control_plane"] == other.control_plane
    assert client.get(HOME).context["control_plane"] == other.control_plane
    edit = reverse("registries:registry-edit", args=[other.pk])
    assert client.get(edit).status_code == 403


def test_a_tab_stays_in_the_control_plane_that_it_shows(
    client: Client, rows: Rows, bo: User
) -> None:
    """Another tab has switched meanwhile; this one's form still saves where it was opened."""
    other = factories.make_control_plane(name="Other", slug="other")
    factories.make_member_of(other, bo, Role.ADMIN)
    rows.plane.memberships.update(role=Role.ADMIN)
    client.force_login(bo)
    client.post(reverse("console:plane-switch"), {"control_plane": str(other.pk)})
    assert client.get(HOME).context["control_plane"] == other
    typed = {
        "name": "Default",
        "slug": "default",
        "description": "from the first tab",
        "shown_control_plane": str(rows.plane.pk),
    }
    assert client.post(HOME, typed).status_code == 302
    rows.plane.refresh_from_db()
    other.refresh_from_db()
    assert (rows.plane.description, other.description) == ("from the first tab", "")
    header = {"X-Control-Plane": str(rows.plane.pk)}
    assert client.get(HOME, headers=header).context["control_plane"] == rows.plane
    strange = factories.make_control_plane(name="Strange", slug="strange")
    header = {"X-Control-Plane": str(strange.pk)}
    assert client.get(HOME, headers=header).context["control_plane"] == other


def test_who_makes_a_control_plane_administers_it(bo: User) -> None:
    from console import actions
    from console.models import ControlPlane

    plane = actions.create_control_plane(
        control_plane=ControlPlane(name="Mine", slug="mine"), actor=bo
    )
    assert [(one.user, one.role) for one in plane.memberships.all()] == [(bo, Role.ADMIN)]
