"""One full and one bare example of every struct that crosses Redis."""

from __future__ import annotations

from console.contract.wire import (
    Endpoint,
    Expression,
    Node,
    Origin,
    Path,
    Port,
    Route,
    Service,
    Subset,
    Timeouts,
    Upstream,
)

EXAMPLES = {
    "service-full": Service(
        namespace="shop",
        name="web",
        subsets=(
            Subset(
                ports=(
                    Port(port=8080, name="http", app="kubernetes.io/h2c"),
                    Port(port=8053, name="dns", protocol="UDP"),
                ),
                endpoints=(
                    Endpoint(address="10.0.0.1", node="node-1", zone="zone-a", pod="web-1"),
                    Endpoint(
                        address="10.0.0.2",
                        ready=False,
                        serving=True,
                        terminating=True,
                        pod="web-2",
                    ),
                    Endpoint(address="fd00::1", ready=False, serving=False),
                ),
            ),
        ),
        serve_terminating=True,
        seq=42,
        observed_at=1_764_000_000_123,
    ),
    "service-empty": Service(namespace="shop", name="web"),
    "upstream-full": Upstream(
        id="5f0c",
        name="shop/default",
        scheme="https",
        balance="consistent_hash",
        hash_key="remote_addr",
        retries=0,
        timeouts=Timeouts(connect=1_000, send=2_000, read=3_000),
        host_mode="rewrite",
        host="inner.example.org",
        checks={"active": {"http_path": "/healthz", "interval": 5}},
        nodes=(
            Node(host="10.0.0.1", port=8080, zone="zone-a"),
            Node(host="fd00::1", port=8080, weight=1, priority=-1),
        ),
        kept_since=1_764_000_000_456,
        kept_until=1_764_000_030_456,
        origins=(
            Origin(registry="7c1e", namespace="shop", service="web", port="http", nodes=(0, 1)),
            Origin(registry="7c1e", namespace="shop", service="standby"),
        ),
        digest="0123456789abcdef",
        observed_at=1_764_000_000_123,
    ),
    "upstream-leaving": Upstream(
        id="5f0c",
        name="shop/default",
        nodes=(Node(host="10.0.0.1", port=8080), Node(host="10.0.0.2", port=8080)),
        leaving=(1,),
    ),
    "upstream-bare": Upstream(id="5f0c", name="shop/default"),
    "route-full": Route(
        id="9a1b",
        name="shop/cart",
        upstream="5f0c",
        hosts=("shop.example.org", "*.shop.example.org"),
        paths=(Path(path="/cart"), Path(path="/cart/total", exact=True)),
        methods=("GET", "POST"),
        strip_prefix="/shop",
        rewrite_host="inner.example.org",
        retries=2,
        websocket=True,
        expressions=(
            Expression(subject="header", operator="equal", name="X-Env", value="tést"),
            Expression(subject="query", operator="present", name="debug"),
        ),
        match_any=True,
        redirect_https=True,
        plugins={"limit": {"b": 1, "a": 2}},
        digest="fedcba9876543210",
    ),
    "route-bare": Route(id="9a1b", name="shop/cart", upstream="5f0c"),
}
