"""What a URL asks for: the parts of a path and the verb, as the authorizer and the handlers need
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from practice.list_options import truth
from practice.rbac import Ask
from practice.schema import BY_PATH, Resource

WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`group_version` is None outside the API groups, `resource` None if it is unknown."""

    method: str
    path: str
    verb: str
    group_version: tuple[str, str] | None = None
    word: str = ""
    resource: Resource | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def ask(self) -> Ask:
        if self.group_version is None or not self.word:
            verb = "get" if self.method == "HEAD" else self.method.lower()
            return Ask(verb=verb, path=self.path)
        return Ask(
            verb=self.verb,
            group=self.group_version[0],
            resource=self.word,
            subresource=self.subresource,
            namespace=self.namespace,
            name=self.name,
        )


def parse_route(method: str, path: str, params: Mapping[str, str]) -> Route:
    parts = [part for part in path.split("/") if part]
    if len(parts) >= 2 and parts[0] == "api":
        group_version, rest = ("", parts[1]), parts[2:]
    elif len(parts) >= 3 and parts[0] == "apis":
        group_version, rest = (parts[1], parts[2]), parts[3:]
    else:
        return Route(method=method, path=path, verb=method.lower())
    if not rest:
        return Route(method=method, path=path, verb="get", group_version=group_version)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        # /namespaces/x and /namespaces/x/status are the namespace itself.
        if len(rest) > 2 and rest[2] not in ("status", "finalize"):
            rest = rest[2:]
    word, name, subresource = (*rest, "", "")[:3]
    verb = WRITES.get(method, "")
    if not name:
        name = "" if verb == "create" else _named_by_field(params)
        single = False
    else:
        single = True
    if method in ("GET", "HEAD"):
        verb = "watch" if truth(params.get("watch")) and not subresource else "list"
        if verb == "list" and single:
            verb = "get"
    elif method == "DELETE":
        verb = "delete" if single else "deletecollection"
    return Route(
        method=method,
        path=path,
        verb=verb,
        group_version=group_version,
        word=word,
        resource=BY_PATH.get((*group_version, word)),
        namespace=namespace,
        name=name,
        subresource=subresource,
    )


def _named_by_field(params: Mapping[str, str]) -> str:
    """A list of one name counts as that name, so that rules with resourceNames can admit it."""
    selector = params.get("fieldSelector", "")
    if selector.startswith("metadata.name=") and "," not in selector:
        return selector.removeprefix("metadata.name=").removeprefix("=")
    return ""
