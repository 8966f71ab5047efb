"""Traefik fetches its routes from the console: what is compiled is served, and held back while
nothing is new."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from console.contract import keys, wire
from console.feed import FeedWriter
from console.redis import Client
from console.secrets import Secret
from gateways import actions, instances
from gateways.models import Gateway
from gateways.serving import rows, views
from gateways.serving.rows import Rows
from tests.factories import make_control_plane, make_gateway
from tests.gateways.examples import route, upstream
from tests.threads import eventually

from .conftest import Serve, Start

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "0123456789abcdef-a-token"
HOST = "shop.example.org"


class Fetched:
    """A gateway that fetches, and its control plane's feed."""

    def __init__(self, store: Client) -> None:
        self.gateway = make_gateway(
            control_plane=make_control_plane(),
            settings={"provider": "http", "entry_points": ["web"]},
            secret=Secret(TOKEN),
        )
        self.id = str(self.gateway.pk)
        self.url = f"/gateways/{self.id}/traefik.json"
        self.store = store
        self.plane = keys.control_plane(str(self.gateway.control_plane_id))
        self.writer = FeedWriter(store, keys.feed(self.plane), epoch=1)
        self.writer.open()

    def commit(self, *resources: wire.Resource) -> None:
        self.writer.commit(
            {f"{one.__struct_config__.tag}/{one.id}": wire.encode(one) for one in resources},
            always=True,
        )

    def get(self, query: str = "", token: str = TOKEN, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {token}"} | headers
        return Browser().get(self.url + query, headers=given)


@pytest.fixture(autouse=True)
def _as_a_console_that_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which knows no other test's gateways."""
    monkeypatch.setattr(views, "_rows", Rows())
    views._counters.clear()


@pytest.fixture
def postgres_away() -> Callable[[], AbstractContextManager[None]]:
    """For as long as the block runs; who knocks is refused."""

    @contextmanager
    def away() -> Iterator[None]:
        connection.close()
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(connection.settings_dict, "HOST", "127.0.0.1")
            patched.setitem(connection.settings_dict, "PORT", "1")
            yield
            connection.close()

    return away


@pytest.fixture
def fetched(store: Client) -> Fetched:
    return Fetched(store)


def node(port: int, host: str = "127.0.0.1", **fields: object) -> wire.Upstream:
    return upstream(nodes=(wire.Node(host=host, port=port),), **fields)


def test_a_document_is_given_to_who_shows_the_secret(fetched: Fetched) -> None:
    assert fetched.get().status_code == 503, "nothing was compiled: what Traefik has stays"
    fetched.commit(upstream(), route())
    answer = fetched.get()
    assert answer.status_code == 200
    http = answer.json()["http"]
    assert http["routers"]["r1-portolan"]["service"] == "u1-portolan"
    assert http["services"]["u1-portolan"]["loadBalancer"]["servers"]
    assert fetched.get(token="").status_code == 401
    assert fetched.get(token=TOKEN + "x").status_code == 401
    assert Browser().get(fetched.url).status_code == 401
    assert TOKEN not in answer.content.decode()


def test_one_that_does_not_fetch_has_no_door(store: Client) -> None:
    other = make_gateway(secret=Secret(TOKEN))
    answer = Browser().get(
        f"/gateways/{other.pk}/traefik.json", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code == 401


def test_a_new_secret_shuts_the_old_one_out(fetched: Fetched) -> None:
    fetched.commit(upstream(), route())
    assert fetched.get().status_code == 200
    fresh = Gateway.objects.get(pk=fetched.id)
    fresh.secret = Secret(TOKEN + "-new")
    actions.change_gateway(gateway=fresh, actor=None)
    eventually(lambda: fetched.get().status_code == 401, within=10)
    assert fetched.get(token=TOKEN + "-new").status_code == 200


def test_what_a_caller_has_is_not_sent_again(fetched: Fetched) -> None:
    fetched.commit(upstream(), route())
    etag = fetched.get().headers["ETag"]
    again = fetched.get(**{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    fetched.commit(node(81))
    assert fetched.get(**{"If-None-Match": etag}).status_code == 200


def test_an_answer_is_held_back_until_there_is_something_new(fetched: Fetched) -> None:
    fetched.commit(upstream(), route())
    assert fetched.get("?wait=8&instance=edge").status_code == 200
    began = time.monotonic()
    same = fetched.get("?wait=0.5&instance=edge")
    assert time.monotonic() - began >= 0.5
    assert same.status_code == 200
    fetched.commit(node(81))
    assert b":81" in fetched.get("?wait=8&instance=edge").content
    assert time.monotonic() - began < 7


def test_who_comes_back_has_taken_what_it_was_given(fetched: Fetched, store: Client) -> None:
    fetched.commit(upstream(), route())
    position = fetched.get("?instance=edge").headers["X-Portolan-Position"]
    assert not instances.read(store, [fetched.id])[fetched.id][0].applied
    fetched.get("?instance=edge")
    fetched.commit(node(81, observed_at=int(time.time() * 1000)))
    newer = fetched.get("?instance=edge").headers["X-Portolan-Position"]
    [one] = instances.read(store, [fetched.id])[fetched.id]
    assert (one.id, one.by, one.applied) == ("edge", "poll", position)
    fetched.get("?instance=edge")
    [one] = instances.read(store, [fetched.id])[fetched.id]
    assert one.applied == newer != position
    assert sum(one.lag_counts) == 1
    assert one.lag_ms is not None


def test_the_last_document_stays_while_redis_is_away(
    fetched: Fetched, store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched.commit(upstream(), route())
    before = fetched.get().content
    desk = views._counters[fetched.id].desk
    from console import redis

    gone = redis.connect("redis://127.0.0.1:1/0")
    monkeypatch.setattr(desk, "_client", gone)
    monkeypatch.setattr(desk._reader, "_client", gone)
    assert fetched.get().content == before
    gone.close()


def test_changes_arrive_while_postgresql_is_away(
    fetched: Fetched,
    postgres_away: Callable[[], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetched.commit(upstream(), route())
    assert fetched.get().status_code == 200
    monkeypatch.setattr(views._rows, "_clock", lambda: time.monotonic() + 10 * rows.HOLDS)
    with postgres_away():
        fetched.commit(node(81))
        assert b":81" in fetched.get().content
        assert fetched.get(token=TOKEN + "x").status_code == 401
        views._rows = Rows()
        assert fetched.get().status_code == 503, "a console that starts: what Traefik has stays"
    fetched.commit(node(82))
    eventually(lambda: b":82" in fetched.get().content, within=10)


def test_strangers_do_not_keep_the_database_busy(
    fetched: Fetched, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(views, "_rows", Rows(clock=lambda: now))

    browser = Browser()

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            for _stranger in range(20):
                url = f"/gateways/{uuid.uuid4()}/traefik.json"
                assert browser.get(url).status_code == 401
        return len(asked)

    fetched.commit(upstream(), route())
    assert fetched.get().status_code == 200
    assert queries() == 0
    now += rows.HOLDS
    assert queries() == 1


def test_what_becomes_inexpressible_is_given_as_it_was_by_any_console(fetched: Fetched) -> None:
    fetched.commit(upstream(), route())
    before = fetched.get().json()
    fetched.commit(route(plugins={"limit-req": {}}), route(id="r2"))
    with_both = fetched.get().json()["http"]["routers"]
    assert with_both["r1-portolan"] == before["http"]["routers"]["r1-portolan"]
    views._counters.clear()  # as another process, which begins with nothing
    assert fetched.get().json()["http"]["routers"] == with_both
    views._counters.clear()
    fetched.commit(route(hosts=("mended.org",)))
    rule = fetched.get().json()["http"]["routers"]["r1-portolan"]["rule"]
    assert "mended.org" in rule
    assert not fetched.store.exists(keys.last_forms(fetched.plane))


@pytest.mark.slow
def test_a_traefik_that_fetches_serves_each_change_at_once(
    fetched: Fetched, live_server: Any, traefik: Start, serve: Serve
) -> None:
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    fetched.commit(node(first), route())
    gateway = traefik(
        {
            "http": {
                "endpoint": f"{live_server.url}{fetched.url}?wait=4&instance=edge",
                "pollInterval": "20ms",
                "headers": {"Authorization": f"Bearer {TOKEN}"},
            }
        }
    )
    proxy = gateway.proxy
    eventually(lambda: proxy.get(HOST, "/cart")[1].startswith("127.0.0.1 "), within=20)
    took = []
    for port, host in ((second, "127.0.0.2"), (first, "127.0.0.1")) * 3:
        time.sleep(0.2)
        fetched.commit(node(port, host))
        took.append(
            eventually(lambda h=host: proxy.get(HOST, "/cart")[1].startswith(f"{h} "), within=20)
        )
    assert sorted(took)[1] < 2, "a change waits for no poll"
    fetched.commit(upstream(nodes=()))
    eventually(lambda: proxy.get(HOST, "/cart")[0] == 503, within=20)
    gateway.stop()
    gateway.start()
    eventually(lambda: proxy.get(HOST, "/cart")[0] == 503, within=20)
