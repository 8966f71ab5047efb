"""Strategic merge: a merge patch that knows which lists are sets of named things.

Lists that are not in the table are replaced whole, as the real types say of subsets, rules,
subjects and the endpoints of a slice.
"""

from __future__ import annotations

from typing import Any

from practice.schema import Json

# The field that tells the items of a list apart, by (kind, field); kind "" holds everywhere.
MERGE_KEYS = {
    ("Service", "ports"): "port",
    ("", "containers"): "name",
    ("", "initContainers"): "name",
    ("", "env"): "name",
    ("", "volumes"): "name",
    ("", "volumeMounts"): "mountPath",
    ("", "conditions"): "type",
    ("", "ownerReferences"): "uid",
    ("", "imagePullSecrets"): "name",
    ("ServiceAccount", "secrets"): "name",
    ("Deployment", "ports"): "containerPort",
    ("ReplicaSet", "ports"): "containerPort",
    ("Pod", "ports"): "containerPort",
}
SETS = {"finalizers"}
ORDER, REMOVE, RETAIN = "$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys"


def strategic_merge(kind: str, target: Json, patch: Json) -> Json:
    """Return `target` with `patch` merged in; directives ($patch and friends) are obeyed."""
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(target)
    retain = patch.get(RETAIN)
    if isinstance(retain, list):
        result = {key: value for key, value in result.items() if key in retain}
    for key, value in patch.items():
        if key.startswith("$"):
            if key.startswith(REMOVE):
                name = key.removeprefix(REMOVE)
                result[name] = [item for item in result.get(name) or [] if item not in value]
            continue
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            if value.get("$patch") == "delete":
                result.pop(key, None)
                continue
            old = result.get(key)
            result[key] = strategic_merge(kind, old if isinstance(old, dict) else {}, value)
        elif isinstance(value, list):
            old_list = result.get(key)
            order = patch.get(ORDER + key)
            result[key] = _merge_list(kind, key, old_list or [], value, order)
        else:
            result[key] = value
    for key, order in patch.items():
        name = key.removeprefix(ORDER)
        if key.startswith(ORDER) and name not in patch and isinstance(result.get(name), list):
            result[name] = _merge_list(kind, name, result[name], [], order)
    return result


def _merge_list(kind: str, field: str, old: list[Any], new: list[Any], order: Any) -> list[Any]:
    if field in SETS:
        return _ordered([*old, *(item for item in new if item not in old)], order, None)
    key = MERGE_KEYS.get((kind, field)) or MERGE_KEYS.get(("", field))
    if key is None or not all(isinstance(item, dict) for item in (*old, *new)):
        return _clean(new)
    if any(item.get("$patch") == "replace" for item in new):
        return _clean([item for item in new if item.get("$patch") != "replace"])
    merged = {item.get(key): item for item in old}
    for item in new:
        name = item.get(key)
        if item.get("$patch") == "delete":
            merged.pop(name, None)
        else:
            merged[name] = strategic_merge(kind, merged.get(name, {}), item)
    return _ordered(list(merged.values()), order, key)


def _ordered(items: list[Any], order: Any, key: str | None) -> list[Any]:
    if not isinstance(order, list):
        return items
    wanted = [entry.get(key) if isinstance(entry, dict) and key else entry for entry in order]

    def place(item: Any) -> int:
        name = item.get(key) if isinstance(item, dict) and key else item
        return wanted.index(name) if name in wanted else len(wanted)

    return sorted(items, key=place)


def _clean(items: list[Any]) -> list[Any]:
    return [strategic_merge("", {}, item) if isinstance(item, dict) else item for item in items]
