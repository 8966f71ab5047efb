"""Try it: one request through a gateway, and nothing that it must not do."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from gateways.tryout.sending import certified_name
from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client
    from pytest_django.fixtures import Settings

    from .conftest import Publish, Rows

SCRIPT = "<script>alert(1)</script>"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Practice-Pod: httpbin-2\r\n\r\nhello"

Listen = Callable[..., "Listener"]


class Listener:
    """A server that says the same to everybody and remembers what it was told."""

    def __init__(self, answer: bytes, *, drip: float = 0.0) -> None:
        self._answer, self._drip = answer, drip
        self.told: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            self.told.append(_request(connection))
            pieces = (
                [self._answer[n : n + 1] for n in range(len(self._answer))]
                if self._drip
                else [self._answer]
            )
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(self._drip)
            except OSError:
                return  # who asked has hung up


def _request(connection: socket.socket) -> bytes:
    """All of it: a body may come later than its head."""
    told = connection.recv(100_000)
    head, _, body = told.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    missing = int(length.group(1)) - len(body) if length else 0
    while missing > 0 and (more := connection.recv(missing)):
        told += more
        missing -= len(more)
    return told


@pytest.fixture
def listen() -> Iterator[Listen]:
    with ExitStack() as stack:

        def start(answer: bytes = OK, **options: float) -> Listener:
            made = Listener(answer, **options)
            stack.callback(made.close)
            return made

        yield start


@pytest.fixture(autouse=True)
def _loopback(settings: Settings) -> None:
    from django.core.cache import cache

    cache.clear()  # of what throttles have counted
    settings.GATEWAYS_ALLOW_LOOPBACK = True


def lead(rows: Rows, url: str) -> None:
    """Let the gateway be there."""
    from gateways.models import Gateway

    Gateway.objects.filter(pk=rows.gateway.pk).update(url=url)


def attempt(page: Client, rows: Rows, **changes: str) -> Any:
    fields = {
        "gateway": str(rows.gateway.pk),
        "method": "GET",
        "host": "sd.httpbin.org",
        "path": "/anything",
        "headers": "",
        "body": "",
        "verify": "on",
    } | changes
    address = reverse("gateways:try", args=[rows.api.pk])
    return page.post(address, {f"try-{name}": value for name, value in fields.items()})


def html(answer: Any) -> str:
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


def test_the_form_is_filled_with_a_request_that_the_api_takes(page: Client, rows: Rows) -> None:
    text = html(page.get(reverse("gateways:try", args=[rows.api.pk])))
    assert 'value="sd.httpbin.org"' in text
    assert 'value="/anything"' in text
    assert "edge" in text
    part = page.get(
        reverse("gateways:try", args=[rows.api.pk]), headers={"HX-Request": "true"}
    ).content.decode()
    assert part.lstrip().startswith("<form")


def test_what_is_sent_and_what_comes_back(
    page: Client, rows: Rows, listen: Listen, publish: Publish, httpbin: Any
) -> None:
    from django.conf import settings

    publish(rows.registry, httpbin)
    gateway = listen()
    lead(rows, gateway.url)
    page.cookies["other"] = "a-cookie-of-the-console"
    text = html(
        attempt(
            page,
            rows,
            method="POST",
            path="/anything?a=1",
            headers="X-Canary: 1\nAuthorization: Bearer typed",
            body="a\r\nb",
        )
    )
    [told] = gateway.told
    head, _, body = told.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /anything?a=1 HTTP/1.1"
    assert lines.count("Host: sd.httpbin.org") == 1
    assert "X-Canary: 1" in lines
    assert "Authorization: Bearer typed" in lines
    assert "Content-Length: 3" in lines
    assert body == b"a\nb"
    assert b"a-cookie-of-the-console" not in told
    assert settings.SESSION_COOKIE_NAME.encode() not in told
    assert "hello" in text
    assert ">200<" in text
    assert "Answered by httpbin-2, says the header X-Practice-Pod." in text
    assert "10.0.0.2" in text  # what the cluster says of that pod
    assert "eu-1a" in text
    assert "first byte" in text


def test_without_a_telling_header_that_is_said(page: Client, rows: Rows, listen: Listen) -> None:
    lead(rows, listen(b"HTTP/1.1 200 OK\r\n\r\n").url)
    assert "does not tell which node answered" in html(attempt(page, rows))


def test_what_a_gateway_answers_is_text(page: Client, rows: Rows, listen: Listen) -> None:
    gateway = listen(
        f"HTTP/1.1 200 {SCRIPT}\r\nContent-Type: text/html\r\nX-Odd: {SCRIPT}\r\n"
        f"X-Pod-Name: {SCRIPT}\r\n\r\n{SCRIPT}".encode()
    )
    lead(rows, gateway.url)
    text = html(attempt(page, rows))
    assert SCRIPT not in text
    assert text.count("&lt;script&gt;") >= 4


def test_bytes_that_are_no_text_are_counted(page: Client, rows: Rows, listen: Listen) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n"
    lead(rows, listen(head + b"\x89PNG").url)
    assert "4 bytes that are no text" in html(attempt(page, rows))


def test_redirects_are_shown_and_not_followed(page: Client, rows: Rows, listen: Listen) -> None:
    other = listen()
    gateway = listen(f"HTTP/1.1 302 Found\r\nLocation: {other.url}/\r\n\r\n".encode())
    lead(rows, gateway.url)
    text = html(attempt(page, rows))
    assert ">302<" in text
    assert other.url in text
    assert other.told == []


def test_of_a_long_answer_the_beginning_is_shown(page: Client, rows: Rows, listen: Listen) -> None:
    from gateways.tryout.sending import SHOWN

    lead(rows, listen(OK + b"x" * 500_000).url)
    text = html(attempt(page, rows))
    assert "There is more" in text
    assert len(text) < SHOWN + 100_000


def test_an_answer_that_never_ends_ends(
    page: Client, rows: Rows, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateways.tryout import sending

    monkeypatch.setattr(sending, "WHOLE", 0.6)
    lead(rows, listen(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1_000, drip=0.05).url)
    began = time.monotonic()
    assert "did not answer in time" in html(attempt(page, rows))
    lead(rows, listen(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000, drip=0.02).url)
    assert "There is more" in html(attempt(page, rows))
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:1", "the connection is refused"),
        ("http://no-such-host.invalid", "cannot be resolved"),
        ("http://169.254.169.254", "connects to no such address"),
        ("http://[fe80::1]:80", "connects to no such address"),
        ("http://0.0.0.0:80", "connects to no such address"),
        ("http://100.100.100.200/", "connects to no such address"),
        ("http://[::ffff:169.254.169.254]/", "connects to no such address"),
        ("ftp://127.0.0.1/", "not one that requests can be sent to"),
    ],
)
def test_a_gateway_that_cannot_be_asked(url: str, says: str, page: Client, rows: Rows) -> None:
    lead(rows, url)
    assert says in html(attempt(page, rows))


def test_loopback_is_refused_unless_it_is_allowed(
    page: Client, rows: Rows, listen: Listen, settings: Settings
) -> None:
    settings.GATEWAYS_ALLOW_LOOPBACK = False
    gateway = listen()
    lead(rows, gateway.url)
    assert "connects to no such address" in html(attempt(page, rows))
    assert gateway.told == []


def test_what_is_no_http_is_said(page: Client, rows: Rows, listen: Listen) -> None:
    lead(rows, listen(b"-ERR unknown command\r\n").url)
    assert "does not speak HTTP" in html(attempt(page, rows))
    lead(rows, listen(b"").url)
    assert "does not speak HTTP" in html(attempt(page, rows))
    lead(rows, listen().url.replace("http://", "https://"))
    assert "speaks no TLS" in html(attempt(page, rows))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("host", "evil.example.org", "The application has the hosts sd.httpbin.org."),
        ("host", "a\r\nb", "is not a host name"),
        ("host", "*.example.org", "no wildcard"),
        ("path", "anything", "A path starts with"),
        ("path", "//evil/\r\nX: 1", "A path starts with"),
        ("path", "http://elsewhere/", "A path starts with"),
        ("path", "/a b", "A path starts with"),
        ("headers", "no header", "is no header"),
        ("headers", "X: a\x07b", "no control characters"),
        ("headers", "Host: other", "belongs to the connection"),
        ("headers", "Transfer-Encoding: chunked", "belongs to the connection"),
        ("headers", "Proxy-Authorization: x", "belongs to the connection"),
        ("headers", "Bad Name: x", "is no header"),
        ("method", "CONNECT", "Select a valid choice"),
        ("gateway", "3f0d8c56-5b0a-4b5c-9d27-0f6f2d9b1c11", "Select a valid choice"),
    ],
)
def test_what_must_not_be_sent_is_refused_at_its_field(
    field: str, value: str, says: str, page: Client, rows: Rows, listen: Listen
) -> None:
    gateway = listen()
    lead(rows, gateway.url)
    text = html(attempt(page, rows, **{field: value}))
    assert says in text
    assert f'id="id_try-{field}_error"' in text
    assert gateway.told == []


def test_the_gateway_of_another_control_plane_is_no_choice(
    page: Client, rows: Rows, listen: Listen
) -> None:
    gateway = listen()
    other = factories.make_gateway(url=gateway.url)
    assert "Select a valid choice" in html(attempt(page, rows, gateway=str(other.pk)))
    assert gateway.told == []


def test_tries_are_counted(page: Client, rows: Rows, listen: Listen) -> None:
    gateway = listen()
    lead(rows, gateway.url)
    answers = [html(attempt(page, rows)) for _ in range(31)]
    assert "Too many tries; wait" in answers[-1]
    assert "Too many" not in answers[-2]
    assert len(gateway.told) == 30


def test_viewers_do_not_try(page: Client, rows: Rows, bo: User) -> None:
    bo.memberships.update(role="viewer")
    address = reverse("gateways:try", args=[rows.api.pk])
    assert page.get(address).status_code == 403
    assert page.post(address).status_code == 403


def test_a_404_leads_to_the_tracer(page: Client, rows: Rows, listen: Listen) -> None:
    lead(rows, listen(b"HTTP/1.1 404 Not Found\r\n\r\n404 page not found").url)
    text = html(attempt(page, rows, path="/elsewhere?x=1"))
    assert "no such route; the tracer says why" in text
    trace = reverse("applications:trace")
    assert f'href="{trace}?method=GET&amp;scheme=http&amp;host=sd.httpbin.org' in text
    assert "path=%2Felsewhere%3Fx%3D1" in text


def test_without_an_address_there_is_nothing_to_try(page: Client, rows: Rows) -> None:
    lead(rows, "")
    text = html(page.get(reverse("gateways:try", args=[rows.api.pk])))
    assert "has an address to send requests to" in text


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("edge.example.org", "edge.example.org"),
        ("edge.example.org:8443", "edge.example.org"),
        ("[2001:db8::1]:8443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_a_certificate_has_to_be_for_the_host_alone(host: str, name: str) -> None:
    assert certified_name(host) == name
