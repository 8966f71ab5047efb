"""An agent tells the console what its gateway serves: a real gateway, a user of narrow rights."""

from __future__ import annotations

import json

import pytest
from redis.exceptions import NoPermissionError

from console import redis
from console.contract import keys
from console.contract.wire import Node
from gateways import told
from tests.agent.conftest import PASSWORD, Agent
from tests.gateways.conftest import Proxy
from tests.gateways.examples import route, upstream
from tests.threads import eventually


def start(agent: Agent, proxy: Proxy) -> None:
    agent.start(SETTINGS=json.dumps({"redis_url": agent.tree_url, "api_url": proxy.api_url}))


def serves(agent: Agent, *addresses: str) -> None:
    def said() -> bool:
        found = told.read(agent.store, agent.id)
        return found is not None and found.upstreams.get("upstream/u1") == addresses

    eventually(said, within=60, what=f"{addresses}\n{agent.log}")


def nodes(*hosts: str) -> tuple[Node, ...]:
    return tuple(Node(host=host, port=80) for host in hosts)


@pytest.mark.slow
def test_what_the_gateway_serves_is_told_and_told_again(agent: Agent, proxy: Proxy) -> None:
    key = keys.served(keys.gateway(agent.id))
    agent.commit(upstream_u1=upstream(nodes=nodes("10.0.0.1")), route_r1=route())
    start(agent, proxy)
    serves(agent, "10.0.0.1:80")
    first = told.read(agent.store, agent.id)
    assert first is not None
    assert 0 < agent.store.ttl(key) <= told.FORGOTTEN_AFTER
    agent.commit(upstream_u1=upstream(nodes=nodes("10.0.0.2")))
    serves(agent, "10.0.0.2:80")
    again = told.read(agent.store, agent.id)
    assert again is not None
    assert again.at > first.at
    client = redis.connect(agent.store_url.replace("@", f":{PASSWORD}@"))
    try:
        with pytest.raises(NoPermissionError):
            client.get(key)
        with pytest.raises(NoPermissionError):
            client.set(keys.served(keys.gateway("another")), b"{}")
    finally:
        client.close()


@pytest.mark.slow
def test_an_agent_that_may_not_tell_it_drives_all_the_same(agent: Agent, proxy: Proxy) -> None:
    agent.store.execute_command("ACL", "SETUSER", agent.user, "-set")
    agent.commit(upstream_u1=upstream(nodes=nodes("10.0.0.1")), route_r1=route())
    start(agent, proxy)
    eventually(lambda: "is not told what the gateway serves" in agent.log, within=60)
    agent.commit(upstream_u1=upstream(nodes=nodes("10.0.0.2")))
    eventually(lambda: b"10.0.0.2" in _tree(agent), within=20)
    assert "failing" not in agent.log


def test_more_than_may_be_kept_is_not_kept(agent: Agent) -> None:
    great = {f"upstream/{number}": ("x" * 1000,) for number in range(17_000)}
    with pytest.raises(told.TooMuch):
        told.tell(agent.store, agent.id, told.Told(1, great))
    assert told.read(agent.store, agent.id) is None


def _tree(agent: Agent) -> bytes:
    found = agent.tree.keys("traefik/http/services/u1-portolan/*/url")
    return b" ".join(agent.tree.get(key) or b"" for key in found)
