"""Real life: three clusters, one of which refuses us, six applications, people, some changes.

Everything goes through the REST API of a running house; the clusters are practice clusters, whose
services are made up but for the one that real replicas serve.
"""

from __future__ import annotations

import time
from typing import Any

from practice.testing import PracticeCluster
from tests.house import House
from tests.pages import Places
from tests.threads import eventually

HOST = "shop.example.org"
# Namespace, service, endpoints of the first cluster.
SERVICES = (
    ("shop", "storefront", 4),
    ("shop", "cart", 3),
    ("shop", "recommendations", 2),
    ("payments", "checkout", 3),
    ("payments", "ledger", 2),
    ("search", "query", 6),
    ("search", "indexer", 1),
    ("media", "thumbnails", 5),
    ("media", "uploads", 2),
    ("platform", "identity", 3),
    ("platform", "mailer", 0),
)
# Name, namespace, service, APIs; the first is served by real replicas.
APPLICATIONS = (
    ("shop", "apisix", "httpbin", ("/anything", "/status", "/delay")),
    ("checkout", "payments", "checkout", ("/pay", "/refunds")),
    ("search", "search", "query", ("/search", "/suggest")),
    ("media", "media", "thumbnails", ("/images",)),
    ("mail", "platform", "mailer", ("/send",)),
)
PEOPLE = (("ada", "admin"), ("bo", "editor"), ("cy", "viewer"))


def fill(house: House, cluster: PracticeCluster, other: PracticeCluster) -> Places:
    """Make the rows, wait until they are true, and say where the interesting ones are."""
    for number, (namespace, name, endpoints) in enumerate(SERVICES):
        put(cluster, namespace, name, [f"10.1.{number}.{one + 2}" for one in range(endpoints)])
        if number % 2:
            put(other, namespace, name, [f"10.2.{number}.{one + 2}" for one in range(endpoints)])
    first = _registry(house, "production-eu", "Frankfurt, three zones", cluster, cluster.token)
    second = _registry(house, "production-us", "Virginia, the same services", other, other.token)
    short = other.mint_token("portolan/gone", expires=1)
    _registry(house, "staging", "Where releases are tried", other, short, verify=False)
    made = [_application(house, first, *words) for words in APPLICATIONS]
    made.append(_static(house))
    _two_clusters(house, first, second)
    plane = house.api("GET", "control-planes/")[1]["results"][0]["id"]
    for name, role in PEOPLE:
        body = {"username": name, "email": f"{name}@example.org", "role": role}
        member = house.made(f"control-planes/{plane}/members/", body)
    eventually(lambda: house.get(HOST)[0] == 200, within=30)
    _happen(house, cluster, made[0])
    apis = house.api("GET", f"applications/{made[0]['id']}/apis/")[1]["results"]
    return Places(
        registry=first,
        application=made[0]["id"],
        upstream=made[4]["upstream"]["id"],
        api=apis[0]["id"],
        gateway=house.api("GET", "gateways/")[1]["results"][0]["id"],
        member=member["id"],
    )


def put(cluster: PracticeCluster, namespace: str, name: str, addresses: list[str]) -> None:
    """A service with one slice, its pods spread over zones, the last of many not ready."""
    cluster.put_service(namespace, name, ports=[("http", 8080)], addresses=addresses)
    for one in cluster.list("endpointslices", namespace):
        if one["metadata"]["labels"].get("kubernetes.io/service-name") == name:
            for place, endpoint in enumerate(one.get("endpoints") or ()):
                endpoint["zone"] = f"eu-central-1{'abc'[place % 3]}"
                endpoint["nodeName"] = f"worker-{place % 3 + 1}"
                endpoint["targetRef"] = {"kind": "Pod", "name": f"{name}-{7 * place + 4:x}f{place}"}
                endpoint["conditions"] = {"ready": place < 4}
            cluster.apply(one)


def _registry(
    house: House,
    name: str,
    description: str,
    cluster: PracticeCluster,
    token: str,
    *,
    verify: bool = True,
) -> str:
    body = {
        "name": name,
        "description": description,
        "server": cluster.server,
        "ca_bundle": cluster.ca,
        "token": token,
        "verify": verify,
    }
    return str(house.made("registries/", body)["id"])


def _application(
    house: House, registry: str, name: str, namespace: str, service: str, paths: tuple[str, ...]
) -> Any:
    member = {"kind": "discovery", "registry": registry}
    member |= {"namespace": namespace, "service": service}
    made = house.made(
        "applications/",
        {
            "name": name,
            "hosts": [f"{name}.example.org"],
            "labels": [f"team:{namespace if namespace != 'apisix' else 'shop'}"],
            "upstream": {"members": [member]},
        },
    )
    _publish(house, made["id"], paths)
    return made


def _static(house: House) -> Any:
    """One that is not published yet."""
    member = {"kind": "static", "host": "192.0.2.10", "port": 8080}
    body = {"name": "legacy", "hosts": ["legacy.example.org"], "upstream": {"members": [member]}}
    return house.made("applications/", body)


def _two_clusters(house: House, first: str, second: str) -> None:
    members = [
        {
            "kind": "discovery",
            "registry": registry,
            "namespace": "shop",
            "service": "cart",
            "service_port": "http",
            "weight": weight,
        }
        for registry, weight in ((first, 80), (second, 20))
    ]
    body = {"name": "cart", "hosts": ["cart.example.org"], "upstream": {"members": members}}
    made = house.made("applications/", {**body, "labels": ["team:shop"]})
    _publish(house, made["id"], ("/cart",))


def _publish(house: House, application: str, paths: tuple[str, ...]) -> None:
    for path in paths:
        body = {"name": path.strip("/"), "paths": [{"path": path, "type": "prefix"}]}
        api = house.made(f"applications/{application}/apis/", body)
        house.made(f"applications/{application}/apis/{api['id']}/publish/", {})
    house.made(f"applications/{application}/publish/", {})


def _happen(house: House, cluster: PracticeCluster, application: Any) -> None:
    """Pods come and go, somebody changes a timeout."""
    cluster.scale("httpbin", 4)
    time.sleep(2)
    put(cluster, "search", "query", [f"10.1.5.{one + 2}" for one in range(4)])
    path = f"applications/{application['id']}/upstreams/{application['upstream']['id']}/"
    house.api("PATCH", path, {"read_timeout": 15_000, "retries": 2})
    cluster.scale("httpbin", 3)
    time.sleep(2)
    for _ in range(20):
        house.get(HOST)
    eventually(lambda: len(house.pods(HOST)[1]) == 3, within=20)
