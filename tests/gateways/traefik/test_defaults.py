"""What Traefik fills in: a document by REST makes of it the same as one by HTTP."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateways.drivers.traefik import document, telling
from gateways.drivers.traefik.api import Api
from gateways.drivers.traefik.defaults import whole, without
from gateways.drivers.traefik.render import ALWAYS, Objects, render
from tests.gateways.examples import EXAMPLES, upstream
from tests.threads import eventually

from .conftest import PUSHED, Start

GOLDEN = Path(__file__).parents[1] / "golden" / "traefik-rest.json"
CHECKS = {"active": {"http_path": "/up", "timeout": 2.5, "host": "up.org", "port": 81}}
RESOURCES = {**EXAMPLES, "upstream-with-checks": upstream(checks=CHECKS)}


def rendered() -> Objects:
    """All examples, each under an id of its own."""
    found = dict(ALWAYS)
    for name, resource in RESOURCES.items():
        named = msgspec.structs.replace(resource, id=name)
        found |= render(named, entry_points=["web"])
    return found


def test_what_traefik_would_fill_in_is_said() -> None:
    said = {place: whole(one) for place, one in rendered().items()}
    assert said == json.loads(GOLDEN.read_text())


def test_what_was_filled_in_is_taken_away_again() -> None:
    for place, one in rendered().items():
        if "serversTransports" not in place:  # of those Traefik tells nothing
            assert without(whole(one)) == one, place


def test_nothing_that_is_said_is_replaced() -> None:
    given = {"loadBalancer": {"strategy": "p2c", "healthCheck": {"mode": "grpc"}}}
    said = whole(given)["loadBalancer"]
    assert (said["strategy"], said["healthCheck"]) == ("p2c", {"mode": "grpc"})


@pytest.mark.parametrize(
    "told",
    [
        {"loadBalancer": 7, "retry": [], "forwardingTimeouts": ""},
        {"loadBalancer": {"healthCheck": {"interval": 7, "timeout": "soon"}}},
    ],
)
def test_odd_answers_stay_as_they_are(told: dict[str, Any]) -> None:
    assert without(told) == told


@pytest.fixture
def offered() -> Iterator[str]:
    """The address of the examples' document, as Traefik's HTTP provider fetches it."""
    body = document.join({place: document.text(one) for place, one in rendered().items()})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.slow
def test_traefik_makes_the_same_of_both(traefik: Start, offered: str) -> None:
    gateway = traefik(
        PUSHED | {"http": {"endpoint": offered}}, log={"level": "DEBUG", "format": "json"}
    )
    texts = {place: document.text(whole(one)) for place, one in rendered().items()}
    with closing(Api(gateway.api)) as api:
        api.put("/api/providers/rest", document.join(texts))

        def told(provider: str) -> str:
            """All that its API tells of a provider's objects, with another one's name."""
            found = [
                telling.ours(api, section, provider)
                for section in ("services", "routers", "middlewares")
            ]
            return (
                json.dumps(found, sort_keys=True)
                .replace(f"@{provider}", "@")
                .replace(f'"provider": "{provider}"', "")
            )

        eventually(lambda: len(told("http")) > 10_000, within=30)
        eventually(lambda: told("rest") == told("http"), within=30)
    # What its API tells nobody, transports, is in its log.
    lines = [json.loads(line) for line in gateway.log.read_text().splitlines()]
    took = [one for one in lines if one.get("message") == "Configuration received"]
    taken = {one["providerName"]: one["config"]["http"] for one in took}
    assert len(taken["rest"]["serversTransports"]) > 1
    assert taken["rest"] == taken["http"]
