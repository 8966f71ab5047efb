"""What publishing would change: compiled as if, compared with what gateways have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from applications import dryrun
from console.contract import keys
from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from applications.models import Api, Application
    from console.contract import wire

    from .conftest import Publish, Rows


@pytest.fixture
def draft(rows: Rows, publish: Publish, httpbin: wire.Service, gateway_redis_url: str) -> Rows:
    """The application and its API are not published; the gateway's tree can be read."""
    from gateways.models import Gateway

    publish(rows.registry, httpbin, services=1, endpoints=3)
    type(rows.application).objects.filter(pk=rows.application.pk).update(published=False)
    type(rows.api).objects.filter(pk=rows.api.pk).update(published=False)
    Gateway.objects.filter(pk=rows.gateway.pk).update(
        settings={"redis_url": "redis://127.0.0.1:1/0"}, secret=b""
    )
    rows.gateway.refresh_from_db()
    return rows


def _resources(application: Application, *apis: Api) -> dict[str, Any]:
    return dict(dryrun.of_application(application, apis=[str(one.pk) for one in apis]).after)


def test_a_draft_is_compiled_as_if_it_were_published(draft: Rows) -> None:
    assert _resources(draft.application) == {}
    found = _resources(draft.application, draft.api)
    upstream = found[keys.upstream(str(draft.application.upstreams.get().pk))]
    assert [node.host for node in upstream.nodes] == ["10.0.0.1", "10.0.0.2"]
    assert found[keys.route(str(draft.api.pk))].hosts == ("sd.httpbin.org",)
    draft.application.refresh_from_db()
    assert not draft.application.published


def test_the_page_names_what_would_be_added(page: Client, draft: Rows) -> None:
    html = page.get(_dryrun(draft)).content.decode()
    assert "As if the application and its 1 unpublished API were published." in html
    assert "added" in html
    assert "10.0.0.1" in html
    assert "It could not be asked what it has:" in html
    without = page.get(_dryrun(draft) + "?drafts=0").content.decode()
    assert "Nothing would change here." in without
    alone = page.get(_dryrun(draft) + f"?api={draft.api.pk}").content.decode()
    assert "10.0.0.1" in alone


def test_what_a_gateway_cannot_have_is_told_before_it_is_published(
    page: Client, draft: Rows
) -> None:
    type(draft.api).objects.filter(pk=draft.api.pk).update(plugins={"no-such": {}})
    html = page.get(_dryrun(draft)).content.decode()
    assert "It cannot have" in html
    assert "no-such" in html
    warned = page.get(
        reverse("gateways:application-warnings", args=[draft.application.pk])
    ).content.decode()
    assert "The gateway “edge” (Traefik) cannot express this" in warned
    assert "no-such" in warned


def test_nothing_is_said_of_what_fits(page: Client, draft: Rows) -> None:
    address = reverse("gateways:application-warnings", args=[draft.application.pk])
    assert page.get(address).content.strip() == b""


def test_a_live_gateway_is_what_it_is_compared_with(
    draft: Rows, page: Client, gateway_store: Any, gateway_redis_url: str
) -> None:
    """The tree has an object that a console of before wrote: the change of it is shown."""
    from django.conf import settings

    from console.secrets import Secret
    from gateways import drivers
    from gateways.models import Gateway

    parts = urlsplit(settings.REDIS_URL)
    wanted, secret = {"redis_url": gateway_redis_url}, f"{parts.username or ''}:{parts.password}"
    gateway = Gateway.objects.get(pk=draft.gateway.pk)
    gateway.settings, gateway.secret = wanted, Secret(secret)
    gateway.save()
    resources = _resources(draft.application, draft.api)
    driver = drivers.build("traefik", wanted, secret)
    driver.start(epoch=1)
    driver.replace(resources)
    url = f"/api/v1/applications/{draft.application.pk}/dry-run/"
    [effect] = page.get(url).json()
    assert effect["live"], effect
    assert effect["changes"] == []
    key = keys.upstream(str(draft.application.upstreams.get().pk))
    driver.replace({name: one for name, one in resources.items() if name != key})
    [effect] = page.get(url).json()
    assert {one["change"] for one in effect["changes"]} == {"added"}


def test_rest_asks_for_drafts_or_not(page: Client, draft: Rows) -> None:
    url = f"/api/v1/applications/{draft.application.pk}/dry-run/"
    [effect] = page.get(url).json()
    assert effect["changes"]
    assert effect["name"] == "edge"
    [effect] = page.get(url, {"drafts": "false"}).json()
    assert effect["changes"] == []


def test_other_people_s_applications_are_not_there(page: Client, draft: Rows) -> None:
    stranger = factories.make_application(control_plane=factories.make_control_plane())
    assert page.get(f"/api/v1/applications/{stranger.pk}/dry-run/").status_code == 404
    for name in ("application-dryrun", "application-warnings"):
        assert page.get(reverse(f"gateways:{name}", args=[stranger.pk])).status_code == 404


def _dryrun(rows: Rows) -> str:
    return reverse("gateways:application-dryrun", args=[rows.application.pk])
