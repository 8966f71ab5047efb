"""Versions, copies, and two people who change the same thing."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from applications.models import Application, Upstream

    from .conftest import Rows


class _Form(HTMLParser):
    """The fields of a page's form as a browser would send them back."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._templates = 0
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name = values.get("name") or ""
        self._templates += tag == "template"
        if self._templates:
            return
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in values:
            self._put(self._select, values.get("value"))
        elif tag == "textarea":
            self._text = name
            self._put(name, "")
        elif tag == "input" and name and ("checked" in values or not self._ticks(values)):
            self._put(name, values.get("value", "on" if self._ticks(values) else ""))

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"
        self._select = "" if tag == "select" else self._select
        self._text = "" if tag == "textarea" else self._text

    def handle_data(self, data: str) -> None:
        if self._text and not self._templates:
            self.found[self._text][-1] += data.removeprefix("\n")

    @staticmethod
    def _ticks(values: dict[str, str | None]) -> bool:
        return values.get("type") in ("checkbox", "radio")

    def _put(self, name: str, value: str | None) -> None:
        self.found.setdefault(name, []).append(value or "")


def _fields(page: Client, address: str) -> dict[str, Any]:
    form = _Form()
    form.feed(page.get(address).content.decode())
    return {name: form.found[name] for name in form.found if name != "csrfmiddlewaretoken"}


def _edit(rows: Rows) -> str:
    return reverse("applications:application-edit", args=[rows.application.pk])


def test_saving_a_page_as_it_is_changes_nothing_that_was_stored(page: Client, rows: Rows) -> None:
    from applications import actions
    from applications.models import Application

    upstream = rows.application.upstreams.get()
    upstream.checks = {"active": {"type": "tcp", "of_tomorrow": [1]}, "more": 1}
    upstream.retries, upstream.balance = 2, "least_conn"
    actions.change_upstream(upstream=upstream, actor=None)
    rows.application.plugins = {"cors": {"allow": ["a", "b"]}, "limit-count": {"n": 1}}
    actions.change_application(application=rows.application, actor=None)
    before = _stored(rows.application)
    address = _edit(rows)
    answer = page.post(address, _fields(page, address))
    assert answer.status_code == 302
    assert _stored(Application.objects.get(pk=rows.application.pk)) == before


def _stored(application: Application) -> str:
    from applications.actions.upstreams import facts
    from console import audit

    upstream: Upstream = application.upstreams.get()
    return json.dumps([audit.facts(application), facts(upstream)], sort_keys=True)


@pytest.mark.parametrize("what", ["application", "upstream", "switch"])
def test_who_comes_later_is_told_who_came_first(
    what: str, page: Client, rows: Rows, bo: Any
) -> None:
    from applications import actions

    fields = _fields(page, _edit(rows)) | {"description": "mine"}
    application = rows.application
    if what == "application":
        application.description = "theirs"
        actions.change_application(application=application, actor=bo)
    elif what == "upstream":
        upstream = application.upstreams.get()
        upstream.retries = 7
        actions.change_upstream(upstream=upstream, actor=bo)
    else:
        actions.unpublish_application(application=application, actor=bo)
    answer = page.post(_edit(rows), fields)
    [said] = answer.context["editor"].form.non_field_errors()
    verb = "unpublished" if what == "switch" else "changed"
    assert said.startswith(f"bo {verb} this at ")
    assert {"application": "description", "upstream": "retries"}.get(what, "Nothing") in said
    application.refresh_from_db()
    assert application.description != "mine"
    again = fields | {"seen": answer.context["editor"].sealed}
    assert page.post(_edit(rows), again).status_code == 302  # knowingly
    application.refresh_from_db()
    assert application.description == "mine"


def test_a_change_of_an_api_is_nobodys_business_but_the_apis(page: Client, rows: Rows) -> None:
    from applications import actions

    fields = _fields(page, _edit(rows))
    actions.unpublish_api(api=rows.api, actor=None)
    assert page.post(_edit(rows), fields).status_code == 302
    address = reverse("applications:api-edit", args=[rows.api.pk])
    fields = _fields(page, address)
    actions.publish_api(api=rows.api, actor=None)
    answer = page.post(address, fields)
    assert "portolan published this at" in str(answer.context["form"].non_field_errors())
    rows.api.refresh_from_db()
    assert rows.api.published


def test_an_open_form_hears_of_it(page: Client, rows: Rows, bo: Any) -> None:
    from applications import actions
    from applications.forms import seal

    sealed = seal.seal(rows.application, rows.application.upstreams.get())
    address = reverse("applications:overtaken")
    assert "alert" not in page.get(address, {"seen": sealed}).content.decode()
    rows.application.hosts = ["else.example.org"]
    actions.change_application(application=rows.application, actor=bo)
    html = page.get(address, {"seen": sealed}).content.decode()
    assert "bo changed this at" in html
    assert "hosts" in html
    for nonsense in ("", "x", "application:1@2", "user:9@9", sealed.replace("@", "")):
        assert "alert" not in page.get(address, {"seen": nonsense}).content.decode()


def test_a_seal_says_nothing_of_another_control_plane(page: Client, rows: Rows) -> None:
    from applications.forms import seal

    other = factories.make_application()
    said = seal.broken(seal.seal(other), rows.plane)
    assert other.name not in said


def test_a_copy_has_everything_but_the_hosts_of_somebody_else(page: Client, rows: Rows) -> None:
    from applications.models import Application

    address = f"{reverse('applications:application-create')}?copy={rows.application.pk}"
    fields = _fields(page, address)
    assert fields["name"] == ["Copy of sd.httpbin.org"]
    refused = page.post(address, fields)
    assert "already" in str(refused.context["editor"].form.errors["hosts"])
    assert page.post(address, fields | {"hosts": "copy.example.org"}).status_code == 302
    copy = Application.objects.get(name="Copy of sd.httpbin.org")
    assert not copy.published
    assert copy.labels == ["demo"]
    [member] = copy.upstreams.get().members.all()
    assert str(member) == "cluster-a/apisix/httpbin:80-80"
    [api] = copy.apis.all()
    assert (api.name, api.paths, api.published) == ("anything", rows.api.paths, True)
    assert rows.application.apis.count() == 1


def test_a_copy_may_leave_the_apis_behind(page: Client, rows: Rows) -> None:
    from applications.models import Application

    address = f"{reverse('applications:application-create')}?copy={rows.application.pk}"
    fields = _fields(page, address) | {"hosts": "copy.example.org"}
    del fields["copy-apis"]
    page.post(address, fields)
    assert not Application.objects.get(name__startswith="Copy").apis.exists()


def test_a_version_is_added_chosen_and_deleted(page: Client, rows: Rows) -> None:
    address = reverse("applications:version-create", args=[rows.application.pk])
    fields = _fields(page, address)
    taken = page.post(address, fields | {"upstream-version": "default"})
    assert "has this version already" in str(taken.context["editor"].form.errors["version"])
    assert page.post(address, fields | {"upstream-version": "green"}).status_code == 302
    green = rows.application.upstreams.get(version="green")
    assert [str(one) for one in green.members.all()] == ["cluster-a/apisix/httpbin:80-80"]

    blue = rows.application.upstreams.get(version="default")
    answer = page.post(reverse("applications:version-choose", args=[green.pk]), follow=True)
    html = answer.content.decode()
    undo = reverse("applications:version-choose", args=[blue.pk])
    assert f'action="{undo}"' in html.split('class="toasts"')[1]
    rows.application.refresh_from_db()
    assert rows.application.default_version == "green"
    delete = reverse("applications:version-delete", args=[green.pk])
    assert "default version" in page.post(delete, {"name": "green"}).content.decode()
    page.post(undo)
    assert page.post(delete, {"name": "green"}).status_code == 302
    assert [one.version for one in rows.application.upstreams.all()] == ["default"]


def test_a_version_is_changed_on_its_page(page: Client, rows: Rows) -> None:
    upstream = rows.application.upstreams.get()
    address = reverse("applications:version-edit", args=[upstream.pk])
    fields = _fields(page, address) | {"upstream-version": "blue", "upstream-retries": "3"}
    assert page.post(address, fields).status_code == 302
    upstream.refresh_from_db()
    rows.application.refresh_from_db()
    assert (upstream.version, upstream.retries) == ("blue", 3)
    assert rows.application.default_version == "blue"  # it stays the default under its new name


def test_members_are_saved_in_the_order_they_were_put_in(page: Client, rows: Rows) -> None:
    fields = _fields(page, _edit(rows)) | {
        "members-TOTAL_FORMS": "2",
        "members-0-ORDER": "1",
        "members-1-ORDER": "0",
        "members-1-kind": "static",
        "members-1-host": "10.0.0.9",
        "members-1-port": "80",
        "members-1-weight": "100",
        "members-1-priority": "0",
    }
    assert page.post(_edit(rows), fields).status_code == 302
    members = rows.application.upstreams.get().members.all()
    assert [one.kind for one in members] == ["static", "discovery"]
    broken = page.post(_edit(rows), fields | {"members-1-host": "not a host", "seen": ""})
    first, second = broken.context["editor"].members.shown
    assert "host" in first.errors
    assert not second.errors
