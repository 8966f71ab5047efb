"""Every page of the console, by the name of its view, and what its address needs.

Whatever answers with a whole page has its place in `PAGES`, every other view in one of the lists
below it. A view in none fails `tests/browser/test_every_page.py`, so that no page is added that
nobody looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import URLPattern, URLResolver, get_resolver, reverse


@dataclass(frozen=True, slots=True)
class Places:
    """The objects that addresses name; ids as text."""

    registry: str
    application: str
    upstream: str
    api: str
    gateway: str
    member: str = ""
    namespace: str = "apisix"
    service: str = "httpbin"


Arguments = Callable[[Places], Sequence[str]]


def nothing(_: Places) -> Sequence[str]:
    return ()


def registry(places: Places) -> Sequence[str]:
    return (places.registry,)


def service(places: Places) -> Sequence[str]:
    return (places.registry, places.namespace, places.service)


def application(places: Places) -> Sequence[str]:
    return (places.application,)


def upstream(places: Places) -> Sequence[str]:
    return (places.upstream,)


def api(places: Places) -> Sequence[str]:
    return (places.api,)


def gateway(places: Places) -> Sequence[str]:
    return (places.gateway,)


def member(places: Places) -> Sequence[str]:
    return (places.member,)


PAGES: dict[str, Arguments] = {
    "console:overview": nothing,
    "console:find": nothing,
    "console:profile": nothing,
    "console:plane-create": nothing,
    "console:settings-general": nothing,
    "console:member-list": nothing,
    "console:member-create": nothing,
    "console:member-edit": member,
    "console:token-list": nothing,
    "console:token-create": nothing,
    "console:activity": nothing,
    "registries:registry-list": nothing,
    "registries:registry-create": nothing,
    "registries:registry-detail": registry,
    "registries:registry-edit": registry,
    "registries:registry-rotate": registry,
    "registries:registry-delete": registry,
    "registries:service-detail": service,
    "applications:application-list": nothing,
    "applications:trace": nothing,
    "applications:application-create": nothing,
    "applications:application-detail": application,
    "applications:application-edit": application,
    "applications:application-delete": application,
    "applications:upstream-explain": upstream,
    "applications:version-create": application,
    "applications:version-edit": upstream,
    "applications:version-delete": upstream,
    "applications:api-create": application,
    "applications:api-edit": api,
    "applications:api-delete": api,
    "gateways:gateway-list": nothing,
    "gateways:gateway-create": nothing,
    "gateways:gateway-detail": gateway,
    "gateways:gateway-rendered": gateway,
    "gateways:gateway-edit": gateway,
    "gateways:gateway-delete": gateway,
    "gateways:try": api,
}
# Pages for somebody who is not in yet.
DOORS = ("console:login", "console:invitation")
# Parts of pages that a list or a live part asks for by itself, with what their address needs.
PARTS: dict[str, Arguments] = {
    "console:overview-live": nothing,
    "console:activity-live": nothing,
    "registries:registry-live": registry,
    "registries:registry-history": registry,
    "registries:registry-services": registry,
    "registries:registry-rbac": nothing,
    "applications:application-rows": nothing,
    "applications:application-live": application,
    "applications:api-list": application,
    "applications:api-preview": application,
    "applications:overtaken": nothing,
    "applications:choices-namespaces": nothing,
    "applications:choices-services": nothing,
    "applications:choices-ports": nothing,
    "applications:choices-nodes": nothing,
    "applications:registry-users": registry,
    "gateways:gateway-instances": gateway,
    "gateways:gateway-publications": gateway,
    "gateways:gateway-serving": gateway,
    "gateways:application-dryrun": application,
    "gateways:application-warnings": application,
    "gateways:upstream-standing": upstream,
    "gateways:trace-standing": nothing,
}
# Views that do something and show no page of their own, and streams.
DEEDS = frozenset(
    {
        "console:logout",
        "console:audit-list",
        "console:look",
        "console:plane-switch",
        "console:profile-password",
        "console:profile-sessions",
        "console:settings-delete",  # a question, where the control plane is empty
        "console:member-remove",
        "console:member-account",
        "console:member-link",
        "console:token-revoke",  # a question about a token
        "registries:registry-switch",
        "registries:registry-test",
        "registries:registry-try",
        "registries:registry-try-changed",
        "registries:registry-kubeconfig",
        "registries:registry-rotate-look",
        "registries:registry-accept",  # a question, where another cluster answers
        "registries:registry-resync",
        "applications:application-publish",
        "applications:application-unpublish",
        "applications:version-choose",
        "applications:api-publish",
        "applications:api-unpublish",
        "gateways:gateway-switch",
        "gateways:gateway-test",
        "gateways:gateway-test-new",
        "gateways:application-typed",
        "gateways:application-typed-new",
        "gateways:api-typed",
        "gateways:api-typed-new",
        "serving:traefik",  # for Traefik, with the gateway's own secret
    }
)


def address(name: str, places: Places) -> str:
    return reverse(name, args={**PAGES, **PARTS}[name](places))


def question(name: str, places: Places) -> str:
    """What the form of an application asks such a part, as a query."""
    if not name.startswith("applications:choices"):
        return ""
    member = {
        "registry": places.registry,
        "namespace": places.namespace,
        "service": places.service,
        "service_port": "http",
    }
    return "?" + urlencode(
        {"prefix": "members-0", **{f"members-0-{k}": v for k, v in member.items()}}
    )


def views() -> Iterator[str]:
    """The name of every view that people use, from the URL conf. The REST API and the admin have
    pages that are not ours."""
    for one in get_resolver().url_patterns:
        if isinstance(one, URLResolver) and one.namespace not in ("admin", "api"):
            yield from _named(one, f"{one.namespace}:" if one.namespace else "")


def _named(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            if one.name and prefix:
                yield prefix + one.name
        elif one.namespace:
            yield from _named(one, f"{one.namespace}:")
