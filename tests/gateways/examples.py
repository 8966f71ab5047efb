"""Resources whose rendering is kept in golden files, one file each and one folder a kind."""

from __future__ import annotations

from console.contract.wire import Expression, Node, Path, Resource, Route, Timeouts, Upstream

NODES = (Node(host="10.0.0.1", port=8080), Node(host="10.0.0.2", port=8080))


def upstream(**fields: object) -> Upstream:
    return Upstream(**{"id": "u1", "name": "shop/default", "nodes": NODES} | fields)


def route(**fields: object) -> Route:
    values = {"id": "r1", "name": "shop/cart", "upstream": "u1", "hosts": ("shop.example.org",)}
    return Route(**values | {"paths": (Path(path="/cart"),)} | fields)


def where(*expressions: tuple[str, str, str, str], **fields: object) -> Route:
    found = tuple(
        Expression(subject=subject, operator=operator, name=name, value=value)
        for subject, operator, name, value in expressions
    )
    return route(expressions=found, **fields)


EXAMPLES: dict[str, Resource] = {
    "upstream": upstream(),
    "upstream-without-nodes": upstream(nodes=()),
    "upstream-of-weight-zero": upstream(nodes=(Node(host="10.0.0.1", port=80, weight=0),)),
    "upstream-with-weights-and-priorities": upstream(
        nodes=(
            Node(host="10.0.0.1", port=80, weight=3),
            Node(host="10.0.0.2", port=80, weight=0),
            Node(host="10.0.0.3", port=80, priority=-1),
            Node(host="10.0.0.4", port=80, weight=1),
        )
    ),
    "upstream-of-fallbacks-only": upstream(nodes=(Node(host="10.0.0.3", port=80, priority=-5),)),
    "upstream-of-nodes-that-leave": upstream(leaving=(1,)),
    "upstream-by-https-and-ipv6": upstream(
        scheme="https", nodes=(Node(host="fd00::1", port=8443), Node(host="node.org", port=443))
    ),
    "upstream-least-connections": upstream(balance="least_conn"),
    "upstream-ewma": upstream(balance="ewma"),
    "upstream-hash-of-the-client": upstream(balance="consistent_hash", hash_key="remote_addr"),
    "upstream-with-timeouts": upstream(timeouts=Timeouts(connect=1_000, send=2_000, read=3_000)),
    "upstream-host-of-the-node": upstream(host_mode="node"),
    "upstream-host-rewritten": upstream(host_mode="rewrite", host="inner.example.org"),
    "route": route(),
    "route-bare": Route(id="r1", name="shop/all", upstream="u1", paths=(Path(path="/"),)),
    "route-with-many-hosts": route(hosts=("a.org", "*.a.org", "*.b-c.org")),
    "route-with-many-paths": route(
        paths=(Path(path="/"), Path(path="/a"), Path(path="/b/"), Path(path="/c", exact=True))
    ),
    "route-by-methods": route(methods=("GET", "POST")),
    "route-that-strips": route(strip_prefix="/shop"),
    "route-with-everything": route(
        methods=("GET",),
        strip_prefix="/shop",
        rewrite_host="inner.example.org",
        retries=2,
        redirect_https=True,
        websocket=True,
    ),
    "route-without-retries": route(retries=0),
    "route-by-headers": where(
        ("header", "equal", "X-Env", "test"),
        ("header", "not_equal", "X-Env", "prod"),
        ("header", "regex_match", "X-User", "^a.*"),
        ("header", "regex_not_match", "X-User", "^b.*"),
        ("header", "present", "X-Here", ""),
        ("header", "not_present", "X-Gone", ""),
    ),
    "route-by-query": where(
        ("query", "equal", "debug", "1"),
        ("query", "not_equal", "debug", "2"),
        ("query", "regex_match", "user", "^a.*"),
        ("query", "regex_not_match", "user", "^b.*"),
        ("query", "present", "here", ""),
        ("query", "not_present", "gone", ""),
    ),
    "route-by-path": where(
        ("path", "equal", "", "/cart/x"),
        ("path", "not_equal", "", "/cart/y"),
        ("path", "regex_match", "", "^/cart/[0-9]+$"),
        ("path", "regex_not_match", "", "^/cart/[a-z]+$"),
    ),
    "route-by-any-of-some": where(
        ("header", "equal", "X-Env", "test"), ("query", "present", "debug", ""), match_any=True
    ),
}

# Resources that the kind cannot express → a word of the reason.
REFUSED: dict[str, dict[str, tuple[Resource, str]]] = {
    "apisix": {
        "a balance from the future": (upstream(balance="oracle"), "oracle"),
        "hash of something else": (upstream(balance="consistent_hash", hash_key="body:x"), "body"),
        "hash of a strange header": (upstream(balance="consistent_hash", hash_key="header:ä"), "ä"),
        "a method of its own": (route(methods=("GET", "BREW")), "BREW"),
        "greater than": (where(("header", "greater", "a", "1")), "greater"),
        "a subject from the future": (where(("moon", "equal", "a", "1")), "moon"),
        "two rewritings": (
            route(strip_prefix="/shop", plugins={"proxy-rewrite": {"uri": "/x"}}),
            "proxy-rewrite",
        ),
        "two redirections": (
            route(redirect_https=True, plugins={"redirect": {"uri": "/x"}}),
            "redirect",
        ),
        "an id that is none": (upstream(id="a/b"), "id"),
    },
    "traefik": {
        "plugins": (route(plugins={"limit-req": {}}), "limit-req"),
        "hash of a header": (upstream(balance="consistent_hash", hash_key="http_x"), "hash"),
        "a balance from the future": (upstream(balance="oracle"), "oracle"),
        "backtick in a host": (route(hosts=("a`b",)), "backtick"),
        "backtick in a path": (route(paths=(Path(path="/`) || PathPrefix(`/"),)), "backtick"),
        "backtick in a value": (where(("header", "equal", "X", "`")), "backtick"),
        "backtick in a name": (where(("header", "equal", "`", "x")), "backtick"),
        "cookies": (where(("cookie", "equal", "a", "b")), "cookie"),
        "variables": (where(("variable", "equal", "a", "b")), "variable"),
        "greater than": (where(("header", "greater", "a", "1")), "greater"),
    },
    "envoy": {
        "plugins": (route(plugins={"limit-req": {}}), "limit-req"),
        "a hash that nginx knows": (
            upstream(balance="consistent_hash", hash_key="http_x"),
            "http_x",
        ),
        "a balance from the future": (upstream(balance="oracle"), "oracle"),
        "a scheme from the future": (upstream(scheme="grpc"), "grpc"),
        "a node that is no host": (upstream(nodes=(Node(host="a b", port=1),)), "a b"),
        "a host with a star": (route(hosts=("a*b.org",)), "no host name"),
        "a path with a query": (route(paths=(Path(path="/a?b"),)), "no path"),
        "variables": (where(("variable", "equal", "a", "b")), "variable"),
        "numbers": (where(("header", "larger_than", "a", "1")), "larger_than"),
        "a look ahead": (where(("header", "regex_match", "a", "(?=b)")), "do not know"),
        "a reference": (where(("path", "regex_match", "", r"(a)\1")), "do not know"),
        "an open bracket": (where(("header", "regex_match", "a", "[a")), "bracket"),
        "a header's name": (where(("header", "equal", "a b", "1")), "header's name"),
        "a control sign": (where(("header", "equal", "a", "\r\n")), "control"),
        "the next cookie": (where(("cookie", "regex_match", "a", "b;c")), ";"),
        "a check by gRPC": (upstream(checks={"active": {"type": "grpc"}}), "grpc"),
        "a check of no words": (
            upstream(checks={"active": {"healthy": {"interval": "soon"}}}),
            "soon",
        ),
    },
}
