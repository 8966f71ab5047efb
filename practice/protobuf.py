"""Reading protobuf requests: kubectl's typed commands (`create`, `auth can-i`) send nothing else.

Only reading, and only the fields a client sends that matter here; answers are JSON, which those
clients accept too. A message is a table of field number -> (name, type); an unknown field is
skipped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from practice.schema import Json

MAGIC = b"k8s\0"
# Types: text, bytes, int, bool, map (text to text), data (text to bytes), port, or a message;
# * marks a list.
Fields = dict[int, tuple[str, str]]

MESSAGES: dict[str, Fields] = {
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "bytes")},
    "TypeMeta": {1: ("apiVersion", "text"), 2: ("kind", "text")},
    "ObjectMeta": {
        1: ("name", "text"),
        2: ("generateName", "text"),
        3: ("namespace", "text"),
        5: ("uid", "text"),
        6: ("resourceVersion", "text"),
        11: ("labels", "map"),
        12: ("annotations", "map"),
        14: ("finalizers", "*text"),
    },
    "LabelSelector": {1: ("matchLabels", "map")},
    "Namespace": {1: ("metadata", "ObjectMeta")},
    "Service": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ServiceSpec")},
    "ServiceSpec": {
        1: ("ports", "*ServicePort"),
        2: ("selector", "map"),
        3: ("clusterIP", "text"),
        4: ("type", "text"),
        5: ("externalIPs", "*text"),
        7: ("sessionAffinity", "text"),
        10: ("externalName", "text"),
        11: ("externalTrafficPolicy", "text"),
        13: ("publishNotReadyAddresses", "bool"),
        17: ("ipFamilyPolicy", "text"),
        18: ("clusterIPs", "*text"),
        19: ("ipFamilies", "*text"),
        22: ("internalTrafficPolicy", "text"),
    },
    "ServicePort": {
        1: ("name", "text"),
        2: ("protocol", "text"),
        3: ("port", "int"),
        4: ("targetPort", "port"),
        5: ("nodePort", "int"),
        6: ("appProtocol", "text"),
    },
    "ServiceAccount": {1: ("metadata", "ObjectMeta")},
    "Secret": {1: ("metadata", "ObjectMeta"), 2: ("data", "data"), 3: ("type", "text")},
    "ConfigMap": {1: ("metadata", "ObjectMeta"), 2: ("data", "map")},
    "Deployment": {1: ("metadata", "ObjectMeta"), 2: ("spec", "DeploymentSpec")},
    "DeploymentSpec": {
        1: ("replicas", "int"),
        2: ("selector", "LabelSelector"),
        3: ("template", "PodTemplateSpec"),
        4: ("strategy", "DeploymentStrategy"),
    },
    "DeploymentStrategy": {1: ("type", "text")},
    "PodTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "PodSpec": {
        2: ("containers", "*Container"),
        3: ("restartPolicy", "text"),
        4: ("terminationGracePeriodSeconds", "int"),
        6: ("dnsPolicy", "text"),
        8: ("serviceAccountName", "text"),
    },
    "Container": {
        1: ("name", "text"),
        2: ("image", "text"),
        3: ("command", "*text"),
        4: ("args", "*text"),
        6: ("ports", "*ContainerPort"),
    },
    "ContainerPort": {1: ("name", "text"), 3: ("containerPort", "int"), 4: ("protocol", "text")},
    "Role": {1: ("metadata", "ObjectMeta"), 2: ("rules", "*PolicyRule")},
    "PolicyRule": {
        1: ("verbs", "*text"),
        2: ("apiGroups", "*text"),
        3: ("resources", "*text"),
        4: ("resourceNames", "*text"),
        5: ("nonResourceURLs", "*text"),
    },
    "RoleBinding": {
        1: ("metadata", "ObjectMeta"),
        2: ("subjects", "*Subject"),
        3: ("roleRef", "RoleRef"),
    },
    "Subject": {
        1: ("kind", "text"),
        2: ("apiGroup", "text"),
        3: ("name", "text"),
        4: ("namespace", "text"),
    },
    "RoleRef": {1: ("apiGroup", "text"), 2: ("kind", "text"), 3: ("name", "text")},
    "SelfSubjectAccessReview": {2: ("spec", "AccessSpec")},
    "AccessSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "NonResourceAttributes"),
    },
    "ResourceAttributes": {
        1: ("namespace", "text"),
        2: ("verb", "text"),
        3: ("group", "text"),
        4: ("version", "text"),
        5: ("resource", "text"),
        6: ("subresource", "text"),
        7: ("name", "text"),
    },
    "NonResourceAttributes": {1: ("path", "text"), 2: ("verb", "text")},
    "SelfSubjectRulesReview": {2: ("spec", "RulesSpec")},
    "RulesSpec": {1: ("namespace", "text")},
    "SelfSubjectReview": {},
    "TokenRequest": {2: ("spec", "TokenRequestSpec")},
    "TokenRequestSpec": {
        1: ("audiences", "*text"),
        3: ("boundObjectRef", "BoundObject"),
        4: ("expirationSeconds", "int"),
    },
    "BoundObject": {
        1: ("kind", "text"),
        2: ("apiVersion", "text"),
        3: ("name", "text"),
        4: ("uid", "text"),
    },
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"),
        2: ("preconditions", "Preconditions"),
        4: ("propagationPolicy", "text"),
        5: ("dryRun", "*text"),
    },
    "Preconditions": {1: ("uid", "text"), 2: ("resourceVersion", "text")},
    "Scale": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ScaleSpec")},
    "ScaleSpec": {1: ("replicas", "int")},
}
MESSAGES["ClusterRole"] = MESSAGES["Role"]
MESSAGES["ClusterRoleBinding"] = MESSAGES["RoleBinding"]
# Numbers that are pointers in Go: a zero was meant, elsewhere it is only the default.
MEANT = {"replicas", "gracePeriodSeconds", "expirationSeconds"}


def decode_request(body: bytes) -> Json:
    """Return the object of a protobuf request; ValueError says what is wrong with it."""
    if not body.startswith(MAGIC):
        raise ValueError("provided data does not appear to be a protobuf message")
    outer = _message("Unknown", body[len(MAGIC) :])
    kind = outer.get("typeMeta") or {}
    if kind.get("kind") not in MESSAGES:
        raise ValueError(f"no protobuf type is known for {kind.get('kind')!r}; send JSON")
    return {**kind, **_message(kind["kind"], base64.b64decode(outer.get("raw", "")))}


def _message(name: str, data: bytes) -> Json:
    made: Json = {}
    table = MESSAGES[name]
    for number, value in _fields(data):
        if number not in table:
            continue
        field, type_ = table[number]
        read = _value(type_.removeprefix("*"), value)
        if type_.startswith("*"):
            made.setdefault(field, []).append(read)
        elif type_ in ("map", "data"):
            made.setdefault(field, {}).update(read)
        elif read or field in MEANT:
            made[field] = read
    return made


def _value(type_: str, value: int | bytes) -> Any:
    if isinstance(value, int):
        # A negative int32 is sent as its 64-bit complement.
        number = value - (1 << 64) if value >= 1 << 63 else value
        return bool(number) if type_ == "bool" else number
    if type_ == "text":
        return value.decode()
    if type_ == "bytes":
        return base64.b64encode(value).decode()
    if type_ in ("map", "data"):
        pair = dict(_fields(value))
        key, content = pair.get(1, b""), pair.get(2, b"")
        return {_value("text", key): _value("text" if type_ == "map" else "bytes", content)}
    if type_ == "port":
        parts = dict(_fields(value))
        return _value("text", parts.get(3, b"")) if parts.get(1) else parts.get(2, 0)
    return _message(type_, value)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"protobuf wire type {wire} is not used here")
        if at + size > len(data):
            raise ValueError("unexpected end of the protobuf message")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("unexpected end of the protobuf message")
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        shift += 7
        if byte < 128:
            return value, at
