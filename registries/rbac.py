"""The rights that a registry needs in its cluster: a manifest to apply, and the commands after it.

Text, not objects: it is read by people first, so it is commented and in the order in which one
reads. Nothing but checked names is put into it. `docs/rbac*.yaml` are what it gives for everything
and for one namespace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from registries.kube import selectors
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS

ACCOUNT = "portolan-discovery"
IDENTITY = "portolan-identity"
HOME = "portolan"  # the namespace in which the account lives, unless another is wanted
FILE = "portolan-rbac.yaml"
DURATION = "8760h"  # a year; the API server may shorten it

_API = "rbac.authorization.k8s.io"


class TokenBy(StrEnum):
    SECRET = "secret"  # noqa: S105 - how it is made: lasts until it is deleted
    REQUEST = "request"  # made by the TokenRequest API: ends by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the account is to be able to do. No `namespaces`: all of them. `identity`: it may also
    read the uid of kube-system, by which one cluster is told from another. Raises `ValueError` for
    what is no name."""

    namespaces: tuple[str, ...] = ()
    resource: str = "auto"
    home: str = HOME
    token_by: TokenBy = TokenBy.SECRET
    identity: bool = True

    def __post_init__(self) -> None:
        for name in (self.home, *self.namespaces):
            if not selectors.is_namespace(name):
                raise ValueError(name)
        if self.resource not in ("auto", ENDPOINT_SLICES.plural, ENDPOINTS.plural):
            raise ValueError(self.resource)


@dataclass(frozen=True, slots=True)
class Command:
    """One line for a shell; `step` is ``home``, ``apply`` or ``token``."""

    step: str
    text: str


def manifest(wish: Wish) -> str:
    """YAML for ``kubectl apply -f``."""
    return "---\n".join(_documents(wish))


def commands(wish: Wish) -> tuple[Command, ...]:
    """What to do with the manifest: a home for the account where there may be none, applying it,
    and reading the token out."""
    home = f"kubectl create namespace {wish.home} --dry-run=client -o yaml | kubectl apply -f -"
    if wish.token_by is TokenBy.SECRET:
        token = (
            f"kubectl -n {wish.home} get secret {ACCOUNT} -o jsonpath='{{.data.token}}' | base64 -d"
        )
    else:
        token = f"kubectl -n {wish.home} create token {ACCOUNT} --duration={DURATION}"
    steps = [Command("apply", f"kubectl apply -f {FILE}"), Command("token", token)]
    if wish.home not in wish.namespaces:
        steps.insert(0, Command("home", home))
    return tuple(steps)


def _documents(wish: Wish) -> Iterator[str]:
    where = "all namespaces" if not wish.namespaces else ", ".join(wish.namespaces)
    yield (
        f"# For Portolan: an account that may list and watch endpoints in {where}.\n"
        + _thing("v1", "ServiceAccount", ACCOUNT, wish.home)
    )
    if wish.token_by is TokenBy.SECRET:
        yield (
            "# Its token: the cluster fills this Secret within a second. It lasts until deleted.\n"
            + _thing("v1", "Secret", ACCOUNT, wish.home, note=ACCOUNT)
            + "type: kubernetes.io/service-account-token\n"
        )
    rules = "".join(_reading(wish.resource))
    if not wish.namespaces:
        if wish.identity:
            rules += _identity_rule()
        yield _thing(f"{_API}/v1", "ClusterRole", ACCOUNT) + f"rules:\n{rules}"
        yield _thing(f"{_API}/v1", "ClusterRoleBinding", ACCOUNT) + _bound(
            "ClusterRole", ACCOUNT, wish.home
        )
        return
    for namespace in wish.namespaces:
        yield from _role(ACCOUNT, namespace, rules, wish.home)
    if wish.identity:
        first, second = _role(IDENTITY, "kube-system", _identity_rule(), wish.home)
        yield first
        yield second


def _role(name: str, namespace: str, rules: str, home: str) -> tuple[str, str]:
    return (
        _thing(f"{_API}/v1", "Role", name, namespace) + f"rules:\n{rules}",
        _thing(f"{_API}/v1", "RoleBinding", name, namespace) + _bound("Role", name, home),
    )


def _thing(version: str, kind: str, name: str, namespace: str = "", *, note: str = "") -> str:
    lines = [f"apiVersion: {version}", f"kind: {kind}", "metadata:", f"  name: {name}"]
    if namespace:
        # Quoted: a namespace may be called 123, true or null.
        lines.append(f'  namespace: "{namespace}"')
    if note:
        lines += ["  annotations:", f"    kubernetes.io/service-account.name: {note}"]
    return "\n".join(lines) + "\n"


def _bound(kind: str, name: str, home: str) -> str:
    return (
        f"roleRef:\n  apiGroup: {_API}\n  kind: {kind}\n  name: {name}\n"
        f'subjects:\n  - kind: ServiceAccount\n    name: {ACCOUNT}\n    namespace: "{home}"\n'
    )


def _reading(resource: str) -> Iterator[str]:
    for one in (ENDPOINT_SLICES, ENDPOINTS):
        if resource in ("auto", one.plural):
            yield _rule(one.group, one.plural, ("list", "watch"))


def _identity_rule() -> str:
    return (
        "  # The uid of this namespace is the cluster's identity: with it Portolan notices that\n"
        "  # an address leads to another cluster, before that one's endpoints are published.\n"
    ) + _rule("", "namespaces", ("get",), only="kube-system")


def _rule(group: str, plural: str, verbs: tuple[str, ...], *, only: str = "") -> str:
    named = f'    resourceNames: ["{only}"]\n' if only else ""
    words = ", ".join(f'"{verb}"' for verb in verbs)
    return f'  - apiGroups: ["{group}"]\n    resources: ["{plural}"]\n{named}    verbs: [{words}]\n'
