"""Workers say what they have, through a user that may read the feed and write their hash."""

from __future__ import annotations

import time
import uuid

import pytest
from redis.exceptions import NoPermissionError

from console import lags
from console.contract import keys
from console.redis import connect
from gateways import instances
from gateways.instances import Instance
from tests.gateways.discovery.conftest import Plane, Server, Start, serves, upstream
from tests.threads import eventually

# As docs/gateways/apisix-discovery.md gives it.
MAY = "-@all +hmget +hscan +xread +hset +select"
PASSWORD = "a/gateways:secret@%"


@pytest.fixture
def user(plane: Plane, valkey: Server) -> str:
    """The address for a gateway's own user; `gateway` is the plane's id too."""
    feed = f"%R~portolan:v1:{{control-plane:{plane.id}}}:*"
    hash_ = f"%W~portolan:v1:{{gateway:{plane.id}}}:instances"
    rights = [feed, hash_, "resetchannels", *MAY.split()]
    valkey.client.execute_command("ACL", "SETUSER", "gw-a", "reset", "on", f">{PASSWORD}", *rights)
    return valkey.url.replace(":an-admins-secret@", "gw-a:a%2Fgateways%3Asecret%40%25@")


def reported(plane: Plane) -> list[Instance]:
    return instances.read(plane.client, [plane.id])[plane.id]


def test_a_user_that_may_read_and_report(plane: Plane, start: Start, user: str) -> None:
    began = time.time() * 1000
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start(redis_url=user, gateway=plane.id)
    serves(bed, "shop", 80)
    plane.publish(upstream("shop", 82))
    serves(bed, "shop", 82)
    eventually(lambda: len(reported(plane)) == bed.workers, within=15)
    for number, one in enumerate(reported(plane)):
        assert one.id == f"apisix-of-the-test:worker-{number}"
        assert one.hostname == f"host-of-the-test:worker-{number}"
        assert (one.by, one.version) == ("module", "3.18.0")
        assert one.applied == "1-1"
        assert began - 1000 < one.registered_at <= one.seen_at < time.time() * 1000 + 1000
    assert "refuses" not in bed.log


def test_heartbeats_tell_the_lag(plane: Plane, start: Start) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(gateway=plane.id, workers=1)
    serves(bed, "shop", 80)
    eventually(lambda: len(reported(plane)) == 1)
    late = int(time.time() * 1000) - 3000
    plane.publish(upstream("shop", 81, observed_at=late))
    serves(bed, "shop", 81)
    # Said again for another reason: no change is late here.
    plane.publish(upstream("shop", 81, observed_at=late, retries=1))
    plane.publish(upstream("shop", 82, observed_at=int(time.time() * 1000)))
    position = plane.position
    eventually(lambda: reported(plane)[0].applied == position, within=20)
    (one,) = reported(plane)
    found = [bucket.count for bucket in lags.of(one)]
    assert len(found) == len(lags.BOUNDS) + 1
    assert sum(found) == 2
    assert found[lags.BOUNDS.index(5.0)] == 1
    assert 2.9 < one.lag_sum < 15
    assert one.lag_ms is not None


def test_refused_heartbeats_are_said_once(plane: Plane, start: Start, user: str) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(redis_url=user, gateway=str(uuid.uuid4()), workers=1)
    serves(bed, "shop", 80)
    eventually(lambda: "Redis refuses heartbeats" in bed.log)
    time.sleep(10.5)
    plane.publish(upstream("shop", 81))
    serves(bed, "shop", 81)
    assert bed.log.count("Redis refuses heartbeats") == 1
    assert "connect" not in bed.log


def test_the_user_may_nothing_else(plane: Plane, user: str) -> None:
    client = connect(user)
    try:
        for command in (
            ("HSET", plane.keys.states, "upstream/shop", "{}"),
            ("HSET", plane.keys.meta, "seq", "9"),
            ("HDEL", keys.instances(keys.gateway(plane.id)), "x"),
            ("HGETALL", keys.instances(keys.gateway(plane.id))),
            ("HMGET", f"portolan:v1:{{control-plane:{uuid.uuid4()}}}:states", "x"),
            ("DEL", plane.keys.changes),
            ("FLUSHALL",),
            ("KEYS", "*"),
            ("CONFIG", "GET", "*"),
        ):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command)
    finally:
        client.close()


def test_a_wrong_password_is_said_and_kept_secret(
    plane: Plane, valkey: Server, start: Start
) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(redis_url=valkey.url.replace("an-admins-secret", "not-the-secret"))
    eventually(lambda: "cannot log in" in bed.log)
    assert "not-the-secret" not in bed.log
    assert bed.get("shop")[0] == 503
