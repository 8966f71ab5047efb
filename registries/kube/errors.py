"""What can go wrong between us and an API server, in our own words.

Every failure has a `code` that programs compare, a sentence that a person can act on, and the
registry's field to blame. Texts of the server itself are cut short and are hostile.
"""

from __future__ import annotations

from . import denials


def gettext_noop(text: str) -> str:
    """Mark a text for the catalogues; this package knows no language."""
    return text


_SHOWN = 300  # characters of a server's own message that are worth showing


class KubeError(Exception):
    """A request that did not succeed. `retry_after` is the server's wish in seconds, if any."""

    def __init__(
        self, code: str, text: str, *, field: str = "server", retry_after: float = 0.0
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.field = field
        self.retry_after = retry_after


class Denied(KubeError):
    """The server knows us and refuses (403), or does not serve the resource (404)."""


class Expired(KubeError):
    """The version or continue token is too old (410, in either shape): list again."""


class TooLarge(KubeError):
    """The server's history ends before the version we have: list without one."""


class Doubtful(KubeError):
    """A list that would remove most of what there was: valid, and perhaps a mistake."""


class Silent(KubeError):
    """Nothing came for longer than bookmarks take: the connection is no longer trusted."""


class Cut(KubeError):
    """An open watch ended in the middle."""


def unauthorized() -> KubeError:
    return KubeError(
        "unauthorized",
        "The API server refuses the token (401): it is wrong, expired or revoked.",
        field="token",
    )


def from_status(
    code: int,
    *,
    reason: str = "",
    message: str = "",
    causes: tuple[str, ...] = (),
    retry_after: float = 0.0,
) -> KubeError:
    """Name an HTTP status or the Status object of an ERROR event."""
    shown = " ".join(message.split())[:_SHOWN]
    if code == 401:
        return unauthorized()
    if code == 403:
        text = denials.sentence(message) or (
            f"The token lacks a permission (403): {shown}"
            if shown
            else "The token lacks a permission (403)."
        )
        return Denied("forbidden", text, field="token")
    if code == 404:
        return Denied("not_found", f"The API server does not serve this (404): {shown}")
    if code == 410 or reason in ("Expired", "Gone"):
        return Expired("expired", f"The version is too old: {shown}")
    if "ResourceVersionTooLarge" in causes or "too large resource version" in message.lower():
        return TooLarge(
            "version_too_large",
            "The API server is behind what was read before.",
            retry_after=retry_after,
        )
    if code == 429:
        return KubeError(
            "throttled", "The API server is busy and asks to wait (429).", retry_after=retry_after
        )
    if code >= 500:
        return KubeError(
            "server_error",
            f"The API server fails with {code}: {shown or 'no reason given'}",
            retry_after=retry_after,
        )
    return KubeError("refused_request", f"The API server answers {code}: {shown}")


def bad_answer(what: str) -> KubeError:
    return KubeError("bad_answer", f"The answer is not that of a Kubernetes API server: {what}.")


def redirected() -> KubeError:
    return KubeError(
        "redirected", "The server sends us elsewhere (a redirect), which is not followed."
    )


def too_much(what: str) -> KubeError:
    return KubeError("too_much", f"The API server sends more than this worker takes: {what}.")
