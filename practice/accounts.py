"""Housekeeping around namespaces and accounts: default accounts, token Secrets filled in,
namespaces emptied.
"""

from __future__ import annotations

import asyncio
import base64

from practice.schema import (
    CONFIGMAPS,
    NAMESPACES,
    SECRETS,
    SERVICEACCOUNTS,
    STORED,
    Resource,
)
from practice.status import ApiError
from practice.store import Event, Store
from practice.tokens import Tokens

TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105
ACCOUNT_NAME = "kubernetes.io/service-account.name"
ACCOUNT_UID = "kubernetes.io/service-account.uid"


class AccountController:
    """`legacy` gives each account a token Secret by itself, as servers before 1.24 did."""

    def __init__(self, store: Store, tokens: Tokens, *, ca: str, legacy: bool = False) -> None:
        self.store = store
        self.tokens = tokens
        self.ca = ca
        self.legacy = legacy
        store.listeners.append(self._notice)

    def _notice(self, resource: Resource, event: Event) -> None:
        if resource not in (NAMESPACES, SECRETS, SERVICEACCOUNTS):
            return
        # After the write that is being told of, so that nobody sees versions out of order.
        asyncio.get_running_loop().call_soon(self._sync, resource, event)

    def _sync(self, resource: Resource, event: Event) -> None:
        entry = event.after or event.before
        if entry is None:
            return
        current = self.store.get(resource, entry.key)
        if resource is NAMESPACES:
            if current is not None and current.object()["metadata"].get("deletionTimestamp"):
                self.empty_namespace(entry.name)
            elif current is not None:
                self.furnish(entry.name)
        elif resource is SECRETS and current is not None:
            self.fill_secret(entry.key)
        elif resource is SERVICEACCOUNTS:
            self.sync_account(entry.key, exists=current is not None)

    def furnish(self, namespace: str) -> None:
        if self.store.get(SERVICEACCOUNTS, f"{namespace}/default") is None:
            self.store.create(
                SERVICEACCOUNTS, {"metadata": {"name": "default", "namespace": namespace}}
            )
        if self.store.get(CONFIGMAPS, f"{namespace}/kube-root-ca.crt") is None:
            meta = {"name": "kube-root-ca.crt", "namespace": namespace}
            self.store.create(CONFIGMAPS, {"metadata": meta, "data": {"ca.crt": self.ca}})

    def empty_namespace(self, namespace: str) -> None:
        for resource in STORED:
            if resource.namespaced:
                for entry in list(self.store.tables[resource].walk(prefix=f"{namespace}/")):
                    self.store.delete(resource, entry.key)
        self.store.delete(NAMESPACES, namespace)

    def fill_secret(self, key: str) -> None:
        entry = self.store.get(SECRETS, key)
        if entry is None:
            return
        secret = entry.object()
        meta = secret["metadata"]
        annotations = meta.get("annotations") or {}
        if secret.get("type") != TOKEN_TYPE or ACCOUNT_NAME not in annotations:
            return
        if (secret.get("data") or {}).get("token"):
            return
        found = self.store.get(SERVICEACCOUNTS, f"{meta['namespace']}/{annotations[ACCOUNT_NAME]}")
        if found is None:
            self.store.delete(SECRETS, key)
            return
        account = found.object()
        meta["annotations"] = {**annotations, ACCOUNT_UID: account["metadata"]["uid"]}
        texts = {
            "ca.crt": self.ca,
            "namespace": meta["namespace"],
            "token": self.tokens.for_secret(secret, account),
        }
        packed = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        secret["data"] = {**(secret.get("data") or {}), **packed}
        self.store.replace(SECRETS, secret)

    def sync_account(self, key: str, *, exists: bool) -> None:
        namespace, _, name = key.partition("/")
        mine = [
            entry
            for entry in self.store.tables[SECRETS].walk(prefix=f"{namespace}/")
            if (entry.object()["metadata"].get("annotations") or {}).get(ACCOUNT_NAME) == name
        ]
        for entry in mine:
            if exists:
                self.fill_secret(entry.key)
            else:
                self.store.delete(SECRETS, entry.key)
        account = self.store.get(SERVICEACCOUNTS, key)
        if not self.legacy or mine or account is None:
            return
        obj = account.object()
        secret = f"{name}-token-{obj['metadata']['uid'][:5]}"
        meta = {"name": secret, "namespace": namespace, "annotations": {ACCOUNT_NAME: name}}
        try:
            self.store.create(SECRETS, {"metadata": meta, "type": TOKEN_TYPE})
        except ApiError:
            return
        obj["secrets"] = [{"name": secret}]
        self.store.replace(SERVICEACCOUNTS, obj)
