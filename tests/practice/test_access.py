from __future__ import annotations

import base64
import json

import pytest

from practice.testing import PracticeCluster
from tests.practice.conftest import SLICES, Api

LIST = [{"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"]}]
SHOP = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def test_no_token_is_anonymous_and_403(cluster):
    answer = Api(cluster, None).get(SLICES)
    assert (answer.status, answer.json["reason"]) == (403, "Forbidden")
    assert 'User "system:anonymous" cannot list' in answer.json["message"]
    assert Api(cluster, None).get("/version").status == 200


@pytest.mark.parametrize("change", ["", "x", "cut"])
def test_a_bad_token_is_401(cluster, change):
    token = {"": "nonsense", "x": cluster.token[:-4] + "AAAA", "cut": cluster.token[:-9]}[change]
    answer = Api(cluster, token).get(SLICES)
    assert (answer.status, answer.json["reason"]) == (401, "Unauthorized")
    assert answer.json["message"] == "Unauthorized"


def test_the_discovery_account_may_list_and_watch_and_no_more(cluster):
    api = Api(cluster, cluster.token)
    assert api.get(SLICES).status == 200
    assert api.get("/api/v1/endpoints").status == 200
    assert api.get("/api/v1/namespaces/kube-system").status == 200
    refused = api.get("/api/v1/namespaces/default/secrets")
    assert refused.status == 403
    assert refused.json["details"]["kind"] == "secrets"
    account = "system:serviceaccount:portolan:portolan-discovery"
    assert refused.json["message"] == (
        f'secrets is forbidden: User "{account}" cannot list resource "secrets" '
        'in API group "" in the namespace "default"'
    )


def test_list_without_watch_can_be_granted(shop):
    shop.grant("shop/half", LIST)
    api = Api(shop, shop.mint_token("shop/half"))
    assert api.get(SLICES).status == 200
    assert api.get(f"{SLICES}?watch=true").status == 403


def test_a_role_holds_in_its_namespace_only(shop):
    shop.grant("shop/local", LIST, namespace="shop")
    api = Api(shop, shop.mint_token("shop/local"))
    assert api.get(SHOP).status == 200
    assert api.get(SLICES).status == 403
    assert api.get(SHOP.replace("shop", "default")).status == 403


def test_a_withdrawn_grant_is_felt_at_once_but_an_open_watch_goes_on(shop):
    shop.grant("shop/w", [{**LIST[0], "verbs": ["list", "watch"]}])
    api = Api(shop, shop.mint_token("shop/w"))
    stream = api.watch(f"{SLICES}?watch=1&timeoutSeconds=9")
    assert next(stream)["type"] == "ADDED"
    shop.revoke_grant("shop/w")
    assert api.get(SLICES).status == 403
    shop.put_service("shop", "new")
    names = [next(stream)["object"]["metadata"]["name"] for _ in range(5)]
    assert names[-1] == "new-1"


def test_an_ended_token_is_401(cluster):
    assert Api(cluster, cluster.mint_token("default/a", expires=-1)).get("/api").status == 401
    assert Api(cluster, cluster.mint_token("default/a", expires=60)).get("/api").status == 200
    assert Api(cluster, cluster.mint_token("default/a", expires=None)).get("/api").status == 200


@pytest.mark.parametrize(
    ("kind", "name"), [("secrets", "portolan-discovery-token"), ("sa", "portolan-discovery")]
)
def test_deleting_the_secret_or_account_ends_its_token(cluster, kind, name):
    api = Api(cluster, cluster.token)
    cluster.delete(kind, "portolan", name)
    assert api.get(SLICES).status == 401


def test_a_token_secret_is_filled_in(cluster, api):
    cluster.mint_token("shop/bob")
    made = {
        "metadata": {
            "name": "bob-token",
            "annotations": {"kubernetes.io/service-account.name": "bob"},
        },
        "type": "kubernetes.io/service-account-token",
    }
    api.ask("POST", "/api/v1/namespaces/shop/secrets", made)
    data = api.get("/api/v1/namespaces/shop/secrets/bob-token").json["data"]
    assert base64.b64decode(data["namespace"]) == b"shop"
    assert base64.b64decode(data["ca.crt"]).decode() == cluster.ca
    claims = base64.b64decode(data["token"]).split(b".")[1]
    assert "exp" not in json.loads(base64.urlsafe_b64decode(claims + b"=="))
    assert Api(cluster, base64.b64decode(data["token"]).decode()).get("/api").status == 200


def test_a_token_can_be_requested(cluster, api):
    path = "/api/v1/namespaces/portolan/serviceaccounts/portolan-discovery/token"
    made = api.ask("POST", path, {"spec": {"expirationSeconds": 600}})
    assert made.status == 201
    token = made.json["status"]["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 600
    assert Api(cluster, token).get(SLICES).status == 200
    assert api.ask("POST", path, {"spec": {"expirationSeconds": 60}}).status == 422


def test_before_1_24_each_account_had_a_secret():
    with PracticeCluster(release="1.23") as cluster:
        cluster.mint_token("shop/bob")
        name = cluster.get("sa", "shop", "bob")["secrets"][0]["name"]
        assert cluster.get("secrets", "shop", name)["data"]["token"]
        api = Api(cluster, cluster.admin_token)
        assert api.get("/version").json["gitVersion"].startswith("v1.23.")
        assert api.get("/api/v1/endpoints").headers["Warning"] is None


@pytest.mark.parametrize(("verb", "allowed"), [("list", True), ("delete", False)])
def test_one_may_ask_what_one_may(cluster, verb, allowed):
    attributes = {"group": "discovery.k8s.io", "resource": "endpointslices", "verb": verb}
    body = {"spec": {"resourceAttributes": attributes}}
    answer = Api(cluster, cluster.token).ask("POST", ACCESS, body)
    assert (answer.status, answer.json["status"]["allowed"]) == (201, allowed)


def test_resource_names_narrow_a_rule(shop):
    rule = {**LIST[0], "verbs": ["get", "list"], "resourceNames": ["s1-1"]}
    shop.grant("shop/one", [rule])
    api = Api(shop, shop.mint_token("shop/one"))
    assert api.get(f"{SHOP}/s1-1").status == 200
    assert api.get(f"{SHOP}/s2-1").status == 403
    assert api.get(SHOP).status == 403
    assert api.get(f"{SHOP}?fieldSelector=metadata.name=s1-1").status == 200


def test_the_administrator_may_act_as_another(cluster, api):
    account = "system:serviceaccount:portolan:portolan-discovery"
    as_account = {"Impersonate-User": account}
    assert api.get(SLICES, headers=as_account).status == 200
    refused = api.get("/api/v1/secrets", headers=as_account)
    assert (refused.status, account in refused.json["message"]) == (403, True)
    assert (
        Api(cluster, cluster.token).get(SLICES, headers={"Impersonate-User": "root"}).status == 403
    )
