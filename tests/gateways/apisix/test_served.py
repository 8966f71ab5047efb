"""What requests meet: with what a driver gave it, APISIX answers as `console.contract.matching`
says. A real one where ``APISIX_URL`` says where it takes them, else the stand-in."""

from __future__ import annotations

import threading
import uuid

import msgspec
import pytest

from console.contract import keys, matching
from console.contract.matching import Request
from console.contract.wire import Expression, Node, Path, Route, Upstream
from tests.threads import eventually

from .echo import HOST, Served, ask, everywhere
from .target import Target, filled, followed
from .worlds import World

RUN = uuid.uuid4().hex[:6]


def upstream(name: str, *nodes: Node, **fields: object) -> World:
    found = Upstream(id=f"{name}-{RUN}", name=name, nodes=nodes)
    return {keys.upstream(found.id): msgspec.structs.replace(found, **fields)}


def route(name: str, to: str, **fields: object) -> World:
    found = Route(
        id=f"{name}-{RUN}",
        name=name,
        upstream=f"{to}-{RUN}",
        hosts=(f"{RUN}.test",),
        paths=(Path(path="/"),),
    )
    return {keys.route(found.id): msgspec.structs.replace(found, **fields)}


def ports(target: Target, count: int = 30) -> set[str]:
    return {ask(target, f"{RUN}.test").port or "-" for _ in range(count)}


def test_a_service_is_scaled(serving: Target, nodes: list[Node]) -> None:
    driver = serving.started()
    filled(driver, upstream("u", *nodes[:3]) | route("r", "u"))
    for count in (3, 5, 0, 3):
        followed(driver, upstream("u", *nodes[:count]))
        wanted = {str(node.port) for node in nodes[:count]} or {"-"}
        eventually(lambda: ports(serving) == wanted, within=15, what=f"{count} nodes")  # noqa: B023
    followed(driver, upstream("u"))
    eventually(lambda: ask(serving, f"{RUN}.test").status == 503, within=15)


def test_no_request_fails_while_everything_changes(serving: Target, nodes: list[Node]) -> None:
    """All replicas are replaced and the route is taken apart and put together, under load."""
    driver = serving.started()
    more = (f"*.{RUN}.test", f"*.b.{RUN}.test")
    filled(driver, upstream("u", *nodes[:3]) | route("r", "u"))
    eventually(lambda: everywhere(lambda: ask(serving, f"{RUN}.test").status == 200), within=15)
    failed: list[Served] = []
    asked = 0
    done = threading.Event()

    def load() -> None:
        nonlocal asked
        while not done.is_set():
            found = ask(serving, f"{RUN}.test")
            asked += 1
            if found.status != 200:
                failed.append(found)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for one in threads:
        one.start()
    try:
        for first in (0, 1, 2, 1, 0):
            followed(driver, upstream("u", *nodes[first : first + 3]))
            hosts = (f"{RUN}.test", *more[: first % 3])
            followed(driver, route("r", "u", hosts=hosts, methods=("GET", "POST")[: first or 2]))
            moved = upstream("v", *nodes[:2]) | route("r", "v", hosts=hosts)
            followed(driver, moved | {keys.upstream(f"u-{RUN}"): None})
            driver.apply(
                upstream("u", *nodes[:3])
                | route("r", "u", hosts=hosts[::-1])
                | {keys.upstream(f"v-{RUN}"): None}
            )
            done.wait(0.3)
    finally:
        done.set()
        for one in threads:
            one.join()
    assert asked > 50
    assert failed == []


def test_what_went_is_not_found(serving: Target, nodes: list[Node]) -> None:
    driver = serving.started()
    world = upstream("u", nodes[0]) | route("r", "u")
    filled(driver, world)
    eventually(lambda: everywhere(lambda: ask(serving, f"{RUN}.test").status == 200), within=15)
    followed(driver, dict.fromkeys(world))
    eventually(lambda: ask(serving, f"{RUN}.test").status == 404, within=15)


def test_the_reader_tells_what_workers_use(serving: Target, nodes: list[Node]) -> None:
    if not serving.settings["control_url"]:
        pytest.skip("needs APISIX_CONTROL_URL")
    world = upstream("u", *nodes[:2]) | route("r", "u", hosts=(f"{RUN}.test", f"*.{RUN}.test"))
    filled(serving.started(), world)
    reader = serving.reader()
    (one,) = upstream("u", *nodes[:2]).values()
    assert isinstance(one, Upstream)
    try:
        eventually(lambda: bool(reader.confirms(one)), within=15)
        found = reader.served()
        assert found is not None
        eventually(lambda: (reader.served() or found).routes == {keys.route(f"r-{RUN}")}, within=15)
        told = (reader.served() or found).upstreams
        assert told == {
            keys.upstream(f"u-{RUN}"): tuple(sorted(f"{HOST}:{node.port}" for node in nodes[:2]))
        }
        (process,) = reader.processes()
        # Only the Admin API tells the release.
        release = "" if serving.mode == "file" else serving.settings.get("release", "3")
        assert process.version.startswith(release)
    finally:
        reader.close()


def test_a_request_on_its_way(serving: Target, nodes: list[Node]) -> None:
    node = nodes[0]
    world = (
        upstream("pass", node)
        | upstream("node", node, host_mode="node")
        | upstream("rewrite", node, host_mode="rewrite", host="inner.test")
        | route("pass", "pass", paths=(Path(path="/pass"),), strip_prefix="/pass")
        | route("node", "node", paths=(Path(path="/node"),))
        | route("rewrite", "rewrite", paths=(Path(path="/rewrite"),))
        | route("secure", "pass", paths=(Path(path="/secure"),), redirect_https=True)
        | route("odd", "pass", paths=(Path(path="/a+b"), Path(path="/x*y", exact=True)))
        | route("space", "pass", paths=(Path(path="/a%20b"),), strip_prefix="/a%20b")
    )
    filled(serving.started(), world)
    name = f"{RUN}.test"
    eventually(lambda: everywhere(lambda: ask(serving, name, "/a%20b/c").path == "/c"), within=15)
    for asked, sent in (("/pass", "/"), ("/pass/", "/"), ("/pass/a/b?x=1", "/a/b?x=1")):
        assert ask(serving, name, asked).path == sent
    assert ask(serving, name, "/passing").status == 404
    assert ask(serving, name, "/pass").host == name
    assert ask(serving, name, "/node").host in (f"{HOST}:{node.port}", HOST)
    assert ask(serving, name, "/rewrite").host == "inner.test"
    secure = ask(serving, name, "/secure/x")
    assert (secure.status, secure.location.partition("://")[0]) == (301, "https")
    for asked, status in (("/a+b", 200), ("/a+b/c", 200), ("/a+bc", 404), ("/aab", 404)):
        assert ask(serving, name, asked).status == status
    for asked, status in (("/x*y", 200), ("/x*yz", 404), ("/xzy", 404)):
        assert ask(serving, name, asked).status == status


def _expressions() -> list[tuple[Expression, ...]]:
    found = []
    for subject, name in (("header", "X-A"), ("query", "a"), ("cookie", "a"), ("path", "")):
        for operator, value in (
            ("equal", "1"),
            ("not_equal", "1"),
            ("regex_match", "^[12]$"),
            ("regex_not_match", "^[12]$"),
            ("present", ""),
            ("not_present", ""),
            ("larger_than", "2"),
            ("larger_equal", "2"),
            ("less_than", "2"),
            ("less_equal", "2"),
        ):
            if subject != "path" or operator in ("equal", "not_equal", "regex_match"):
                value = "/x/1" if subject == "path" else value
                one = Expression(subject=subject, operator=operator, name=name, value=value)
                found.append((one,))
    header = Expression(subject="header", operator="equal", name="X-A", value="1")
    query = Expression(subject="query", operator="present", name="a")
    return [*found, (header, query)]


def test_expressions_hold_as_they_should(serving: Target, nodes: list[Node]) -> None:
    groups = _expressions()
    cases = [
        (one, any_) for one in groups for any_ in ((False, True) if len(one) > 1 else (False,))
    ]
    routes = [
        route(f"e{number}", "u", hosts=(f"e{number}.{RUN}.test",), expressions=one, match_any=any_)
        for number, (one, any_) in enumerate(cases)
    ]
    world = upstream("u", nodes[0]) | route("z", "u", hosts=(f"z.{RUN}.test",))
    for one in routes:
        world |= one
    done = filled(serving.started(), world)
    assert done.refused == {}
    eventually(lambda: everywhere(lambda: ask(serving, f"z.{RUN}.test").status == 200), within=15)
    for number, one in enumerate(routes):
        (said,) = one.values()
        assert isinstance(said, Route)
        for value in (None, "", "1", "2", "3", "many"):
            host = f"e{number}.{RUN}.test"
            headers = {} if value is None else {"X-A": value, "Cookie": f"a={value}"}
            query = () if value is None else (("a", value),)
            path = "/x/1" if value in ("1", "2") else "/x/2"
            request = Request(host=host, path=path, query=query, headers=tuple(headers.items()))
            wanted = matching.judge(said, request).fits
            if value == "" and said.expressions[0].subject in ("cookie", "header"):
                continue  # nginx takes an empty header for none
            address = path + ("" if value is None else f"?a={value}")
            got = ask(serving, host, address, **headers).status == 200
            assert got is wanted, (said.expressions, said.match_any, value)


def test_the_most_specific_route_takes_the_request(serving: Target, nodes: list[Node]) -> None:
    """As `matching` says, each of the routes with a node of its own; a router that looks at the
    path first takes the longest path, and only of equal ones the route of `matching`."""
    domain = f"{RUN}.test"
    shapes: list[dict[str, object]] = [
        {"hosts": (f"a.{domain}",), "paths": (Path(path="/"),)},
        {"hosts": (f"a.{domain}", f"b.{domain}"), "paths": (Path(path="/shop"),)},
        {"hosts": (f"a.{domain}",), "paths": (Path(path="/shop", exact=True),)},
        {"hosts": (f"a.{domain}",), "paths": (Path(path="/shop/"),)},
        {"hosts": (f"a.{domain}",), "paths": (Path(path="/shop"),), "methods": ("POST",)},
        {"hosts": (f"*.{domain}",), "paths": (Path(path="/shop/cart/deep"),)},
        {"hosts": (), "paths": (Path(path=f"/shop/cart/{RUN}"),)},
        {
            "hosts": (f"*.a.{domain}", f"*.{domain}"),
            "paths": (Path(path="/x"), Path(path="/shop")),
        },
        {
            "hosts": (f"a.{domain}",),
            "paths": (Path(path="/shop"),),
            "expressions": (
                Expression(subject="header", operator="equal", name="X-Env", value="test"),
            ),
        },
    ]
    world: World = upstream("u", nodes[0])
    routes: list[Route] = []
    for number, shape in enumerate(shapes):
        (made,) = route(f"p{number}", "u", strip_prefix="", **shape).values()
        assert isinstance(made, Route)
        # Which route took it is seen by the host that its upstream is told.
        name = f"h{number}"
        world |= upstream(name, nodes[0], host_mode="rewrite", host=f"{name}.inner")
        made = msgspec.structs.replace(made, upstream=f"{name}-{RUN}")
        world[keys.route(made.id)] = made
        routes.append(made)
    done = filled(serving.started(), world)
    assert done.refused == {}
    eventually(
        lambda: everywhere(lambda: ask(serving, f"a.{domain}", "/").host == "h0.inner"), within=15
    )
    eventually(
        lambda: everywhere(lambda: ask(serving, f"z.{domain}", "/x").host == "h7.inner"), within=15
    )

    def rank(verdict: matching.Verdict) -> tuple[int, int]:
        assert verdict.path is not None
        return 0 if serving.host_first else matching.path_rank(verdict.path), verdict.rank

    for host in ("a", "b", "c.a", "d.c.a"):
        for path in ("/", "/shop", "/shop/", f"/shop/cart/{RUN}", "/shop/cart/deep", "/shopping"):
            for method in ("GET", "POST"):
                for headers in ({}, {"X-Env": "test"}):
                    request = Request(
                        host=f"{host}.{domain}",
                        path=path,
                        method=method,
                        headers=tuple(headers.items()),
                    )
                    verdicts = [matching.judge(one, request) for one in routes]
                    fitting = [one for one in verdicts if one.fits]
                    best = max(fitting, key=rank, default=None)
                    got = ask(serving, request.host, path, method, **headers)
                    wanted = f"h{routes.index(best.route)}.inner" if best else ""
                    assert got.host == wanted, request
