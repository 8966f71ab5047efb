"""The pages of gateways: how they stand, how they are made, and tried before that."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

from .conftest import SECRET

if TYPE_CHECKING:
    from django.test import Client

    from gateways.models import Gateway

    from .conftest import Rows
    from .scenes import Scene

REDIS = "redis://127.0.0.1:6379/3"


def _filled(**changes: Any) -> dict[str, Any]:
    return {
        "name": "made",
        "kind": "traefik",
        "enabled": "on",
        "traefik-redis_url": REDIS,
        "traefik-root_key": "mine",
        "traefik-entry_points": "web, websecure",
    } | changes


def _edit(rows: Rows) -> str:
    return reverse("gateways:gateway-edit", args=[rows.gateway.pk])


def _again(gateway: Gateway) -> Gateway:
    gateway.refresh_from_db()
    return gateway


def test_a_gateway_is_made_of_fields(page: Client, rows: Rows) -> None:
    from gateways.models import Gateway

    answer = page.post(reverse("gateways:gateway-create"), _filled(secret="pw"))
    made = Gateway.objects.get(name="made")
    assert answer["Location"] == reverse("gateways:gateway-detail", args=[made.pk])
    given = {"redis_url": REDIS, "root_key": "mine", "entry_points": ["web", "websecure"]}
    assert given.items() <= made.settings.items()
    assert made.secret.reveal() == "pw"


def test_what_is_left_empty_has_its_default(page: Client, rows: Rows) -> None:
    from gateways.models import Gateway

    values = _filled(**{"traefik-root_key": "", "traefik-entry_points": ""})
    page.post(reverse("gateways:gateway-create"), values)
    found = Gateway.objects.get(name="made").settings
    assert (found["root_key"], found["entry_points"]) == ("traefik", [])


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        (
            {"traefik-redis_url": "", "traefik-provider": "redis"},
            "traefik-redis_url",
            "Write it as redis://",
        ),
        ({"traefik-redis_url": "http://x"}, "traefik-redis_url", "Write it as redis://"),
        ({"traefik-root_key": "a b"}, "traefik-root_key", "One word"),
        ({"traefik-entry_points": "a/b"}, "traefik-entry_points", "“a/b” is no entry point"),
        ({"name": "edge"}, "name", "exists already"),
        ({"kind": "nginx"}, "kind", "valid choice"),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_all_others_stay(
    values: dict[str, str], field: str, says: str, page: Client, rows: Rows
) -> None:
    answer = page.post(reverse("gateways:gateway-create"), _filled(description="stays", **values))
    form = answer.context["form"]
    assert set(form.errors) == {field}
    assert says in " ".join(form.errors[field])
    assert "stays" in answer.content.decode()
    if field != "kind":
        assert form.fields[field].widget.attrs.get("autofocus")


def test_settings_that_this_release_does_not_know_are_kept(page: Client, rows: Rows) -> None:
    from gateways.models import Gateway

    known = dict(rows.gateway.settings)
    Gateway.objects.filter(pk=rows.gateway.pk).update(settings=known | {"colour": "red"})
    form = page.get(_edit(rows)).context["form"]
    assert form.fields["other_settings"].initial == {"colour": "red"}
    kept = {"other_settings": '{"colour": "red"}', "name": "edge"}
    answer = page.post(_edit(rows), _filled(secret="pw", secret_choice="replace", **kept))
    assert "colour" in str(answer.context["form"].errors["other_settings"])  # by the driver
    assert _again(rows.gateway).settings["colour"] == "red"
    page.post(
        _edit(rows),
        _filled(name="edge", secret="pw", secret_choice="replace", other_settings=""),
    )
    assert "colour" not in _again(rows.gateway).settings


@pytest.mark.parametrize(
    ("choice", "typed", "stored"),
    [
        ("keep", "", SECRET),
        ("keep", "typed and thought better of", SECRET),
        ("replace", "new", "new"),
        ("forget", "", ""),
    ],
)
def test_a_secret_is_kept_replaced_or_forgotten(
    choice: str, typed: str, stored: str, page: Client, rows: Rows
) -> None:
    values = _filled(name="edge", secret_choice=choice, secret=typed)
    assert page.post(_edit(rows), values).status_code == 302
    assert _again(rows.gateway).secret.reveal() == stored


def test_replacing_takes_a_new_secret(page: Client, rows: Rows) -> None:
    answer = page.post(_edit(rows), _filled(name="edge", secret_choice="replace"))
    assert set(answer.context["form"].errors) == {"secret"}


def test_a_stored_secret_is_sent_to_no_other_server(page: Client, rows: Rows) -> None:
    values = _filled(**{"name": "edge", "traefik-redis_url": "redis://10.0.0.66:6379/0"})
    for address in (_edit(rows), reverse("gateways:gateway-test", args=[rows.gateway.pk])):
        answer = page.post(address, values | {"secret_choice": "keep"})
        assert "The secret would go to another server: give it again." in answer.content.decode()
    assert _again(rows.gateway).settings["redis_url"] == REDIS
    page.post(_edit(rows), values | {"secret_choice": "forget"})
    assert _again(rows.gateway).settings["redis_url"] == "redis://10.0.0.66:6379/0"


def test_rest_keeps_the_secret_where_it_belongs_too(rows: Rows) -> None:
    from django.core.exceptions import ValidationError

    from gateways import actions

    gateway = _again(rows.gateway)
    gateway.settings = {"redis_url": "redis://10.0.0.66:6379/0"}
    with pytest.raises(ValidationError) as caught:
        actions.change_gateway(gateway=gateway, actor=None)
    assert set(caught.value.message_dict) == {"secret"}


def test_no_page_shows_the_secret(page: Client, scene: Scene) -> None:
    for name in ("gateway-detail", "gateway-edit"):
        html = page.get(reverse(f"gateways:{name}", args=[scene.rows.gateway.pk])).content
        assert SECRET.encode() not in html
    page.post(_edit(scene.rows), _filled(name="", secret="typed-secret", secret_choice="replace"))
    html = page.post(_edit(scene.rows), _filled(name="", secret="typed-secret")).content
    assert b"typed-secret" not in html


def test_a_gateway_is_switched_and_switched_back(page: Client, rows: Rows) -> None:
    switch = reverse("gateways:gateway-switch", args=[rows.gateway.pk])
    html = page.post(switch, {"enabled": "0"}, follow=True).content.decode()
    assert not _again(rows.gateway).enabled
    assert "“edge” is disabled." in html
    undo = html[html.index(f'action="{switch}"') :]
    assert '<input type="hidden" name="enabled" value="1">' in undo
    page.post(switch, {"enabled": "1"})
    assert _again(rows.gateway).enabled


def test_the_list_tells_how_each_gateway_stands(page: Client, scene: Scene) -> None:
    factories.make_gateway(control_plane=scene.rows.plane, name="other")
    before = scene.position
    scene.compiled(nodes=3)
    scene.gateway(applied=before)
    html = page.get(reverse("gateways:gateway-list")).content.decode()
    assert "in sync" in html
    assert "1 behind" in html
    assert "7 ms" in html
    assert f"gateway:{scene.rows.gateway.pk}" in html


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("", ["edge", "other"]),
        ("q=edg", ["edge"]),
        ("q=9080", ["edge"]),
        ("state=in_sync", ["edge"]),
        ("state=unknown", ["other"]),
        ("state=disabled", []),
        ("kind=traefik&sort=-name", ["other", "edge"]),
    ],
)
def test_the_list_s_address_is_its_state(
    question: str, names: list[str], page: Client, scene: Scene
) -> None:
    factories.make_gateway(control_plane=scene.rows.plane, name="other", url="http://10.0.0.9:80")
    answer = page.get(f"{reverse('gateways:gateway-list')}?{question}")
    assert [one[0].name for one in answer.context["gateways"]] == names


def test_the_list_as_a_file(page: Client, scene: Scene) -> None:
    address = reverse("gateways:gateway-list")
    text = page.get(f"{address}?format=csv").getvalue().decode()
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["name"], row["state"], row["behind"], row["lag_ms"]) == (
        "edge",
        "in_sync",
        "0",
        "7",
    )
    [same] = json.loads(page.get(f"{address}?format=json").getvalue())
    assert same["applied"] == scene.position
    assert SECRET not in text


def test_the_page_tells_why_in_words_and_what_it_cannot_serve(page: Client, scene: Scene) -> None:
    refused = {f"route/{scene.rows.api.pk}": "no matcher for <b>it</b>"}
    scene.gateway(phase="failing", reason="no_events", text="raw words", refused=refused)
    html = page.get(
        reverse("gateways:gateway-detail", args=[scene.rows.gateway.pk])
    ).content.decode()
    assert "its Redis sends no keyspace events" in html
    assert "Set notify-keyspace-events to Kh" in html
    assert "raw words" in html
    assert reverse("applications:api-edit", args=[scene.rows.api.pk]) in html
    assert "no matcher for &lt;b&gt;it" in html
    assert "Redis of the tree" in html  # a setting by its title


def test_each_reason_of_a_failure_has_words_of_its_own() -> None:
    from gateways import wording
    from gateways.health import Phase, Status

    reasons = (
        *("unreachable", "unauthorized", "denied", "no_events", "emptied", "settings", "house"),
        *("changed", "fenced", "answer", "foreign", "file", "instances"),
    )
    said = {
        wording.of(Status(phase=Phase.FAILING.value, reason=one)).headline
        for one in (*reasons, "quarantined", "never heard of")
    }
    assert len(said) == len(reasons) + 2


def test_the_live_part_says_the_same(page: Client, scene: Scene) -> None:
    address = reverse("gateways:gateway-detail", args=[scene.rows.gateway.pk])
    html = page.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "It has everything that is published." in html
    assert "<html" not in html


def test_a_form_is_tried_before_it_is_saved(
    page: Client, rows: Rows, gateway_store: Any, gateway_redis_url: str
) -> None:
    from gateways.models import Gateway

    address = reverse("gateways:gateway-test-new")
    wrong = page.post(address, _filled(**{"traefik-redis_url": "nowhere"})).content.decode()
    assert "Correct this first:" in wrong
    assert "Redis of the tree: Write it as" in wrong
    away = page.post(
        address, _filled(**{"traefik-redis_url": "redis://127.0.0.1:1/0"})
    ).content.decode()
    assert "It does not work yet." in away
    assert "Redis at 127.0.0.1:1 does not answer." in away
    assert not Gateway.objects.filter(name="made").exists()


def test_only_an_editor_tries_changes_or_switches(page: Client, rows: Rows) -> None:
    from console.models import Membership

    Membership.objects.update(role="viewer")
    for name in ("gateway-test", "gateway-switch"):
        assert page.post(reverse(f"gateways:{name}", args=[rows.gateway.pk])).status_code == 403
    assert page.post(reverse("gateways:gateway-test-new"), _filled()).status_code == 403
    html = page.get(reverse("gateways:gateway-detail", args=[rows.gateway.pk])).content.decode()
    assert "Test connection" not in html


def test_only_what_matters_in_the_mode_is_shown_and_kept(page: Client, rows: Rows) -> None:
    from gateways.models import Gateway

    html = page.get(reverse("gateways:gateway-create")).content.decode()
    assert 'data-show-when="apisix-mode=file"' in html
    assert 'data-show-when="apisix-mode=admin|standalone"' in html
    values = _filled(
        **{
            "kind": "apisix",
            "apisix-mode": "admin",
            "apisix-admin_url": "http://127.0.0.1:9180",
            "apisix-release": "3",
            "apisix-discovery": "nodes",
            "apisix-file": "/typed/before/the/mode/was/changed",
        }
    )
    answer = page.post(reverse("gateways:gateway-create"), values, follow=True)
    made = Gateway.objects.get(name="made")
    assert made.settings["file"] == ""
    shown = answer.content.decode()
    assert "Admin API, configuration in etcd" in shown
    assert "<dt>File</dt>" not in shown


def test_a_mode_lacks_what_it_needs_in_words_at_the_field(page: Client, rows: Rows) -> None:
    values = _filled(**{"kind": "apisix", "apisix-mode": "file", "apisix-release": "3"})
    form = page.post(reverse("gateways:gateway-create"), values).context["form"]
    assert "apisix-file" in form.errors
