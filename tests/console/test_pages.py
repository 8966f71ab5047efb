"""Every page: for those who are logged in, for strangers, and without Redis."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from .conftest import SECRET, TOKEN

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Publish, Rows

ROOMS = ("console", "registries", "applications", "gateways")
OPEN = {"console:login", "console:logout", "console:look", "console:invitation"}


def _views() -> dict[str, Any]:
    """The views that people use, by name."""
    found: dict[str, Any] = {}

    def walk(resolver: URLResolver, namespace: str) -> None:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                walk(entry, entry.namespace or namespace)
            elif isinstance(entry, URLPattern) and namespace in ROOMS and entry.name:
                found[f"{namespace}:{entry.name}"] = entry.callback

    walk(get_resolver(), "")
    return found


def _deed(name: str, view: Any) -> bool:
    """Whether a view answers POST only."""
    return name == "console:logout" or getattr(view, "methods", ("GET",)) == ("POST",)


VIEWS = _views()
NAMES = sorted(VIEWS)
VERBS = {name for name, view in VIEWS.items() if _deed(name, view)}
# The login shows another page to who is in, the invitation wants its key, and a control plane that
# is not empty cannot be deleted. The audit log leads to the timeline.
PEOPLE = {"console:member-list", "console:member-create"}
DOORS = {"console:login", "console:invitation", "console:settings-delete", "console:audit-list"}
UPSTREAMS = {
    "applications:upstream-explain",
    "applications:version-edit",
    "applications:version-choose",
    "applications:version-delete",
    "gateways:upstream-standing",
}
PAGES = [name for name in NAMES if name not in VERBS | DOORS]


def _address(name: str, rows: Rows) -> str:
    """The address of a page about the row that fits its name."""
    from tests import factories

    row: Any = {
        "registries": rows.registry,
        "gateways": rows.gateway,
        "applications": rows.api if ":api-" in name else rows.application,
    }.get(name.partition(":")[0])
    if name == "applications:registry-users":
        return reverse(name, args=[rows.registry.pk])
    if name in ("gateways:application-dryrun", "gateways:application-warnings"):
        return reverse(name, args=[rows.application.pk])
    if name == "gateways:try":
        return reverse(name, args=[rows.api.pk])
    if name in UPSTREAMS:
        return reverse(name, args=[rows.application.upstreams.get().pk])
    if name in ("applications:api-create", "applications:api-list", "applications:api-preview"):
        return reverse(name, args=[rows.application.pk])
    if name == "registries:service-detail":
        return reverse(name, args=[rows.registry.pk, "apisix", "httpbin"])
    if name.startswith("console:member-") and name not in PEOPLE:
        return reverse(name, args=[factories.some_member_of(rows.plane).pk])
    if name == "console:token-revoke":
        return reverse(name, args=[factories.some_token().pk])
    try:
        return reverse(name)
    except Exception:  # noqa: BLE001 - it wants a row
        return reverse(name, args=[row.pk])


def test_there_are_pages() -> None:
    assert len(NAMES) > 35


def test_an_administrator_sees_every_page(ruler: Client, rows: Rows) -> None:
    for name in PAGES:
        answer = ruler.get(_address(name, rows))
        assert answer.status_code == 200, name
        html = answer.content.decode()
        assert TOKEN not in html, name
        assert SECRET not in html, name
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"], name


def test_a_stranger_is_sent_to_the_login(client: Client, rows: Rows) -> None:
    for name in NAMES:
        if name not in OPEN:
            answer = client.get(_address(name, rows))
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith("/login/"), name


def test_reading_never_changes(page: Client, rows: Rows) -> None:
    for name in VERBS:
        assert page.get(_address(name, rows)).status_code == 405, name


def test_every_page_works_without_redis(
    ruler: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console import redis

    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    for name in PAGES:
        assert ruler.get(_address(name, rows)).status_code == 200, name


def test_without_redis_the_registry_says_so(
    page: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console import redis

    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    html = page.get(reverse("registries:registry-detail", args=[rows.registry.pk])).content.decode()
    assert "Redis does not answer" in html
    assert "unknown" in html


def test_an_empty_console_teaches_the_first_step(ruler: Client, store: Any) -> None:
    html = ruler.get("/").content.decode()
    assert "From a cluster to the first answer" in html
    assert reverse("registries:registry-create") in html


def test_a_missing_page_is_told_in_the_consoles_dress(page: Client, rows: Rows) -> None:
    answer = page.get("/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_row_of_another_control_plane_is_not_found(page: Client, rows: Rows) -> None:
    from tests import factories

    other = factories.make_registry(
        control_plane=factories.make_control_plane(name="Zzz", slug="zzz")
    )
    assert page.get(reverse("registries:registry-detail", args=[other.pk])).status_code == 404


@pytest.mark.parametrize("reason", ["other_cluster", "<script>alert(1)</script>"])
def test_what_a_cluster_says_stays_text(
    reason: str, page: Client, rows: Rows, publish: Publish
) -> None:
    from django.utils import timezone

    from console.contract import wire
    from registries import truth
    from registries.models import Transition

    evil = "<script>alert(1)</script>"
    publish(
        rows.registry,
        wire.Service(
            namespace='"><img src=x onerror=alert(1)>',
            name=evil,
            subsets=(
                wire.Subset(
                    ports=(wire.Port(port=1, name=evil),),
                    endpoints=(wire.Endpoint(address=evil, node=evil, zone=evil, pod=evil),),
                ),
            ),
        ),
        phase="failing",
        reason=reason,
        text=evil,
        warnings=(evil,),
        resource=evil,
        cluster=evil,
        worker=evil,
        failures={evil: 1},
        refused={evil: 1},
        commits=1,
    )
    row = rows.registry.pk
    difference = truth.Difference(service=evil, missing=(evil,), surplus=(evil,), changed=(evil,))
    comparison = truth.Comparison(compared_at=1, differences=(difference,), error=evil)
    truth.write(str(row), comparison)
    Transition.objects.create(
        registry=rows.registry, at=timezone.now(), phase="failing", reason=evil[:50], text=evil
    )
    for address in (
        reverse("registries:registry-list"),
        reverse("registries:registry-detail", args=[row]),
        reverse("registries:registry-live", args=[row]),
        reverse("registries:registry-services", args=[row]),
        f"{reverse('applications:choices-namespaces')}?prefix=m&m-registry={row}",
        "/",
    ):
        html = page.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_no_page_asks_again_and_again() -> None:
    """What changes is told to open pages; a page that polls costs the house for nothing."""
    templates = Path(__file__).parents[2] / "templates"
    polling = [
        one.name
        for one in templates.rglob("*.html")
        if re.search(r"hx-trigger=\"[^\"]*\bevery\b", one.read_text())
    ]
    assert polling == []


def test_every_table_of_a_list_is_fit_for_a_phone() -> None:
    templates = Path(__file__).parents[2] / "templates"
    wide = [
        one.name
        for one in templates.rglob("*.html")
        if re.search(r"class=\"table (?![^\"]*\bstack\b)[^\"]*\bcard-table\b", one.read_text())
    ]
    assert wide == []
