"""The list of registries and what is done to one with one press."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from console.models import AuditEntry
from registries import health
from registries.models import Registry
from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from console.redis import Client as Store

    from .conftest import Publish, Rows

LIST = "registries:registry-list"
DAY = 86_400_000


def now() -> int:
    return int(time.time() * 1000)


def of(verb: str, rows: Rows) -> str:
    return reverse(f"registries:registry-{verb}", args=[rows.registry.pk])


@pytest.fixture
def several(rows: Rows, publish: Publish) -> Rows:
    """Four registries, each of another state; cluster-a is connected and used."""
    publish(rows.registry, services=7, endpoints=21, event_at=now() - 65_000)
    for name, enabled, status in (
        ("berlin", True, {"phase": "failing", "reason": "unauthorized", "text": "401 it said"}),
        ("tokyo", True, {"token_expires_at": now() + 3 * DAY, "services": 2}),
        ("lisbon", False, {}),
    ):
        registry = factories.make_registry(
            control_plane=rows.plane, name=name, enabled=enabled, server=f"https://{name}.test"
        )
        publish(registry, **status)
    return rows


def names(page: Client, query: str = "") -> list[str]:
    """The registries of the list, in its order."""
    html = page.get(reverse(LIST) + query).content.decode()
    ids = [part.partition('"')[0] for part in html.split('id="registry-')[1:]]
    known = {str(row.pk): row.name for row in Registry.objects.all()}
    return [known[one] for one in ids]


def test_a_list_tells_what_matters(page: Client, several: Rows) -> None:
    html = page.get(reverse(LIST)).content.decode()
    berlin = html[html.index("berlin") :].partition("</tr>")[0]
    assert "The cluster does not accept the token" in berlin
    tokyo = html[html.index("tokyo") :].partition("</tr>")[0]
    assert "token expires <time" in tokyo
    assert "in 2 days" in tokyo or "in 3 days" in tokyo
    first = html[html.index("cluster-a") :].partition("</tr>")[0]
    for text in ("connected", ">7<", "21 endpoints", ">1<", "1 min ago"):
        assert text in first, text
    assert "paused" in html[html.index("lisbon") :].partition("</tr>")[0]


def test_a_list_is_sorted_and_filtered_by_its_address(page: Client, several: Rows) -> None:
    assert names(page) == ["berlin", "cluster-a", "lisbon", "tokyo"]
    assert names(page, "?sort=-name") == ["tokyo", "lisbon", "cluster-a", "berlin"]
    assert names(page, "?sort=state") == ["berlin", "cluster-a", "tokyo", "lisbon"]
    assert names(page, "?sort=-services")[:2] == ["cluster-a", "tokyo"]
    assert names(page, "?sort=token")[0] == "tokyo"
    assert names(page, "?sort=-used")[0] == "cluster-a"
    assert names(page, "?sort=-changed")[0] == "cluster-a"
    assert names(page, "?q=TOKYO.test") == ["tokyo"]
    assert names(page, "?state=failing") == ["berlin"]
    assert names(page, "?state=paused") == ["lisbon"]
    assert names(page, "?state=token") == ["tokyo"]
    assert names(page, "?state=connected&sort=-name") == ["tokyo", "cluster-a"]
    assert "No registry fits" in page.get(reverse(LIST) + "?q=nowhere").content.decode()


def test_a_list_is_a_file_without_secrets(page: Client, several: Rows) -> None:
    found = json.loads(b"".join(page.get(reverse(LIST) + "?format=json&state=failing")))
    assert [(one["name"], one["reason"], one["headline"]) for one in found] == [
        ("berlin", "unauthorized", "The cluster does not accept the token")
    ]
    assert not {"token", "ca_bundle"} & found[0].keys()
    lines = b"".join(page.get(reverse(LIST) + "?format=csv")).decode().splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("name,server,phase,reason")


def test_a_list_hears_of_what_it_shows(page: Client, several: Rows) -> None:
    html = page.get(reverse(LIST) + "?q=cluster-a").content.decode()
    assert f'data-live="rows:{several.plane.pk} registry:{several.registry.pk}"' in html
    part = page.get(reverse(LIST), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "berlin" in part


def test_what_nobody_watches_is_said(page: Client, rows: Rows, publish: Publish) -> None:
    publish(rows.registry, said_at=now() - 60_000)
    assert "nobody watches it" in page.get(reverse(LIST)).content.decode()
    assert "Nobody watches this registry" in page.get(of("detail", rows)).content.decode()
    publish(rows.registry)
    assert "nobody watches it" not in page.get(reverse(LIST)).content.decode()


def test_pausing_can_be_taken_back(page: Client, rows: Rows, publish: Publish) -> None:
    publish(rows.registry)
    html = page.get(of("detail", rows)).content.decode()
    assert "Nodes stay as they are" in html
    html = page.post(of("switch", rows), {"enabled": "0"}, follow=True).content.decode()
    rows.registry.refresh_from_db()
    assert rows.registry.enabled is False
    assert "is paused; its nodes stay as they are" in html
    toast = html[html.index('class="toasts"') :]
    assert f'action="{of("switch", rows)}"' in toast
    assert '<input type="hidden" name="enabled" value="1">' in toast
    html = page.post(of("switch", rows), {"enabled": "1"}, follow=True).content.decode()
    rows.registry.refresh_from_db()
    assert rows.registry.enabled is True


def test_a_resync_is_shown_until_it_is_met(
    page: Client, rows: Rows, publish: Publish, store: Store
) -> None:
    publish(rows.registry)
    html = page.post(of("resync", rows), follow=True).content.decode()
    assert "Everything is read anew" in html
    rows.registry.refresh_from_db()
    assert AuditEntry.objects.filter(object_id=str(rows.registry.pk), verb="changed").exists()
    asked, at = rows.registry.resync, now()

    def live(**status: Any) -> str:
        word = health.Status(phase="connected", said_at=at, resync=asked, resync_at=at, **status)
        health.write(store, str(rows.registry.pk), word)
        return page.get(of("live", rows)).content.decode()

    assert "Read anew." in live()
    html = live(resync_different=0)
    assert "everything was as it should be" in html
    assert "Everything is read anew" not in html
    assert "Read anew: 3 objects were not as they were held" in live(resync_different=3)
    html = live(resync_error="<b>500</b>", resync_reason="server_error")
    assert "Reading anew failed, and nothing was changed: The API server fails." in html
    assert "&lt;b&gt;500" in html


def test_a_paused_registry_is_not_read_anew(page: Client, rows: Rows) -> None:
    Registry.objects.update(enabled=False)
    html = page.post(of("resync", rows), follow=True).content.decode()
    assert "The registry is paused: resume it first" in html


def test_what_is_used_is_not_deleted_and_says_by_whom(page: Client, rows: Rows) -> None:
    html = page.get(of("delete", rows)).content.decode()
    assert "1 application follows a service of it" in html
    assert "sd.httpbin.org" in html
    html = page.post(of("delete", rows), {"name": "cluster-a"}).content.decode()
    assert "The registry is in use" in html
    assert Registry.objects.filter(pk=rows.registry.pk).exists()


def test_deleting_takes_the_name(page: Client, rows: Rows, store: Store) -> None:
    rows.application.delete()
    html = page.post(of("delete", rows), {"name": "cluster"}).content.decode()
    assert "This is not the name" in html
    html = page.post(of("delete", rows), {"name": "cluster-a"}, follow=True).content.decode()
    assert "is deleted" in html
    assert not Registry.objects.exists()


@pytest.mark.parametrize("reason", ["unauthorized", "of-tomorrow"])
def test_a_failure_is_in_words_first_and_technical_second(
    reason: str, page: Client, rows: Rows, publish: Publish
) -> None:
    publish(rows.registry, phase="failing", reason=reason, text="<i>what the server said</i>")
    html = page.get(of("detail", rows)).content.decode()
    html = html[html.index('id="live"') :]
    headline = {"unauthorized": "does not accept the token"}.get(reason, "cannot be read")
    technical = "&lt;i&gt;what the server said"
    assert html.index(headline) < html.index("What the worker said") < html.index(technical)
    assert "the nodes stay as they were last seen" in html
