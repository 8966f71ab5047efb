"""An agent drives a real tree: whatever is away, restarted, emptied or killed between."""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from urllib.parse import urlsplit

from django.conf import settings

from console.contract.wire import Node
from tests.agent.conftest import PASSWORD, RULE, URL, Agent
from tests.gateways.conftest import Proxy, Serve
from tests.gateways.examples import route, upstream
from tests.relay import Trouble, relay_to
from tests.threads import eventually


def test_follows_its_feed_and_says_that_it_does(agent: Agent) -> None:
    agent.publish()
    agent.start()
    agent.gets(RULE)
    agent.commit(route_r1=route(hosts=("new.org",)))
    eventually(lambda: b"new.org" in (agent.tree.get(RULE) or b""), within=20)
    eventually(lambda: bool(agent.instances), within=20)
    said = agent.instances[0]
    assert said.by == "agent"
    assert said.version
    assert said.refuses == ""


def test_nothing_is_sent_before_the_first_compilation(agent: Agent) -> None:
    agent.tree.set("traefik/http/routers/old-portolan/rule", "Host(`old`)")
    agent.start()
    eventually(lambda: "waiting" in agent.log, within=20)
    time.sleep(1.0)
    assert agent.has("traefik/http/routers/old-portolan/rule")
    agent.publish()
    agent.gets(RULE)
    assert not agent.has("traefik/http/routers/old-portolan/rule")


def test_a_real_gateway_is_served_by_it(agent: Agent, proxy: Proxy, serve: Serve) -> None:
    port = serve("127.0.0.21")
    node = Node(host="127.0.0.21", port=port)
    agent.commit(upstream_u1=upstream(nodes=(node,)), route_r1=route())
    agent.start()
    eventually(lambda: proxy.get("shop.example.org", "/cart")[0] == 200, within=20)
    agent.commit(upstream_u1=upstream(nodes=()))
    eventually(lambda: proxy.get("shop.example.org", "/cart")[0] == 503, within=20)


def test_a_gateway_that_is_pushed_to_is_served_and_refilled_by_it(
    agent: Agent, proxy: Proxy, serve: Serve
) -> None:
    node = Node(host="127.0.0.21", port=serve("127.0.0.21"))
    agent.commit(upstream_u1=upstream(nodes=(node,)), route_r1=route())
    told = {"provider": "rest", "api_url": proxy.api_url, "entry_points": ["web"]}
    agent.start(SETTINGS=json.dumps(told))
    eventually(lambda: proxy.get("shop.example.org", "/cart")[0] == 200, within=20)
    foreign = urllib.request.Request(
        f"{proxy.api_url}/api/providers/rest",
        data=b'{"http":{"services":{"else":{"loadBalancer":{"passHostHeader":true}}}}}',
        method="PUT",
    )
    urllib.request.urlopen(foreign, timeout=10).close()
    eventually(lambda: proxy.get("shop.example.org", "/cart")[0] == 404, within=20)
    eventually(lambda: proxy.get("shop.example.org", "/cart")[0] == 200, within=30)


def test_lags_are_those_until_the_gateway_confirms(agent: Agent, proxy: Proxy) -> None:
    agent.publish()
    told = {"redis_url": agent.tree_url, "api_url": proxy.api_url}
    agent.start(SETTINGS=json.dumps(told))
    agent.gets(RULE)
    time.sleep(0.5)  # what is observed now is younger than the agent
    now = int(time.time() * 1000)
    agent.commit(upstream_u1=upstream(nodes=(Node(host="10.7.0.1", port=80),), observed_at=now))
    eventually(lambda: sum(sum(one.lag_counts) for one in agent.instances) == 1, within=30)
    one = agent.instances[0]
    assert one.by == "agent"
    assert one.applied == "1-2"
    assert one.lag_ms is not None
    assert 0 <= one.lag_ms < 15_000


def test_files_are_written_where_it_may(agent: Agent) -> None:
    agent.publish()
    folder = agent.folder / "dynamic"
    folder.mkdir()
    told = json.dumps({"provider": "file", "file": str(folder / "portolan.yml")})
    refused = agent.run("--once", SETTINGS=told, FILE_FOLDERS="/nowhere")
    assert refused.returncode != 0
    assert not (folder / "portolan.yml").exists()
    done = agent.run("--once", SETTINGS=told, FILE_FOLDERS=str(folder))
    assert done.returncode == 0, done.stderr
    assert "r1-portolan" in (folder / "portolan.yml").read_text()


def test_restarted_without_redis_it_gives_a_restarted_gateway_what_it_had(agent: Agent) -> None:
    agent.publish()
    with relay_to(settings.REDIS_URL) as (relay, _url):
        way = {"REDIS_URL": agent.via(relay.port)}
        child = agent.start(**way)
        agent.gets(RULE)
        assert agent.end(child, signal.SIGTERM) == 0
        relay.refuse()
        agent.tree.flushdb()
        agent.start(**way)
        agent.gets(RULE)
        assert agent.has(URL.format(1))
        # What happened meanwhile is caught up with, what went too.
        agent.commit(route_r1=None, upstream_u1=upstream(nodes=upstream().nodes[:1]))
        relay.admit()
        eventually(lambda: not agent.has(RULE) and not agent.has(URL.format(1)), within=20)
        assert agent.has(URL.format(0))


def test_an_emptied_gateway_is_filled_again_while_redis_is_away(agent: Agent) -> None:
    agent.publish()
    with relay_to(settings.REDIS_URL) as (relay, _url):
        agent.start(REDIS_URL=agent.via(relay.port))
        agent.gets(RULE)
        relay.refuse()
        eventually(lambda: "Redis is away" in agent.log, within=20)
        agent.tree.flushdb()
        agent.gets(RULE)


def test_redis_down_at_the_start_is_waited_for(agent: Agent) -> None:
    agent.publish()
    with relay_to(settings.REDIS_URL) as (relay, _url):
        relay.refuse()
        agent.start(REDIS_URL=agent.via(relay.port))
        eventually(lambda: "Redis is away" in agent.log, within=20)
        assert not agent.has(RULE)
        relay.admit()
        agent.gets(RULE)


def test_a_flushed_store_takes_nothing_from_the_gateway(agent: Agent) -> None:
    agent.publish()
    agent.start()
    agent.gets(RULE)
    agent.store.delete(*agent.feed.all())
    time.sleep(3.0)  # longer than until a reader doubts its silence
    assert agent.has(RULE)
    agent.writer = type(agent.writer)(agent.store, agent.feed, epoch=2)
    agent.writer.open()
    agent.commit(upstream_u1=upstream())
    eventually(lambda: not agent.has(RULE), within=20)


def test_killed_while_it_writes_another_comes_to_the_same_end(agent: Agent) -> None:
    agent.publish()
    child = agent.start()
    agent.gets(RULE)
    for number in range(60):
        agent.commit(**{f"route_k{number}": route(id=f"k{number}")})
        if number == 30:
            agent.end(child, signal.SIGKILL)
    agent.commit(**{f"route_k{number}": None for number in range(30)})
    agent.start()
    agent.gets("traefik/http/routers/k59-portolan/rule")
    left = {
        f"traefik/http/routers/k{n}-portolan/rule"
        for n in range(60)
        if agent.has(f"traefik/http/routers/k{n}-portolan/rule")
    }
    assert left == {f"traefik/http/routers/k{n}-portolan/rule" for n in range(30, 60)}


def test_it_ends_soon_although_its_gateway_swallows_everything(agent: Agent) -> None:
    agent.publish()
    with relay_to(agent.tree_url) as (relay, _url):
        parts = urlsplit(agent.tree_url)
        relay.be(Trouble(end="hole"))
        url = f"redis://127.0.0.1:{relay.port}{parts.path}"
        child = agent.start(SETTINGS=json.dumps({"redis_url": url}))
        eventually(lambda: relay.accepted > 0, within=20)
        began = time.monotonic()
        agent.end(child, signal.SIGTERM)
        assert time.monotonic() - began < 4.0


def test_a_gateway_that_cannot_be_reached_is_reported(agent: Agent) -> None:
    agent.publish()
    agent.start(SETTINGS='{"redis_url": "redis://127.0.0.1:1/0"}')
    eventually(lambda: any(one.refuses for one in agent.instances), within=20)
    assert PASSWORD not in agent.instances[0].refuses


def test_two_agents_on_two_machines_the_younger_wins(agent: Agent) -> None:
    agent.publish()
    agent.start(STATE_FOLDER=str(agent.folder / "one"))
    agent.gets(RULE)
    agent.start(STATE_FOLDER=str(agent.folder / "two"))
    eventually(lambda: "newer driver" in agent.log, within=30, what=agent.log)
    agent.commit(route_r1=route(hosts=("new.org",)))
    eventually(lambda: b"new.org" in (agent.tree.get(RULE) or b""), within=20)
