"""Acting as somebody else (`kubectl --as`): for those whom RBAC lets impersonate, which is the
administrator.
"""

from __future__ import annotations

from multidict import CIMultiDictProxy

from practice.rbac import Ask, Rbac
from practice.tokens import User, account_user

ACCOUNT = "system:serviceaccount:"


def acting_user(user: User, headers: CIMultiDictProxy[str], rbac: Rbac) -> User:
    """Return whom the request acts as; without the right to, it is refused with 403."""
    name = headers.get("Impersonate-User")
    if not name:
        return user
    groups = headers.getall("Impersonate-Group", [])
    if name.startswith(ACCOUNT) and name.count(":") == 3:
        namespace, _, account = name.removeprefix(ACCOUNT).partition(":")
        ask = Ask(verb="impersonate", resource="serviceaccounts", namespace=namespace, name=account)
        known = account_user(namespace, account, "").groups
    else:
        ask = Ask(verb="impersonate", resource="users", name=name)
        known = ("system:authenticated",)
    rbac.require(user, ask)
    for group in groups:
        rbac.require(user, Ask(verb="impersonate", resource="groups", name=group))
    return User(name, (*known, *groups))
