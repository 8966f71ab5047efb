"""What saving a form as it is typed would change at the gateways: nothing of it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from applications.models import Api, Application
from console.models import AuditEntry
from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from console.contract import wire
    from console.redis import Client as Store

    from .conftest import Publish, Rows

REST = "/api/v1/applications/"
MEMBER = {"kind": "static", "host": "10.9.9.9", "port": 8080}
API = {"name": "second", "kind": "rest", "paths": "/second", "paths-type": "prefix"}


@pytest.fixture
def live(rows: Rows, publish: Publish, httpbin: wire.Service, store: Store) -> Rows:
    """The application and its API are published and compiled; the gateway cannot be asked."""
    from applications import dryrun
    from console.contract import keys, wire
    from console.feed import FeedWriter

    publish(rows.registry, httpbin, services=1, endpoints=3)
    feed = FeedWriter(store, keys.feed(keys.control_plane(str(rows.plane.pk))), epoch=1)
    feed.open()
    compiled = dryrun.of_application(rows.application).after
    feed.commit({key: wire.encode(one) for key, one in compiled.items()}, always=True)
    type(rows.gateway).objects.filter(pk=rows.gateway.pk).update(
        settings={"redis_url": "redis://127.0.0.1:1/0"}, secret=b""
    )
    return rows


def _application(**changes: Any) -> dict[str, Any]:
    return {
        "name": "sd.httpbin.org",
        "protocols": ["http"],
        "hosts": "sd.httpbin.org",
        "path_prefix": "/",
        "publish": "on",
        "upstream-scheme": "http",
        "upstream-balance": "roundrobin",
        "upstream-connect_timeout": "60000",
        "upstream-send_timeout": "60000",
        "upstream-read_timeout": "60000",
        "upstream-host_mode": "pass",
        "upstream-on_empty": "fail",
        "upstream-keep_for": "30",
        "members-TOTAL_FORMS": "1",
        "members-INITIAL_FORMS": "0",
        "members-0-kind": "static",
        "members-0-host": "10.9.9.9",
        "members-0-port": "8080",
        "members-0-weight": "100",
        "members-0-priority": "0",
    } | changes


def _changed(page: Client, rows: Rows, **changes: Any) -> str:
    url = reverse("gateways:application-typed", args=[rows.application.pk])
    return page.post(url, _application(**changes)).content.decode()


def _stored() -> tuple[Any, ...]:
    return (
        list(Application.objects.order_by("pk").values()),
        list(Api.objects.order_by("pk").values()),
        AuditEntry.objects.count(),
    )


def test_another_member_is_shown_and_nothing_is_saved(page: Client, live: Rows) -> None:
    before = _stored()
    html = _changed(page, live)
    assert "Once this is saved, gateways are given what is shown below." in html
    assert "10.9.9.9" in html
    assert "10.0.0.1" in html, "the nodes that go are shown too"
    assert _stored() == before


def test_nothing_wakes_the_compiler(
    page: Client, live: Rows, store: Store, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as words:
        _changed(page, live)
    assert words == []


def test_errors_name_their_fields(page: Client, live: Rows) -> None:
    other = factories.make_application(
        control_plane=live.plane, name="taken", hosts=["taken.example.org"]
    )
    html = _changed(page, live, hosts=other.hosts[0])
    assert 'data-wrong="id_hosts"' in html
    assert "The application “taken” has taken.example.org" in html
    html = _changed(page, live, **{"members-0-port": "70000"})
    assert 'data-wrong="id_members-0-port"' in html
    assert "Once this is saved" not in html


def test_unpublishing_takes_all_of_it_away(page: Client, live: Rows) -> None:
    html = _changed(page, live, publish="")
    assert "removed" in html
    assert "added" not in html


def test_a_draft_is_shown_as_if_it_were_published(page: Client, live: Rows) -> None:
    Application.objects.filter(pk=live.application.pk).update(published=False)
    html = _changed(page, live, publish="")
    assert "It is a draft: saving it changes nothing at the gateways." in html
    assert "10.9.9.9" in html


def test_a_new_application_without_an_api_gives_nothing(page: Client, live: Rows) -> None:
    typed = _application(name="new", hosts="new.example.org")
    html = page.post(reverse("gateways:application-typed-new"), typed).content.decode()
    assert "Without a published API gateways have nothing of an application." in html
    assert "Nothing would change here." in html
    assert not Application.objects.filter(name="new").exists()


def test_a_copy_takes_its_apis_along(page: Client, live: Rows) -> None:
    url = reverse("gateways:application-typed-new") + f"?copy={live.application.pk}"
    typed = _application(name="copy", hosts="copy.example.org", **{"copy-apis": "on"})
    html = page.post(url, typed).content.decode()
    assert "copy.example.org" in html
    assert "added" in html


def test_an_api_is_shown_before_it_is_made(page: Client, live: Rows) -> None:
    url = reverse("gateways:api-typed-new", args=[live.application.pk])
    html = page.post(url, API | {"publish": "on"}).content.decode()
    assert "Once this is saved" in html
    assert "/second" in html
    assert Api.objects.count() == 1
    wrong = page.post(url, API | {"name": "anything"}).content.decode()
    assert 'data-wrong="id_name"' in wrong


def test_an_api_s_change_and_its_switch(page: Client, live: Rows) -> None:
    url = reverse("gateways:api-typed", args=[live.api.pk])
    typed = API | {"name": "anything", "paths": "/elsewhere"}
    html = page.post(url, typed | {"publish": "on"}).content.decode()
    assert "/elsewhere" in html
    html = page.post(url, typed).content.decode()
    assert "Once this is saved" in html
    assert "removed" in html
    assert "added" not in html
    live.api.refresh_from_db()
    assert live.api.published


def test_a_viewer_saves_nothing_and_asks_nothing(client: Client, live: Rows, bo: Any) -> None:
    from console.models import Membership
    from console.roles import Role

    bo.is_superuser = False
    bo.save()
    Membership.objects.filter(user=bo).delete()
    Membership.objects.create(user=bo, control_plane=live.plane, role=Role.VIEWER)
    client.force_login(bo)
    url = reverse("gateways:application-typed", args=[live.application.pk])
    assert client.post(url, _application()).status_code == 403


def test_other_people_s_rows_are_not_there(page: Client, live: Rows) -> None:
    stranger = factories.make_application(control_plane=factories.make_control_plane())
    assert (
        page.post(
            reverse("gateways:application-typed", args=[stranger.pk]), _application()
        ).status_code
        == 404
    )
    assert page.patch(f"{REST}{stranger.pk}/dry-run/", {}).status_code in (403, 404)


def _send(page: Client, method: str, url: str, body: Any) -> Any:
    return getattr(page, method)(REST + url, body, content_type="application/json")


def test_rest_answers_the_same_for_what_is_sent(page: Client, live: Rows) -> None:
    before = _stored()
    one = f"{live.application.pk}/"
    [effect] = _send(page, "patch", f"{one}dry-run/", {"upstream": {"members": [MEMBER]}}).json()
    assert "10.9.9.9" in str([change["after"] for change in effect["changes"]])
    assert effect["more"] == 0
    body = {"name": "new", "hosts": ["n.example.org"], "upstream": {"members": [MEMBER]}}
    [effect] = _send(page, "post", "dry-run/", body).json()
    assert effect["changes"] == []
    [effect] = _send(page, "put", f"{one}dry-run/", body).json()
    assert "n.example.org" in str(effect["changes"])
    path = {"name": "more", "paths": [{"path": "/more"}]}
    [effect] = _send(page, "post", f"{one}apis/dry-run/", path).json()
    assert "/more" in str(effect["changes"])
    api = f"{one}apis/{live.api.pk}/dry-run/"
    [effect] = _send(page, "put", api, path).json()
    assert "/more" in str(effect["changes"])
    [effect] = _send(page, "patch", api, {"methods": ["PUT"]}).json()
    assert {change["change"] for change in effect["changes"]} == {"changed"}
    assert _stored() == before


def test_rest_refuses_what_saving_refuses(page: Client, live: Rows) -> None:
    answer = _send(page, "patch", f"{live.application.pk}/dry-run/", {"path_prefix": "shop"})
    assert answer.status_code == 400
    assert "path_prefix" in answer.json()
    other = factories.make_application(control_plane=live.plane, hosts=["taken.example.org"])
    answer = _send(page, "patch", f"{live.application.pk}/dry-run/", {"hosts": other.hosts})
    assert answer.status_code == 400
    assert "hosts" in answer.json()
