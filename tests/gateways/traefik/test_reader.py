"""What a real Traefik says that it has, compared with what it was given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from console.contract.wire import Node, Timeouts, Upstream
from console.embedded import ports
from gateways import drivers
from gateways.drivers.base import DriverError, Reader
from gateways.drivers.traefik import document, telling
from gateways.drivers.traefik.api import Api
from tests.gateways.examples import route, upstream
from tests.threads import eventually

from .conftest import Make, Start

pytestmark = pytest.mark.slow
Read = Callable[..., Reader]


def test_it_tells_what_it_serves_from_a_tree(
    make: Make, traefik: Start, tree_url: str, read: Read
) -> None:
    driver = make()
    driver.start()
    heavy = (Node(host="10.0.0.1", port=80, weight=3), Node(host="fd00::2", port=81))
    # More than a page, so that pages are followed.
    resources = {f"upstream/u{n}": upstream(id=f"u{n}") for n in range(1100)}
    resources |= {"upstream/u1": upstream(nodes=heavy), "route/r1": route()}
    driver.replace(resources)
    gateway = traefik(redis_url=tree_url)
    reader = read(api_url=gateway.api)
    [process] = reader.processes()
    assert process.hostname == "127.0.0.1"
    assert process.version.startswith("3.")
    assert reader.processes() == [process], "the same each time"

    def served() -> drivers.base.Served:
        found = reader.served()
        assert found is not None
        return found

    eventually(lambda: len(served().upstreams) == 1100, within=30)
    assert served().upstreams["upstream/u1"] == ("10.0.0.1:80", "[fd00::2]:81")
    assert served().routes == {"route/r1"}
    few = {key: resources[key] for key in ("upstream/u1", "route/r1")}
    gone = {"upstream/gone": upstream(id="gone"), "route/gone": route(id="gone")}
    some = reader.served_of(few | gone)
    assert some is not None
    assert some.upstreams == {"upstream/u1": served().upstreams["upstream/u1"]}
    assert some.routes == {"route/r1"}
    assert reader.confirms(resources["upstream/u1"])
    assert not reader.confirms(upstream())
    assert not reader.confirms(upstream(id="unknown"))
    assert reader.confirms(upstream(balance="consistent_hash", id="u2")) is True, "nodes only"
    assert reader.confirms(Upstream(id="u1", name="x", nodes=(Node(host="a b", port=1),))) is None


def test_it_has_the_keys_that_were_previewed(
    make: Make, read: Read, gateway_redis_url: str
) -> None:
    resources = {"upstream/u1": upstream(), "route/r1": route()}
    driver = make(entry_points=[])
    driver.start()
    driver.replace(resources)
    shown = drivers.preview("traefik", {"redis_url": gateway_redis_url}, resources)
    assert dict(read().documents() or {}) == dict(shown.documents)
    assert read().served() is None
    assert read().processes() == []
    assert read().confirms(upstream()) is None


def test_it_tells_what_it_serves_of_a_file(
    traefik: Start, tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAYS_FILE_FOLDERS", str(tmp_path))
    settings = {"redis_url": "", "file": str(tmp_path / "portolan.yml")}
    resources = {"upstream/u1": upstream(), "route/r1": route()}
    driver = drivers.build("traefik", settings, "")
    driver.start(epoch=1)
    driver.replace(resources)
    gateway = traefik({"file": {"filename": settings["file"]}})
    reader = read(**settings, api_url=gateway.api)
    assert eventually(lambda: bool(reader.confirms(upstream())), within=30) is not None
    shown = drivers.preview("traefik", settings, resources)
    assert dict(reader.documents() or {}) == dict(shown.documents)


def test_what_it_was_given_by_http_is_told_as_it_was_said(traefik: Start, tmp_path: Path) -> None:
    """The API tells of what came by HTTP; here a file stands for it, under its own name."""
    checked = upstream(id="u2", checks={"active": {"timeout": 1.5}}, balance="ewma")
    resources = {
        "upstream/u1": upstream(timeouts=Timeouts(connect=1_000, read=90_500)),
        "upstream/u2": checked,
        "route/r1": route(strip_prefix="/x", retries=2, rewrite_host="x.org"),
    }
    shown = drivers.preview("traefik", {"entry_points": ["web"]}, resources)
    texts = {place: document.text(one) for place, one in shown.documents.items()}
    path = tmp_path / "x.yml"
    path.write_bytes(document.join(texts))
    gateway = traefik({"file": {"filename": str(path)}})
    with closing(Api(gateway.api)) as api:
        eventually(lambda: bool(telling.ours(api, "services", "file")), within=30)
        told = telling.objects(api, "file")
    assert told == dict(shown.documents)


def test_an_api_that_does_not_answer_is_told(read: Read) -> None:
    reader = read(api_url=f"http://127.0.0.1:{ports.free()}")
    for ask in (reader.processes, reader.served, lambda: reader.confirms(upstream())):
        with pytest.raises(DriverError) as caught:
            ask()
        assert caught.value.code == "unreachable"


def test_something_else_at_its_address_is_told(read: Read, serve: Callable[[str], int]) -> None:
    reader = read(api_url=f"http://127.0.0.1:{serve('127.0.0.1')}")
    with pytest.raises(DriverError) as caught:
        reader.processes()
    assert caught.value.code == "answer"
