"""The table of resources: what is served, under which names, with which verbs.

A new resource is a new row here; storing, listing, watching, discovery and RBAC follow from the
row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CORE, APPS, DISCOVERY, NETWORKING = "", "apps", "discovery.k8s.io", "networking.k8s.io"
RBAC, AUTHZ, AUTHN = (
    "rbac.authorization.k8s.io",
    "authorization.k8s.io",
    "authentication.k8s.io",
)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One row. `empty` holds the fields a bookmark carries because the type can't omit them."""

    group: str
    name: str
    kind: str
    version: str = "v1"
    namespaced: bool = True
    verbs: tuple[str, ...] = ALL_VERBS
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    create_on_update: bool = False
    returns_deleted: bool = False
    counts_generations: bool = False
    empty: str = ""

    def __hash__(self) -> int:
        return hash((self.group, self.name))

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name as messages spell it: `services`, `endpointslices.discovery.k8s.io`."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def qualified_kind(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def stored(self) -> bool:
        return "get" in self.verbs

    def key(self, namespace: str, name: str) -> str:
        """The key etcd would sort by: pages come in the same order as from a real server."""
        return f"{namespace}/{name}" if self.namespaced else name


NAMESPACES = Resource(
    group=CORE,
    name="namespaces",
    kind="Namespace",
    namespaced=False,
    verbs=tuple(v for v in ALL_VERBS if v != "deletecollection"),
    short=("ns",),
    subresources=("status", "finalize"),
    returns_deleted=True,
    empty='"spec":{},"status":{}',
)
SERVICES = Resource(
    group=CORE,
    name="services",
    kind="Service",
    short=("svc",),
    categories=("all",),
    subresources=("status",),
    create_on_update=True,
    returns_deleted=True,
    empty='"spec":{},"status":{"loadBalancer":{}}',
)
ENDPOINTS = Resource(
    group=CORE,
    name="endpoints",
    kind="Endpoints",
    short=("ep",),
    create_on_update=True,
)
SERVICEACCOUNTS = Resource(
    group=CORE,
    name="serviceaccounts",
    kind="ServiceAccount",
    short=("sa",),
    subresources=("token",),
    returns_deleted=True,
)
SECRETS = Resource(group=CORE, name="secrets", kind="Secret")
CONFIGMAPS = Resource(group=CORE, name="configmaps", kind="ConfigMap", short=("cm",))
EVENTS = Resource(group=CORE, name="events", kind="Event", short=("ev",))
NODES = Resource(group=CORE, name="nodes", kind="Node", namespaced=False, short=("no",))
PODS = Resource(
    group=CORE,
    name="pods",
    kind="Pod",
    short=("po",),
    categories=("all",),
    subresources=("status",),
    returns_deleted=True,
    empty='"spec":{"containers":null},"status":{}',
)
DEPLOYMENTS = Resource(
    group=APPS,
    name="deployments",
    kind="Deployment",
    short=("deploy",),
    categories=("all",),
    subresources=("status", "scale"),
    counts_generations=True,
    empty='"spec":{"selector":null,"template":{"metadata":{},"spec":{"containers":null}},'
    '"strategy":{}},"status":{}',
)
REPLICASETS = Resource(
    group=APPS,
    name="replicasets",
    kind="ReplicaSet",
    short=("rs",),
    categories=("all",),
    subresources=("status",),
    counts_generations=True,
)
ENDPOINTSLICES = Resource(
    group=DISCOVERY,
    name="endpointslices",
    kind="EndpointSlice",
    counts_generations=True,
    empty='"addressType":"","endpoints":null,"ports":null',
)
# Kept and served only: other gateways' own providers live from them, no controller here does.
INGRESSES = Resource(
    group=NETWORKING,
    name="ingresses",
    kind="Ingress",
    short=("ing",),
    subresources=("status",),
    counts_generations=True,
)
INGRESSCLASSES = Resource(
    group=NETWORKING,
    name="ingressclasses",
    kind="IngressClass",
    namespaced=False,
    counts_generations=True,
)
CLUSTERROLES = Resource(
    group=RBAC, name="clusterroles", kind="ClusterRole", namespaced=False, create_on_update=True
)
CLUSTERROLEBINDINGS = Resource(
    group=RBAC,
    name="clusterrolebindings",
    kind="ClusterRoleBinding",
    namespaced=False,
    create_on_update=True,
)
ROLES = Resource(group=RBAC, name="roles", kind="Role", create_on_update=True)
ROLEBINDINGS = Resource(group=RBAC, name="rolebindings", kind="RoleBinding", create_on_update=True)
REVIEWS = tuple(
    Resource(group=group, name=kind.lower() + "s", kind=kind, namespaced=False, verbs=("create",))
    for group, kind in (
        (AUTHZ, "SelfSubjectAccessReview"),
        (AUTHZ, "SelfSubjectRulesReview"),
        (AUTHN, "SelfSubjectReview"),
        (AUTHN, "TokenReview"),
    )
)
RESOURCES: tuple[Resource, ...] = (
    CONFIGMAPS,
    ENDPOINTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    DEPLOYMENTS,
    REPLICASETS,
    ENDPOINTSLICES,
    INGRESSES,
    INGRESSCLASSES,
    CLUSTERROLES,
    CLUSTERROLEBINDINGS,
    ROLES,
    ROLEBINDINGS,
    *REVIEWS,
)
STORED = tuple(resource for resource in RESOURCES if resource.stored)
GROUP_VERSIONS = tuple(dict.fromkeys((r.group, r.version) for r in RESOURCES))
BY_PATH = {(r.group, r.version, r.name): r for r in RESOURCES}
BY_KIND = {(r.api_version, r.kind): r for r in RESOURCES}


def find_resource(word: str) -> Resource:
    """Find a resource by plural name, kind or short name, as kubectl does."""
    for resource in RESOURCES:
        names = (
            resource.name,
            resource.kind,
            resource.singular,
            resource.qualified,
            *resource.short,
        )
        if word in names:
            return resource
    raise KeyError(f"no such resource: {word}")
