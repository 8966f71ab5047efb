from __future__ import annotations

import pytest

from tests.practice.conftest import SERVICES, SHOP_SLICES

PORTS = [{"port": 80}]


def service(name="web", **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": PORTS, **spec},
    }


@pytest.fixture(autouse=True)
def _namespace(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})


def test_create_fills_in_what_the_server_owns(api):
    made = api.ask("POST", SERVICES, service())
    assert made.status == 201
    meta, spec = made.json["metadata"], made.json["spec"]
    assert {"uid", "resourceVersion", "creationTimestamp"} <= meta.keys()
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert spec["clusterIP"].startswith("10.96.")


def test_create_twice_is_409_already_exists(api):
    api.ask("POST", SERVICES, service())
    again = api.ask("POST", SERVICES, service())
    assert (again.status, again.json["reason"]) == (409, "AlreadyExists")
    assert again.json["message"] == 'services "web" already exists'
    assert again.json["details"] == {"name": "web", "kind": "services"}


def test_create_in_a_missing_namespace_is_404(api):
    answer = api.ask("POST", "/api/v1/namespaces/nowhere/services", service())
    assert answer.json["message"] == 'namespaces "nowhere" not found'


def test_generated_names_differ(api):
    body = {"metadata": {"generateName": "x-"}, "data": {"a": "b"}}
    path = "/api/v1/namespaces/shop/configmaps"
    made = {api.ask("POST", path, body).json["metadata"]["name"] for _ in range(3)}
    assert len(made) == 3
    assert all(name.startswith("x-") and len(name) == 7 for name in made)


def test_update_with_an_old_version_is_409_conflict(api):
    old = api.ask("POST", SERVICES, service()).json
    api.patch(f"{SERVICES}/web", {"metadata": {"labels": {"a": "b"}}})
    answer = api.ask("PUT", f"{SERVICES}/web", old)
    assert (answer.status, answer.json["reason"]) == (409, "Conflict")
    assert "the object has been modified" in answer.json["message"]


def test_an_update_that_changes_nothing_keeps_the_version(api):
    made = api.ask("POST", SERVICES, service()).json
    assert api.ask("PUT", f"{SERVICES}/web", made).json == made


def test_a_plain_update_keeps_uid_and_address(api):
    made = api.ask("POST", SERVICES, service()).json
    saved = api.ask("PUT", f"{SERVICES}/web", service(selector={"a": "b"})).json
    assert saved["metadata"]["uid"] == made["metadata"]["uid"]
    assert saved["spec"]["clusterIP"] == made["spec"]["clusterIP"]


def test_delete_answers_and_then_it_is_gone(api):
    api.ask("POST", SERVICES, service())
    assert api.ask("DELETE", f"{SERVICES}/web").status == 200
    gone = api.get(f"{SERVICES}/web")
    assert (gone.status, gone.json["reason"]) == (404, "NotFound")
    assert gone.json["details"] == {"name": "web", "kind": "services"}


def test_a_precondition_on_the_uid_holds(api):
    api.ask("POST", SERVICES, service())
    options = {"preconditions": {"uid": "other"}}
    assert api.ask("DELETE", f"{SERVICES}/web", options).status == 409
    assert api.get(f"{SERVICES}/web").status == 200


def test_delete_collection_takes_selectors(cluster, api):
    for name, app in (("a", "x"), ("b", "y")):
        cluster.put_service("shop", name, labels={"app": app})
    assert api.ask("DELETE", f"{SHOP_SLICES}?labelSelector=app=x").status == 200
    assert [s["metadata"]["name"] for s in cluster.list("endpointslices")] == ["b-1"]


def test_dry_run_changes_nothing(api):
    assert api.ask("POST", f"{SERVICES}?dryRun=All", service()).status == 201
    assert api.get(f"{SERVICES}/web").status == 404
    assert api.ask("POST", f"{SERVICES}?dryRun=Some", service()).status == 422


def test_a_finalizer_holds_an_object_until_it_is_removed(api):
    body = service()
    body["metadata"]["finalizers"] = ["test/hold"]
    api.ask("POST", SERVICES, body)
    held = api.ask("DELETE", f"{SERVICES}/web").json
    assert held["metadata"]["deletionTimestamp"]
    api.patch(f"{SERVICES}/web", {"metadata": {"finalizers": None}})
    assert api.get(f"{SERVICES}/web").status == 404


def test_a_namespace_takes_its_content_along(cluster, api):
    cluster.put_service("shop", "web")
    gone = api.ask("DELETE", "/api/v1/namespaces/shop").json
    assert gone["status"]["phase"] == "Terminating"
    assert api.get("/api/v1/namespaces/shop").status == 404
    assert cluster.list("services", "shop") == []


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("json-patch+json", [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]),
        ("merge-patch+json", {"metadata": {"labels": {"a": "b"}}}),
        ("strategic-merge-patch+json", {"metadata": {"labels": {"a": "b"}}}),
    ],
)
def test_every_kind_of_patch(api, kind, patch):
    api.ask("POST", SERVICES, service())
    assert api.patch(f"{SERVICES}/web", patch, kind).json["metadata"]["labels"] == {"a": "b"}


def test_strategic_merge_knows_the_ports_by_number(api):
    api.ask("POST", SERVICES, service(ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]))
    patch = {"spec": {"ports": [{"port": 81, "name": "c"}, {"port": 80, "$patch": "delete"}]}}
    saved = api.patch(f"{SERVICES}/web", patch, "strategic-merge-patch+json").json
    assert [(p["port"], p["name"]) for p in saved["spec"]["ports"]] == [(81, "c")]


def test_merge_patch_replaces_the_endpoints_of_a_slice(cluster, api):
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    patch = {"endpoints": [{"addresses": ["10.0.0.2"]}]}
    saved = api.patch(f"{SHOP_SLICES}/web-1", patch).json
    assert saved["endpoints"] == [{"addresses": ["10.0.0.2"], "conditions": {}}]
    assert saved["metadata"]["generation"] == 2


def test_apply_creates_then_merges(api):
    path = f"{SERVICES}/web?fieldManager=test"
    body = service()
    assert api.patch(path, body, "apply-patch+yaml").status == 201
    body["metadata"]["labels"] = {"a": "b"}
    again = api.patch(path, body, "apply-patch+yaml")
    assert (again.status, again.json["metadata"]["labels"]) == (200, {"a": "b"})
    assert api.patch(f"{SERVICES}/web", body, "apply-patch+yaml").status == 422


@pytest.mark.parametrize(
    ("kind", "patch", "code"),
    [
        ("json-patch+json", [{"op": "test", "path": "/spec/type", "value": "x"}], 422),
        ("json-patch+json", [{"op": "remove", "path": "/spec/nothing"}], 422),
        ("json-patch+json", {"not": "a list"}, 400),
        ("merge-patch+json", b"{not json", 400),
        ("octet-stream", {}, 415),
    ],
)
def test_bad_patches_are_refused(api, kind, patch, code):
    api.ask("POST", SERVICES, service())
    assert api.patch(f"{SERVICES}/web", patch, kind).status == code


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"ports": []}, "spec.ports"),
        ({"ports": [{"port": 0}]}, "spec.ports[0].port"),
        ({"ports": [{"port": 80}, {"port": 81}]}, "spec.ports[0].name"),
        ({"ports": [{"port": 80, "name": "UP"}]}, "spec.ports[0].name"),
        ({"ports": [{"port": 80, "protocol": "X"}]}, "spec.ports[0].protocol"),
        ({"type": "Odd"}, "spec.type"),
    ],
)
def test_an_invalid_service_is_422_with_its_field(api, spec, field):
    answer = api.ask("POST", SERVICES, service(**spec))
    assert (answer.status, answer.json["reason"]) == (422, "Invalid")
    assert field in [cause["field"] for cause in answer.json["details"]["causes"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"addressType": ""}, "addressType"),
        ({"addressType": "IPv9"}, "addressType"),
        ({"endpoints": [{"addresses": []}]}, "endpoints[0].addresses"),
        ({"endpoints": [{"addresses": ["x"]}]}, "endpoints[0].addresses[0]"),
        ({"endpoints": [{"addresses": ["::1"]}]}, "endpoints[0].addresses"),
        ({"endpoints": [{"addresses": ["169.254.1.1"]}]}, "endpoints[0].addresses[0]"),
        ({"ports": [{"name": "a"}, {"name": "a"}]}, "ports[1].name"),
        ({"metadata": {"name": "UPPER"}}, "metadata.name"),
    ],
)
def test_an_invalid_slice_is_422_with_its_field(api, change, field):
    body = {
        "metadata": {"name": "web-1"},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"]}],
        "ports": [{"port": 80}],
        **change,
    }
    answer = api.ask("POST", SHOP_SLICES, body)
    assert answer.status == 422
    assert field in [cause["field"] for cause in answer.json["details"]["causes"]]


def test_loopback_addresses_are_admitted(api):
    body = {
        "metadata": {"name": "web-1"},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"]}],
    }
    assert api.ask("POST", SHOP_SLICES, body).status == 201


def test_the_body_must_be_what_the_url_says(api):
    assert api.ask("POST", SHOP_SLICES, service()).status == 400
    body = service()
    body["metadata"]["namespace"] = "other"
    assert api.ask("POST", SERVICES, body).status == 400
    assert api.ask("PUT", f"{SERVICES}/other", service()).status == 400


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/apis/nothing/v1/things", 404),
        ("GET", "/api/v1/things", 404),
        ("GET", "/nothing", 404),
        ("POST", "/api/v1/services", 405),
        ("PUT", SERVICES, 405),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 405),
    ],
)
def test_what_is_not_served_says_so(api, method, path, code):
    assert api.ask(method, path).status == code


def test_a_body_of_another_type_is_415(api):
    answer = api.ask("POST", SERVICES, b"x", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.json["reason"]) == (415, "UnsupportedMediaType")
