"""Writes: create, update, patch, delete, through defaults, validation and the preconditions.

Everything here is one step without waiting, so a read, its change and its write can't be torn
apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from practice.defaults import set_defaults, suffix
from practice.patches import APPLY_PATCH, apply_patch
from practice.schema import NAMESPACES, Json, Resource
from practice.status import (
    ApiError,
    Causes,
    bad_request,
    conflict,
    not_found,
    precondition_failed,
)
from practice.store import Entry, Store, now_text
from practice.validation import validate

PROPAGATION = ("Foreground", "Background", "Orphan")
SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


class Writer:
    """The write verbs. `lingers` says which objects are only marked when deleted."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lingers: Callable[[Resource, Entry], bool] = lambda _resource, _entry: False

    def check_body(self, resource: Resource, namespace: str, name: str, body: Any) -> Json:
        """Return the object of a request after comparing it with the URL."""
        if not isinstance(body, dict):
            raise bad_request("couldn't get version/kind; json parse error: expected an object")
        kind = body.get("kind", resource.kind)
        version = body.get("apiVersion", resource.api_version)
        if (kind, version) != (resource.kind, resource.api_version):
            raise bad_request(
                f"{kind} in version {version!r} cannot be handled as a {resource.kind}: "
                f'no kind "{kind}" is registered for version "{version}"'
            )
        meta = body.get("metadata")
        if not isinstance(meta, dict):
            meta = body["metadata"] = {}
        if name and meta.get("name", name) != name:
            raise bad_request(
                f"the name of the object ({meta['name']}) does not match "
                f"the name on the URL ({name})"
            )
        if name:
            meta["name"] = name
        if not resource.namespaced:
            meta.pop("namespace", None)
        elif (meta.get("namespace") or namespace) != namespace:
            raise bad_request(
                "the namespace of the provided object does not match "
                "the namespace sent on the request"
            )
        else:
            meta["namespace"] = namespace
        return body

    def create(
        self, resource: Resource, namespace: str, body: Any, *, name: str = "", dry: bool = False
    ) -> Entry:
        obj = self.check_body(resource, namespace, name, body)
        meta = obj["metadata"]
        if resource.namespaced and self.store.get(NAMESPACES, namespace) is None:
            raise not_found(NAMESPACES, namespace)
        if meta.get("resourceVersion"):
            why = "resourceVersion should not be set on objects to be created"
            raise ApiError(500, "", why)
        for field in (*SYSTEM_FIELDS, "generation", "managedFields", "selfLink"):
            meta.pop(field, None)
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + suffix()
        set_defaults(resource, obj)
        validate(resource, obj)
        if resource.counts_generations:
            meta["generation"] = 1
        if dry:
            key = resource.key(namespace, meta["name"])
            if self.store.get(resource, key) is None:
                meta.setdefault("creationTimestamp", now_text())
                return self.store.seal(resource, obj, 0)
        return self.store.create(resource, obj)

    def update(
        self, resource: Resource, namespace: str, name: str, body: Any, *, part: str = "",
        dry: bool = False,
    ) -> tuple[Entry, bool]:  # fmt: skip
        """Replace an object; `part` is "" or "status". Returns it and whether it is new."""
        obj = self.check_body(resource, namespace, name, body)
        entry = self.store.get(resource, resource.key(namespace, name))
        if entry is None:
            if not resource.create_on_update or part:
                raise not_found(resource, name)
            return self.create(resource, namespace, obj, name=name, dry=dry), True
        version = obj["metadata"].get("resourceVersion")
        if version and version != str(entry.rv):
            raise conflict(resource, name)
        return self._save(resource, entry, obj, part=part, dry=dry), False

    def patch(
        self, resource: Resource, namespace: str, name: str, content_type: str, patch: Any, *,
        part: str = "", dry: bool = False,
    ) -> tuple[Entry, bool]:  # fmt: skip
        entry = self.store.get(resource, resource.key(namespace, name))
        if entry is None:
            if content_type != APPLY_PATCH or part:
                raise not_found(resource, name)
            return self.create(resource, namespace, patch, name=name, dry=dry), True
        before = {"kind": resource.kind, "apiVersion": resource.api_version, **entry.object()}
        try:
            patched = apply_patch(content_type, resource.kind, before, patch)
        except (AttributeError, TypeError, KeyError) as error:
            raise bad_request(f"error applying patch: {error}") from None
        return self.update(resource, namespace, name, patched, part=part, dry=dry)

    def _save(self, resource: Resource, entry: Entry, obj: Json, *, part: str, dry: bool) -> Entry:
        before = entry.object()
        meta, old = obj["metadata"], before["metadata"]
        uid = meta.get("uid")
        if uid and uid != old["uid"]:
            why = f"UID in precondition: {uid}, UID in object meta: {old['uid']}"
            raise conflict(resource, entry.name, f"Precondition failed: {why}")
        for field in SYSTEM_FIELDS:
            meta.pop(field, None)
            if field in old:
                meta[field] = old[field]
        if part == "status":
            obj = {**before, "metadata": {**old, **meta}, "status": obj.get("status") or {}}
            meta = obj["metadata"]
        elif "status" in resource.subresources and "status" in before:
            obj["status"] = before["status"]
        set_defaults(resource, obj, before)
        validate(resource, obj, before)
        if resource.counts_generations:
            meta["generation"] = old.get("generation", 1) + _differs(before, obj)
        if dry:
            return self.store.seal(resource, obj, entry.rv)
        finished = "deletionTimestamp" in meta and not meta.get("finalizers")
        if finished and resource is not NAMESPACES and not self.lingers(resource, entry):
            # The update that lets go of an object is its deletion, not a change before it.
            event = self.store.delete(resource, entry.key)
            return self.store.seal(resource, obj, event.rv)
        return self.store.replace(resource, obj)

    def delete(
        self, resource: Resource, namespace: str, name: str, options: Json, *, dry: bool = False
    ) -> Entry:
        """Delete, or mark what lingers; the last state of the object is returned."""
        entry = self.store.must(resource, resource.key(namespace, name))
        obj = entry.object()
        meta = obj["metadata"]
        wanted = options.get("preconditions") or {}
        _check_preconditions(resource, entry, wanted, uid=meta["uid"])
        if resource is NAMESPACES and name in ("default", "kube-system", "kube-public"):
            message = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
            details = {"name": name, "kind": "namespaces"}
            raise ApiError(403, "Forbidden", message, details=details)
        if dry:
            return entry
        grace = options.get("gracePeriodSeconds")
        # A namespace is emptied first; its controller removes it when nothing is left.
        waits = resource is NAMESPACES or (self.lingers(resource, entry) and grace != 0)
        if meta.get("finalizers") or waits:
            if "deletionTimestamp" not in meta:
                meta["deletionTimestamp"] = now_text()
                meta["deletionGracePeriodSeconds"] = 30 if grace is None else grace
                if resource is NAMESPACES:
                    obj["status"] = {"phase": "Terminating"}
                entry = self.store.replace(resource, obj)
            return entry
        return self.store.delete(resource, entry.key).entry("DELETED")


def _check_preconditions(resource: Resource, entry: Entry, wanted: Json, *, uid: str) -> None:
    for what, field, found, perhaps in (
        ("UID", "uid", uid, "deleted and then recreated"),
        ("ResourceVersion", "resourceVersion", str(entry.rv), "modified"),
    ):
        value = wanted.get(field)
        if value and value != found:
            why = (
                f"the {what} in the precondition ({value}) does not match the {what} in record "
                f"({found}). The object might have been {perhaps}"
            )
            raise precondition_failed(resource, entry.name, why)


def check_delete_options(options: Json) -> None:
    """Refuse contradictory options with 422; no object here has dependents to care for."""
    causes = Causes()
    policy = options.get("propagationPolicy")
    if policy is not None and options.get("orphanDependents") is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        causes.invalid("propagationPolicy", policy, why)
    elif policy is not None and policy not in PROPAGATION:
        causes.unsupported("propagationPolicy", policy, (*PROPAGATION, "nil"))
    causes.raise_for("DeleteOptions", "", group="meta.k8s.io")


def _differs(before: Json, after: Json) -> bool:
    """Whether anything but metadata and status changed, which is what a generation counts."""
    skipped = ("kind", "apiVersion", "metadata", "status")
    return {k: v for k, v in before.items() if k not in skipped} != {
        k: v for k, v in after.items() if k not in skipped
    }


def check_dry_run(values: list[str], options: str) -> bool:
    causes = Causes()
    for value in values:
        if value != "All":
            causes.unsupported("dryRun", value, ("All",))
    causes.raise_for(options, "", group="meta.k8s.io")
    return bool(values)
