"""A registry's page: how it stands, how it stood, and the question that a status may ask."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from console.lags import BOUNDS
from registries import expiry, health, truth
from registries.health import Status
from registries.models import Registry, Transition

if TYPE_CHECKING:
    from django.test import Client

    from console.redis import Client as Store

    from .conftest import Publish, Rows

DAY = 86_400_000


def detail(page: Client, rows: Rows) -> str:
    answer = page.get(reverse("registries:registry-detail", args=[rows.registry.pk]))
    return answer.content.decode()


def ends_in(days: float) -> int:
    return int(time.time() * 1000 + days * DAY)


def test_says_how_it_is_read_and_by_whom(page: Client, rows: Rows, publish: Publish) -> None:
    now = int(time.time() * 1000)
    publish(
        rows.registry,
        streamed=True,
        resource="endpointslices",
        bookmark_at=now - 65_000,
        worker="worker-7:42:0123456789abcdef",
        cluster="a-clusters-uid",
        lists=3,
        watches=4,
        failures={"throttled": 9},
        refused={"a loopback address": 2},
        commits=4,
        lag_counts=(2, 1, 1) + (0,) * (len(BOUNDS) - 2),
        token_expires_at=ends_in(100.5),
    )
    html = detail(page, rows)
    for text in (
        "endpointslices, first state streamed by the watch",
        "1 min ago",
        "worker-7:42<",
        "a-clusters-uid",
        "lists: 3, watches: 4",
        "throttled",
        "2: a loopback address",
        "half of the commits within 1 ms",
        "99 % within 5 ms",
        "in 100 days",
    ):
        assert text in html, text
    assert "0123456789abcdef" not in html


def test_what_is_odd_is_said_in_words_and_names(page: Client, rows: Rows, publish: Publish) -> None:
    publish(
        rows.registry,
        resource="endpoints",
        refused={"a multicast address": 1, "a loopback address": 2, "of a newer worker": 1},
        truncated=3,
        cut_off=("shop/cart", "shop/web"),
        warnings=("for programs",),
    )
    html = detail(page, rows)
    for text in (
        "2 endpoints are left out: a loopback address.",
        "1 endpoint is left out: a multicast address.",
        "1 endpoint is left out: of a newer worker.",
        "EndpointSlices are not permitted, so Endpoints are read",
        "3 services have more than 1,000 addresses",
        "shop/cart, shop/web, …",
    ):
        assert text in html, text
    assert "for programs" not in html


def test_endpoints_that_were_chosen_are_not_odd(page: Client, rows: Rows, publish: Publish) -> None:
    rows.registry.resource = "endpoints"
    rows.registry.save()
    publish(rows.registry, resource="endpoints")
    assert "are not permitted" not in detail(page, rows)


def test_the_part_that_renews_itself_has_everything_that_changes(
    page: Client, rows: Rows, publish: Publish
) -> None:
    publish(rows.registry, lists=3)
    answer = page.get(reverse("registries:registry-live", args=[rows.registry.pk]))
    html = answer.content.decode()
    for part in ("figures", "history", "lags", "registry-actions"):
        assert f'id="{part}" hx-swap-oob="morph"' in html
    assert "hx-swap-oob" not in detail(page, rows)


@pytest.mark.parametrize(
    ("days", "colour"),
    [(31, None), (29, "yellow"), (6.9, "orange"), (0.9, "red"), (-1, "red")],
)
def test_a_token_is_counted_down(days: float, colour: str | None) -> None:
    mark = expiry.mark(Registry(), Status(token_expires_at=ends_in(days)))
    assert (mark and mark.colour) == colour


def test_a_token_that_the_platform_renews_is_marked_when_it_is_over() -> None:
    registry = Registry(token_file="/run/token")
    assert expiry.mark(registry, Status(token_expires_at=ends_in(0.01))) is None
    over = expiry.mark(registry, Status(token_expires_at=ends_in(-0.01)))
    assert over is not None
    assert over.colour == "red"


def test_a_token_without_an_end_has_no_mark() -> None:
    assert expiry.mark(Registry(), Status()) is None


def test_the_mark_is_on_the_page_and_in_the_list(
    page: Client, rows: Rows, publish: Publish
) -> None:
    publish(rows.registry, token_expires_at=ends_in(3.5))
    for html in (
        detail(page, rows),
        page.get(reverse("registries:registry-list")).content.decode(),
    ):
        assert "token expires <time" in html
        assert "status-orange" in html
        assert "in 3 days" in html


def test_another_cluster_is_explained_and_accepted(
    page: Client, rows: Rows, publish: Publish
) -> None:
    publish(rows.registry, phase="failing", reason="other_cluster", cluster="new-uid", text="x")
    html = detail(page, rows)
    assert "The address leads to another cluster" in html
    assert "This is the right cluster" in html
    accept = reverse("registries:registry-accept", args=[rows.registry.pk])
    assert f'href="{accept}?cluster=new-uid"' in html
    html = page.get(f"{accept}?cluster=new-uid").content.decode()
    assert 'name="cluster" value="new-uid"' in html
    for name in ("", "another"):
        answer = page.post(accept, {"cluster": "new-uid", "name": name})
        assert 'name="cluster" value="new-uid"' in answer.content.decode()
    rows.registry.refresh_from_db()
    assert rows.registry.accepted_cluster == ""
    answer = page.post(accept, {"cluster": "new-uid", "name": rows.registry.name}, follow=True)
    assert "The cluster is accepted" in answer.content.decode()
    rows.registry.refresh_from_db()
    assert rows.registry.accepted_cluster == "new-uid"


def test_a_cluster_that_changed_meanwhile_is_not_accepted(
    page: Client, rows: Rows, publish: Publish
) -> None:
    publish(rows.registry, phase="failing", reason="other_cluster", cluster="third-uid")
    accept = reverse("registries:registry-accept", args=[rows.registry.pk])
    typed = {"cluster": "new-uid", "name": rows.registry.name}
    answer = page.post(accept, typed, follow=True)
    assert "not the cluster that the address leads to now" in answer.content.decode()
    rows.registry.refresh_from_db()
    assert rows.registry.accepted_cluster == ""


def test_without_redis_nothing_is_accepted(
    page: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console import redis

    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    accept = reverse("registries:registry-accept", args=[rows.registry.pk])
    typed = {"cluster": "x", "name": rows.registry.name}
    assert "Redis does not answer" in page.post(accept, typed, follow=True).content.decode()


def test_the_history_tells_what_was_and_for_how_long(page: Client, rows: Rows) -> None:
    began = datetime.now(UTC) - timedelta(hours=5)
    for minutes, phase, reason in (
        (0, "connected", ""),
        (120, "failing", "unauthorized"),
        (185, "connected", ""),
    ):
        Transition.objects.create(
            registry=rows.registry,
            at=began + timedelta(minutes=minutes),
            phase=phase,
            reason=reason,
            text="The token was refused." if reason else "",
        )
    html = detail(page, rows)
    assert "The token was refused." in html
    assert "The cluster does not accept the token" in html
    html = html[html.index("Lasted") :]
    assert "1 h 5 min" in html
    assert html.index("1 h 55 min") < html.index("1 h 5 min") < html.index("2 h 0 min")


def test_what_the_comparison_found_is_on_the_page(page: Client, rows: Rows, store: Store) -> None:
    difference = truth.Difference(
        service="shop/web", missing=("10.0.0.3",), surplus=("10.0.0.9",), changed=("10.0.0.1",)
    )
    now = int(time.time() * 1000)
    found = truth.Comparison(compared_at=now, services=3, differences=(difference,))
    truth.write(str(rows.registry.pk), found)
    html = detail(page, rows)
    assert "What is published of shop/web is not what the cluster says." in html
    for address in ("10.0.0.3", "10.0.0.9", "10.0.0.1"):
        assert address in html
    truth.write(str(rows.registry.pk), truth.Comparison(compared_at=now, services=3))
    html = detail(page, rows)
    assert "services: 3, of these different: 0" in html
    assert "not what the cluster says" not in html
    truth.write(
        str(rows.registry.pk),
        truth.Comparison(compared_at=now, error="<b>401</b>", reason="unauthorized"),
    )
    html = detail(page, rows)
    assert "The cluster does not accept the token" in html
    assert "&lt;b&gt;401" in html


def test_a_status_of_nobody_is_a_page_all_the_same(page: Client, rows: Rows, store: Store) -> None:
    health.write(store, str(rows.registry.pk), Status(phase="of another release", worker="odd"))
    assert "Figures" in detail(page, rows)
