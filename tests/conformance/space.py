"""A namespace of our own on the server under test, with everything made in it taken away again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from tests.conformance.api import Answer, Api, path
from tests.threads import eventually

Json = dict[str, Any]
READ_SLICES = {
    "apiGroups": ["discovery.k8s.io"],
    "resources": ["endpointslices"],
    "verbs": ["list", "watch"],
}


def slice_of(
    name: str,
    addresses: Sequence[str] = ("10.0.0.1",),
    *,
    service: str = "",
    labels: dict[str, str] | None = None,
    **more: Any,
) -> Json:
    own = {"kubernetes.io/service-name": service} if service else {}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {**own, **(labels or {})}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]} for address in addresses],
        "ports": [{"name": "http", "port": 8080}],
        **more,
    }


def service_of(name: str, **spec: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"port": 80}], **spec},
    }


class Space:
    """One namespace, used by one test at a time; `api` is the administrator's."""

    def __init__(self, api: Api, name: str) -> None:
        self.api = api
        self.name = name
        self.made: list[str] = []

    def path(self, plural: str, name: str = "") -> str:
        return path(plural, self.name, name)

    @property
    def slices(self) -> str:
        return self.path("endpointslices")

    def make(self, plural: str, body: Json, *, everywhere: bool = False) -> Json:
        """Create an object that must be accepted; it goes when the test ends."""
        where = path(plural) if everywhere else self.path(plural)
        answer = self.api.post(where, body)
        assert answer.status == 201, answer.raw
        self.made.append(f"{where}/{answer.json['metadata']['name']}")
        return answer.json

    def post(self, plural: str, body: Json, **more: Any) -> Answer:
        """Try to create an object; if it is accepted, it goes when the test ends."""
        answer = self.api.post(self.path(plural), body, **more)
        if answer.status == 201:
            self.made.append(self.path(plural, answer.json["metadata"]["name"]))
        return answer

    def put_slices(self, *names: str, **more: Any) -> str:
        """Create slices; the version after the last."""
        for name in names:
            version = self.make("endpointslices", slice_of(name, **more))["metadata"][
                "resourceVersion"
            ]
        return version

    def label(self, name: str, **labels: str | None) -> str:
        """Change labels of a slice; its new version."""
        answer = self.api.patch(self.path("endpointslices", name), {"metadata": {"labels": labels}})
        assert answer.status == 200, answer.raw
        return answer.version

    def drop(self, plural: str, name: str) -> None:
        assert self.api.delete(self.path(plural, name)).status == 200

    def account(self, name: str) -> str:
        """Create a service account without rights; its token."""
        self.make("serviceaccounts", {"metadata": {"name": name}})
        answer = self.api.post(self.path("serviceaccounts", name) + "/token", {"spec": {}})
        assert answer.status == 201, answer.raw
        return answer.json["status"]["token"]

    def grant(self, name: str, rule: Json, *, everywhere: bool = False) -> str:
        """Let an account do what the rule says; the path of the binding."""
        kind = "ClusterRole" if everywhere else "Role"
        plural = f"{kind.lower()}s"
        binding = f"{kind.lower()}bindings"
        title = f"{self.name}-{name}" if everywhere else name
        self.make(plural, {"metadata": {"name": title}, "rules": [rule]}, everywhere=everywhere)
        self.make(
            binding,
            {
                "metadata": {"name": title},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.name}],
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": title},
            },
            everywhere=everywhere,
        )
        return self.made[-1]

    def reader(self, name: str = "reader", *, everywhere: bool = False) -> str:
        """An account that may list and watch slices, and already can; its token."""
        token = self.account(name)
        self.grant(name, READ_SLICES, everywhere=everywhere)
        api = Api(self.api.login, token)
        where = path("endpointslices") if everywhere else self.slices
        # A grant holds once the authorizer has heard of it, some milliseconds later.
        eventually(lambda: api.get(where, limit=1).status == 200)
        return token

    def clean(self) -> None:
        """Delete what the test made, the newest first."""
        while self.made:
            with contextlib.suppress(OSError):
                self.api.delete(self.made.pop(), {"gracePeriodSeconds": 0})
