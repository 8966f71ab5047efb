"""Why no node, the route tracer and Try it over the running house: they say what happens."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.threads import eventually

from . import axe

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HOST = "traced.example.org"
_Headers = dict[str, str]


class Traced:
    """Applications beside each other. Each API answers by a path of its own at its node, which
    httpbin echoes, so that the answer tells who took the request."""

    def __init__(self, house: House, registry: str) -> None:
        self._house = house
        self._made: list[str] = []
        member = {"registry": registry, "namespace": "apisix", "service": "httpbin"}
        self.upstream = {"members": [{"kind": "discovery", "service_port": "80-80", **member}]}
        self.names: dict[str, str] = {}

    def application(self, name: str, **fields: object) -> str:
        body = {"name": name, "hosts": [HOST], "upstream": self.upstream} | fields
        made = self._house.made("applications/", body)
        self._made.append(f"applications/{made['id']}/")
        self._house.made(f"applications/{made['id']}/publish/", {})
        return str(made["id"])

    def api(self, application: str, name: str, *paths: str, **fields: object) -> str:
        entries = [
            {"path": one.rstrip("="), "type": "exact" if one.endswith("=") else "prefix"}
            for one in paths
        ]
        base = f"applications/{application}/apis/"
        made = self._house.made(base, {"name": name, "paths": entries} | fields)
        self._made.append(f"{base}{made['id']}/")
        self._house.made(f"{base}{made['id']}/publish/", {})
        self.names[made["id"]] = name
        return str(made["id"])

    def base(self, api: str) -> str:
        """Where REST has an API."""
        return next(one for one in self._made if one.endswith(f"apis/{api}/"))

    def forget(self) -> None:
        for one in reversed(self._made):
            self._house.api("DELETE", one)


@pytest.fixture(scope="module")
def registry(house: House) -> Iterator[str]:
    made = house.made(
        "registries/",
        {
            "name": "traced",
            "server": house.cluster.server,
            "ca_bundle": house.cluster.ca,
            "token": house.cluster.token,
        },
    )
    house.rest()
    yield made["id"]
    house.api("DELETE", f"registries/{made['id']}/")


@pytest.fixture(scope="module")
def traced(house: House, registry: str) -> Iterator[Traced]:
    made = Traced(house, registry)
    shop = made.application("traced-shop")
    # Where the prefix is taken off, httpbin answers 404 in its own words; that it answers counts.
    made.api(shop, "anything", "/anything")
    made.api(shop, "exactly", "/anything/exactly=")
    made.api(shop, "posted", "/anything/deep", methods=["POST"])
    made.api(shop, "deep", "/anything/deep")
    canary = {"subject": "header", "name": "X-Canary", "operator": "equal", "value": "1"}
    made.api(shop, "canary", "/anything", expressions=[canary])
    other = made.application("traced-wild", hosts=["*.example.org"], path_prefix="/anything")
    made.api(other, "wild", "/")
    eventually(lambda: house.get(HOST)[0] == 200, within=20)
    eventually(lambda: house.get("x.example.org")[0] == 200, within=20)
    yield made
    made.forget()


CASES: list[tuple[str, str, str, _Headers, str]] = [
    (HOST, "GET", "/anything", {}, "anything"),
    (HOST, "GET", "/anything/x", {}, "anything"),
    (HOST, "GET", "/anythingelse", {}, ""),
    (HOST, "GET", "/Anything", {}, ""),
    (HOST, "GET", "/anything", {"X-Canary": "1"}, "canary"),
    (HOST, "GET", "/anything", {"X-Canary": "2"}, "anything"),
    (HOST, "GET", "/anything/exactly", {}, "exactly"),
    (HOST, "GET", "/anything/exactly/not", {}, "anything"),
    (HOST, "GET", "/anything/deep/1", {}, "deep"),
    (HOST, "POST", "/anything/deep/1", {}, "posted"),
    (HOST, "PUT", "/anything/deep/1", {"X-Canary": "1"}, "deep"),
    (HOST, "GET", "//anything/./deep/../x", {}, "anything"),
    (HOST, "GET", "/%61nything", {}, "anything"),
    (HOST, "GET", "/anything%2Fx", {}, ""),
    ("x.example.org", "GET", "/anything/1", {}, "wild"),
    ("x.y.example.org", "GET", "/anything", {}, ""),
    ("example.org", "GET", "/anything", {}, ""),
    ("elsewhere.net", "GET", "/anything", {}, ""),
]


def asked(house: House, host: str, method: str, path: str, headers: _Headers) -> tuple[int, bool]:
    """The gateway's answer, with the path as it is: status, and whether a pod gave it."""
    parts = urlsplit(house.gateway)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": host, "Content-Length": "0", **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        answer.read()
        return answer.status, bool(answer.getheader("X-Practice-Pod"))
    finally:
        connection.close()


def told(house: House, host: str, method: str, path: str, headers: _Headers) -> dict[str, object]:
    lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
    query = urlencode({"host": host, "method": method, "path": path, "headers": lines})
    status, answer = house.api("GET", f"trace/?{query}")
    assert status == 200, answer
    return dict(answer)


def test_the_tracer_says_what_the_gateway_does(house: House, traced: Traced) -> None:
    for host, method, path, headers, name in CASES:
        found = told(house, host, method, path, headers)
        status, answered = asked(house, host, method, path, headers)
        case = f"{method} {host}{path} {headers}: {found['outcome']}, answered {status}"
        assert (found["outcome"] == "routed") is answered, case
        winner = found["winner"]
        assert (winner["api"] if isinstance(winner, dict) else "") == name, case


def test_one_route_after_the_other_takes_a_request(house: House, traced: Traced) -> None:
    """Each API that takes it is taken away: then the next one is told of, and after the last one
    nobody answers."""
    request: tuple[str, str, str, _Headers] = (HOST, "POST", "/anything/deep/1", {})

    def winner() -> str:
        found = told(house, *request)["winner"]
        return str(found["api"]) if isinstance(found, dict) else ""

    apis = {name: pk for pk, name in traced.names.items()}
    order = ["posted", "deep", "anything", "wild", ""]
    try:
        for name, then in itertools.pairwise(order):
            assert winner() == name
            assert asked(house, *request) == (200, True)
            house.made(f"{traced.base(apis[name])}unpublish/", {})
            eventually(lambda then=then: winner() == then, within=10, what=then)
        eventually(lambda: asked(house, *request) == (404, False), within=10)
    finally:
        for name in order[:-1]:
            house.api("POST", f"{traced.base(apis[name])}publish/")
    eventually(lambda: winner() == "posted", within=10)


def test_a_trace_in_the_browser_is_a_link_and_stays_true(
    inside: Page, house: House, traced: Traced
) -> None:
    tab = inside
    tab.get_by_role("link", name="Route tracer").click()
    expect(tab.get_by_role("heading", name="Route tracer")).to_be_visible()
    tab.get_by_label("Path").fill(f"http://{HOST}/anything/deep/1?x=1")
    tab.get_by_role("button", name="Trace").click()
    expect(tab.get_by_role("heading", name="A route takes it.")).to_be_visible()
    answer = tab.locator("#trace")
    expect(answer).to_contain_text("traced-shop")
    expect(answer).to_contain_text("its path /anything/deep is longer")
    expect(answer).to_contain_text("The method GET is not among POST")
    expect(answer).to_contain_text("header X-Canary is “1”")
    expect(tab.locator("#trace-gateways")).to_contain_text("has applied everything")
    assert "path=" in tab.url
    assert not axe.findings(tab)
    # Live: with the cluster, and a link to hand on.
    house.cluster.scale("httpbin", 0)
    try:
        expect(tab.get_by_role("heading", name="nobody is behind it")).to_be_visible()
        expect(answer).to_contain_text("no pod is behind it")
    finally:
        house.rest()
    expect(tab.get_by_role("heading", name="A route takes it.")).to_be_visible()
    address = tab.url
    tab.goto("/")
    tab.goto(address)
    expect(tab.get_by_role("heading", name="A route takes it.")).to_be_visible()


def test_why_no_node_is_said_and_goes_away_by_itself(
    inside: Page, house: House, traced: Traced, registry: str
) -> None:
    tab = inside
    member = {"registry": registry, "namespace": "apisix", "service": "htpbin"}
    made = Traced(house, registry)
    made.upstream = {"members": [{"kind": "discovery", **member}]}
    application = made.application("traced-misspelt", hosts=["misspelt.example.org"])
    made.api(application, "all", "/")
    upstream = house.api("GET", f"applications/{application}/")[1]["upstream"]["id"]
    try:
        tab.goto(f"/applications/upstreams/{upstream}/explain/")
        why = tab.locator("#why")
        expect(why).to_contain_text("No service apisix/htpbin with endpoints is known.")
        expect(why).to_contain_text("Did you mean httpbin?")
        expect(why).to_contain_text("kubectl -n apisix get service htpbin")
        expect(tab.locator("#why-gateways")).to_contain_text("has applied everything")
        assert not axe.findings(tab)
        house.cluster.put_service("apisix", "htpbin", ports=[8080], addresses=["127.9.9.9"])
        expect(why).to_contain_text("1 ready node")
        expect(why).to_contain_text("exactly what the clusters say")
        house.cluster.put_service(
            "apisix", "htpbin", ports=[8080], addresses=["127.9.9.9"], ready=False
        )
        expect(why).to_contain_text("None of its 1 endpoints is ready.")
    finally:
        tab.goto("about:blank")  # an open page asks for what is deleted
        made.forget()
        house.cluster.delete_service("apisix", "htpbin")


def test_try_it_shows_who_answered(inside: Page, house: House, traced: Traced) -> None:
    tab = inside
    api = next(pk for pk, name in traced.names.items() if name == "anything")
    tab.goto(f"/settings/gateways/try/{api}/")
    expect(tab.get_by_label("Path")).to_have_value("/anything")
    tab.get_by_role("button", name="Send").click()
    answer = tab.locator(".try-answer")
    expect(answer).to_contain_text("200")
    expect(answer.locator("[data-node]")).to_contain_text("Answered by httpbin-")
    expect(answer.locator("[data-node]")).to_contain_text("ready")
    expect(answer.locator("pre")).to_contain_text(f'"Host": "{HOST}"')
    assert not axe.findings(tab)
    tab.get_by_label("Path").fill("/nowhere")
    tab.get_by_label("Path").press("Enter")
    expect(answer).to_contain_text("no such route; the tracer says why")
    expect(tab.get_by_label("Path")).to_have_value("/nowhere")
    answer.get_by_role("link", name="Trace it").click()
    expect(tab.get_by_role("heading", name="No route takes it")).to_be_visible()
    expect(tab.locator("#trace")).to_contain_text("is not below the prefix /anything")


def test_phones_have_room_for_all_three(inside: Page, traced: Traced, house: House) -> None:
    tab = inside
    api = next(iter(traced.names))
    tab.set_viewport_size({"width": 390, "height": 844})
    for address in (
        f"/applications/trace/?{urlencode({'host': HOST, 'path': '/anything/' + 'x' * 200})}",
        f"/settings/gateways/try/{api}/",
    ):
        tab.goto(address)
        wider = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, address
