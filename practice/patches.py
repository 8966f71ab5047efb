"""The kinds of patch: JSON patch (RFC 6902) and merge patch (RFC 7386); strategic merge is next
door.

Each takes a document it may change and returns the patched one.
"""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import yaml

from practice.schema import Json
from practice.status import ApiError, bad_request, unsupported_media
from practice.strategic import strategic_merge

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)


class PatchError(Exception):
    """An operation that can't be applied to this document."""


def read_patch(content_type: str, body: bytes) -> Any:
    """Decode a patch; an unknown type is 415, a body that is no patch is 400."""
    if content_type not in PATCH_TYPES:
        raise unsupported_media(PATCH_TYPES)
    try:
        patch = yaml.safe_load(body) if content_type == APPLY_PATCH else msgspec.json.decode(body)
    except (msgspec.DecodeError, yaml.YAMLError, ValueError) as error:
        raise bad_request(f"error decoding patch: {error}") from None
    wanted: type = list if content_type == JSON_PATCH else dict
    if not isinstance(patch, wanted):
        raise bad_request(f"error decoding patch: expected {wanted.__name__}")
    return patch


def apply_patch(content_type: str, kind: str, document: Json, patch: Any) -> Json:
    if content_type == JSON_PATCH:
        try:
            result = json_patch(document, patch)
        except PatchError:
            # The real server does not say which operation it was.
            message = "the server rejected our request due to an error in our request"
            raise ApiError(422, "Invalid", message, details={}) from None
        if not isinstance(result, dict):
            raise bad_request("the patched document is not an object")
        return result
    if content_type == MERGE_PATCH:
        merged: Json = merge_patch(document, patch)
        return merged
    return strategic_merge(kind, document, patch)


def merge_patch(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def json_patch(document: Any, operations: list[Any]) -> Any:
    for operation in operations:
        if not isinstance(operation, dict) or not isinstance(operation.get("path"), str):
            raise bad_request("error decoding patch: an operation needs op and path")
        document = _operate(document, operation)
    return document


def _operate(document: Any, operation: Json) -> Any:
    op, path = operation.get("op"), operation["path"]
    if op == "test":
        if _read(document, path) != operation.get("value"):
            raise PatchError(f"testing value {path} failed: test failed")
        return document
    if op == "remove":
        return _remove(document, path)
    if op in ("add", "replace"):
        if "value" not in operation:
            raise bad_request(f"error decoding patch: {op} without a value")
        if op == "replace":
            _read(document, path)
        return _put(document, path, operation["value"], insert=op == "add")
    if op in ("move", "copy"):
        origin = operation.get("from")
        if not isinstance(origin, str):
            raise bad_request(f"error decoding patch: {op} without from")
        value = copy.deepcopy(_read(document, origin))
        if op == "move":
            document = _remove(document, origin)
        return _put(document, path, value, insert=True)
    raise bad_request(f"error decoding patch: unexpected operation {op!r}")


def _parts(path: str) -> list[str]:
    if path == "":
        return []
    if not path.startswith("/"):
        raise PatchError(f"path {path!r} does not begin with /")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _step(container: Any, part: str, path: str) -> Any:
    if isinstance(container, dict) and part in container:
        return container[part]
    if isinstance(container, list):
        return container[_index(part, len(container) - 1, path)]
    raise PatchError(f"doc is missing path: {path}: missing value")


def _index(part: str, most: int, path: str) -> int:
    if not part.isdigit() or int(part) > most:
        raise PatchError(f"invalid index referenced: {path}")
    return int(part)


def _read(document: Any, path: str) -> Any:
    for part in _parts(path):
        document = _step(document, part, path)
    return document


def _remove(document: Any, path: str) -> Any:
    *above, last = _parts(path) or [""]
    container = document
    for part in above:
        container = _step(container, part, path)
    if isinstance(container, list):
        del container[_index(last, len(container) - 1, path)]
    elif isinstance(container, dict) and last in container:
        del container[last]
    else:
        raise PatchError(f"Unable to remove nonexistent key: {last}: missing value")
    return document


def _put(document: Any, path: str, value: Any, *, insert: bool) -> Any:
    parts = _parts(path)
    if not parts:
        return value
    container = document
    for part in parts[:-1]:
        container = _step(container, part, path)
    last = parts[-1]
    if isinstance(container, dict):
        container[last] = value
    elif isinstance(container, list) and insert:
        at = len(container) if last == "-" else _index(last, len(container), path)
        container.insert(at, value)
    elif isinstance(container, list):
        container[_index(last, len(container) - 1, path)] = value
    else:
        raise PatchError(f"doc is missing path: {path}: missing value")
    return document
