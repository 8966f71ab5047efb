"""Which permissions the token has, as the API server itself says (SelfSubjectAccessReview), and the
commands that grant what is missing.

An answer is advice: authorizers exist that do not know, and asking may be forbidden. Then the
steps that follow find out by trying.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from registries.kube import errors
from registries.kube.client import Client
from registries.kube.errors import KubeError, gettext_noop
from registries.kube.slices import Resource

from .findings import Finding, State

STEP = "access"
VERBS = ("list", "watch")
_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

_MAY = gettext_noop("The service account may %(verb)s %(resource)s in all namespaces.")
_MAY_IN = gettext_noop(
    "The service account may %(verb)s %(resource)s in the namespace %(namespace)s."
)
_MAY_NOT = gettext_noop("The service account may not %(verb)s %(resource)s in all namespaces.")
_MAY_NOT_IN = gettext_noop(
    "The service account may not %(verb)s %(resource)s in the namespace %(namespace)s."
)
_GRANT = gettext_noop("Grant it with the rights of an administrator of the cluster:")
_UNANSWERED = gettext_noop(
    "The API server does not say what the token may do. The next steps find out by trying."
)
_TOO_MUCH = gettext_noop(
    "The token may also read secrets. Watching needs nothing of the kind: rather use a service"
    " account of its own."
)


class _Status(msgspec.Struct):
    allowed: bool


class _Review(msgspec.Struct):
    status: _Status


_decoder = msgspec.json.Decoder(_Review)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is permitted of one resource in one scope; `allowed` in the order of `VERBS`."""

    resource: Resource
    namespace: str
    allowed: tuple[bool, ...]

    @property
    def enough(self) -> bool:
        return all(self.allowed)


def ask(client: Client, resource: Resource, namespace: str) -> Answer:
    """Raises `KubeError` if it is not answered."""
    allowed = tuple(
        _allowed(client, verb=verb, group=resource.group, plural=resource.plural, where=namespace)
        for verb in VERBS
    )
    return Answer(resource, namespace, allowed)


def findings(answers: Sequence[Answer], account: str) -> Iterator[Finding]:
    """What the answers about one scope mean: one resource that may be listed and watched will do,
    so that what another lacks is only worth a note."""
    enough = any(answer.enough for answer in answers)
    for answer in answers:
        for verb, allowed in zip(VERBS, answer.allowed, strict=True):
            if allowed:
                yield may(verb, answer.resource, answer.namespace, step=STEP)
                continue
            refused = may_not(verb, answer.resource, answer.namespace, step=STEP, account=account)
            yield replace(refused, state=State.NOTED, code="", command="") if enough else refused


def unanswered(error: KubeError) -> Finding:
    return Finding(step=STEP, state=State.NOTED, text=_UNANSWERED, detail=error.text)


def too_much(client: Client, namespace: str) -> Iterator[Finding]:
    """Whether the token may do what it does not need: a note, and nothing if it is not said."""
    try:
        secrets = _allowed(client, verb="list", group="", plural="secrets", where=namespace)
    except KubeError:
        return
    if secrets:
        yield Finding(step=STEP, state=State.NOTED, text=_TOO_MUCH)


def may(verb: str, resource: Resource, namespace: str, *, step: str) -> Finding:
    return Finding(
        step=step,
        state=State.PASSED,
        text=_MAY_IN if namespace else _MAY,
        params=_params(verb, resource, namespace),
    )


def may_not(verb: str, resource: Resource, namespace: str, *, step: str, account: str) -> Finding:
    return Finding(
        step=step,
        state=State.FAILED,
        text=_MAY_NOT_IN if namespace else _MAY_NOT,
        params=_params(verb, resource, namespace),
        code="forbidden",
        fix=_GRANT,
        command=grant(resource, namespace, account),
        field="token",
    )


def grant(resource: Resource, namespace: str, account: str) -> str:
    """The commands that let an account list and watch."""
    name = f"{resource.plural}.{resource.group}".rstrip(".")
    kind, inside = ("role", f" -n {namespace}") if namespace else ("clusterrole", "")
    title = f"portolan-{resource.plural}"
    return (
        f"kubectl create {kind} {title} --verb=list,watch --resource={name}{inside}"
        f" && kubectl create {kind}binding {title} --{kind}={title}"
        f" --serviceaccount={account or 'NAMESPACE:NAME'}{inside}"
    )


def _params(verb: str, resource: Resource, namespace: str) -> dict[str, str | int]:
    return {"verb": verb, "resource": resource.plural, "namespace": namespace}


def _allowed(client: Client, *, verb: str, group: str, plural: str, where: str) -> bool:
    attributes = {"verb": verb, "group": group, "resource": plural, "namespace": where}
    body = msgspec.json.encode(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
    )
    try:
        return _decoder.decode(client.post(_PATH, body)).status.allowed
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.bad_answer("a review that cannot be read") from error
