"""A gateway that an agent drives: the switch, and what its page gives to copy."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from console.contract import keys
from gateways import agents
from gateways.agent import config

from .conftest import SECRET

if TYPE_CHECKING:
    from django.test import Client

    from console.redis import Client as Store

    from .conftest import Rows


def test_the_switch_is_in_the_form(page: Client, rows: Rows) -> None:
    values = {
        "name": "edge",
        "kind": "traefik",
        "enabled": "on",
        "by_agent": "on",
        "secret_choice": "keep",
        "traefik-provider": "redis",
        "traefik-redis_url": rows.gateway.settings["redis_url"],
    }
    answer = page.post(reverse("gateways:gateway-edit", args=[rows.gateway.pk]), values)
    assert answer.status_code == 302, answer.context["form"].errors
    rows.gateway.refresh_from_db()
    assert rows.gateway.by_agent
    html = page.get(reverse("gateways:gateway-detail", args=[rows.gateway.pk])).content.decode()
    assert "Its agent" in html
    assert "an agent beside it" in html
    assert SECRET not in html


def test_an_agent_can_read_what_the_page_gives(
    rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.gateway.settings["entry_points"] = ['odd"one', "b"]
    text = agents.snippet(rows.gateway).config
    assert tomllib.loads(text)["settings"]["entry_points"] == ['odd"one', "b"]
    rows.gateway.settings["entry_points"] = []
    for name in ("redis-password", "gateway-secret"):
        (tmp_path / name).write_text("x")
    text = agents.snippet(rows.gateway).config.replace("/etc/portolan", str(tmp_path))
    path = tmp_path / "agent.toml"
    path.write_text(text)
    found = config.load(path, {})
    assert (found.gateway, found.kind) == (str(rows.gateway.pk), "traefik")


def test_its_redis_user_may_do_what_it_needs_and_no_more(rows: Rows, store: Store) -> None:
    from console import redis
    from console.feed import FeedReader, FeedWriter
    from gateways import instances

    plane = keys.feed(keys.control_plane(str(rows.plane.pk)))
    writer = FeedWriter(store, plane, epoch=1)
    writer.open()
    writer.commit({"route/1": b"{}"})
    words = agents.snippet(rows.gateway).acl.split()
    name = words[2]
    store.execute_command(*(">secret" if one == ">PASSWORD" else one for one in words))
    pool = store.connection_pool.connection_kwargs
    client = redis.connect(f"redis://{name}:secret@{pool['host']}:{pool['port']}/{pool['db']}")
    try:
        reader = FeedReader(client, plane)
        reader.sync()
        assert reader.take() == {"route/1": b"{}"}
        instance = instances.Instance(id="1", hostname="h")
        instances.report(client, str(rows.gateway.pk), instance)
        with pytest.raises(redis.RedisError, match=r"NOPERM|permission"):
            client.hset(plane.states, "route/1", b"evil")
        with pytest.raises(redis.RedisError):
            client.hgetall(keys.feed(keys.registry("x")).states)
        with pytest.raises(redis.RedisError):
            instances.report(client, "another", instance)
    finally:
        client.close()
        store.execute_command("ACL", "DELUSER", name)


def test_the_user_is_the_one_that_the_manual_describes(rows: Rows) -> None:
    manual = Path(__file__).parents[2] / "docs/gateways/agent.md"
    [told] = re.findall(r"ACL SETUSER agent (on .*?)\n\n", manual.read_text(), re.S)
    told = told.replace("CONTROL_PLANE", str(rows.plane.pk)).replace(
        "GATEWAY", str(rows.gateway.pk)
    )
    assert told.replace("\\", "").split() == agents.snippet(rows.gateway).acl.split()[3:]
