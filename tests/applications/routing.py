"""Applications and APIs beside each other, compiled as the compiler would, and traced."""

from __future__ import annotations

from typing import Any

from applications import reading, tracing
from applications.compiler import routes
from applications.models import Api, Application
from applications.tracing import Trace, Traced
from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.models import ControlPlane
from tests import factories

HOST = "shop.example.org"


def application(plane: ControlPlane, name: str, **fields: Any) -> Application:
    return factories.make_application(
        control_plane=plane,
        name=name,
        members=[factories.make_member()],
        **{"hosts": [HOST]} | fields,
    )


def api(owner: Application, name: str, *paths: str, **fields: Any) -> Api:
    """A path that ends with ``=`` is exact."""
    entries = [
        {"path": one.rstrip("="), "type": "exact" if one.endswith("=") else "prefix"}
        for one in paths
    ]
    return factories.make_api(application=owner, name=name, paths=entries, **fields)


def compile_all(plane: ControlPlane) -> None:
    """What the compiler would publish."""
    published = reading.specs(reading.revisions(str(plane.pk)))
    states = {
        keys.route(one.id): wire.encode(routes.route(spec, one))
        for spec in published
        for one in spec.apis
    }
    writer = FeedWriter(redis.store(), keys.feed(keys.control_plane(str(plane.pk))), epoch=1)
    writer.open()
    writer.commit(dict(states), always=True)


def traced(plane: ControlPlane, path: str, host: str = HOST, **asked: str) -> Trace:
    form = tracing.Asked({"host": host, "path": path, **asked})
    assert form.is_valid(), form.errors
    return tracing.trace(plane.pk, form.request)


def name_of(found: Traced | None) -> str:
    return f"{found.candidate.application}/{found.candidate.api}" if found else ""


def said(found: Trace, name: str) -> list[str]:
    """What the trace says against a route."""
    [other] = [one for one in found.others if name_of(one) == name]
    return [one.text for one in other.checks if one.ok is False]
