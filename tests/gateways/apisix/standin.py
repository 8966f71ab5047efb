"""A stand-in for APISIX's Admin API and Control API: a real HTTP server on loopback with what real
ones do (measured on 3.18 and 2.15.3), and with ways to make it fail. What it has its workers use
at once; `serving` takes requests with it."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .listening import Server
from .rules import refusal

KINDS = ("routes", "upstreams", "services", "ssls", "consumers", "global_rules", "protos")


class StandIn:
    """`mode`: admin or standalone. `legacy`: as APISIX 2.15. `validates`: whether it has
    a dry run. `lag`: how many deletions of upstreams it refuses, as its workers have not heard yet
    that the last route of them went."""

    def __init__(self, mode: str, key: str) -> None:
        self.mode, self.key = mode, key
        self.server = "APISIX/3.18.0"
        self.legacy, self.validates, self.lag = False, True, 0
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in KINDS}
        self.document: dict[str, Any] | None = None
        self.requests: list[tuple[str, str]] = []
        self.connections = 0
        self.lose = -1  # after so many writes the next is done, and from then on no answer comes
        self.failing = 0  # status of all answers
        self.refuses = ""  # the id of an object that it does not take
        self.forgets = False  # is restarted after the next look at its configuration
        self.meanwhile: Callable[[], object] | None = None  # comes before the next look's answer
        self.followed: list[dict[str, Any]] | None = None  # what a discovery module has
        self.copies = 0.0  # seconds that the Control API takes to answer
        self._heard: dict[str, dict[str, dict[str, Any]]] | None = None
        self._numbers = itertools.count(1)
        self._created: dict[str, int] = {}
        self._lock = threading.Lock()
        self._http: Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        self._http = Server(("127.0.0.1", self.port), self)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def down(self) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def restart(self) -> None:
        """In mode standalone it forgets everything."""
        self.down()
        self.document = None
        self.up()

    def writes(self) -> list[tuple[str, str]]:
        return [one for one in self.requests if one[0] in ("PUT", "DELETE", "PATCH")]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """What workers use, by ids."""
        if self._heard is not None:
            return self._heard[kind]
        if self.mode == "standalone":
            return {one["id"]: one for one in (self.document or {}).get(kind, ())}
        return self.objects[kind]

    def deafen(self) -> None:
        """Its workers hear of no change any more."""
        self._heard = {kind: dict(one) for kind, one in self.objects.items()}

    def used(self) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
        """Routes, and upstreams by their ids."""
        with self._lock:
            return list(self.all("routes").values()), dict(self.all("upstreams"))

    def answer(
        self, method: str, path: str, headers: Any, body: bytes
    ) -> tuple[int, Any, dict[str, str]] | None:
        """Status, body and headers; None: the connection breaks."""
        found = self._answer(method, path, headers, body)
        if self.meanwhile is not None and method in ("HEAD", "GET"):
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return found

    def _answer(
        self, method: str, path: str, headers: Any, body: bytes
    ) -> tuple[int, Any, dict[str, str]] | None:
        with self._lock:
            if self.lose == -2:
                return None
            self.requests.append((method, path))
            if self.failing:
                return self.failing, {"error_msg": "failed on purpose"}, {}
            parts = urlsplit(path)
            segments = parts.path.strip("/").split("/")
            if segments[0] == "v1":
                return (*self._control(segments[1:], parse_qs(parts.query)), {})
            if segments[:2] != ["apisix", "admin"]:
                return 404, {"error_msg": "404 Route Not Found"}, {}
            if self.mode == "standalone" and segments[2:3] != ["configs"]:
                return 404, None, {}  # its router knows no other path, and asks for no key
            if headers.get("X-API-KEY") != self.key:
                said = {"error_msg": "failed to check token", "description": "wrong apikey"}
                return 401, said, {}
            if self.mode == "standalone":
                found = self._standalone(method, segments[3:], headers, body)
            else:
                found = (*self._etcd(method, segments[2:], body), {"X-API-VERSION": "v3"})
            if method in ("PUT", "DELETE", "PATCH") and found[0] < 300:
                if self.lose == 0:
                    self.lose = -2
                    return None
                self.lose -= self.lose > 0
            return found

    # -- with etcd

    def _etcd(self, method: str, segments: list[str], body: bytes) -> tuple[int, Any]:
        kind, name, *rest = [*segments, "", ""]
        if kind == "plugins":
            return 200, ["proxy-rewrite", "redirect"]
        if kind == "configs" and name == "validate" and method == "POST":
            return self._validate(body)
        if kind not in self.objects:
            return 404, {"error_msg": f"Unsupported resource type: {kind}"}
        if not name:
            return self._list(kind)
        if method == "GET":
            return self._one(kind, name)
        if method == "DELETE":
            return self._delete(kind, name)
        sent = json.loads(body)
        if method == "PATCH":
            if name not in self.objects[kind]:
                return 404, {"message": "Key not found"}
            said = {rest[0]: sent} if rest[0] else sent
            sent = {**self.objects[kind][name], **said}
        return self._put(kind, name, sent, timed=method == "PATCH")

    def _put(self, kind: str, name: str, body: dict[str, Any], *, timed: bool) -> tuple[int, Any]:
        if str(body.get("id", name)) != name:
            return 400, {"error_msg": f"wrong {kind[:-1]} id"}
        forbidden = {"create_time", "update_time"} & body.keys()
        if forbidden and not timed and not self.legacy:
            return 400, {"error_msg": "the property is forbidden:  create_time"}
        wrong = refusal(kind, {**body, "id": name}, release="2.15" if self.legacy else "3")
        if wrong or name == self.refuses:
            return 400, {"error_msg": wrong or "no good"}
        needed = body.get("upstream_id")
        if needed and needed not in self.objects["upstreams"]:
            return 400, {
                "error_msg": f"failed to fetch upstream info by upstream id [{needed}],"
                " response code: 404"
            }
        new = name not in self.objects[kind]
        self._created.setdefault(f"{kind}/{name}", next(self._numbers))
        self.objects[kind][name] = {
            "create_time": 1790000000,
            **body,
            "id": name,
            "update_time": 1790000001,
        }
        return (201 if new else 200), self._item(kind, name, action="set")

    def _delete(self, kind: str, name: str) -> tuple[int, Any]:
        users = [one for one in self.objects["routes"].values() if one.get("upstream_id") == name]
        if kind == "upstreams" and (users or self.lag):
            self.lag = max(0, self.lag - 1)
            user = users[0]["id"] if users else "-"
            return 400, {
                "error_msg": f"can not delete this upstream, route [{user}] is still using it now"
            }
        if self.objects[kind].pop(name, None) is None:
            return 404, {"message": "Key not found"}
        self._created.pop(f"{kind}/{name}", None)
        said = {"deleted": "1", "key": f"/apisix/{kind}/{name}"}
        return 200, {**said, "node": {}, "action": "delete"} if self.legacy else said

    def _one(self, kind: str, name: str) -> tuple[int, Any]:
        if name not in self.objects[kind]:
            return 404, {"message": "Key not found"}
        return 200, self._item(kind, name, action="get")

    def _list(self, kind: str) -> tuple[int, Any]:
        order = sorted(self.objects[kind], key=lambda name: self._created.get(f"{kind}/{name}", 0))
        items = [self._item(kind, name) for name in order]
        if self.legacy:
            node = {"dir": True, "key": f"/apisix/{kind}", "nodes": items}
            return 200, {"action": "get", "count": len(items), "node": node}
        return 200, {"list": items or {}, "total": len(items)}

    def _item(self, kind: str, name: str, *, action: str = "") -> dict[str, Any]:
        """`action`: what was done to this one; empty: it is one of a list."""
        found = {"key": f"/apisix/{kind}/{name}", "value": self.objects[kind][name]}
        if not action:
            return found | {"createdIndex": 1, "modifiedIndex": 1}
        return {"action": action, "node": found} if self.legacy else found

    # -- standalone

    def _standalone(
        self, method: str, segments: list[str], headers: Any, body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        if segments == ["validate"]:
            known = self.validates and method == "POST"
            return (*(self._validate(body) if known else (404, None)), {})
        stored = self.document
        said = {} if stored is None else {"X-Digest": stored["X-Digest"], "X-Last-Modified": "1"}
        if method == "HEAD":
            if self.forgets:
                self.document, self.forgets = None, False
                said["X-Standin"] = "closes"
            return 200, None, said
        if method == "GET":
            return 200, stored or {f"{kind}_conf_version": 0 for kind in KINDS}, said
        digest = headers.get("X-Digest")
        if not digest:
            return 400, {"error_msg": "missing digest header"}, {}
        if stored and stored["X-Digest"] == digest:
            return 204, None, {}
        sent = json.loads(body)
        for kind in KINDS:
            for wrong in self._wrong(kind, sent.get(kind, ())):
                return 400, {"error_msg": wrong[1]}, {}
        after: dict[str, Any] = {"X-Digest": digest, "X-Last-Modified": 1}
        for kind in KINDS:
            name = f"{kind}_conf_version"
            old = (stored or {}).get(name, 0)
            new = sent.get(name, old + 1)
            if new < old:
                least = f"{name} must be greater than or equal to ({old})"
                return 400, {"error_msg": least}, {}
            after[name] = new
            items = (stored or {}).get(kind) if new == old else self._taken(kind, sent)
            if items:
                after[kind] = items
        self.document = after
        return 202, None, {"X-Digest": digest}

    def _taken(self, kind: str, sent: dict[str, Any]) -> list[dict[str, Any]]:
        """An object with the `modifiedIndex` that a worker knows of it stays as it was there."""
        before = {one.get("id"): one for one in (self.document or {}).get(kind, ())}
        found = []
        for one in sent.get(kind, ()):
            known = before.get(one.get("id"))
            index = one.get("modifiedIndex")
            same = known is not None and index is not None and known.get("modifiedIndex") == index
            found.append(known if same and known else one)
        return found

    def _validate(self, body: bytes) -> tuple[int, Any]:
        sent = json.loads(body)
        errors = [
            {"resource_type": kind, "resource_id": name, "index": place, "error": said}
            for kind in KINDS
            for place, (name, said) in enumerate(self._wrong(kind, sent.get(kind, ())))
        ]
        if errors:
            return 400, {"error_msg": "Configuration validation failed", "errors": errors}
        return 200, {}

    def _wrong(self, kind: str, items: Any) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for one in items:
            name = one.get("id", "")
            said = refusal(kind, one) or ("found duplicate id" if name in seen else "")
            seen.add(name)
            if said:
                yield name, said

    # -- Control API

    def _control(self, segments: list[str], query: dict[str, list[str]]) -> tuple[int, Any]:
        kind, name = [*segments, ""][:2]
        time.sleep(self.copies)
        if segments[:2] == ["discovery", "portolan"]:
            if self.followed is None or segments[2:] not in (["dump"], ["nodes"]):
                return 404, {"error_msg": "not found"}
            some = [one for one in self.followed if one["name"] in query.get("id", ())]
            return 200, {"services": some if segments[2] == "nodes" else self.followed}
        if kind in ("routes", "upstreams"):
            items = [{"value": one, "modifiedIndex": 1} for one in self.all(kind).values()]
            return 200, items or {}
        found = self.all(f"{kind}s").get(name) if kind in ("route", "upstream") else None
        if found is None:
            return 404, {"error_msg": f"{kind}[{name}] not found"}
        return 200, {"value": found, "modifiedIndex": 1}
