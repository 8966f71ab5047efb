"""Resources, with settings, whose rendering is kept in golden files too: what only APISIX can say,
or what depends on how it is set up."""

from __future__ import annotations

from console.contract.wire import Node, Path, Resource
from gateways.drivers.apisix.settings import Settings
from tests.gateways.examples import route, upstream, where

SETTINGS = Settings(admin_url="http://127.0.0.1:9180")
OLD = Settings(admin_url="http://127.0.0.1:9080", release="2.15")
FOLLOWING = Settings(admin_url="http://127.0.0.1:9180", discovery="portolan")

ACTIVELY = {
    "http_path": "/health",
    "host": "shop.example.org",
    "healthy": {"interval": 2, "successes": 1},
    "unhealthy": {"interval": 1, "http_failures": 2, "http_statuses": [500, 503]},
}
PASSIVELY = {"healthy": {"successes": 3}, "unhealthy": {"http_failures": 3, "tcp_failures": 2}}
NUMBERS = where(
    ("header", "larger_than", "X-Age", "18"),
    ("query", "larger_equal", "age", "18.5"),
    ("cookie", "less_than", "age", "65"),
    ("variable", "less_equal", "content_length", "1000"),
)
EITHER = where(
    ("header", "larger_equal", "X-Age", "18"), ("query", "present", "old", ""), match_any=True
)


def hashed(key: str) -> Resource:
    return upstream(balance="consistent_hash", hash_key=key)


CASES: dict[str, tuple[Resource, Settings]] = {
    "checked": (upstream(checks={"active": ACTIVELY}), SETTINGS),
    "checked-passively-too": (
        upstream(checks={"active": ACTIVELY, "passive": PASSIVELY}),
        SETTINGS,
    ),
    "checked-by-tcp": (upstream(checks={"active": {"type": "tcp", "healthy": {}}}), SETTINGS),
    "hash-of-a-header": (hashed("header:X-User"), SETTINGS),
    "hash-of-a-cookie": (hashed("cookie:session"), SETTINGS),
    "hash-of-the-query": (hashed("query:user"), SETTINGS),
    "hash-of-another-variable": (hashed("request_method"), SETTINGS),
    "retries": (upstream(retries=0), SETTINGS),
    "plugins": (
        route(plugins={"limit-count": {"count": 2, "time_window": 60}, "key-auth": {}}),
        SETTINGS,
    ),
    "plugins-and-a-prefix": (
        route(
            plugins={"proxy-rewrite": {"headers": {"set": {"X-A": "1"}}}},
            strip_prefix="/shop",
            redirect_https=True,
        ),
        SETTINGS,
    ),
    "numbers": (NUMBERS, SETTINGS),
    "numbers-of-either": (EITHER, SETTINGS),
    "cookies": (
        where(
            ("cookie", "equal", "lang", "de"),
            ("cookie", "not_equal", "lang", "fr"),
            ("cookie", "regex_match", "lang", "^d"),
            ("cookie", "regex_not_match", "lang", "^f"),
            ("cookie", "present", "session", ""),
            ("cookie", "not_present", "bot", ""),
        ),
        SETTINGS,
    ),
    "variables": (
        where(
            ("variable", "equal", "scheme", "https"),
            ("variable", "not_equal", "$remote_addr", "10.0.0.1"),
            ("variable", "regex_not_match", "request_method", "^P"),
            ("variable", "present", "geoip_country", ""),
        ),
        SETTINGS,
    ),
    "odd-paths": (
        route(paths=(Path(path="/a+b"), Path(path="/x*y", exact=True), Path(path="/a%20b/"))),
        SETTINGS,
    ),
    "everywhere": (route(hosts=(), paths=(Path(path="/"),), websocket=True), SETTINGS),
    "old-upstream": (upstream(nodes=(Node(host="fd00::1", port=80, priority=-1),)), OLD),
    "old-route": (route(name="n" * 120, hosts=("a.org", "*.b.org")), OLD),
    "old-numbers": (NUMBERS, OLD),
    "old-numbers-of-either": (EITHER, OLD),
    "old-checks": (upstream(checks={"active": ACTIVELY, "passive": PASSIVELY}), OLD),
    "followed": (upstream(), FOLLOWING),
    "followed-without-nodes": (upstream(nodes=(), checks={"active": ACTIVELY}), FOLLOWING),
    "followed-route": (route(), FOLLOWING),
}
