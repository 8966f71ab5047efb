"""Whose token it is, as far as the token says."""

from __future__ import annotations

import base64
import json

import pytest

from practice.testing import PracticeCluster
from registries.kube import preflight, tokens
from registries.kube.spec import RegistrySpec


def jwt(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@pytest.mark.parametrize(
    ("token", "account"),
    [
        (jwt(sub="system:serviceaccount:portolan:discovery"), "portolan:discovery"),
        (jwt(sub="alice"), ""),
        (jwt(sub="system:serviceaccount:a; rm -rf /:b"), ""),
        (jwt(), ""),
        ("opaque", ""),
        ("a.%%%.c", ""),
    ],
)
def test_the_account_of_a_token(token: str, account: str) -> None:
    assert tokens.account(token) == account


def test_the_mending_command_names_the_account(cluster: PracticeCluster) -> None:
    spec = RegistrySpec(
        id="r",
        name="r",
        server=cluster.server,
        ca_bundle=cluster.ca,
        token=cluster.mint_token("shop/nobody"),
    )
    failed = preflight.check(spec, allow_loopback=True)[-1]
    assert not failed.ok
    assert "--serviceaccount=shop:nobody" in failed.command
