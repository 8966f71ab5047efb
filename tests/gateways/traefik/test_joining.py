"""The snippet that a gateway by REST is given: as it is printed, a real Traefik is safe with it."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.embedded import certificate, ports
from gateways import drivers
from gateways.drivers.base import DriverError, Place
from gateways.drivers.traefik.api import Api
from tests.gateways.examples import route
from tests.threads import eventually

from .conftest import Serve, Start
from .test_troubles import HOST, node

PLACE = Place("g", "c", "edge", "https://portolan.example.org/x")


def documents(address: str) -> list[dict[str, Any]]:
    settings = {"provider": "rest", "api_url": address}
    return list(yaml.safe_load_all(drivers.joining("traefik", settings, PLACE)))


def test_beside_a_traefik_only_its_loopback_is_opened() -> None:
    [said] = documents("http://127.0.0.1:8080")
    assert said["providers"]["rest"] == {"insecure": True}
    assert said["entryPoints"]["traefik"]["address"] == "127.0.0.1:8080"


def test_elsewhere_nothing_is_open_without_a_password() -> None:
    static, dynamic = documents("https://edge.example.org:8443")
    assert "insecure" not in json.dumps(static)
    assert static["entryPoints"] == {"portolan": {"address": ":8443"}}
    for router in dynamic["http"]["routers"].values():
        assert router["middlewares"] == ["portolan-only"]
        assert router["entryPoints"] == ["portolan"]


@pytest.mark.slow
def test_a_traefik_behind_a_password_takes_what_it_is_given_with_it(
    traefik: Start, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = ports.free()
    address = f"https://localhost:{port}"
    static, dynamic = documents(address.replace("localhost", "edge.example.org"))
    pair = {"certFile": str(tmp_path / "tls.crt"), "keyFile": str(tmp_path / "tls.key")}
    certificate.ensure(Path(pair["certFile"]), Path(pair["keyFile"]), name="localhost")
    monkeypatch.setenv("SSL_CERT_FILE", pair["certFile"])
    digest = base64.b64encode(hashlib.sha1(b"pass:word").digest()).decode()  # noqa: S324 - htpasswd's
    dynamic["http"]["middlewares"]["portolan-only"]["basicAuth"]["users"] = [f"us:{{SHA}}{digest}"]
    dynamic["tls"] = {"stores": {"default": {"defaultCertificate": pair}}}
    file = tmp_path / "portolan-only.yml"
    file.write_text(yaml.safe_dump(dynamic))
    static["providers"]["file"]["filename"] = str(file)
    static["entryPoints"]["portolan"]["address"] = f"127.0.0.1:{port}"
    gateway = traefik(
        static["providers"], api={"insecure": False}, entryPoints=static["entryPoints"]
    )
    settings = {"provider": "rest", "api_url": address, "entry_points": ["web"]}
    eventually(lambda: drivers.check("traefik", settings, "us:pass:word")[-1].ok, within=20)
    driver = drivers.build("traefik", settings, "us:pass:word")
    driver.start(epoch=1)
    driver.replace({"upstream/u1": node(serve("127.0.0.1")), "route/r1": route()})
    eventually(lambda: gateway.proxy.get(HOST, "/cart")[0] == 200, within=20)
    driver.touch()
    with closing(drivers.reader("traefik", settings, "us:pass:word")) as reader:
        assert reader.processes()
    for wrong in ("", "us:wrong", "a-token"):
        [found] = drivers.check("traefik", settings, wrong)
        assert (found.step, found.ok, found.setting) == ("login", False, "secret")
        with pytest.raises(DriverError) as caught:
            drivers.build("traefik", settings, wrong).start()
        assert caught.value.code == "unauthorized"
        with closing(Api(address, wrong)) as api, pytest.raises(DriverError) as caught:
            api.put("/api/providers/rest", b"{}")
        assert caught.value.code == "unauthorized"
    with closing(Api(gateway.api)) as inside:
        assert inside.status("/api/providers/rest") == 404, "the internal door is shut"
