"""What a token says about its end."""

from __future__ import annotations

import base64
import json

import pytest

from registries.kube.tokens import expires_at


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2ln"


@pytest.mark.parametrize(
    ("token", "milliseconds"),
    [
        (jwt({"exp": 1_764_000_000}), 1_764_000_000_000),
        (jwt({"exp": 1_764_000_000.5}), 1_764_000_000_500),
        (f"  {jwt({'exp': 7})}\n", 7_000),
        (jwt({"sub": "x"}), 0),
        (jwt({"exp": "soon"}), 0),
        (jwt([1]), 0),
        (jwt({"exp": 1e300}), None),
        ("", 0),
        ("opaque", 0),
        ("a.b", 0),
        ("a.!!!.c", 0),
        ("a.e30.c", 0),
        ("ä.ö.ü", 0),
    ],
)
def test_the_end_of_a_token(token: str, milliseconds: int | None) -> None:
    found = expires_at(token)
    assert isinstance(found, int)
    if milliseconds is not None:
        assert found == milliseconds
