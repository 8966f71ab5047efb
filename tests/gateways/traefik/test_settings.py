"""What a Traefik is told by its settings and its secret together."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest

from gateways.drivers.traefik.settings import with_password


@pytest.mark.parametrize(
    ("secret", "login"),
    [
        ("", ("me", None)),
        ("pass", ("", "pass")),
        (":pass", ("", "pass")),
        ("user:pass", ("user", "pass")),
        ("user:pa:s@s", ("user", "pa:s@s")),
    ],
)
def test_the_secret_of_a_tree_is_a_password_or_a_user_with_one(
    secret: str, login: tuple[str, str | None]
) -> None:
    parts = urlsplit(with_password("redis://me@10.0.0.1:6379/2", secret))
    said = parts.password and unquote(parts.password)
    assert (parts.username, said) == login
    assert (parts.hostname, parts.port, parts.path) == ("10.0.0.1", 6379, "/2")
