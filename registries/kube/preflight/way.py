"""The way to a cluster: name → connection → TLS → token, which all that follows stands on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from registries.kube import chain, errors
from registries.kube.chain import Certificate
from registries.kube.client import Client
from registries.kube.errors import KubeError, gettext_noop
from registries.kube.identity import Identity
from registries.kube.spec import RegistrySpec

from .findings import Finding, State, failed, passed, since, skipped

# What the first request, which carries the token, may fail by before it gets there.
_OF_TLS = {"not_tls", "tls", "tls_name", "tls_expired", "tls_untrusted"}

_NO_IDENTITY = gettext_noop(
    "The token may not read which cluster this is. It works without; with it, an address that"
    " begins to lead to another cluster is noticed."
)
_UNKNOWN_CA = gettext_noop(
    "No CA that this machine knows has signed the server's certificate, and no CA is given."
)
_OTHER_NAMES = gettext_noop("Set the TLS server name to one that the certificate has: %(names)s.")
_ENDED = gettext_noop("The token ended on %(at)s. Tokens are made for a limited time.")


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


class Way:
    """`closely`: for somebody who looks on."""

    def __init__(self, client: Client, spec: RegistrySpec, *, closely: bool) -> None:
        self._client = client
        self._spec = spec
        self._closely = closely
        self._certificates: tuple[Certificate, ...] = ()
        self._chain: list[bytes] = []
        self._version = ""
        self._refused: KubeError | None = None  # what the first request with the token came to

    def steps(self) -> Iterator[Finding]:
        """The steps, each announced; those after one that failed are skipped."""
        takes: dict[str, Callable[[], Iterator[Finding]]] = {
            "dns": self._dns,
            "connection": self._connection,
            "tls": self._tls,
            "token": self._token,
        }
        broken = False
        for step, take in takes.items():
            if broken:
                yield skipped(step)
                continue
            yield Finding(step=step, state=State.RUNNING)
            for finding in _told(step, take):
                broken = broken or not finding.ok
                yield finding

    def _dns(self) -> Iterator[Finding]:
        found = self._client.resolve()
        yield passed(
            "dns",
            gettext_noop("%(host)s has the address %(addresses)s."),
            host=self._client.host,
            addresses=", ".join(found),
        )

    def _connection(self) -> Iterator[Finding]:
        began = time.monotonic()
        address = self._client.connect()
        yield passed(
            "connection",
            gettext_noop("%(address)s accepts connections at port %(port)s (%(ms)s ms)."),
            address=address,
            port=self._client.port,
            ms=since(began),
        )

    def _tls(self) -> Iterator[Finding]:
        self._look_at_certificates()
        try:
            self._version = self._ask_version()
        except KubeError as error:
            if error.code in _OF_TLS or (self._closely and not self._chain):
                yield self._of_tls(error)
                return
            self._refused = error
        text = (
            gettext_noop("The certificate is trusted.")
            if self._spec.verify_tls
            else gettext_noop(
                "The connection is encrypted; the server's certificate is not verified."
            )
        )
        state = State.PASSED if self._spec.verify_tls else State.NOTED
        yield Finding(step="tls", state=state, text=text, certificates=self._certificates)

    def _token(self) -> Iterator[Finding]:
        if self._refused is not None:
            yield self._of_token(self._refused)
            return
        yield passed(
            "token",
            gettext_noop("The token is accepted by Kubernetes %(version)s."),
            version=self._version,
        )
        if self._closely:
            yield self._identity()

    def _ask_version(self) -> str:
        """Any request fails on a bad token, this one needs no permission."""
        body = self._client.get("/version")
        try:
            return msgspec.json.decode(body, type=_Version).git_version[:40]
        except (msgspec.DecodeError, RecursionError) as error:
            page = body.lstrip()[:1] == b"<"
            raise errors.bad_answer("it is a web page" if page else "no version") from error

    def _look_at_certificates(self) -> None:
        """What is shown helps to understand what follows, and decides nothing: a server that shows
        nothing here is asked all the same."""
        if not self._closely:
            return
        try:
            self._chain = self._client.certificates()
        except KubeError:
            self._chain = []
        self._certificates = chain.read(self._chain)

    def _of_tls(self, error: KubeError) -> Finding:
        finding = replace(failed("tls", error), certificates=self._certificates)
        if error.code == "tls_untrusted":
            if not self._spec.ca_bundle:
                finding = replace(finding, text=_UNKNOWN_CA, detail="")
            return replace(finding, pin=chain.anchor(self._chain))
        if error.code == "tls_name" and self._certificates:
            names = ", ".join(self._certificates[0].names) or "–"
            return replace(finding, fix=_OTHER_NAMES, params={"names": names})
        return finding

    def _of_token(self, error: KubeError) -> Finding:
        finding = failed("token", error)
        ends = self._client.token_expires_at() / 1000
        if error.code == "unauthorized" and 0 < ends < time.time():
            at = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            return replace(finding, text=_ENDED, params={"at": at})
        return finding

    def _identity(self) -> Finding:
        """Optional, so that no failure is one."""
        identity = Identity(self._client)
        try:
            identity.check()
        except KubeError as error:
            return Finding(step="token", state=State.NOTED, text=_NO_IDENTITY, detail=error.text)
        if not identity.seen:
            return Finding(step="token", state=State.NOTED, text=_NO_IDENTITY)
        return passed(
            "token",
            gettext_noop("The cluster's identity is %(uid)s (the uid of kube-system)."),
            uid=identity.seen,
        )


def _told(step: str, take: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from take()
    except KubeError as error:
        yield failed(step, error)
