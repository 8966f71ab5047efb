"""Rows for tests: plain functions, through the product's own verbs, any field by keyword.

A cluster is not asked (`verify=False`): a test that means to verify calls the action itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User

from applications import actions as application_actions
from applications.models import Api, Application, Member, Upstream
from console import actions as console_actions
from console.models import ApiToken, ControlPlane, Membership
from console.roles import Role
from gateways import actions as gateway_actions
from gateways.models import Gateway
from registries import actions as registry_actions
from registries.models import Registry

_numbers = itertools.count(1)

# The service that the practice cluster starts with.
NAMESPACE, SERVICE, PORT = "apisix", "httpbin", "80-80"


def make_control_plane(**overrides: Any) -> ControlPlane:
    number = next(_numbers)
    values = {"name": f"Plane {number}", "slug": f"plane-{number}"} | overrides
    plane = console_actions.create_control_plane(control_plane=ControlPlane(**values), actor=None)
    seat_operator()
    return plane


def seat_operator() -> None:
    """Bo edits in the first control plane of a test, whichever of the two is made first."""
    bo = User.objects.filter(username="bo").first()
    plane = ControlPlane.objects.order_by("created_at").first()
    if bo and plane and not bo.memberships.exists():
        make_member_of(plane, bo)


def some_member_of(plane: ControlPlane) -> Membership:
    """A member, whoever that is."""
    found = plane.memberships.select_related("user").first()
    return found or make_member_of(plane, User.objects.create_user("dee"))


def some_token() -> ApiToken:
    """A token of somebody's, if there is anybody."""
    owner = User.objects.order_by("pk").first() or User.objects.create_user("dee")
    return ApiToken.objects.get_or_create(user=owner, name="some", digest="some", hint="some")[0]


def make_member_of(plane: ControlPlane, user: User, role: Role = Role.EDITOR) -> Membership:
    return Membership.objects.create(control_plane=plane, user=user, role=role)


def make_registry(**overrides: Any) -> Registry:
    number = next(_numbers)
    values = {
        "name": f"registry-{number}",
        "server": "https://127.0.0.1:6443",
        "token": "a-token",
    } | overrides
    values.setdefault("control_plane", None)
    values["control_plane"] = values["control_plane"] or make_control_plane()
    return registry_actions.create_registry(registry=Registry(**values), actor=None, verify=False)


def make_member(registry: Registry | None = None, **overrides: Any) -> Member:
    """An unsaved member: of a registry's service, or without one a static target."""
    if registry is None:
        values: dict[str, Any] = {"kind": "static", "host": "127.0.0.1", "port": 8080}
    else:
        values = {
            "kind": "discovery",
            "registry": registry,
            "namespace": NAMESPACE,
            "service": SERVICE,
            "service_port": PORT,
        }
    return Member(**values | overrides)


def make_application(
    *,
    registry: Registry | None = None,
    members: Sequence[Member] | None = None,
    upstream: dict[str, Any] | None = None,
    published: bool = True,
    **overrides: Any,
) -> Application:
    """An application with its default upstream: `members`, else one of the registry, else a
    static target."""
    number = next(_numbers)
    values = {"name": f"application-{number}", "hosts": [f"app-{number}.example.org"]} | overrides
    if "control_plane" not in values:
        values["control_plane"] = registry.control_plane if registry else make_control_plane()
    application = application_actions.create_application(
        application=Application(**values),
        upstream=Upstream(**(upstream or {})),
        members=[make_member(registry)] if members is None else members,
        actor=None,
    )
    if published:
        application_actions.publish_application(application=application, actor=None)
    return application


def make_api(*, published: bool = True, **overrides: Any) -> Api:
    number = next(_numbers)
    values = {"name": f"api-{number}", "paths": [{"path": "/anything", "type": "prefix"}]}
    values |= overrides
    if "application" not in values:
        values["application"] = make_application()
    api = application_actions.create_api(api=Api(**values), actor=None)
    if published:
        application_actions.publish_api(api=api, actor=None)
    return api


def make_gateway(**overrides: Any) -> Gateway:
    number = next(_numbers)
    values = {"name": f"gateway-{number}", "kind": "traefik"} | overrides
    values.setdefault("settings", {"redis_url": "redis://127.0.0.1:6379/2"})
    if "control_plane" not in values:
        values["control_plane"] = make_control_plane()
    return gateway_actions.create_gateway(gateway=Gateway(**values), actor=None)
