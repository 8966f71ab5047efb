"""Questions about oneself and tokens on request: resources answered and never stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from practice.rbac import Ask, Rbac
from practice.schema import SERVICEACCOUNTS, Json, Resource
from practice.status import ApiError, Causes, bad_request
from practice.store import Store
from practice.tokens import ISSUER, MASTERS, Tokens, User

SHORTEST, DEFAULT = 600, 3600


def answer_review(
    resource: Resource, body: Json, *, user: User, rbac: Rbac, tokens: Tokens
) -> Json:
    spec: Json = body.get("spec") or {}
    base: Json = {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        "metadata": {"creationTimestamp": None},
    }
    if resource.kind == "SelfSubjectAccessReview":
        return {**base, "spec": spec, "status": _access(spec, user, rbac)}
    if resource.kind == "SelfSubjectRulesReview":
        if not spec.get("namespace"):
            raise bad_request("no namespace on request")
        return {**base, "spec": {}, "status": _rules(user, rbac, spec["namespace"])}
    if resource.kind == "TokenReview":
        try:
            found = tokens.authenticate(f"Bearer {spec.get('token', '')}")
        except ApiError:
            return {**base, "spec": spec, "status": {"user": {}, "error": "invalid bearer token"}}
        status = {"authenticated": True, "user": _info(found), "audiences": [ISSUER]}
        return {**base, "spec": spec, "status": status}
    return {**base, "status": {"userInfo": _info(user)}}


def _info(user: User) -> Json:
    info: Json = {"username": user.name, "groups": list(user.groups)}
    return {**info, "uid": user.uid} if user.uid else info


def _access(spec: Json, user: User, rbac: Rbac) -> Json:
    wanted, plain = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    causes = Causes()
    if wanted is None and plain is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        causes.invalid("spec.resourceAttributes", None, why)
    elif wanted is not None and plain is not None:
        why = "cannot be specified in combination with resourceAttributes"
        causes.invalid("spec.nonResourceAttributes", plain, why)
    # The real server leaves the kind out here.
    causes.raise_for("", "", group="authorization.k8s.io")
    if plain is not None:
        ask = Ask(verb=plain.get("verb", ""), path=plain.get("path", ""))
    else:
        wanted = wanted or {}
        ask = Ask(
            verb=wanted.get("verb", ""),
            group=wanted.get("group", ""),
            resource=wanted.get("resource", ""),
            subresource=wanted.get("subresource", ""),
            namespace=wanted.get("namespace", ""),
            name=wanted.get("name", ""),
        )
    reason = rbac.reason(user, ask)
    if reason is None:
        return {"allowed": False}
    return {"allowed": True, "reason": reason} if reason else {"allowed": True}


def _rules(user: User, rbac: Rbac, namespace: str) -> Json:
    rules = list(rbac.rules(user, namespace))
    if MASTERS in user.groups:
        rules += [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"verbs": ["*"], "nonResourceURLs": ["*"]},
        ]
    return {
        "resourceRules": [rule for rule in rules if rule.get("resources")],
        "nonResourceRules": [rule for rule in rules if rule.get("nonResourceURLs")],
        "incomplete": False,
    }


def request_token(store: Store, tokens: Tokens, namespace: str, name: str, body: Any) -> Json:
    """Answer a TokenRequest; a life under ten minutes is refused as the real server does."""
    account = store.must(SERVICEACCOUNTS, f"{namespace}/{name}").object()
    spec: Json = (body or {}).get("spec") or {}
    seconds = spec.get("expirationSeconds") or DEFAULT
    causes = Causes()
    if seconds < SHORTEST:
        causes.invalid(
            "spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"
        )
    causes.raise_for("TokenRequest", "", group="authentication.k8s.io")
    audiences = list(spec.get("audiences") or [ISSUER])
    token = tokens.for_account(account, seconds=seconds, audiences=audiences)
    ends = datetime.fromtimestamp(int(tokens.clock() + seconds), UTC)
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": None},
        "spec": {
            "audiences": audiences,
            "expirationSeconds": seconds,
            "boundObjectRef": spec.get("boundObjectRef"),
        },
        "status": {"token": token, "expirationTimestamp": ends.strftime("%Y-%m-%dT%H:%M:%SZ")},
    }
