"""Health checks and plugins as fields: what is stored, and that nothing stored is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.http import QueryDict

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Rows

STORED = {
    "active": {
        "type": "http",
        "http_path": "/healthz",
        "concurrency": 10,
        "req_headers": ["X-Probe: 1"],
        "healthy": {"interval": 5, "weird": True},
    },
    "passive": {"unhealthy": {"http_statuses": [500, 503]}},
    "of_tomorrow": {"x": 1},
}


def _shown(stored: Any) -> dict[str, str]:
    """What a browser would send back if nobody typed anything."""
    from applications.forms.checks import Checks

    return {
        form.add_prefix(bound.name): str(bound.field.prepare_value(bound.value()) or "")
        for form in Checks(stored=stored).forms
        for bound in form
        if bound.name != "https_verify_certificate" or bound.value()
    }


def _saved(stored: Any, **typed: str) -> Any:
    from applications.forms.checks import Checks

    data = QueryDict(mutable=True)
    for name, value in (
        _shown(stored) | {k.replace("_0_", "-"): v for k, v in typed.items()}
    ).items():
        data[name] = value
    checks = Checks(data, stored=stored)
    assert checks.is_valid(), [form.errors for form in checks.forms]
    return checks.written()


@pytest.mark.parametrize("stored", [{}, STORED, {"active": {"type": "grpc", "service": "x"}}])
def test_saving_without_typing_stores_what_was_stored(stored: Any) -> None:
    assert _saved(stored) == stored


def test_one_field_changes_one_value() -> None:
    saved = _saved(STORED, active_0_http_path="/ready")
    assert saved == STORED | {"active": STORED["active"] | {"http_path": "/ready"}}


def test_another_type_drops_what_does_not_belong_to_it() -> None:
    saved = _saved(STORED, active_0_type="tcp", active_0_unhealthy__tcp_failures="4")
    assert saved["active"] == {
        "type": "tcp",
        "concurrency": 10,
        "req_headers": ["X-Probe: 1"],
        "healthy": {"interval": 5, "weird": True},
        "unhealthy": {"tcp_failures": 4},
    }


def test_off_takes_the_check_away_and_leaves_the_other() -> None:
    assert _saved(STORED, active_0_type="") == {
        name: value for name, value in STORED.items() if name != "active"
    }


def test_a_new_check_has_its_defaults() -> None:
    saved = _saved({}, passive_0_type="tcp", active_0_type="http")
    assert saved["passive"] == {"type": "tcp", "unhealthy": {"tcp_failures": 2, "timeouts": 7}}
    assert saved["active"] == {
        "type": "http",
        "http_path": "/",
        "timeout": 1.0,
        "healthy": {"interval": 1, "successes": 2, "http_statuses": [200, 302]},
        "unhealthy": {
            "interval": 1,
            "http_failures": 5,
            "timeouts": 3,
            "http_statuses": [429, 404, 500, 501, 502, 503, 504, 505],
        },
    }


def test_the_certificate_is_verified_unless_somebody_says_no() -> None:
    from applications.forms.checks import Checks

    data = _shown({}) | {"active-type": "https"}
    del data["active-https_verify_certificate"]
    checks = Checks(data, stored={})
    assert checks.is_valid()
    assert checks.written()["active"]["https_verify_certificate"] is False
    assert _saved({}, active_0_type="https")["active"]["https_verify_certificate"] is True


def test_what_is_hidden_refuses_nothing() -> None:
    from applications.forms.checks import Checks

    wrong = _shown({}) | {"active-timeout": "soon"}
    assert Checks(wrong, stored={}).is_valid()
    refused = Checks(wrong | {"active-type": "http"}, stored={})
    assert not refused.is_valid()
    assert list(refused.active.errors) == ["timeout"]


def _plugins(**data: Any) -> Any:
    from applications.forms.plugins import PluginsField

    typed = QueryDict(mutable=True)
    for name, value in data.items():
        typed.setlist(f"plugins-{name}" if name != "plugins" else name, value)
    field = PluginsField()
    return field.clean(field.widget.value_from_datadict(typed, {}, "plugins"))


def test_plugins_come_from_rows_or_from_json() -> None:
    rows = {"as": ["rows"], "name": ["cors", ""], "config": ['{"a": [1]}', "{}"]}
    assert _plugins(**rows, plugins=["nobody reads this"]) == {"cors": {"a": [1]}}
    assert _plugins(**{"as": ["json"]}, plugins=['{"cors": {}}'], name=["x"]) == {"cors": {}}
    assert _plugins(**{"as": ["rows"]}, name=["cors"], config=[""]) == {"cors": {}}


@pytest.mark.parametrize(
    ("names", "configs", "says"),
    [
        (["cors"], ['{\n"a": ,}'], "line 2, column 6"),
        (["cors"], ["[1]"], "is an object"),
        ([""], ['{"a": 1}'], "Say which plugin"),
        (["cors", "cors"], ["{}", "{}"], "is there twice"),
    ],
)
def test_a_wrong_plugin_says_what_is_wrong(names: Any, configs: Any, says: str) -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError, match=says):
        _plugins(**{"as": ["rows"]}, name=names, config=configs)


def test_a_wrong_plugin_is_drawn_as_it_was_typed(page: Client, rows: Rows) -> None:
    from django.urls import reverse

    typed = {
        "name": "shop",
        "plugins-as": "rows",
        "plugins-name": ["cors", "limit-count"],
        "plugins-config": ['{"fine": 1}', '{"count": <b>'],
    }
    html = page.post(reverse("applications:application-create"), typed).content.decode()
    assert "{&quot;count&quot;: &lt;b&gt;" in html
    assert "The configuration of limit-count is no JSON" in html
    assert html.count("data-plugin-problem") == 3  # two rows and the template of a new one
