"""Each snippet as it is printed, with what its capitals stand for: a real Traefik that says nothing
else serves what it is given, each change at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from console.contract.wire import Resource
from console.embedded import ports
from gateways import drivers
from gateways.drivers.base import Place
from tests.gateways.examples import route
from tests.threads import eventually

from .conftest import Running, Serve, Start
from .test_serving import TOKEN, Fetched, fetched
from .test_troubles import node, serves

__all__ = ["fetched"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def gives(
    fetched: Fetched,
    live_server: Any,
    gateway_redis_url: str,
    tree_url: str,
    secret: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """By a way in: the text of the snippet, and what brings resources there."""
    folder = tmp_path / "dynamic"
    folder.mkdir()
    monkeypatch.setenv("GATEWAYS_FILE_FOLDERS", str(folder))

    def by(way: str) -> tuple[str, Any]:
        settings: dict[str, Any] = {
            "http": {"provider": "http"},
            "rest": {"provider": "rest", "api_url": f"http://127.0.0.1:{ports.free()}"},
            "redis": {"redis_url": gateway_redis_url},
            "file": {"file": str(folder / "portolan.yml")},
        }[way]
        place = Place("g", "c", "edge", f"{live_server.url}{fetched.url}")
        text = drivers.joining("traefik", settings, place)
        login = urlsplit(tree_url)
        for capitals, stands_for in (
            ("SECRET", TOKEN),
            ("THIS-TRAEFIK", "edge"),
            ("USER", unquote(login.username or "")),
            ("PASSWORD", unquote(login.password or "")),
        ):
            text = text.replace(capitals, stands_for)

        def give(resources: dict[str, Resource]) -> None:
            if way == "http":
                fetched.commit(*resources.values())
            elif way not in begun:
                begun[way] = drivers.build(
                    "traefik",
                    settings | {"entry_points": ["web"]},
                    secret if way == "redis" else "",
                )
                begun[way].start(epoch=1)
                begun[way].replace(resources)
            else:
                begun[way].apply(resources)

        begun: dict[str, Any] = {}
        return text, give

    return by


@pytest.mark.parametrize("way", ["http", "rest", "redis", "file"])
def test_a_traefik_that_was_told_what_is_printed_serves_each_change_at_once(
    way: str, gives: Any, traefik: Start, serve: Serve
) -> None:
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    text, give = gives(way)
    [static] = yaml.safe_load_all(text)
    # What Traefik itself takes if nobody says otherwise.
    providers = {"providersThrottleDuration": "2s"} | static.pop("providers")
    address = static.get("entryPoints", {}).get("traefik", {}).get("address", "")
    gateway: Running = traefik(providers, api_port=int(address.rpartition(":")[2] or 0), **static)
    give({"upstream/u1": node(first), "route/r1": route()})
    proxy = gateway.proxy
    eventually(lambda: serves(proxy, "127.0.0.1 "), within=30)
    took = []
    for port, host in ((second, "127.0.0.2"), (first, "127.0.0.1")) * 3:
        give({"upstream/u1": node(port, host)})
        took.append(eventually(lambda h=host: serves(proxy, f"{h} "), within=30))
    assert sorted(took)[1] < 1.5, "it waits for nothing"
