"""Comparing a tree with what was written into it: others' deeds are found, and no change waits."""

from __future__ import annotations

from console.redis import Client
from gateways.drivers.traefik.driver import TraefikDriver
from gateways.drivers.traefik.tree import VERIFY_EVERY, Tree

from .decoder import decode
from .test_tree import RESOURCES, URL, WEIGHT, Clock, clock, driver, nodes, read, urls

__all__ = ["clock", "driver"]


def test_what_others_did_to_our_part_is_found_and_repaired(
    driver: TraefikDriver, gateway_store: Client, clock: Clock
) -> None:
    driver.replace(RESOURCES)
    right = decode(read(gateway_store))
    spoil(gateway_store)
    gateway_store.set("traefik/http/routers/mine/rule", "Host(`mine.test`)")
    clock.now += VERIFY_EVERY
    driver.touch()
    foreign = "traefik/http/routers/mine/rule"
    assert gateway_store.get(foreign), "what is not ours stays"
    gateway_store.delete(foreign)
    assert decode(read(gateway_store)) == right
    assert VERIFY_EVERY <= 60


def test_it_is_repaired_also_while_there_is_no_rest(
    driver: TraefikDriver, gateway_store: Client, clock: Clock
) -> None:
    driver.replace(RESOURCES)
    spoil(gateway_store)
    for number in range(int(VERIFY_EVERY) + 1):
        clock.now += 1
        driver.apply({"upstream/u1": nodes(number + 1)})
    assert urls(gateway_store) == [f"http://10.0.0.{int(VERIFY_EVERY) + 1}:80"]
    empty = [key for key, value in read(gateway_store).items() if not value and "http" in key]
    assert len(empty) <= 3, "and emptied names are taken away"


def test_no_change_of_a_great_tree_waits_for_all_of_it_to_be_read(
    driver: TraefikDriver, gateway_store: Client, clock: Clock
) -> None:
    great = {f"upstream/u{n}": nodes(1, 2, id=f"u{n}") for n in range(3000)}
    driver.replace(great)
    size = gateway_store.dbsize()
    assert size > 16 * 500, "so many commands, twice"
    spoiled = [URL.replace("u1-", f"u{n}-").format(0) for n in (0, 1500, 2999)]
    for key in spoiled:
        gateway_store.set(key, "http://10.6.6.6:80")
    gateway_store.set("traefik/http/services/zz-portolan/loadBalancer/servers/0/weight", "x")
    clock.now += VERIFY_EVERY
    with gateway_store.monitor() as monitor:
        driver.apply({"upstream/u1": nodes(9, id="u1")})
        gateway_store.echo("over")
        done: list[str] = []
        while not done or done[-1] != "ECHO":
            word = monitor.next_command()["command"].split()[0]
            if word in ("EVALSHA", "SCAN", "MGET", "DBSIZE", "ECHO"):
                done.append(word)
    assert done[0] == "EVALSHA", "the change goes first"
    assert 2 <= len(done) <= 15, "and then a part of the tree is read"
    for number in range(int(VERIFY_EVERY / 2) + 2):
        clock.now += 2
        driver.apply({"upstream/u1": nodes(number + 10, id="u1")})
    assert {gateway_store.get(key) for key in spoiled} == {b"http://10.0.0.1:80"}
    assert not gateway_store.get(
        "traefik/http/services/zz-portolan/loadBalancer/servers/0/weight"
    ), "but all of it in half a minute"


def test_poison_of_others_is_named_until_it_is_gone(
    driver: TraefikDriver, gateway_store: Client, clock: Clock
) -> None:
    assert driver.replace(RESOURCES).refused == {}
    gateway_store.set("traefik/http/services/theirs/loadBalancer/servers/0/weight", "abc")
    gateway_store.set("traefik/http/routers/theirs/rule", "Host(`theirs.test`)")
    clock.now += VERIFY_EVERY
    [(key, why)] = (driver.touch() or {}).items()
    assert key == "traefik/http/services/theirs/loadBalancer/servers/0/weight"
    assert "number" in why
    assert driver.touch() is None, "nothing new"
    assert driver.apply({"upstream/u1": nodes(9)}).refused == {key: why}
    heir = TraefikDriver(Tree(gateway_store, "traefik", clock=clock), entry_points=["web"])
    heir.start(epoch=6)
    assert heir.replace(RESOURCES).refused == {key: why}, "at once"
    gateway_store.delete(key)
    clock.now += VERIFY_EVERY
    assert heir.touch() == {}


def spoil(store: Client) -> None:
    store.set(WEIGHT.format(0), "abc")  # freezes Traefik
    store.set("traefik/http/services/zz-portolan/loadBalancer/servers/0/weight", "x")
    store.set(URL.format(1), "http://10.6.6.6:80")
    store.delete("traefik/http/routers/r1-portolan/rule")
