"""The guided form: a kubeconfig pasted, a connection tried, a manifest beside it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from django.urls import reverse

from tests import factories
from tests.threads import apart

from .conftest import TOKEN
from .test_registry_forms import TYPED

if TYPE_CHECKING:
    from django.test import Client

    from console.models import ControlPlane
    from practice.testing import PracticeCluster

    from .conftest import Rows

LINES = "application/x-ndjson"
NEW = "registries:registry-create"


@pytest.fixture
def kubeconfig(cluster: PracticeCluster) -> str:
    """That of the account which may only watch."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = cluster.token
    return yaml.safe_dump(config)


def pasted(text: str, **changes: str) -> dict[str, str]:
    return TYPED | {"way": "kubeconfig", "server": "", "token": "", "kubeconfig": text} | changes


def tried(page: Client, address: str, data: dict[str, str]) -> list[dict[str, Any]]:
    answer = page.post(address, data, headers={"Accept": LINES})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == LINES
    body = answer.getvalue()
    return [json.loads(line) for line in body.splitlines()]


def states(lines: list[dict[str, Any]]) -> dict[str, str]:
    """The last state of each step."""
    return {line["step"]: line["state"] for line in lines if "step" in line}


# Pasting a kubeconfig


def test_a_kubeconfig_is_all_it_takes(
    page: Client, plane: ControlPlane, cluster: PracticeCluster, kubeconfig: str
) -> None:
    from registries.models import Registry

    answer = page.post(reverse(NEW), pasted(kubeconfig, verify="on"))
    assert answer.status_code == 302
    registry = Registry.objects.get()
    assert (registry.server, registry.ca_bundle.strip()) == (cluster.server, cluster.ca.strip())
    assert registry.token.reveal() == cluster.token


def test_what_it_says_is_shown_while_it_is_typed_but_for_the_token(
    page: Client, plane: ControlPlane, cluster: PracticeCluster, kubeconfig: str
) -> None:
    answer = page.post(reverse("registries:registry-kubeconfig"), pasted(kubeconfig))
    html = answer.content.decode()
    assert f'data-prefill="id_server" value="{cluster.server}"' in html
    assert "BEGIN CERTIFICATE" in html
    assert "The token is taken from the kubeconfig" in html
    assert cluster.token not in html
    assert 'name="seen"' in html


def test_problems_are_said_while_it_is_typed(page: Client, plane: ControlPlane) -> None:
    answer = page.post(reverse("registries:registry-kubeconfig"), pasted("just words"))
    assert "This is no kubeconfig" in answer.content.decode()


def test_a_refused_kubeconfig_is_said_at_its_box_and_not_sent_back(
    page: Client, plane: ControlPlane, kubeconfig: str, cluster: PracticeCluster
) -> None:
    config = yaml.safe_load(kubeconfig)
    config["users"][0]["user"]["exec"] = {"command": "aws"}
    answer = page.post(reverse(NEW), pasted(yaml.safe_dump(config)))
    errors = answer.context["form"].errors
    assert "runs no programs" in str(errors["kubeconfig"])
    html = answer.content.decode()
    assert "runs no programs" in html
    assert cluster.token not in html
    assert cluster.server in html, "what is of use stays in its field"
    assert 'value="cluster-b"' in html


def test_a_token_that_the_cluster_refuses_is_said_at_the_kubeconfig(
    page: Client, plane: ControlPlane, kubeconfig: str, cluster: PracticeCluster
) -> None:
    text = kubeconfig.replace(cluster.token, "nonsense")
    errors = page.post(reverse(NEW), pasted(text, verify="on")).context["form"].errors
    assert list(errors) == ["kubeconfig"]


def test_a_context_is_chosen_by_name(
    page: Client, plane: ControlPlane, kubeconfig: str, cluster: PracticeCluster
) -> None:
    from registries.models import Registry

    config = yaml.safe_load(kubeconfig)
    config["clusters"].append({"name": "c2", "cluster": {"server": "https://10.9.9.9"}})
    other = {"name": "other", "context": {"cluster": "c2", "user": "admin", "namespace": "shop"}}
    config["contexts"].append(other)
    text = yaml.safe_dump(config)
    html = page.post(reverse("registries:registry-kubeconfig"), pasted(text)).content.decode()
    assert '<option value="other">other</option>' in html
    errors = page.post(reverse(NEW), pasted(text, context="third")).context["form"].errors
    assert list(errors) == ["context"]
    page.post(reverse(NEW), pasted(text, context="other"))
    registry = Registry.objects.get()
    assert (registry.server, registry.namespaces) == ("https://10.9.9.9", ["shop"])


def test_what_was_filled_in_may_be_changed(
    page: Client, plane: ControlPlane, kubeconfig: str
) -> None:
    from registries.forms import pasted as reader
    from registries.models import Registry

    data = pasted(kubeconfig, server="https://10.1.1.1:6443", name="changed")
    seen = reader.seal_of(data, reader.read(data))
    page.post(reverse(NEW), data | {"seen": seen})
    assert Registry.objects.get(name="changed").server == "https://10.1.1.1:6443"


def test_a_token_never_meets_the_address_of_another_kubeconfig(
    page: Client, plane: ControlPlane, kubeconfig: str, cluster: PracticeCluster
) -> None:
    """Pasted over another one whose address still stands in its field."""
    from registries.forms import pasted as reader
    from registries.models import Registry

    before = pasted(kubeconfig.replace(cluster.token, "another"))
    seen = reader.seal_of(before, reader.read(before))
    page.post(reverse(NEW), pasted(kubeconfig, server="https://10.1.1.1:6443", seen=seen))
    assert Registry.objects.get().server == cluster.server


def test_the_way_decides_which_token_counts(page: Client, plane: ControlPlane) -> None:
    from registries.models import Registry

    page.post(reverse(NEW), TYPED | {"way": "file", "token_file": "/run/token"})
    registry = Registry.objects.get()
    assert (registry.token_file, bool(registry.token)) == ("/run/token", False)
    page.post(
        reverse(NEW), TYPED | {"way": "token", "token_file": "/run/token", "name": "by-token"}
    )
    registry = Registry.objects.get(name="by-token")
    assert (registry.token_file, registry.token.reveal()) == ("", "typed-token")
    errors = page.post(reverse(NEW), TYPED | {"way": "file", "name": "x"}).context["form"].errors
    assert list(errors) == ["token_file"]


# Trying the connection


@pytest.fixture
def typed(cluster: PracticeCluster) -> dict[str, str]:
    return TYPED | {
        "name": "",
        "way": "token",
        "server": cluster.server,
        "ca_bundle": cluster.ca,
        "token": cluster.token,
    }


def test_a_test_is_told_row_by_row_and_saves_nothing(
    page: Client, plane: ControlPlane, typed: dict[str, str], cluster: PracticeCluster
) -> None:
    from registries.models import Registry

    lines = tried(page, reverse("registries:registry-try"), typed)
    assert lines[0] == {"step": "dns", "state": "running"}
    assert set(states(lines).values()) == {"passed"}
    assert lines[-1]["end"]
    assert lines[-1]["good"]
    assert not Registry.objects.exists()
    assert cluster.token not in json.dumps(lines)


def test_a_ca_is_offered_with_its_fingerprint(
    page: Client, plane: ControlPlane, typed: dict[str, str], cluster: PracticeCluster
) -> None:
    lines = tried(page, reverse("registries:registry-try"), typed | {"ca_bundle": ""})
    assert states(lines)["tls"] == "failed"
    html = next(line["html"] for line in lines if line.get("state") == "failed")
    assert 'data-fill="id_ca_bundle"' in html
    assert cluster.ca.strip().splitlines()[1] in html
    assert "kube-root-ca.crt" in html
    assert not lines[-1]["good"]


def test_what_the_form_lacks_is_told_before_anything_is_asked(
    page: Client, plane: ControlPlane, typed: dict[str, str]
) -> None:
    [line] = tried(page, reverse("registries:registry-try"), typed | {"server": "http://10.0.0.1"})
    assert line["refused"]
    assert "API server: The address starts with https://" in line["html"]


def test_a_kubeconfig_can_be_tried(
    page: Client, plane: ControlPlane, kubeconfig: str, cluster: PracticeCluster
) -> None:
    lines = tried(page, reverse("registries:registry-try"), pasted(kubeconfig))
    assert lines[-1]["good"]
    assert cluster.token not in json.dumps(lines)


def test_a_stored_token_is_tried_where_it_belongs_and_nowhere_else(
    page: Client, plane: ControlPlane, typed: dict[str, str], cluster: PracticeCluster
) -> None:
    registry = factories.make_registry(
        control_plane=plane,
        name="kept",
        server=cluster.server,
        ca_bundle=cluster.ca,
        token=cluster.token,
    )
    address = reverse("registries:registry-try-changed", args=[registry.pk])
    assert tried(page, address, typed | {"token": ""})[-1]["good"]
    cluster.forget_requests()
    moved = cluster.server.replace("127.0.0.1", "localhost")
    for change in ({"server": moved}, {"verify_tls": ""}):
        [line] = tried(page, address, typed | {"token": ""} | change)
        assert "give it again" in line["html"]
    assert not cluster.requests()
    assert tried(page, address, typed | {"server": moved})[-1]["good"], "given again, it may"
    registry.refresh_from_db()
    assert registry.server == cluster.server


def test_hostile_words_of_a_server_are_shown_as_words(
    page: Client, plane: ControlPlane, typed: dict[str, str], cluster: PracticeCluster
) -> None:
    cluster.fault("status", code=503, message="<script>alert(1)</script>")
    html = "".join(
        line.get("html", "") for line in tried(page, reverse("registries:registry-try"), typed)
    )
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_without_javascript_the_whole_page_comes_with_the_result(
    page: Client, plane: ControlPlane, typed: dict[str, str], cluster: PracticeCluster
) -> None:
    html = page.post(reverse("registries:registry-try"), typed).content.decode()
    assert 'data-stage="watch" data-state="passed"' in html
    assert f'value="{cluster.server}"' in html
    assert cluster.token not in html


def test_clusters_are_not_tried_without_end(
    page: Client, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.rest import ConnectionThrottle

    monkeypatch.setattr(ConnectionThrottle, "rate", "2/min")
    address = reverse("registries:registry-try")
    said = [tried(page, address, {})[0]["html"] for _ in range(3)]
    assert "Wait a minute" in said[2]
    assert "Wait a minute" not in said[1]


def test_who_leaves_ends_the_test_after_its_step() -> None:
    from registries.views.trial import _apart

    closed = threading.Event()

    def steps() -> Generator[bytes, None, None]:
        try:
            yield b"first"
            time.sleep(0.2)
            yield b"second"
        finally:
            closed.set()

    async def leave() -> None:
        rows = _apart(steps())
        assert await anext(rows) == b"first"
        step = asyncio.ensure_future(anext(rows))
        await asyncio.sleep(0.05)
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step

    apart(leave())
    assert closed.wait(20)


def test_the_saved_registry_is_tested_on_its_page(page: Client, rows: Rows) -> None:
    answer = page.post(reverse("registries:registry-test", args=[rows.registry.pk]))
    html = answer.content.decode()
    assert 'data-state="failed"' in html
    assert TOKEN not in html


# The rights


def rights(page: Client, **query: str) -> Any:
    return page.get(reverse("registries:registry-rbac"), query)


def test_the_manifest_follows_the_scope(page: Client, plane: ControlPlane) -> None:
    html = rights(page, namespaces="shop\nbilling", rbac_token="request").content.decode()
    assert html.count("kind: RoleBinding") >= 2
    assert "kind: Secret" not in html
    assert "create token" in html
    html = rights(page, namespaces="").content.decode()
    assert "kind: ClusterRole" in html
    assert "get secret" in html


def test_what_is_no_namespace_gives_a_sentence_and_no_manifest(
    page: Client, plane: ControlPlane
) -> None:
    html = rights(page, namespaces="shop\nNot_One").content.decode()
    assert "“Not_One” is not a namespace name." in html
    assert "apiVersion" not in html


def test_the_manifest_is_a_file_to_keep(page: Client, plane: ControlPlane) -> None:
    answer = rights(page, namespaces="shop", rbac_home="intake", download="1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="portolan-rbac.yaml"'
    kinds = [one["kind"] for one in yaml.safe_load_all(answer.content)]
    assert kinds == ["ServiceAccount", "Secret", "Role", "RoleBinding"]


def test_the_page_begins_with_the_manifest_of_its_scope(page: Client, rows: Rows) -> None:
    rows.registry.namespaces = ["shop"]
    rows.registry.save()
    html = page.get(reverse("registries:registry-edit", args=[rows.registry.pk])).content.decode()
    assert "namespace: &quot;shop&quot;" in html
    assert TOKEN not in html
