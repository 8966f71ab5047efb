"""The kinds of gateway: one row each. A new one is a copied neighbour and a row here.

Nothing else knows the kinds: forms and pages are made from a kind's row and from its `Settings`,
whose annotations carry the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import msgspec
from msgspec import inspect

from console.contract.wire import Resource

from .base import BadSetting, Driver, Finding, Place, Preview, Reader, gettext_noop


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` holds what `gateways.drivers.base` asks of a kind; named, not imported, so that the
    table costs nothing. `text` says what the kind is, `secret` what its secret is; both marked for
    translation. `guarded` are the settings that say where the secret goes."""

    label: str
    module: str
    icon: str
    text: str
    secret: str
    guarded: tuple[str, ...] = ()


KINDS = {
    "apisix": Kind(
        "Apache APISIX",
        "gateways.drivers.apisix",
        "route",
        gettext_noop(
            "APISIX is given routes and upstreams by its Admin API, or by a file; a discovery"
            " module can bring it nodes faster."
        ),
        gettext_noop("The key of its Admin API. Stored encrypted."),
        guarded=("admin_url",),
    ),
    "traefik": Kind(
        "Traefik",
        "gateways.drivers.traefik",
        "arrows-split-2",
        gettext_noop(
            "Traefik 3 fetches its routes from this console by HTTP, is given them by its REST"
            " provider, or reads them from a tree of keys in Redis or from a file."
        ),
        gettext_noop(
            "By HTTP: what Traefik shows us as a header. Redis: its password, or user:password."
            " REST: user:password or a token, if its API asks for one. Stored encrypted."
        ),
        guarded=("redis_url", "api_url", "provider"),
    ),
    "envoy": Kind(
        "Envoy",
        "gateways.drivers.envoy",
        "circles-relation",
        gettext_noop("Envoy follows our xDS server: one changed service is one small message."),
        gettext_noop("Not needed: Envoys show a certificate, or are on this machine."),
    ),
}


def choices() -> list[tuple[str, str]]:
    """The kinds as a model's choices."""
    return [(name, kind.label) for name, kind in KINDS.items()]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a kind, as forms need it. `type` is msgspec's description of its values
    (`msgspec.inspect`); `title`, `help` and `example` may be empty. `when`: it matters only while
    other settings have one of these values; with none given, always. `labels` are the words of
    single values, marked for translation."""

    name: str
    type: inspect.Type
    required: bool
    default: Any
    title: str = ""
    help: str = ""
    example: str = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def settings_of(kind: str) -> list[Setting]:
    """The settings of a kind, in their order."""
    described = inspect.type_info(_module(kind).Settings)
    if not isinstance(described, inspect.StructType):
        raise TypeError(f"the settings of {kind} are no struct")
    return [_setting(one) for one in described.fields]


def check_settings(kind: str, settings: object) -> dict[str, Any]:
    """Return the settings with their defaults filled in. Raises `BadSetting`."""
    checked: dict[str, Any] = msgspec.to_builtins(_convert(kind, settings))
    return checked


def build(kind: str, settings: object, secret: str) -> Driver:
    """Make the driver of a gateway. Raises `BadSetting`, a `ValueError`."""
    driver: Driver = _module(kind).build(_convert(kind, settings), secret)
    return driver


def preview(kind: str, settings: object, resources: Mapping[str, Resource]) -> Preview:
    """What a gateway would be given for these. Pure. Raises `BadSetting`."""
    found: Preview = _module(kind).preview(_convert(kind, settings), resources)
    return found


def joining(kind: str, settings: object, place: Place) -> str:
    """What a gateway's own configuration has to say so that it comes to us. Raises `BadSetting`."""
    found: str = _module(kind).joining(_convert(kind, settings), place)
    return found


def reader(kind: str, settings: object, secret: str) -> Reader:
    """Make what asks a gateway. Raises `BadSetting`."""
    found: Reader = _module(kind).reader(_convert(kind, settings), secret)
    return found


def check(kind: str, settings: object, secret: str) -> list[Finding]:
    """Try step by step whether a gateway can be driven; never raises for what a network does.
    Raises `BadSetting`."""
    found: list[Finding] = _module(kind).check(_convert(kind, settings), secret)
    return found


def _module(kind: str) -> Any:
    return import_module(KINDS[kind].module)


def _convert(kind: str, settings: object) -> Any:
    try:
        return msgspec.convert(settings, _module(kind).Settings)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, BadSetting):
            raise error.__cause__ from error
        raise BadSetting(_named(str(error)), str(error)) from error


def _named(error: str) -> str:
    """The setting that msgspec complains of: “Expected `str`, got `int` - at `$.redis_url`”,
    “Object missing required field `redis_url`”."""
    found = re.search(r"(?:at `\$\.|field `)(\w+)", error)
    return found.group(1) if found else ""


def _setting(described: inspect.Field) -> Setting:
    """The words are msgspec's `Meta`; `when` and `labels` stand in its
    `extra_json_schema`."""
    words: dict[str, Any] = {}
    of: inspect.Type = described.type
    if isinstance(of, inspect.Metadata):
        words = of.extra_json_schema or {}
        of = of.type
    default = described.default
    if described.default_factory is not msgspec.NODEFAULT:
        default = described.default_factory()
    return Setting(
        name=described.name,
        type=of,
        required=described.required,
        default=None if default is msgspec.NODEFAULT else default,
        title=words.get("title", ""),
        help=words.get("description", ""),
        example=next(map(str, words.get("examples", ())), ""),
        when={name: tuple(values) for name, values in words.get("when", {}).items()},
        labels=words.get("labels", {}),
    )
