"""What a client reads first: versions, groups, the resources of each group, and just enough
OpenAPI.

The OpenAPI documents say only which kinds take the `fieldValidation` parameter; that is what
kubectl looks for before it applies anything. Schemas are left out, so kubectl merges with its
own types.
"""

from __future__ import annotations

import platform
from functools import cache

from practice.schema import GROUP_VERSIONS, RESOURCES, Json, Resource

VERSIONS = {"1.36": "v1.36.2+practice", "1.23": "v1.23.1+practice"}
PATCHES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
)


def version(release: str) -> Json:
    major, minor = release.split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": VERSIONS[release],
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": "2026-06-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "cpython",
        "platform": f"linux/{'arm64' if platform.machine() == 'aarch64' else 'amd64'}",
    }


def api_versions(address: str) -> Json:
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group(name: str) -> Json | None:
    versions = [
        {"groupVersion": f"{name}/{version}", "version": version}
        for group, version in GROUP_VERSIONS
        if group == name and name
    ]
    if not versions:
        return None
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def groups() -> Json:
    names = dict.fromkeys(name for name, _ in GROUP_VERSIONS if name)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(name) for name in names]}


def resources(group_version: tuple[str, str]) -> Json | None:
    if group_version not in GROUP_VERSIONS:
        return None
    rows: list[Json] = []
    for resource in RESOURCES:
        if (resource.group, resource.version) == group_version:
            rows.append(_row(resource))
            rows.extend(_subresource(resource, part) for part in resource.subresources)
    name, version_ = group_version
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{name}/{version_}" if name else version_,
        "resources": rows,
    }


def _row(resource: Resource) -> Json:
    row: Json = {
        "name": resource.name,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short:
        row["shortNames"] = list(resource.short)
    if resource.categories:
        row["categories"] = list(resource.categories)
    return row


def _subresource(resource: Resource, part: str) -> Json:
    row: Json = {
        "name": f"{resource.name}/{part}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": ["get", "patch", "update"],
    }
    if part == "scale":
        row |= {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    if part == "token":
        row |= {
            "group": "authentication.k8s.io",
            "version": "v1",
            "kind": "TokenRequest",
            "verbs": ["create"],
        }
    return row


def _openapi_path(group_version: tuple[str, str]) -> str:
    name, version_ = group_version
    return f"apis/{name}/{version_}" if name else f"api/{version_}"


@cache
def openapi_index() -> Json:
    return {
        "paths": {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=practice"}
            for path in map(_openapi_path, GROUP_VERSIONS)
        }
    }


@cache
def openapi_document(path: str) -> Json | None:
    """The OpenAPI v3 document of one group version, or None for an unknown one."""
    for group_version in GROUP_VERSIONS:
        if _openapi_path(group_version) == path:
            paths = {
                _item_path(resource): {"patch": _patch(resource)}
                for resource in RESOURCES
                if (resource.group, resource.version) == group_version and resource.stored
            }
            return {
                "openapi": "3.0.0",
                "info": {"title": "practice", "version": "v1"},
                "paths": paths,
                "components": {"schemas": {}},
            }
    return None


def _item_path(resource: Resource) -> str:
    namespace = "namespaces/{namespace}/" if resource.namespaced else ""
    return (
        f"/{_openapi_path((resource.group, resource.version))}/{namespace}{resource.name}/{{name}}"
    )


def _patch(resource: Resource) -> Json:
    texts = ("dryRun", "fieldManager", "fieldValidation")
    return {
        "operationId": f"patch{resource.kind}",
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string"}} for name in texts
        ],
        "requestBody": {"content": {kind: {"schema": {"type": "object"}} for kind in PATCHES}},
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {
            "group": resource.group,
            "version": resource.version,
            "kind": resource.kind,
        },
    }


def openapi_v2() -> Json:
    return {
        "swagger": "2.0",
        "info": {"title": "practice", "version": "v1"},
        "paths": {},
        "definitions": {},
    }
