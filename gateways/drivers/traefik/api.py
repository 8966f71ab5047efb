"""Speaking with Traefik's API. Answers are hostile text: limited in size, decoded, never trusted;
the secret is in the header of requests and nowhere else."""

from __future__ import annotations

import base64
import http.client
import weakref
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from gateways.drivers.base import DriverError

_TIMEOUT = 5.0  # seconds for each step of an answer
_MOST = 64 * 1024 * 1024  # bytes of one answer
_PAGE = 1000
_MOST_PAGES = 1000
_LONGEST_WORD = 500


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    after: str  # the number of the next page

    @property
    def word(self) -> str:
        """What it says, in one line."""
        said = " ".join(self.body[:_LONGEST_WORD].decode(errors="replace").split())
        return "".join(sign if sign.isprintable() else "?" for sign in said)


class Api:
    """One Traefik's API, by one connection that is made again when it breaks. `secret`:
    ``user:password``, or a token, or empty if it asks for none; `timeout`: seconds for each step of
    an answer."""

    def __init__(self, url: str, secret: str = "", *, timeout: float = _TIMEOUT) -> None:
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self.place = parts.netloc
        self._base = parts.path.rstrip("/")
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        self._headers = {"User-Agent": "portolan"}
        if secret:
            self._headers["Authorization"] = _authorization(secret)
        # A driver is just dropped when its loop starts over.
        weakref.finalize(self, self._connection.close)

    def get(self, path: str, **query: object) -> Any:
        """The decoded answer; None: there is no such thing. Raises `DriverError`."""
        return self._ask(path, query)[0]

    def all(self, path: str) -> list[dict[str, Any]]:
        """All of a list that comes in pages. Raises `DriverError`."""
        found: list[dict[str, Any]] = []
        page = "1"
        for _ in range(_MOST_PAGES):
            items, after = self._ask(path, {"page": page, "per_page": _PAGE})
            found += [one for one in items or () if isinstance(one, dict)]
            # After the last page Traefik names the first.
            if not after.isdecimal() or int(after) <= int(page):
                return found
            page = after
        raise DriverError(f"Traefik's API at {self.place} has no last page.", code="answer")

    def status(self, path: str) -> int:
        """What it answers to a GET, as a number. Raises `DriverError`."""
        answer = self._send("GET", self._address(path))
        self._expect_welcome(answer)
        return answer.status

    def put(self, path: str, body: bytes) -> None:
        """Raises `DriverError`."""
        answer = self._send("PUT", self._address(path), body)
        if answer.status == http.client.BAD_REQUEST:
            raise DriverError(
                f"Traefik cannot read what it was given: {answer.word}",
                code="refused",
                permanent=True,
            )
        if answer.status in (http.client.NOT_FOUND, http.client.METHOD_NOT_ALLOWED):
            raise self.off()
        self._expect_ok(answer)

    def off(self) -> DriverError:
        # Not permanent: one that is starting answers the same.
        return DriverError(f"Traefik at {self.place} has no REST provider.", code="mode")

    def close(self) -> None:
        self._connection.close()

    def _ask(self, path: str, query: dict[str, object]) -> tuple[Any, str]:
        answer = self._send("GET", self._address(path, query))
        if answer.status == http.client.NOT_FOUND and path != "/api/version":
            return None, ""
        self._expect_ok(answer)
        try:
            return msgspec.json.decode(answer.body), answer.after
        except (msgspec.DecodeError, RecursionError) as error:
            raise DriverError("Traefik's API answers no JSON.", code="answer") from error

    def _expect_welcome(self, answer: _Answer) -> None:
        if answer.status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
            raise DriverError(f"Traefik's API refuses us ({answer.status}).", code="unauthorized")

    def _expect_ok(self, answer: _Answer) -> None:
        self._expect_welcome(answer)
        if answer.status != http.client.OK or len(answer.body) > _MOST:
            raise DriverError(f"Traefik's API answers oddly ({answer.status}).", code="answer")

    def _address(self, path: str, query: dict[str, object] | None = None) -> str:
        return f"{self._base}{quote(path)}" + (f"?{urlencode(query)}" if query else "")

    def _send(self, method: str, address: str, body: bytes | None = None) -> _Answer:
        try:
            return self._exchange(method, address, body)
        except (OSError, http.client.HTTPException) as error:
            raise DriverError(
                f"Traefik's API at {self.place} does not answer: {error}", code="unreachable"
            ) from error

    def _exchange(self, method: str, address: str, body: bytes | None) -> _Answer:
        """Once more on a new connection if the kept one was closed in between."""
        headers = self._headers
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        for kept in (self._connection.sock is not None, False):
            try:
                self._connection.request(method, address, body=body, headers=headers)
                answer = self._connection.getresponse()
                content = answer.read(_MOST + 1)
                if len(content) > _MOST:
                    self._connection.close()
                return _Answer(answer.status, content, answer.getheader("X-Next-Page") or "")
            except (OSError, http.client.HTTPException):
                self._connection.close()
                if not kept:
                    raise
        raise AssertionError("unreachable")


def _authorization(secret: str) -> str:
    """The header of a user with a password, or of a token. Base64 also keeps signs away that no
    header may hold; a token has none of them. Raises `DriverError`."""
    if ":" in secret:
        return f"Basic {base64.b64encode(secret.encode()).decode()}"
    if not (secret.isascii() and secret.isprintable()):
        raise DriverError("The secret cannot be sent in a header.", code="unauthorized")
    return f"Bearer {secret}"
