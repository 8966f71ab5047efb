"""What a 403 says, in a sentence that a person can act on: who may not do what where, and the
commands that grant it.

The text is the server's, so nothing of it goes into a command that people copy but names of the
shape that Kubernetes gives them. A text of another shape (a webhook's, a proxy's) is none of ours.
"""

from __future__ import annotations

import re

_DENIED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>[a-z]{1,20}) resource "(?P<resource>[a-z/]{1,60})"'
    r' in API group "(?P<group>[a-z0-9.]{0,100})"'
    r'(?: in the namespace "(?P<namespace>[a-z0-9-]{1,63})"| at the cluster scope)'
)
_ACCOUNT = re.compile(r"system:serviceaccount:([a-z0-9-]{1,63}:[a-z0-9.-]{1,253})")
# Watching takes both; who lacks one of them is asked for the other next.
_PAIR = ("list", "watch")


def sentence(message: str) -> str:
    """Put a 403's message into our words; empty if it is not Kubernetes' own."""
    found = _DENIED.search(message)
    if found is None:
        return ""
    verb, resource, namespace = found["verb"], found["resource"], found["namespace"] or ""
    account = _ACCOUNT.fullmatch(found["user"])
    who = f"The service account {account[1]}" if account else "The token's account"
    where = f"in namespace {namespace}" if namespace else "in all namespaces"
    grant = _grant(
        verbs=",".join(_PAIR) if verb in _PAIR else verb,
        resource=f"{resource}.{found['group']}".rstrip("."),
        namespace=namespace,
        account=account[1] if account else "NAMESPACE:NAME",
    )
    return f"{who} may not {verb} {resource} {where} (403). Grant it: {grant}"


def _grant(*, verbs: str, resource: str, namespace: str, account: str) -> str:
    kind, inside = ("role", f" -n {namespace}") if namespace else ("clusterrole", "")
    return (
        f"kubectl create {kind} portolan --verb={verbs} --resource={resource}{inside}"
        f" && kubectl create {kind}binding portolan --{kind}=portolan"
        f" --serviceaccount={account}{inside}"
    )
