"""Asking a cluster, step by step, whether it can be watched.

The steps are those that watching takes, in their order: name → connection → TLS → token → list →
watch, the last two once for every namespace of the registry. The first failure ends it, for what
follows could only fail by it. Nothing is guessed: what is reported as permitted was done.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from . import errors
from .client import Client
from .errors import Denied, KubeError
from .slices import ENDPOINT_SLICES, ENDPOINTS, Resource
from .spec import RegistrySpec

# Which step an error of the first request belongs to; everything else is the token's.
_STEP_OF = {
    "dns": "dns",
    "refused_address": "dns",
    "refused": "connection",
    "timeout": "connection",
    "cut": "connection",
    "not_tls": "tls",
    "tls": "tls",
    "tls_name": "tls",
    "tls_expired": "tls",
    "tls_untrusted": "tls",
}
_STEPS = ("dns", "connection", "tls", "token")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one step. `field` names the registry's field to blame, `fix` what to do."""

    step: str
    ok: bool
    text: str
    field: str = "server"
    fix: str = ""


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Listed(msgspec.Struct):
    kind: str = ""
    metadata: _Meta = msgspec.field(default_factory=_Meta)


def check(spec: RegistrySpec, *, allow_loopback: bool) -> list[Finding]:
    """Run all steps; never raises for what a cluster or a network does."""
    client = Client(spec, allow_loopback=allow_loopback)
    try:
        return _check(client, spec)
    finally:
        client.close()


def _check(client: Client, spec: RegistrySpec) -> list[Finding]:
    try:
        version = _version(client)
    except KubeError as error:
        failed = _STEP_OF.get(error.code, "token")
        passed = [_passed(step, client, spec) for step in _STEPS[: _STEPS.index(failed)]]
        return [*passed, _failed(failed, error)]
    found = [_passed(step, client, spec) for step in _STEPS[:-1]]
    found.append(Finding("token", True, f"The token is accepted by Kubernetes {version}."))
    for namespace in spec.namespaces or ("",):
        found += _readable(client, spec, namespace)
        if not found[-1].ok:
            break
    return found


def _version(client: Client) -> str:
    """Any request fails on a bad token, this one needs no permission."""
    try:
        return msgspec.json.decode(client.get("/version"), type=_Version).git_version[:40]
    except msgspec.DecodeError as error:
        raise errors.bad_answer("no version") from error


def _readable(client: Client, spec: RegistrySpec, namespace: str) -> list[Finding]:
    """List and watch one scope with the resource that the watcher would take."""
    resources: tuple[Resource, ...] = tuple(
        one for one in (ENDPOINT_SLICES, ENDPOINTS) if spec.resource in ("auto", one.plural)
    )
    refused: list[Finding] = []
    for resource in resources:
        found = [_attempt("list", client, resource, namespace)]
        if found[0].ok:
            found.append(_attempt("watch", client, resource, namespace))
        if found[-1].ok:
            return found
        refused = refused or found
    return refused


def _attempt(verb: str, client: Client, resource: Resource, namespace: str) -> Finding:
    what = f"{verb} {resource.plural} {_where(namespace)}"
    try:
        if verb == "list":
            _list(client, resource, namespace)
        else:
            _watch(client, resource, namespace)
    except Denied as error:
        if error.code == "not_found":
            return Finding(verb, False, f"The API server has no {resource.plural}.", "resource")
        text = f"The service account may not {what}."
        return Finding(verb, False, text, "token", _fix(resource, namespace, client.account))
    except KubeError as error:
        return _failed(verb, error)
    return Finding(verb, True, f"The service account may {what}.")


def _list(client: Client, resource: Resource, namespace: str) -> str:
    try:
        listed = msgspec.json.decode(
            client.get(resource.path(namespace), {"limit": "1"}), type=_Listed
        )
    except msgspec.DecodeError as error:
        raise errors.bad_answer("a list that cannot be read") from error
    if listed.kind != f"{resource.kind}List":
        raise errors.bad_answer(f"a {listed.kind[:40] or 'nameless thing'} instead of a list")
    return listed.metadata.resource_version


def _watch(client: Client, resource: Resource, namespace: str) -> None:
    """Open a watch and close it: that it opens is the permission."""
    version = _list(client, resource, namespace)
    stream = client.watch(
        resource.path(namespace),
        {"watch": "true", "resourceVersion": version, "timeoutSeconds": "1"},
        silence=5.0,
    )
    stream.close()
    stream.release()


def _fix(resource: Resource, namespace: str, account: str) -> str:
    """The commands that grant what is missing."""
    name = f"{resource.plural}.{resource.group}".rstrip(".")
    if namespace:
        kind, inside = "role", f" -n {namespace}"
    else:
        kind, inside = "clusterrole", ""
    return (
        f"Grant it: kubectl create {kind} portolan --verb=list,watch --resource={name}{inside}"
        f" && kubectl create {kind}binding portolan --{kind}=portolan"
        f" --serviceaccount={account or 'NAMESPACE:NAME'}{inside}"
    )


def _where(namespace: str) -> str:
    return f"in namespace {namespace}" if namespace else "in all namespaces"


def _passed(step: str, client: Client, spec: RegistrySpec) -> Finding:
    texts = {
        "dns": f"{client.host} has an address.",
        "connection": f"Port {client.port} accepts connections.",
        "tls": (
            "The certificate is trusted."
            if spec.verify_tls
            else "The connection is encrypted; the server's certificate is not verified."
        ),
    }
    return Finding(step, True, texts[step])


def _failed(step: str, error: KubeError) -> Finding:
    return Finding(step, False, error.text, error.field)
