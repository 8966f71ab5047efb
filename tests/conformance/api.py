"""Plain HTTPS to an API server, no library in between: what is tested is what is on the wire."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from tests.conformance.kubeconfig import Login

OPENED: list[http.client.HTTPConnection] = []
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
GROUPS = {
    "endpointslices": "discovery.k8s.io",
    "deployments": "apps",
    "roles": "rbac.authorization.k8s.io",
    "rolebindings": "rbac.authorization.k8s.io",
    "clusterroles": "rbac.authorization.k8s.io",
    "clusterrolebindings": "rbac.authorization.k8s.io",
    "selfsubjectaccessreviews": "authorization.k8s.io",
    "tokenreviews": "authentication.k8s.io",
}


def close_all() -> None:
    while OPENED:
        OPENED.pop().close()


def path(plural: str, namespace: str = "", name: str = "") -> str:
    group = GROUPS.get(plural)
    root = f"/apis/{group}/v1" if group else "/api/v1"
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{inside}/{plural}" + (f"/{name}" if name else "")


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.json["items"]]

    @property
    def version(self) -> str:
        return self.json["metadata"]["resourceVersion"]

    @property
    def failure(self) -> tuple[int, str]:
        """The status and the reason, of an answer whose body agrees with its status line."""
        body = self.json
        assert (body["kind"], body["apiVersion"], body["status"]) == ("Status", "v1", "Failure")
        assert body["code"] == self.status
        return self.status, body.get("reason", "")


class Watch:
    """An open watch's decoded lines."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response

    def __iter__(self) -> Iterator[Any]:
        while line := self.response.readline():
            yield json.loads(line)

    def take(self, count: int) -> list[Any]:
        """The next events; fails when the stream ends or falls silent before."""
        found = list(itertools.islice(self, count))
        assert len(found) == count, found
        return found

    def until(self, type_: str, name: str) -> list[Any]:
        """The events up to this one of an object, which is how a test knows that no more come."""
        found = []
        for event in self:
            found.append(event)
            if told(event) == (type_, name):
                return found
        raise AssertionError(f"the watch ended before {type_} {name}: {found}")


def told(event: Any) -> tuple[str, str]:
    """An event's type and whose it is."""
    return event["type"], event["object"]["metadata"].get("name", "")


class Api:
    """Speaks to the server as one user: ourselves, an account by its token, or nobody."""

    def __init__(self, login: Login, token: str | None = "") -> None:
        self.login = login
        as_us = token == ""
        self.token = login.token if as_us else token
        self.tls = login.trust(as_us=as_us)
        # Kept open for the short requests of one test; it opens itself again for the next.
        self.kept = self._connection()

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            self.login.host, self.login.port, timeout=15, context=self.tls
        )

    def _send(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        where: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> http.client.HTTPResponse:
        OPENED.append(connection)
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        query = f"?{urlencode(params)}" if params else ""
        connection.request(
            method,
            f"{self.login.base}{where}{query}",
            body,
            {**sent, **(headers or {})},
        )
        return connection.getresponse()

    def ask(self, method: str, where: str, body: Any = None, **more: Any) -> Answer:
        try:
            with self._send(self.kept, method, where, body, **more) as response:
                return Answer(response)
        except (OSError, http.client.HTTPException):
            self.kept.close()
            raise

    def get(self, where: str, **more: Any) -> Answer:
        return self.ask("GET", where, **more)

    def post(self, where: str, body: Any, **more: Any) -> Answer:
        return self.ask("POST", where, body, **more)

    def put(self, where: str, body: Any, **more: Any) -> Answer:
        return self.ask("PUT", where, body, **more)

    def patch(self, where: str, body: Any, kind: str = "merge-patch+json", **more: Any) -> Answer:
        headers = {"Content-Type": f"application/{kind}"}
        return self.ask("PATCH", where, body, headers=headers, **more)

    def delete(self, where: str, body: Any = None, **more: Any) -> Answer:
        return self.ask("DELETE", where, body, **more)

    def watch(self, where: str, **more: Any) -> Watch:
        response = self._send(self._connection(), "GET", where, watch="true", **more)
        assert response.status == 200, response.read()
        return Watch(response)
