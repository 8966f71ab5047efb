"""The line to copy reaches the API: nothing that its conditions ask of a request is missing."""

from __future__ import annotations

import base64
import shlex
from typing import Any

import pytest

from applications.addresses import curl
from tests import factories

pytestmark = pytest.mark.django_db

BASE = "http://127.0.0.1:9080"


def _line(base: str = BASE, *, application: dict[str, Any] | None = None, **api: Any) -> list[str]:
    owner = factories.make_application(**{"hosts": ["shop.example.org"], **(application or {})})
    made = factories.make_api(application=owner, paths=[{"path": "/cart"}], **api)
    return shlex.split(curl(made, base))


def test_a_plain_api() -> None:
    assert _line() == ["curl", f"{BASE}/cart", "-H", "Host: shop.example.org", "-i"]
    assert _line(methods=["POST"])[-3:] == ["-X", "POST", "-i"]


def test_conditions_on_headers_cookies_and_the_query_are_met() -> None:
    conditions = [
        {"subject": "header", "name": "X-Env", "operator": "equal", "value": "it's a test"},
        {"subject": "header", "name": "X-Seen", "operator": "present"},
        {"subject": "cookie", "name": "beta", "operator": "equal", "value": "yes"},
        {"subject": "cookie", "name": "group", "operator": "equal", "value": "b"},
        {"subject": "query", "name": "q", "operator": "equal", "value": "a b&c"},
        {"subject": "header", "name": "X-Old", "operator": "not_present"},
    ]
    words = _line(expressions=conditions)
    assert words[1] == f"{BASE}/cart?q=a+b%26c"
    assert [words[n + 1] for n, word in enumerate(words) if word == "-H"] == [
        "Host: shop.example.org",
        "X-Env: it's a test",
        "X-Seen: 1",
    ]
    assert words[words.index("-b") + 1] == "beta=yes; group=b"
    assert not any("X-Old" in word for word in words)


def test_where_one_condition_is_enough_one_is_met() -> None:
    conditions = [
        {"subject": "header", "name": name, "operator": "equal", "value": "1"} for name in "AB"
    ]
    words = _line(expressions=conditions, match_any=True)
    assert "A: 1" in words
    assert "B: 1" not in words


@pytest.mark.parametrize(
    ("base", "place"),
    [
        (BASE, "127.0.0.1:443"),
        ("https://edge.example.org:8443", "edge.example.org:8443"),
        ("https://edge.example.org", "edge.example.org:443"),
        ("http://[::1]:9080", "[::1]:443"),
    ],
)
def test_by_https_alone_the_name_is_the_one_that_tls_is_asked_for(base: str, place: str) -> None:
    words = _line(base, application={"protocols": ["https"]})
    assert words[1:4] == [
        "https://shop.example.org/cart",
        "--connect-to",
        f"shop.example.org:443:{place}",
    ]
    bare = _line(BASE, application={"protocols": ["https"], "hosts": []})
    assert bare[1] == "https://127.0.0.1/cart"


def test_a_websocket_is_asked_for_as_browsers_do() -> None:
    words = _line(kind="websocket")
    headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
    assert headers["Upgrade"] == "websocket"
    assert headers["Connection"] == "Upgrade"
    assert len(base64.b64decode(headers["Sec-WebSocket-Key"])) == 16
    assert "--http1.1" in words
