"""Who is asking: bearer tokens made and checked.

A service account's token is a signed JWT, either without an end (kept in a Secret) or with `exp`
(TokenRequest). It is good only while the account, and the Secret it came from, still exist with
the same uid. The administrator's is a plain random string kept in the data folder.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from practice.schema import SECRETS, SERVICEACCOUNTS, Json
from practice.status import unauthorized
from practice.store import Store

ISSUER = "https://kubernetes.default.svc.cluster.local"
LEGACY_ISSUER = "kubernetes/serviceaccount"
LEGACY = "kubernetes.io/serviceaccount/"
MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class User:
    name: str
    groups: tuple[str, ...]
    uid: str = ""


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
ADMIN = User("kubernetes-admin", (MASTERS, "system:authenticated"))


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def account_user(namespace: str, name: str, uid: str) -> User:
    groups = (
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    )
    return User(f"system:serviceaccount:{namespace}:{name}", groups, uid)


class Tokens:
    def __init__(
        self,
        store: Store,
        signer: ec.EllipticCurvePrivateKey,
        *,
        admin_token: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.signer = signer
        self.verifier = signer.public_key()
        self.admin_token = admin_token
        self.clock = clock
        self.revoked: set[str] = set()
        # Checking a signature costs more than the rest of a small request.
        self.verified: dict[str, Json] = {}

    def sign(self, claims: Json) -> str:
        header = _pack(b'{"alg":"ES256","kid":"practice"}')
        signed = f"{header}.{_pack(msgspec.json.encode(claims))}"
        r, s = decode_dss_signature(self.signer.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_pack(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def for_secret(self, secret: Json, account: Json) -> str:
        meta = account["metadata"]
        return self.sign(
            {
                "iss": LEGACY_ISSUER,
                f"{LEGACY}namespace": meta["namespace"],
                f"{LEGACY}secret.name": secret["metadata"]["name"],
                f"{LEGACY}service-account.name": meta["name"],
                f"{LEGACY}service-account.uid": meta["uid"],
                "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
            }
        )

    def for_account(self, account: Json, *, seconds: float, audiences: list[str]) -> str:
        """Make a token that ends; `seconds` may be negative, for a token that has ended."""
        meta = account["metadata"]
        now = int(self.clock())
        return self.sign(
            {
                "aud": audiences or [ISSUER],
                "exp": int(now + seconds),
                "iat": now,
                "iss": ISSUER,
                "jti": str(uuid.uuid4()),
                "kubernetes.io": {
                    "namespace": meta["namespace"],
                    "serviceaccount": {"name": meta["name"], "uid": meta["uid"]},
                },
                "nbf": now,
                "sub": f"system:serviceaccount:{meta['namespace']}:{meta['name']}",
            }
        )

    def authenticate(self, header: str | None) -> User:
        """Return the user of an Authorization header; no header is the anonymous user."""
        if not header:
            return ANONYMOUS
        kind, _, token = header.strip().partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            return ANONYMOUS
        if token in self.revoked:
            raise unauthorized()
        if token == self.admin_token:
            return ADMIN
        claims = self._claims(token)
        if "exp" in claims and claims["exp"] <= self.clock():
            raise unauthorized()
        return self._account(claims)

    def _claims(self, token: str) -> Json:
        known = self.verified.get(token)
        if known is not None:
            return known
        try:
            signed, _, signature = token.rpartition(".")
            raw = _unpack(signature)
            if len(raw) != 64:
                raise unauthorized()
            pair = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            self.verifier.verify(
                encode_dss_signature(*pair), signed.encode(), ec.ECDSA(hashes.SHA256())
            )
            claims = msgspec.json.decode(_unpack(signed.split(".")[1]), type=Json)
        except (ValueError, IndexError, InvalidSignature, msgspec.DecodeError):
            raise unauthorized() from None
        if len(self.verified) > 1000:
            self.verified.clear()
        self.verified[token] = claims
        return claims

    def _account(self, claims: Json) -> User:
        if claims.get("iss") == LEGACY_ISSUER:
            namespace = claims[f"{LEGACY}namespace"]
            name = claims[f"{LEGACY}service-account.name"]
            uid = claims[f"{LEGACY}service-account.uid"]
            secret = f"{namespace}/{claims[f'{LEGACY}secret.name']}"
            if self.store.get(SECRETS, secret) is None:
                raise unauthorized()
        else:
            if ISSUER not in claims.get("aud", []):
                raise unauthorized()
            bound = claims["kubernetes.io"]
            namespace = bound["namespace"]
            name, uid = bound["serviceaccount"]["name"], bound["serviceaccount"]["uid"]
        account = self.store.get(SERVICEACCOUNTS, f"{namespace}/{name}")
        if account is None or account.object()["metadata"]["uid"] != uid:
            raise unauthorized()
        return account_user(namespace, name, uid)
