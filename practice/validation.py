"""Validation: what the server refuses with 422, field by field.

One difference from the real server is wanted: loopback addresses are admitted in Endpoints and
EndpointSlices, because the replicas of the practice cluster live there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from practice.schema import (
    CLUSTERROLEBINDINGS,
    DEPLOYMENTS,
    ENDPOINTS,
    ENDPOINTSLICES,
    NAMESPACES,
    ROLEBINDINGS,
    SERVICES,
    Json,
    Resource,
)
from practice.status import Causes

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL_KEY = re.compile(
    r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
PATH_NAME_KINDS = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}

WHY_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
    "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
WHY_1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character "
    "(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
WHY_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
    "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "
    "regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
WHY_KEY = "name part must consist of alphanumeric characters, '-', '_' or '.'"
WHY_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, "
    "'-', '_' or '.', and must start and end with an alphanumeric character"
)
WHY_PORT = "must be between 1 and 65535, inclusive"
SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
PROTOCOLS = ("SCTP", "TCP", "UDP")
LINK_LOCAL_MULTICAST = (
    ipaddress.ip_network("224.0.0.0/24"),
    ipaddress.ip_network("ff02::/16"),
)


def validate(resource: Resource, obj: Json, before: Json | None = None) -> None:
    """Raise one 422 with all causes, or return."""
    causes = Causes()
    _metadata(causes, resource, obj, before)
    check = CHECKS.get(resource)
    if check is not None:
        check(causes, obj, before)
    causes.raise_for(resource.kind, obj["metadata"].get("name", ""), group=resource.group)


def _metadata(causes: Causes, resource: Resource, obj: Json, before: Json | None) -> None:
    meta = obj["metadata"]
    name = meta.get("name", "")
    if not name:
        causes.required("metadata.name", "name or generateName is required")
    elif resource.kind in PATH_NAME_KINDS:
        if name in (".", "..") or "/" in name or "%" in name:
            causes.invalid("metadata.name", name, "may not contain '/' or '%'")
    elif resource is NAMESPACES:
        _label(causes, "metadata.name", name)
    elif resource is SERVICES:
        # Relaxed in 1.36 for new services; the strict rule is what every version admits.
        if not LABEL_1035.fullmatch(name):
            causes.invalid("metadata.name", name, WHY_1035)
        elif len(name) > 63:
            causes.add("metadata.name", "FieldValueInvalid", _too_long(name, 63))
    elif not SUBDOMAIN.fullmatch(name):
        causes.invalid("metadata.name", name, WHY_SUBDOMAIN)
    elif len(name) > 253:
        causes.add("metadata.name", "FieldValueInvalid", _too_long(name, 253))
    for key, value in (meta.get("labels") or {}).items():
        if not LABEL_KEY.fullmatch(key):
            causes.invalid("metadata.labels", key, WHY_KEY)
        if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value):
            causes.invalid("metadata.labels", value, WHY_VALUE)
    if before is not None:
        for field in ("uid", "namespace", "name"):
            old = before["metadata"].get(field)
            if meta.get(field) != old:
                causes.invalid(f"metadata.{field}", meta.get(field), "field is immutable")


def _too_long(name: str, most: int) -> str:
    return f'Invalid value: "{name}": must be no more than {most} characters'


def _label(causes: Causes, field: str, value: str) -> None:
    if not LABEL.fullmatch(value):
        causes.invalid(field, value, WHY_LABEL)
    elif len(value) > 63:
        causes.add(field, "FieldValueInvalid", _too_long(value, 63))


def is_port(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536


def _service(causes: Causes, obj: Json, before: Json | None) -> None:
    spec = obj.get("spec") or {}
    kind = spec.get("type", "ClusterIP")
    if kind not in SERVICE_TYPES:
        causes.unsupported("spec.type", kind, SERVICE_TYPES)
    ports = spec.get("ports") or []
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        causes.required("spec.ports")
    if kind == "ExternalName" and not spec.get("externalName"):
        causes.required("spec.externalName")
    names: set[str] = set()
    pairs: set[tuple[Any, Any]] = set()
    for i, port in enumerate(ports):
        at = f"spec.ports[{i}]"
        _port_name(causes, f"{at}.name", port.get("name", ""), names, needed=len(ports) > 1)
        if not is_port(port.get("port")):
            causes.invalid(f"{at}.port", port.get("port", 0), WHY_PORT)
        _protocol(causes, f"{at}.protocol", port)
        target = port.get("targetPort", 1)
        if isinstance(target, int) and not is_port(target):
            causes.invalid(f"{at}.targetPort", target, WHY_PORT)
        elif isinstance(target, str) and not re.fullmatch(r"(?=.*[a-z])[a-z0-9-]{1,15}", target):
            causes.invalid(f"{at}.targetPort", target, "must contain at least one letter (a-z)")
        pair = (port.get("port"), port.get("protocol", "TCP"))
        if pair in pairs:
            causes.duplicate(at, f"{pair[1]}/{pair[0]}")
        pairs.add(pair)
    old_ip = ((before or {}).get("spec") or {}).get("clusterIP", "")
    if old_ip and spec.get("clusterIP") != old_ip and kind != "ExternalName":
        value = [spec["clusterIP"]] if spec.get("clusterIP") else []
        causes.invalid("spec.clusterIPs[0]", value, "may not change once set")


def _port_name(causes: Causes, field: str, name: str, seen: set[str], *, needed: bool) -> None:
    if not name:
        if needed:
            causes.required(field)
        return
    _label(causes, field, name)
    if name in seen:
        causes.duplicate(field, name)
    seen.add(name)


def _protocol(causes: Causes, field: str, port: Json) -> None:
    protocol = port.get("protocol", "TCP")
    if protocol not in PROTOCOLS:
        causes.unsupported(field, protocol, PROTOCOLS)


def _endpoints(causes: Causes, obj: Json, _: Json | None) -> None:
    for i, subset in enumerate(obj.get("subsets") or []):
        at = f"subsets[{i}]"
        ready, other = subset.get("addresses") or [], subset.get("notReadyAddresses") or []
        if not ready and not other:
            causes.required(at, "must specify `addresses` or `notReadyAddresses`")
        for field, addresses in (("addresses", ready), ("notReadyAddresses", other)):
            for j, address in enumerate(addresses):
                _address(causes, f"{at}.{field}[{j}].ip", address.get("ip", ""))
        names: set[str] = set()
        ports = subset.get("ports") or []
        for j, port in enumerate(ports):
            where = f"{at}.ports[{j}]"
            _port_name(causes, f"{where}.name", port.get("name", ""), names, needed=len(ports) > 1)
            if not is_port(port.get("port")):
                causes.invalid(f"{where}.port", port.get("port", 0), WHY_PORT)
            _protocol(causes, f"{where}.protocol", port)


def _address(causes: Causes, field: str, value: str, version: int = 0) -> None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        causes.invalid(field, value, why)
        return
    if str(address) != value:
        causes.invalid(field, value, f'must be in canonical form ("{address}")')
    if version and address.version != version:
        # The real server names the list here, not the item.
        causes.invalid(field.rpartition("[")[0], value, f"must be an IPv{version} address")
    elif address.is_unspecified:
        causes.invalid(field, value, f"may not be unspecified ({value})")
    elif address.is_link_local:
        causes.invalid(
            field, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
        )
    elif any(address in network for network in LINK_LOCAL_MULTICAST):
        why = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
        causes.invalid(field, value, why)


def _slice(causes: Causes, obj: Json, before: Json | None) -> None:
    kind = obj.get("addressType", "")
    kinds = ("FQDN", "IPv4", "IPv6")
    if not kind:
        causes.required("addressType")
    elif kind not in kinds:
        causes.unsupported("addressType", kind, kinds)
    if before is not None and before.get("addressType") != kind:
        causes.invalid("addressType", kind, "field is immutable")
    _slice_ports(causes, obj)
    endpoints = obj.get("endpoints") or []
    if len(endpoints) > 1000:
        causes.too_many("endpoints", len(endpoints), 1000)
    for i, endpoint in enumerate(endpoints):
        addresses = endpoint.get("addresses") or []
        if not addresses:
            causes.required(f"endpoints[{i}].addresses", "must contain at least 1 address")
        if len(addresses) > 100:
            causes.too_many(f"endpoints[{i}].addresses", len(addresses), 100)
        for j, address in enumerate(addresses):
            field = f"endpoints[{i}].addresses[{j}]"
            if kind in ("IPv4", "IPv6"):
                _address(causes, field, address, 4 if kind == "IPv4" else 6)
            elif kind == "FQDN" and not SUBDOMAIN.fullmatch(str(address)):
                causes.invalid(field, address, WHY_SUBDOMAIN)
            elif kind == "FQDN" and "." not in address:
                why = "should be a domain with at least two segments separated by dots"
                causes.invalid(field, address, why)


def _slice_ports(causes: Causes, obj: Json) -> None:
    """Names and protocols only: the real server admits any number as a slice's port."""
    ports = obj.get("ports") or []
    if len(ports) > 20_000:
        causes.too_many("ports", len(ports), 20_000)
    names: set[str] = set()
    for i, port in enumerate(ports):
        name = port.get("name") or ""
        if name and not LABEL.fullmatch(name):
            causes.invalid(f"ports[{i}].name", name, WHY_LABEL)
        if name in names:
            causes.duplicate(f"ports[{i}].name", name)
        names.add(name)
        _protocol(causes, f"ports[{i}].protocol", port)


def _binding(causes: Causes, obj: Json, before: Json | None) -> None:
    ref = obj.get("roleRef") or {}
    if ref.get("kind") not in ("Role", "ClusterRole"):
        causes.unsupported("roleRef.kind", ref.get("kind", ""), ("ClusterRole", "Role"))
    if not ref.get("name"):
        causes.required("roleRef.name")
    if before is not None and before.get("roleRef") != ref:
        causes.invalid("roleRef", ref, "cannot change roleRef")
    for i, subject in enumerate(obj.get("subjects") or []):
        at = f"subjects[{i}]"
        if not subject.get("name"):
            causes.required(f"{at}.name")
        if subject.get("kind") not in ("ServiceAccount", "User", "Group"):
            kinds = ("ServiceAccount", "User", "Group")
            causes.unsupported(f"{at}.kind", subject.get("kind", ""), kinds)
        elif subject["kind"] == "ServiceAccount" and not subject.get("namespace"):
            causes.required(f"{at}.namespace")


def _deployment(causes: Causes, obj: Json, before: Json | None) -> None:
    spec = obj.get("spec") or {}
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    template = spec.get("template") or {}
    if not spec.get("selector"):
        causes.required("spec.selector")
    elif not wanted.items() <= ((template.get("metadata") or {}).get("labels") or {}).items():
        why = "`selector` does not match template `labels`"
        causes.invalid("spec.template.metadata.labels", "", why)
    if not (template.get("spec") or {}).get("containers"):
        causes.required("spec.template.spec.containers")
    replicas = spec.get("replicas", 1)
    if not isinstance(replicas, int) or replicas < 0:
        causes.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
    if before is not None and before["spec"].get("selector") != spec.get("selector"):
        causes.invalid("spec.selector", str(wanted), "field is immutable")


CHECKS: dict[Resource, Callable[[Causes, Json, Json | None], None]] = {
    SERVICES: _service,
    ENDPOINTS: _endpoints,
    ENDPOINTSLICES: _slice,
    CLUSTERROLEBINDINGS: _binding,
    ROLEBINDINGS: _binding,
    DEPLOYMENTS: _deployment,
}
