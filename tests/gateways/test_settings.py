"""A kind's settings: described for forms, checked by name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from gateways import drivers
from gateways.drivers.base import BadSetting


class Settings(msgspec.Struct, kw_only=True):
    """One of each type that a driver may want."""

    server: Annotated[str, msgspec.Meta(title="Server", description="Where", examples=["x:1"])]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 80
    ratio: float = 0.5
    verify: bool = True
    names: list[str] = []
    level: Literal["low", "high"] = "low"
    more: dict[str, Any] = {}


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> str:
    """A second kind, which is a row in the table and a module with `Settings`."""
    row = drivers.Kind("Example", __name__, "router", "What it is", "What its secret is")
    monkeypatch.setitem(drivers.KINDS, "example", row)
    return "example"


def test_settings_are_described_by_their_annotations(kind: str) -> None:
    server, port, *_rest, more = drivers.settings_of(kind)
    assert (server.title, server.help, server.example) == ("Server", "Where", "x:1")
    assert server.required
    assert (port.required, port.default) == (False, 80)
    assert more.default == {}


@pytest.mark.django_db
def test_a_form_has_a_field_for_each_type_of_a_kind_that_it_never_heard_of(kind: str) -> None:
    from django import forms

    from console.ui.fields import JsonField, ListField
    from gateways.forms import GatewayPageForm

    found = {name: type(field) for name, field in GatewayPageForm().fields.items()}
    assert {name: one for name, one in found.items() if name.startswith("example-")} == {
        "example-server": forms.CharField,
        "example-port": forms.IntegerField,
        "example-ratio": forms.FloatField,
        "example-verify": forms.BooleanField,
        "example-names": ListField,
        "example-level": forms.ChoiceField,
        "example-more": JsonField,
    }
    cards = {card.key: card for card in GatewayPageForm().kinds}
    assert cards["example"].text == "What it is"
    assert next(one.field.name for one in cards["traefik"].fields) == "traefik-provider"


@pytest.mark.parametrize(
    ("given", "name", "says"),
    [
        ({"provider": "redis"}, "redis_url", "redis://host:port/database"),
        ({"provider": "file"}, "file", "whole path"),
        ({"provider": "file", "file": "/etc/traefik/../x.yml"}, "file", "whole path"),
        ({"provider": "file", "file": "/etc/passwd"}, "file", "whole path"),
        ({"provider": "rest"}, "api_url", "http://host:port"),
        ({"provider": "etcd"}, "provider", "Invalid enum value"),
        ({"api_url": "ftp://x"}, "api_url", "http://host:port"),
        ({"api_url": "http://user:password@x"}, "api_url", "http://host:port"),
        ({"redis_url": 3}, "redis_url", "Expected `str`"),
        ({"redis_url": "http://x"}, "redis_url", "redis://host:port/database"),
        ({"redis_url": "redis://x:notaport"}, "redis_url", "redis://host:port/database"),
        ({"redis_url": "redis://:pw@x"}, "redis_url", "secret"),
        ({"redis_url": "redis://x", "root_key": "a b"}, "root_key", "One word"),
        ({"redis_url": "redis://x", "entry_points": ["a b"]}, "entry_points", "“a b”"),
        ({"redis_url": "redis://x", "entry_points": [1]}, "entry_points", "Expected `str`"),
        ({"redis_url": "redis://x", "colour": "red"}, "colour", "unknown field"),
        ([], "", "Expected `object`"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(given: object, name: str, says: str) -> None:
    with pytest.raises(BadSetting) as caught:
        drivers.check_settings("traefik", given)
    assert caught.value.setting == name
    assert says in str(caught.value)


def test_the_provider_goes_by_what_is_given() -> None:
    def provider(**given: object) -> object:
        return drivers.check_settings("traefik", given)["provider"]

    assert provider() == "http"
    assert provider(redis_url="redis://x") == "redis"
    assert provider(file="/etc/traefik/x.yml") == "file"
    assert provider(redis_url="redis://x", provider="http") == "http"
