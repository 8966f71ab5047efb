"""Reading what the Admin API of an APISIX with etcd has.

For a list APISIX reads all objects of the kind, whatever the page or the filter: a tenth of a
millisecond an object, in which that worker serves no request. So lists are read whole, once when a
driver starts; else single objects are asked for, each of which is one read of etcd's.
"""

from __future__ import annotations

from typing import Any

from gateways.drivers.base import DriverError

from . import names
from .admin import Answer, Api
from .plain import plain
from .render import Objects

ROOT = "/apisix/admin"


def ours(api: Api, prefix: str) -> Objects:
    """Objects of ours by their names, plain. Raises `DriverError`."""
    return {
        f"{kind}/{body['id']}": plain(kind, body)
        for kind in names.KINDS
        for body in listed(api, kind)
        if names.is_ours(prefix, body)
    }


def listed(api: Api, kind: str) -> list[dict[str, Any]]:
    """All objects of a kind. Raises `DriverError`."""
    items = _items(api.ask("GET", f"{ROOT}/{kind}"), api)
    return [body for item in items if (body := body_of(item)) is not None]


def one(api: Api, name: str) -> dict[str, Any] | None:
    """One object, plain; None: there is none. Raises `DriverError`."""
    answer = api.ask("GET", f"{ROOT}/{name}")
    if answer.status == 404:
        if answer.word != "Key not found":
            raise no_admin_api(api)
        return None
    said = answer.body if isinstance(answer.body, dict) else {}
    body = body_of(said.get("node", said))
    if answer.status != 200 or body is None:
        raise odd(answer, api)
    return plain(names.kind_of(name), body)


def body_of(item: Any) -> dict[str, Any] | None:
    """An object of an envelope, with its id; None: there is none in it."""
    body = item.get("value") if isinstance(item, dict) else None
    if not isinstance(body, dict):
        return None
    # Old releases do not write the id into the object.
    body.setdefault("id", str(item.get("key", "")).rpartition("/")[2])
    return body


def _items(answer: Answer, api: Api) -> list[Any]:
    said = answer.body
    if answer.status == 404 and isinstance(said, dict) and "not found" in answer.word.lower():
        if answer.word == "Key not found":
            return []
        raise no_admin_api(api)
    if answer.status == 404:
        raise no_admin_api(api)
    if answer.status != 200 or not isinstance(said, dict):
        raise odd(answer, api)
    node = said.get("node")
    items = said.get("list") if "list" in said else node.get("nodes") if node else None
    # Lua writes an empty list as an empty object.
    return [item for item in items if item is not None] if isinstance(items, list) else []


def no_admin_api(api: Api) -> DriverError:
    return DriverError(
        f"At {api.place} is no Admin API with etcd; an APISIX without etcd needs another mode.",
        code="mode",
        permanent=True,
    )


def odd(answer: Answer, api: Api) -> DriverError:
    return DriverError(
        f"APISIX at {api.place} answers oddly ({answer.status}): {answer.word}", code="answer"
    )
