"""What a new cluster holds: namespaces, nodes, default roles, the discovery account."""

from __future__ import annotations

from typing import Any

from practice.schema import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    CORE,
    DISCOVERY,
    NAMESPACES,
    NODES,
    RBAC,
    SECRETS,
    SERVICEACCOUNTS,
    Json,
    Resource,
)
from practice.store import Store
from practice.writes import Writer

DISCOVERY_ACCOUNT = ("portolan", "portolan-discovery")
DISCOVERY_SECRET = "portolan-discovery-token"  # noqa: S105
WORKLOAD_NAMESPACE = "apisix"
BASE_NAMESPACES = ("kube-system", "default", "kube-public", "kube-node-lease")
ZONES = {"practice-1": "practice-a", "practice-2": "practice-b"}
READ = ["get", "list", "watch"]
DISCOVERY_PATHS = [
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/openapi",
    "/openapi/*",
    "/version",
    "/version/",
]
HEALTH_PATHS = ["/healthz", "/livez", "/readyz", "/version", "/version/"]


def rule(groups: list[str], resources: list[str], verbs: list[str]) -> Json:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


def paths(urls: list[str]) -> Json:
    return {"nonResourceURLs": urls, "verbs": ["get"]}


SELF = [
    rule(
        ["authorization.k8s.io"],
        ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ["create"],
    ),
    rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]),
]
EVERYTHING = rule(["*"], ["*"], ["*"])
WORKABLE = rule(
    [CORE, "apps", DISCOVERY],
    ["configmaps", "endpoints", "events", "namespaces", "pods", "serviceaccounts", "services",
     "deployments", "deployments/scale", "replicasets", "endpointslices"],
    READ,
)  # fmt: skip
ROLES: dict[str, list[Json]] = {
    "cluster-admin": [EVERYTHING, {"nonResourceURLs": ["*"], "verbs": ["*"]}],
    "admin": [{**WORKABLE, "verbs": ["*"]}, rule([CORE], ["secrets"], ["*"])],
    "edit": [{**WORKABLE, "verbs": ["*"]}, rule([CORE], ["secrets"], ["*"])],
    "view": [WORKABLE],
    "system:basic-user": SELF,
    "system:discovery": [paths(HEALTH_PATHS + DISCOVERY_PATHS)],
    "system:public-info-viewer": [paths(HEALTH_PATHS)],
    "portolan-discovery": [
        rule([CORE], ["endpoints"], ["list", "watch"]),
        rule([DISCOVERY], ["endpointslices"], ["list", "watch"]),
        rule([CORE], ["namespaces"], ["get", "list"]),
    ],
}
AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
GROUP_BINDINGS = {
    "cluster-admin": ["system:masters"],
    "system:basic-user": [AUTHENTICATED],
    "system:discovery": [AUTHENTICATED],
    "system:public-info-viewer": [AUTHENTICATED, UNAUTHENTICATED],
}


def bootstrap(store: Store, writer: Writer) -> None:
    """Create what is missing; what a person changed or a restart brought back is left alone."""

    def ensure(resource: Resource, namespace: str, name: str, **body: Any) -> None:
        if store.get(resource, resource.key(namespace, name)) is None:
            writer.create(
                resource,
                namespace,
                {**body, "metadata": {"name": name, **body.get("metadata", {})}},
            )

    for name in (*BASE_NAMESPACES, DISCOVERY_ACCOUNT[0], WORKLOAD_NAMESPACE):
        ensure(NAMESPACES, "", name)
    for name, zone in ZONES.items():
        labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone}
        ensure(NODES, "", name, metadata={"labels": labels}, spec={}, status={})
    for name, rules in ROLES.items():
        ensure(CLUSTERROLES, "", name, rules=rules)
    for name, groups in GROUP_BINDINGS.items():
        subjects = [{"kind": "Group", "name": group} for group in groups]
        ensure(CLUSTERROLEBINDINGS, "", name, subjects=subjects, roleRef=role_ref(name))
    namespace, account = DISCOVERY_ACCOUNT
    ensure(SERVICEACCOUNTS, namespace, account)
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    ensure(CLUSTERROLEBINDINGS, "", account, subjects=[subject], roleRef=role_ref(account))
    ensure(
        SECRETS,
        namespace,
        DISCOVERY_SECRET,
        type="kubernetes.io/service-account-token",
        metadata={"annotations": {"kubernetes.io/service-account.name": account}},
    )


def role_ref(name: str, kind: str = "ClusterRole") -> Json:
    return {"apiGroup": RBAC, "kind": kind, "name": name}
