"""The guided form of a registry in a browser: pasted, tried step by step, pinned, rotated."""

from __future__ import annotations

import pytest
import yaml
from playwright.sync_api import Page, expect

from console.embedded import ports
from practice.testing import PracticeCluster
from tests.browser import axe
from tests.house import House
from tests.threads import eventually

pytestmark = pytest.mark.slow

NEW = "/settings/registries/new/"
# How list and watch stood, each time that something changed.
_NOTES = """(trial) => {
  window.noted = [];
  const state = (step) => trial.querySelector(`[data-stage=${step}]`).dataset.state ?? "";
  new MutationObserver(() => window.noted.push(`${state("list")} ${state("watch")}`))
    .observe(trial, { attributes: true, subtree: true });
}"""
SLICES = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}


def kubeconfig(cluster: PracticeCluster) -> str:
    """That of the account which may only watch, beside a second cluster that does not exist."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = cluster.token
    config["clusters"].append({"name": "far", "cluster": {"server": "https://10.9.9.9"}})
    other = {"name": "elsewhere", "context": {"cluster": "far", "user": "admin"}}
    config["contexts"].append(other)
    return yaml.safe_dump(config)


def stage(tab: Page, step: str) -> str:
    return tab.locator(f"#trial [data-stage={step}]").get_attribute("data-state") or ""


def try_it(tab: Page) -> None:
    tab.locator("#try").click()
    expect(tab.locator("[data-trial-said] .alert")).to_be_visible()


def fill(tab: Page, house: House, **changes: str) -> None:
    fields = {
        "server": house.cluster.server,
        "token": house.cluster.token,
        "ca_bundle": house.cluster.ca,
        "tls_server_name": "",
    }
    for name, value in (fields | changes).items():
        tab.locator(f"#id_{name}").fill(value)


def test_a_kubeconfig_is_pasted_tried_and_saved(inside: Page, house: House) -> None:
    tab, cluster = inside, house.cluster
    tab.goto(NEW)
    tab.get_by_label("Name", exact=True).fill("pasted")
    tab.get_by_text("Paste a kubeconfig").click()
    expect(tab.locator("#id_token")).to_be_hidden()
    tab.get_by_label("Kubeconfig", exact=True).fill(kubeconfig(cluster))
    expect(tab.get_by_label("API server")).to_have_value(cluster.server)
    expect(tab.get_by_label("CA bundle")).to_have_value(cluster.ca)
    expect(tab.get_by_text("The token is taken from the kubeconfig")).to_be_visible()
    tab.get_by_label("Context", exact=True).select_option("elsewhere")
    expect(tab.get_by_label("API server")).to_have_value("https://10.9.9.9")
    tab.get_by_label("Context", exact=True).select_option("practice")
    expect(tab.get_by_label("API server")).to_have_value(cluster.server)
    assert cluster.token not in tab.content()

    # The last step takes two seconds: what is before it can be seen meanwhile.
    tab.locator("#trial").evaluate(_NOTES)
    tab.locator("#try").click()
    expect(tab.get_by_text("The cluster can be watched with this.")).to_be_visible()
    assert stage(tab, "watch") == "passed"
    assert "passed running" in tab.evaluate("() => window.noted")

    tab.get_by_role("button", name="Create Service Registry").click()
    expect(tab.get_by_role("heading", name="pasted")).to_be_visible()
    expect(tab.locator("#live")).to_contain_text("connected")


REFUSED = [
    ("user", {"exec": {"command": "aws"}}, "Portolan runs no programs"),
    ("user", {"auth-provider": {"name": "oidc"}}, "logs in by a provider (auth-provider)"),
    ("user", {"tokenFile": "/etc/passwd"}, "The token is in a file (tokenFile)"),
    ("user", {"client-certificate": "/c.pem", "client-key": "/k.pem"}, "(client-certificate)"),
    ("user", {"username": "a", "password": "b"}, "password"),
    ("user", {}, "The user has no token."),
    ("cluster", {"certificate-authority": "/ca.pem"}, "The CA is in a file"),
    ("cluster", {"proxy-url": "http://10.0.0.1"}, "reached through a proxy (proxy-url)"),
    ("cluster", {"insecure-skip-tls-verify": True}, "switches the verification of the server off"),
]


def test_what_a_kubeconfig_must_not_name_is_refused_and_the_rest_is_of_use(
    inside: Page, house: House
) -> None:
    """Each refusal is a sentence under the field; the address is taken all the same, and nothing
    is saved."""
    inside.goto(NEW)
    inside.get_by_text("Paste a kubeconfig").click()
    inside.get_by_label("Name", exact=True).fill("refused")
    for part, fields, says in REFUSED:
        config = yaml.safe_load(house.cluster.kubeconfig.read_text())
        if part == "user":
            config["users"][0]["user"] = fields
        else:
            config["users"][0]["user"] = {"token": house.cluster.token}
            config["clusters"][0]["cluster"] |= fields
            if "certificate-authority" in fields:
                del config["clusters"][0]["cluster"]["certificate-authority-data"]
        inside.get_by_label("API server").fill("")
        inside.get_by_label("Kubeconfig", exact=True).fill(yaml.safe_dump(config))
        expect(inside.locator("#kubeconfig-said")).to_contain_text(says)
        expect(inside.get_by_label("API server")).to_have_value(house.cluster.server)
    assert not axe.findings(inside)
    inside.get_by_role("button", name="Create Service Registry").click()
    expect(inside.locator("[aria-invalid=true], .is-invalid").first).to_be_visible()
    assert inside.url.endswith(NEW)


def test_an_unknown_ca_is_pinned_after_a_look_at_it(inside: Page, house: House) -> None:
    tab = inside
    tab.goto(NEW)
    fill(tab, house, ca_bundle="")
    try_it(tab)
    assert [stage(tab, step) for step in ("connection", "tls", "token")] == [
        "passed",
        "failed",
        "skipped",
    ]
    expect(tab.locator(".pin")).to_contain_text("CN=practice-ca")
    expect(tab.locator(".pin")).to_contain_text("kube-root-ca.crt")
    tab.locator("summary", has_text="Certificates").click()
    assert not axe.findings(tab)
    tab.get_by_role("button", name="pin this CA").click()
    expect(tab.get_by_label("CA bundle")).to_have_value(house.cluster.ca)
    tab.keyboard.press("Enter")  # the focus is where one goes on
    expect(tab.get_by_text("The cluster can be watched with this.")).to_be_visible()
    assert not axe.findings(tab)


def _kinds(house: House, other: PracticeCluster) -> dict[str, tuple[dict[str, str], str, str]]:
    """What is typed wrongly, the step that fails, and what is shown for it."""
    cluster = house.cluster
    cluster.grant("half/lister", [{**SLICES, "verbs": ["list"]}])
    return {
        "a name that does not exist": (
            {"server": "https://nowhere.invalid:6443"},
            "dns",
            "Check the spelling",
        ),
        "an address that is refused": (
            {"server": "https://169.254.169.254"},
            "dns",
            "link-local address",
        ),
        "a refused port": (
            {"server": f"https://127.0.0.1:{ports.free()}"},
            "connection",
            "Check host and port",
        ),
        "another CA": ({"ca_bundle": other.ca}, "tls", "certificate-authority-data"),
        "another name": (
            {"tls_server_name": "other.example.org"},
            "tls",
            "Set the TLS server name to one that the certificate has",
        ),
        "an expired token": (
            {"token": cluster.mint_token("old/one", expires=-60)},
            "token",
            "The token ended on",
        ),
        "a wrong token": ({"token": "nonsense"}, "token", "create token"),
        "a token without rights": (
            {"token": cluster.mint_token("none/nobody")},
            "access",
            "kubectl create clusterrole",
        ),
        "a list without a watch": (
            {"token": cluster.mint_token("half/lister")},
            "access",
            "--serviceaccount=half:lister",
        ),
    }


def test_every_failure_is_shown_at_its_step_with_what_mends_it(inside: Page, house: House) -> None:
    wrong = []
    inside.goto(NEW)
    with PracticeCluster() as other:
        for kind, (changes, step, says) in _kinds(house, other).items():
            fill(inside, house, **changes)
            try_it(inside)
            failed = inside.locator(f"#trial [data-stage={step}][data-state=failed]")
            # It stands there already: what is said at the end comes last.
            if failed.count() != 1 or says not in failed.inner_text():
                wrong.append(f"{kind}: {inside.locator('#trial').inner_text()}")
    assert not wrong, "\n".join(wrong)


def test_a_cluster_that_permits_a_list_and_fails_it_is_told_of_at_that_step(
    inside: Page, house: House
) -> None:
    """The permissions are there, and the server does otherwise: at the list, and at the watch."""
    cluster = house.cluster
    cluster.grant("torn/reader", [{**SLICES, "verbs": ["get", "list", "watch"]}])
    token = cluster.mint_token("torn/reader")
    slices = {"resource": "endpointslices", "user": "system:serviceaccount:torn:reader"}
    inside.goto(NEW)
    for step, fault in (
        ("list", {"kind": "status", "verb": "list", "code": 500, "message": "etcd is away"}),
        ("list", {"kind": "html", "verb": "list"}),
        ("watch", {"kind": "status", "verb": "watch", "code": 503, "message": "no room to watch"}),
    ):
        fill(inside, house, token=token)
        kind = str(fault.pop("kind"))
        made = cluster.fault(kind, **slices, **fault)
        try:
            try_it(inside)
        finally:
            cluster.clear_faults(int(made["id"]))
        assert stage(inside, "access") == "passed", inside.locator("#trial").inner_text()
        assert stage(inside, step) == "failed", inside.locator("#trial").inner_text()
        failed = inside.locator(f"#trial [data-stage={step}]")
        expect(failed).to_contain_text(str(fault.get("message", "list")))
    try_it(inside)
    assert stage(inside, "watch") == "passed"


def test_the_manifest_follows_what_is_typed(inside: Page) -> None:
    inside.goto(NEW)
    expect(inside.locator("#rbac-manifest")).to_contain_text("kind: ClusterRole")
    inside.locator("summary", has_text="Scope").click()
    inside.get_by_label("Namespaces").fill("shop, billing")
    expect(inside.locator("#rbac-manifest")).to_contain_text('namespace: "billing"')
    inside.get_by_label("On request: ends after a time").check()
    expect(inside.locator("#rbac-manifest")).to_contain_text("create token portolan-discovery")
    with inside.expect_download() as download:
        inside.get_by_role("link", name="Download").click()
    kinds = [one["kind"] for one in yaml.safe_load_all(download.value.path().read_text())]
    assert kinds.count("Role") == 3, "one in each namespace, and one for the identity"


def test_a_token_is_rotated_without_a_gap(inside: Page, house: House) -> None:
    cluster = house.cluster
    made = house.made(
        "registries/",
        {
            "name": "rotated",
            "server": cluster.server,
            "ca_bundle": cluster.ca,
            "token": cluster.token,
        },
    )

    def services() -> int:
        return int(house.api("GET", f"registries/{made['id']}/status/")[1]["services"])

    eventually(services, within=20)
    new = cluster.mint_token("portolan/portolan-discovery", expires=30 * 86_400)
    inside.goto(f"/settings/registries/{made['id']}/rotate/")
    inside.get_by_label("New token").fill("nonsense")
    inside.get_by_role("button", name="Test and replace").click()
    expect(inside.locator("#id_token_error")).to_be_visible()
    inside.get_by_label("New token").fill(new)
    expect(inside.locator(".rotate-table time")).to_be_visible()
    inside.get_by_role("button", name="Test and replace").click()
    expect(inside.get_by_text("The token of “rotated” is replaced.")).to_be_visible()
    known = []
    for _ in range(10):
        known.append(services())
        inside.wait_for_timeout(200)
    assert min(known) > 0
    assert new not in inside.content()
    inside.goto("about:blank")  # an open page asks for what it shows
    house.api("DELETE", f"registries/{made['id']}/")
