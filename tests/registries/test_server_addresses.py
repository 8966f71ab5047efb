"""Which API servers may be named, and which are connected to."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from registries.kube import addresses
from registries.kube.errors import KubeError
from registries.models import Registry

LOOPBACK = "loopback"


@pytest.mark.parametrize(
    "server",
    [
        "https://10.0.0.1:6443",
        "https://10.0.0.1",
        " https://k8s.example.org:6443/ ",
        "https://[fd00::1]:6443",
        "https://rancher.example.org/k8s/clusters/c-1",
    ],
)
def test_addresses_that_may_be_typed(server: str) -> None:
    registry = Registry(server=server)
    registry._clean_server()
    assert registry.server == server.strip().rstrip("/")


@pytest.mark.parametrize(
    "server",
    [
        "",
        "10.0.0.1:6443",
        "http://10.0.0.1:6443",
        "ftp://10.0.0.1",
        "https://",
        "https://:6443",
        "https://user@10.0.0.1",
        "https://user:pw@10.0.0.1",
        "https://good.example.org@169.254.169.254",
        "https://10.0.0.1:0",
        "https://10.0.0.1:65536",
        "https://10.0.0.1:x",
        "https://10.0.0.1/?a=b",
        "https://10.0.0.1/#a",
        "https://10.0.0.1/a b",
        "https://10.0.0.1\r\nX: y",
        "https://[::1",
    ],
)
def test_addresses_that_may_not(server: str) -> None:
    with pytest.raises(ValidationError):
        Registry(server=server)._clean_server()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "2852039166",
        "::ffff:169.254.169.254",
        "fe80::1",
        "0.0.0.0",  # noqa: S104 - an address in a test
        "0",
        "::",
        "224.0.0.1",
        "100.100.100.200",
        "fd00:ec2::254",
    ],
)
def test_what_it_resolves_to_decides(host: str) -> None:
    with pytest.raises(KubeError) as caught:
        addresses.resolve(host, 443, allow_loopback=False)
    assert caught.value.code == "refused_address"
    assert caught.value.field == "server"


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.7.7", "8.8.8.8", "fd00::1"])
def test_where_clusters_live(host: str) -> None:
    assert addresses.resolve(host, 443, allow_loopback=False) == [host]


def test_loopback_where_it_is_allowed() -> None:
    assert addresses.resolve("127.0.0.1", 443, allow_loopback=True) == ["127.0.0.1"]
    with pytest.raises(KubeError):
        addresses.resolve("169.254.169.254", 443, allow_loopback=True)


@pytest.mark.parametrize("host", ["nowhere.invalid", "x" * 300, "a..b"])
def test_a_name_that_cannot_be_resolved(host: str) -> None:
    with pytest.raises(KubeError) as caught:
        addresses.resolve(host, 443, allow_loopback=False)
    assert caught.value.code == "dns"
