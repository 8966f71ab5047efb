"""Which cluster it is that answers at an address.

Versions of one cluster mean nothing in another, and a list from the wrong one is complete, valid
and wrong. The uid of the namespace ``kube-system`` is the usual name of a cluster; a token that
may not read it leaves the identity unknown, and then nothing is checked: what protects us is that
another cluster does not accept our token.
"""

from __future__ import annotations

import threading
from collections.abc import Collection

import msgspec

from . import errors
from .client import Client
from .errors import Denied, KubeError

_DENIALS = 3  # in a row, after which the permission is thought to be gone
_PATH = "/api/v1/namespaces/kube-system"


class _Metadata(msgspec.Struct):
    uid: str = ""


class _Namespace(msgspec.Struct):
    metadata: _Metadata
    kind: str = ""


_decoder = msgspec.json.Decoder(_Namespace)


class Identity:
    """Shared by the threads that read one registry. `expected` are the identities that are right;
    empty: the first that is seen."""

    def __init__(self, client: Client, *, expected: Collection[str] = ()) -> None:
        self._client = client
        self._expected = frozenset(one for one in expected if one)
        self._lock = threading.Lock()
        self._denials = 0
        self.seen = ""

    def check(self) -> None:
        """Ask who answers. Raises `KubeError` with the code ``other_cluster`` if it is not the one
        it was, and whatever else prevents an answer, but for a lack of permission."""
        try:
            uid = self._ask()
        except Denied:
            self._denials += 1
            if self.seen and self._denials < _DENIALS:
                # It was readable, so this is a server that denies everything for a moment, or not
                # the one that it was: in both cases not the time to go on.
                raise
            self.seen = ""
            return
        self._denials = 0
        with self._lock:
            if not self._expected:
                self._expected = frozenset({uid})
            self.seen = uid
            if uid not in self._expected:
                raise KubeError(
                    "other_cluster",
                    "The address leads to another cluster than before: kube-system has the uid"
                    f" {uid}. Nothing is published until somebody confirms that this is right.",
                )

    def _ask(self) -> str:
        try:
            found = _decoder.decode(self._client.get(_PATH))
        except (msgspec.DecodeError, RecursionError) as error:
            raise errors.bad_answer("a namespace that cannot be read") from error
        if found.kind != "Namespace" or not 0 < len(found.metadata.uid) <= 100:
            raise errors.bad_answer("a namespace without a uid")
        return found.metadata.uid
