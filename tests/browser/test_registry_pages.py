"""Service registries in a browser: the list, a registry's page, its services and their nodes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.threads import eventually

pytestmark = pytest.mark.slow

LIST = "/settings/registries/"
# It shines for a second, which a busy machine may let pass unseen.
SHINES = """(row) => new MutationObserver(() => {
  if (row.classList.contains("changed")) window.shone = true;
}).observe(row, { attributes: true })"""


@pytest.fixture
def name() -> str:
    return f"pages-{time.time_ns()}"


@pytest.fixture
def registry(house: House, name: str) -> Iterator[str]:
    """The id of a registry of the test's own, connected."""
    made = house.made(
        "registries/",
        {
            "name": name,
            "server": house.cluster.server,
            "token": house.cluster.token,
            "ca_bundle": house.cluster.ca,
        },
    )
    yield made["id"]
    house.api("DELETE", f"registries/{made['id']}/")


@pytest.fixture
def shop(house: House) -> Iterator[str]:
    """A namespace with two services, made by hand."""
    namespace = f"shop-{time.time_ns()}"
    house.cluster.put_service(namespace, "web", addresses=["127.1.8.1", "127.1.8.2"])
    house.cluster.put_service(namespace, "depot", addresses=["127.1.8.3"])
    yield namespace
    for service in ("web", "depot"):
        house.cluster.delete_service(namespace, service)


def awake(tab: Page) -> None:
    """The page hears of changes."""
    expect(tab.locator("[data-live-sign][data-state=on]").first).to_be_attached()


def open_registry(tab: Page, registry: str, query: str = "") -> None:
    tab.goto(f"{LIST}{registry}/{query}")
    expect(tab.locator("#live")).to_contain_text("connected")
    awake(tab)


def test_the_list_tells_how_each_registry_stands(
    inside: Page, house: House, registry: str, name: str
) -> None:
    tab = inside
    tab.goto(f"{LIST}?q={name}")
    row = tab.locator(f"#registry-{registry}")
    expect(row).to_contain_text("connected")
    expect(row).to_contain_text(house.cluster.server)
    tab.get_by_role("link", name="State").click()
    expect(tab).to_have_url(re.compile(rf"q={name}.*sort=state"))
    tab.get_by_label("State", exact=True).select_option("failing")
    expect(tab.get_by_text("No registry fits")).to_be_visible()
    expect(tab).to_have_url(re.compile("state=failing"))
    tab.get_by_role("link", name="Reset").click()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="CSV export").click()
    assert name in download.value.path().read_text()


def test_a_failure_is_told_with_what_to_do(inside: Page, house: House, name: str) -> None:
    tab = inside
    made = house.made(
        "registries/",
        {
            "name": name,
            "server": house.cluster.server,
            "token": "wrong",
            "ca_bundle": house.cluster.ca,
            "verify": False,
        },
    )
    tab.goto(f"{LIST}{made['id']}/")
    expect(tab.get_by_role("heading", name="The cluster does not accept the token")).to_be_visible()
    expect(tab.locator("#live")).to_contain_text("kubectl -n portolan create token")
    worker = tab.get_by_text("The API server refuses the token (401)").first
    expect(worker).to_be_hidden()
    tab.get_by_text("What the worker said").click()
    expect(worker).to_be_visible()

    tab.get_by_role("link", name="Delete").click()
    tab.get_by_label("To confirm").fill("something else")
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("This is not the name")).to_be_visible()
    tab.get_by_label("To confirm").fill(name)
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_text(f"The registry “{name}” is deleted.")).to_be_visible()
    assert house.api("GET", f"registries/{made['id']}/")[0] == 404


def test_services_are_searched_and_opened(
    inside: Page, house: House, registry: str, shop: str
) -> None:
    tab = inside
    listed = f"registries/{registry}/services/?namespace={shop}"
    eventually(lambda: house.api("GET", listed)[1]["count"] == 2)
    open_registry(tab, registry)
    tab.get_by_label("Namespace", exact=True).select_option(shop)
    services = tab.locator("#services")
    expect(services.get_by_role("link", name="web", exact=True)).to_be_visible()
    expect(services.get_by_role("link", name="httpbin")).to_have_count(0)
    tab.get_by_label("Service", exact=True).fill("dep")
    tab.keyboard.press("Enter")
    expect(services.get_by_role("link", name="depot")).to_be_visible()
    expect(services.get_by_role("link", name="web", exact=True)).to_have_count(0)
    expect(tab).to_have_url(re.compile(rf"namespace={shop}&q=dep"))
    services.get_by_role("link", name="depot").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text(f"{shop}/depot")
    expect(tab.locator("td", has_text="127.1.8.3")).to_be_visible()


def test_a_pod_that_becomes_unready_is_seen_at_once(
    inside: Page, house: House, registry: str, shop: str
) -> None:
    tab = inside
    tab.goto(f"{LIST}{registry}/services/{shop}/web/")
    node = tab.locator("tr", has_text="127.1.8.1")
    expect(node).to_contain_text("ready")
    awake(tab)
    tab.evaluate("window.reloaded = false")
    house.cluster.put_service(shop, "web", addresses=["127.1.8.1", "127.1.8.2"], ready=False)
    expect(node).to_contain_text("not ready")
    # What the nodes did is written down a moment later, and comes by itself too.
    expect(tab.get_by_text("2 → 0")).to_be_visible()
    expect(node.locator("time")).to_be_visible()
    house.cluster.put_service(shop, "web", addresses=["127.1.8.1"])
    expect(node).not_to_contain_text("not ready")
    expect(tab.locator("tr", has_text="127.1.8.2")).to_have_count(0)
    assert tab.evaluate("window.reloaded") is False


def test_the_table_of_services_is_live_and_shines(
    inside: Page, house: House, registry: str, shop: str
) -> None:
    tab = inside
    open_registry(tab, registry, f"?namespace={shop}")
    row = tab.locator("#services tr", has_text="web")
    expect(row).to_contain_text("2 / 2")
    row.evaluate(SHINES)
    house.cluster.put_service(shop, "web", addresses=["127.1.8.1"])
    expect(row).to_contain_text("1 / 1")
    eventually(lambda: tab.evaluate("() => window.shone"), what="it shines")


def test_pausing_is_explained_and_undone(inside: Page, house: House, registry: str) -> None:
    tab = inside
    open_registry(tab, registry)
    tab.get_by_role("button", name="Pause", exact=True).click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("Nodes stay as they are")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    tab.get_by_role("button", name="Pause", exact=True).click()
    tab.get_by_role("dialog").get_by_role("button", name="Pause registry").click()
    expect(tab.locator("#live")).to_contain_text("paused")
    expect(tab.get_by_role("button", name="Resync")).to_have_count(0)
    assert house.api("GET", f"registries/{registry}/")[1]["enabled"] is False
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator("#live")).to_contain_text("connected")
    assert house.api("GET", f"registries/{registry}/")[1]["enabled"] is True


def test_a_resync_shows_that_it_is_done(inside: Page, house: House, registry: str) -> None:
    tab = inside
    open_registry(tab, registry)
    tab.get_by_role("button", name="Resync").click()
    expect(tab.get_by_text("Read anew: everything was as it should be.")).to_be_visible()
    expect(tab.get_by_role("button", name="Resync")).to_be_enabled()
    status = house.api("GET", f"registries/{registry}/status/")[1]
    assert status["resync"]
    assert status["phase"] == "connected"


def test_what_is_in_use_is_not_deleted(
    inside: Page, house: House, registry: str, name: str
) -> None:
    tab = inside
    member = {
        "kind": "discovery",
        "registry": registry,
        "namespace": "apisix",
        "service": "httpbin",
        "service_port": "80-80",
    }
    body = {"name": name, "hosts": [f"{name}.example.org"], "upstream": {"members": [member]}}
    application = house.made("applications/", body)
    tab.goto(f"{LIST}{registry}/delete/")
    expect(tab.get_by_text("It is in use and cannot be deleted")).to_be_visible()
    expect(tab.locator("main").get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(tab.get_by_label("To confirm")).to_have_count(0)
    tab.goto(f"{LIST}{registry}/services/apisix/httpbin/")
    expect(tab.locator("main").get_by_role("link", name=name, exact=True)).to_be_visible()
    house.api("DELETE", f"applications/{application['id']}/")


def test_pages_fit_a_telephone(inside: Page, registry: str) -> None:
    tab = inside
    tab.set_viewport_size({"width": 390, "height": 844})
    for address in ("", f"{registry}/", f"{registry}/services/apisix/httpbin/"):
        tab.goto(LIST + address)
        awake(tab)
        wider = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, address
