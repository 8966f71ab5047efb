"""An open page stays true: through changes, a console that goes away, and a night's sleep."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.house import House
from tests.relay import Relay, Trouble, relay_to


@pytest.fixture
def registry(house: House) -> Iterator[str]:
    """The id of a registry of the test's own."""
    made = house.made(
        "registries/",
        {
            "name": f"live-{time.time_ns()}",
            "server": house.cluster.server,
            "token": house.cluster.token,
            "ca_bundle": house.cluster.ca,
        },
    )
    yield made["id"]
    house.api("DELETE", f"registries/{made['id']}/")


@pytest.fixture
def way(house: House, chromium: Browser) -> Iterator[tuple[Page, Relay]]:
    """A tab that is logged in through a way to the console that can be troubled."""
    with relay_to(house.console) as (relay, url):
        context = chromium.new_context(base_url=url, locale="en-GB")
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Username").fill(house.user)
        page.get_by_label("Password").fill(house.password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        yield page, relay
        context.close()


ADDRESS = "127.1.99.99"

# When the page shows another state of the pod, by its own clock.
_NOTE = """(address) => {
  window.seen = [];
  const look = () => {
    const row = [...document.querySelectorAll("#live tr")]
      .find((one) => one.textContent.includes(address));
    if (!row) return;
    const ready = !row.textContent.includes("not ready");
    if (window.seen.at(-1)?.ready !== ready) window.seen.push({ ready, at: Date.now() });
  };
  look();
  new MutationObserver(look).observe(document.getElementById("live"),
    { childList: true, subtree: true, characterData: true });
}"""


@pytest.fixture
def pod(house: House) -> Iterator[Callable[[bool], None]]:
    """A pod of the service that is ready, and the way to make it ready or not."""
    name = f"by-hand-{time.time_ns()}"
    slices = house.cluster.list("EndpointSlice", "apisix")
    ports = next(one["ports"] for one in slices if one["endpoints"])

    def make(ready: bool) -> None:
        house.cluster.apply(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": name,
                    "namespace": "apisix",
                    "labels": {"kubernetes.io/service-name": "httpbin"},
                },
                "addressType": "IPv4",
                "ports": ports,
                "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": ready}}],
            }
        )

    make(True)
    yield make
    house.cluster.delete("EndpointSlice", "apisix", name)


def _open(page: Page, registry: str) -> Locator:
    """Open the service's page; the row of the pod on it."""
    page.goto(f"/settings/registries/{registry}/services/apisix/httpbin/")
    expect(page.locator("[data-live-sign][data-state=on]").first).to_be_attached()
    row = page.locator("#live tr").filter(has_text=ADDRESS)
    expect(row).to_contain_text("ready")
    expect(row).not_to_contain_text("not ready")
    return row


@pytest.mark.slow
def test_a_pod_that_becomes_unready_is_seen_on_an_open_page(
    way: tuple[Page, Relay], registry: str, pod: Callable[[bool], None]
) -> None:
    """Half of the times within a second, by one clock: the page's machine is ours."""
    page, _relay = way
    row = _open(page, registry)
    page.evaluate(_NOTE, ADDRESS)
    took = []
    for ready in (False, True) * 4:
        began = time.time() * 1000
        pod(ready)
        if ready:
            expect(row).not_to_contain_text("not ready")
        else:
            expect(row).to_contain_text("not ready")
        seen = page.evaluate("window.seen.at(-1)")
        assert seen["ready"] == ready
        took.append(seen["at"] - began)
        time.sleep(random.uniform(0.1, 0.9))  # noqa: S311 - changes come at any time
    assert sorted(took)[len(took) // 2] <= 1000, took


@pytest.mark.slow
def test_a_page_outlives_a_console_that_was_away(
    way: tuple[Page, Relay], registry: str, pod: Callable[[bool], None]
) -> None:
    page, relay = way
    row = _open(page, registry)
    relay.be(Trouble(refuse=True))
    expect(page.locator("[data-live-sign][data-state=away]").first).to_be_attached()
    pod(False)
    time.sleep(2)
    relay.clear()
    expect(row).to_contain_text("not ready", timeout=20_000)
    expect(page.locator("[data-live-sign][data-state=on]").first).to_be_attached()


@pytest.mark.slow
def test_a_stream_that_fell_silent_is_opened_anew(
    way: tuple[Page, Relay], registry: str, pod: Callable[[bool], None]
) -> None:
    """As after a night's sleep: the connection is gone and nobody has said so."""
    page, relay = way
    row = _open(page, registry)
    time.sleep(7)  # the connections of the requests before have been closed: the stream is left
    relay.be(Trouble(end="hole"))
    time.sleep(0.5)
    relay.clear()
    pod(False)
    expect(row).to_contain_text("not ready", timeout=60_000)


@pytest.mark.slow
def test_a_phone_shows_whether_the_page_is_live(way: tuple[Page, Relay]) -> None:
    """The sidebar is folded away there: the sign stands in the bar above as well."""
    page, relay = way
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    sign = page.locator("[data-live-sign]").first
    expect(sign).to_have_attribute("data-state", "on")
    expect(sign).to_be_visible()
    relay.be(Trouble(refuse=True))
    expect(sign).to_have_attribute("data-state", "away")
    expect(sign).to_contain_text("Connecting…")
    relay.clear()
