"""The article's walk-through, done by REST against the running house."""

from __future__ import annotations

import pytest

from tests.house import House
from tests.threads import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HOST = "sd.httpbin.org"


def test_from_registry_to_the_answer_and_after_the_scale(house: House) -> None:
    registry = house.made(
        "registries/",
        {
            "name": "walk-through",
            "server": house.cluster.server,
            "ca_bundle": house.cluster.ca,
            "token": house.cluster.token,
        },
    )
    assert "token" not in registry
    path = f"registries/{registry['id']}"
    eventually(lambda: house.api("GET", f"{path}/status/")[1]["phase"] == "connected")
    listed = house.api("GET", f"{path}/services/?namespace=apisix")[1]
    assert [one["name"] for one in listed["results"]] == ["httpbin"]

    application = house.made(
        "applications/",
        {
            "name": HOST,
            "hosts": [HOST],
            "path_prefix": "/",
            "upstream": {
                "members": [
                    {
                        "kind": "discovery",
                        "registry": registry["id"],
                        "namespace": "apisix",
                        "service": "httpbin",
                        "service_port": "80-80",
                    }
                ]
            },
        },
    )
    api = house.made(
        f"applications/{application['id']}/apis/",
        {"name": "anything", "paths": [{"path": "/anything", "type": "prefix"}]},
    )
    assert house.get(HOST)[0] == 404, "nothing is published yet"
    house.made(f"applications/{application['id']}/apis/{api['id']}/publish/", {})
    house.made(f"applications/{application['id']}/publish/", {})
    eventually(lambda: house.get(HOST)[0] == 200)
    eventually(lambda: len(house.pods(HOST)[1]) == 3)

    house.cluster.scale("httpbin", 5)
    eventually(lambda: len(house.pods(HOST)[1]) == 5)
    house.cluster.scale("httpbin", 0)
    eventually(lambda: house.get(HOST)[0] == 503)
    house.cluster.scale("httpbin", 3)
    eventually(lambda: house.pods(HOST)[0] == {200})
    house.rest()

    status, refused = house.api("DELETE", f"{path}/")
    assert status == 409, refused
    house.made(f"applications/{application['id']}/unpublish/", {})
    eventually(lambda: house.get(HOST)[0] == 404)
    house.api("DELETE", f"applications/{application['id']}/apis/{api['id']}/")
    assert house.api("DELETE", f"applications/{application['id']}/")[0] == 204
    assert house.api("DELETE", f"{path}/")[0] == 204
