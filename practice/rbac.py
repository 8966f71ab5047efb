"""Who may do what: roles and bindings evaluated as the real authorizer does.

The compiled bindings are kept until any of the four kinds changes, so a request costs a walk
over the rules of its user.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from practice.schema import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    ROLEBINDINGS,
    ROLES,
    Json,
    Resource,
)
from practice.status import ApiError
from practice.store import Event, Store
from practice.tokens import MASTERS, User

WATCHED = {CLUSTERROLES, CLUSTERROLEBINDINGS, ROLES, ROLEBINDINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request wants; `path` alone is set for what is not a resource."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class Grant:
    """A binding joined with its role's rules; namespace "" means the whole cluster. `title` is how
    reviews name the two.
    """

    title: str
    namespace: str
    subjects: tuple[Json, ...]
    rules: tuple[Json, ...]


class Rbac:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.grants: list[Grant] | None = None
        store.listeners.append(self._forget)

    def _forget(self, resource: Resource, _: Event) -> None:
        if resource in WATCHED:
            self.grants = None

    def allows(self, user: User, ask: Ask) -> bool:
        return self.reason(user, ask) is not None

    def reason(self, user: User, ask: Ask) -> str | None:
        """Why it is allowed, in the words of a review; None if it is not."""
        if MASTERS in user.groups:
            return ""
        for grant, subject in self._held(user, ask.namespace):
            if any(rule_allows(rule, ask) for rule in grant.rules):
                return f"RBAC: allowed by {grant.title} to {_subject(subject, grant.namespace)}"
        return None

    def rules(self, user: User, namespace: str) -> Iterator[Json]:
        """All rules that hold for a user in a namespace, those of the whole cluster included."""
        for grant, _ in self._held(user, namespace):
            yield from grant.rules

    def _held(self, user: User, namespace: str) -> Iterator[tuple[Grant, Json]]:
        """The grants that hold for a user, each with the subject that the user is."""
        if self.grants is None:
            self.grants = list(self._compile())
        for grant in self.grants:
            if grant.namespace and grant.namespace != namespace:
                continue
            for subject in grant.subjects:
                if _is_subject(subject, user, grant.namespace):
                    yield grant, subject
                    break

    def require(self, user: User, ask: Ask) -> None:
        if not self.allows(user, ask):
            raise forbidden(user, ask)

    def _compile(self) -> Iterator[Grant]:
        for resource in (CLUSTERROLEBINDINGS, ROLEBINDINGS):
            for entry in self.store.tables[resource].entries.values():
                binding = entry.object()
                role = self._role(binding["roleRef"], entry.namespace)
                if role is not None:
                    ref = binding["roleRef"]
                    where = f"/{entry.namespace}" if entry.namespace else ""
                    yield Grant(
                        f'{resource.kind} "{entry.name}{where}" of {ref["kind"]} "{ref["name"]}"',
                        entry.namespace,
                        tuple(binding.get("subjects") or ()),
                        tuple(self._rules_of(role)),
                    )

    def _role(self, ref: Json, namespace: str) -> Json | None:
        if ref["kind"] == "Role":
            entry = self.store.get(ROLES, f"{namespace}/{ref['name']}")
        else:
            entry = self.store.get(CLUSTERROLES, ref["name"])
        return entry.object() if entry else None

    def _rules_of(self, role: Json) -> Iterator[Json]:
        yield from role.get("rules") or ()
        chosen = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
        for selector in chosen:
            wanted = selector.get("matchLabels") or {}
            for entry in self.store.tables[CLUSTERROLES].entries.values():
                if wanted and wanted.items() <= entry.labels.items():
                    yield from entry.object().get("rules") or ()


def _is_subject(subject: Json, user: User, namespace: str) -> bool:
    kind, name = subject.get("kind"), subject.get("name", "")
    if kind == "ServiceAccount":
        where = subject.get("namespace") or namespace
        return user.name == f"system:serviceaccount:{where}:{name}"
    return user.name == name if kind == "User" else kind == "Group" and name in user.groups


def _subject(subject: Json, namespace: str) -> str:
    kind, name = subject["kind"], subject["name"]
    where = f"/{subject.get('namespace') or namespace}" if kind == "ServiceAccount" else ""
    return f'{kind} "{name}{where}"'


def rule_allows(rule: Json, ask: Ask) -> bool:
    if not _has(rule.get("verbs"), ask.verb):
        return False
    if ask.path:
        return any(
            path in ("*", ask.path) or (path.endswith("*") and ask.path.startswith(path[:-1]))
            for path in rule.get("nonResourceURLs") or ()
        )
    if not _has(rule.get("apiGroups"), ask.group):
        return False
    resources = rule.get("resources") or ()
    wildcard = f"*/{ask.subresource}" if ask.subresource else "*"
    if not {"*", ask.full_resource, wildcard} & set(resources):
        return False
    names = rule.get("resourceNames")
    return not names or ask.name in names


def _has(values: list[str] | None, wanted: str) -> bool:
    return values is not None and ("*" in values or wanted in values)


def forbidden(user: User, ask: Ask) -> ApiError:
    if ask.path:
        message = f'forbidden: User "{user.name}" cannot {ask.verb} path "{ask.path}"'
        return ApiError(403, "Forbidden", message, details={})
    qualified = f"{ask.resource}.{ask.group}" if ask.group else ask.resource
    subject = f'{qualified} "{ask.name}" is forbidden' if ask.name else f"{qualified} is forbidden"
    where = f'in the namespace "{ask.namespace}"' if ask.namespace else "at the cluster scope"
    message = (
        f'{subject}: User "{user.name}" cannot {ask.verb} resource "{ask.full_resource}" '
        f'in API group "{ask.group}" {where}'
    )
    details: Json = {"name": ask.name} if ask.name else {}
    if ask.group:
        details["group"] = ask.group
    return ApiError(403, "Forbidden", message, details={**details, "kind": ask.resource})
