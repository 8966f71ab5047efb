"""Nodes given by name: APISIX takes addresses from a discovery module, so that it resolves them."""

from __future__ import annotations

import json
import time
from pathlib import Path

from console.contract.wire import Node
from tests.gateways.conftest import Serve
from tests.gateways.discovery.bed import Bed
from tests.gateways.discovery.conftest import Plane, Server, Start, at, serves, upstream
from tests.threads import eventually


def say(bed: Bed, **names: list[str]) -> None:
    text = json.dumps({name.replace("_", "."): found for name, found in names.items()})
    (bed.folder / "new").write_text(text)
    (bed.folder / "new").rename(bed.folder / "names.json")


def hosts(bed: Bed) -> list[str]:
    return [node[0] for node in bed.look("shop")["nodes"]]


def test_a_name_is_resolved_and_followed(
    plane: Plane, valkey: Server, start: Start, serve: Serve, tmp_path: Path
) -> None:
    port = serve("127.0.0.1")
    named = (Node(host="10.0.0.1", port=80), Node(host="shop.org", port=port))
    plane.publish(upstream("shop", nodes=named), upstream("cart", 81))
    bed = start(workers=1, file=tmp_path / "last-good")
    eventually(lambda: bed.log.count("cannot resolve shop.org: no such name") == 1)
    assert hosts(bed) == ["10.0.0.1"]  # the others do not wait for it
    serves(bed, "cart", 81)
    say(bed, shop_org=["127.0.0.1"])
    eventually(lambda: hosts(bed) == ["10.0.0.1", "127.0.0.1"], within=15)
    table = bed.look("shop")["table"]
    say(bed, shop_org=["127.0.0.5", "127.0.0.1"])
    time.sleep(6)  # it was asked for again
    assert bed.look("shop")["table"] == table  # it keeps what it has
    say(bed, shop_org=["127.0.0.5", "127.0.0.9"])
    eventually(lambda: hosts(bed) == ["10.0.0.1", "127.0.0.5"], within=15)
    assert bed.look("shop")["table"] != table
    say(bed)  # no longer resolvable: the last address stays
    plane.publish(upstream("shop", nodes=named[1:]))
    eventually(lambda: hosts(bed) == ["127.0.0.5"])
    # After a restart too, without Redis.
    at(bed, plane.position)
    eventually(lambda: f'"seq":{plane.writer.seq}' in (tmp_path / "last-good").read_text())
    bed.stop()
    valkey.stop()
    bed.start()
    assert hosts(bed) == ["127.0.0.5"]
    dump = bed.control("/dump")[1]["services"][1]["nodes"]
    assert [(one["host"], one["domain"]) for one in dump] == [("127.0.0.5", "shop.org")]
