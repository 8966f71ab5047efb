"""Speaking to an APISIX's Admin API or Control API over connections that are kept.

Answers are hostile text: limited in size, decoded, never trusted. The key is in the header of
requests and nowhere else.
"""

from __future__ import annotations

import http.client
import weakref
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from gateways.drivers.base import DriverError

_TIMEOUT = 10.0  # seconds for each step of an answer
_MOST = 256 * 1024 * 1024  # bytes of one answer
_LONGEST_WORD = 500


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any  # decoded; None: it is no JSON
    headers: Any

    @property
    def word(self) -> str:
        """What APISIX says of it, in one line."""
        said = self.body
        if isinstance(said, dict):
            said = said.get("error_msg") or said.get("message") or said.get("description") or ""
        return " ".join(str(said or f"status {self.status}").split())[:_LONGEST_WORD]


class Api:
    """One connection, made when it is needed and again when it breaks. Not for two threads."""

    def __init__(self, url: str, key: str = "", *, timeout: float = _TIMEOUT) -> None:
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self.place = parts.netloc
        self.host = parts.hostname or ""
        self.server = ""  # what the last answer's header said
        self._key = key
        self._connection = kind(self.host, parts.port, timeout=timeout)
        # A driver is just dropped when its loop starts over.
        weakref.finalize(self, self._connection.close)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        again: bool = True,
    ) -> Answer:
        """Whatever APISIX answers below 500. Raises `DriverError` where there is no answer, the key
        is refused or APISIX itself fails. `again`: asked once more if the connection breaks."""
        content = None if body is None else _encoded(body)
        said = {"User-Agent": "portolan", **(headers or {})}
        if self._key:
            said["X-API-KEY"] = self._key
        if content is not None:
            said["Content-Type"] = "application/json"
        try:
            answer = self._send(method, path, content, said, again=again)
        except ValueError:
            # Of the header; its words would hold the key.
            raise DriverError(
                "The key cannot be sent in a header.", code="unauthorized", permanent=True
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise DriverError(
                f"APISIX at {self.place} does not answer: {str(error) or type(error).__name__}",
                code="unreachable",
            ) from error
        if answer.status in (401, 403):
            raise DriverError(
                f"APISIX at {self.place} refuses us ({answer.status}): {answer.word}",
                code="unauthorized",
                permanent=True,
            )
        if answer.status >= 500:
            raise DriverError(
                f"APISIX at {self.place} fails ({answer.status}): {answer.word}", code="answer"
            )
        return answer

    @property
    def connected(self) -> bool:
        """Whether the connection of the last answer is kept for the next question."""
        return self._connection.sock is not None

    def close(self) -> None:
        self._connection.close()

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        *,
        again: bool,
    ) -> Answer:
        """A kept connection may have been closed in between."""
        for kept in (again and self.connected, False):
            try:
                self._connection.request(method, path, body=body, headers=headers)
                answer = self._connection.getresponse()
                content = answer.read(_MOST + 1)
            except (OSError, http.client.HTTPException):
                self._connection.close()
                if not kept:
                    raise
                continue
            if len(content) > _MOST:
                self._connection.close()
                raise http.client.HTTPException("its answer is too long")
            self.server = (answer.getheader("Server") or "")[:100]
            return Answer(answer.status, _decoded(content), answer.headers)
        raise AssertionError("unreachable")


def version(server: str) -> str:
    """The release that a Server header names; empty: it names none."""
    name, slash, number = server.partition("/")
    return number if slash and name.upper() == "APISIX" else ""


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content) if content else None
    except (msgspec.DecodeError, RecursionError):
        return None
