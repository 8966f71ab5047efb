"""A pasted kubeconfig: what is taken from it, and a sentence for everything that is not."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
import yaml

from practice.testing import PracticeCluster
from registries import kubeconfig
from registries.kubeconfig import Reading

TOKEN = "the-token-that-nobody-may-see"


@pytest.fixture(scope="module")
def ca() -> str:
    with PracticeCluster() as running:
        return running.ca


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(
    *,
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
    context: dict[str, Any] | None = None,
    **more: Any,
) -> str:
    said: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c1", "cluster": {"server": "https://10.0.0.1:6443", **(cluster or {})}}
        ],
        "users": [{"name": "u1", "user": {"token": TOKEN} if user is None else user}],
        "contexts": [
            {"name": "one", "context": {"cluster": "c1", "user": "u1", **(context or {})}}
        ],
        "current-context": "one",
        **more,
    }
    return yaml.safe_dump(said)


def refused(text: str, **more: str) -> str:
    """The one sentence about it."""
    reading = kubeconfig.read(text, **more)
    assert not reading.sound
    assert TOKEN not in repr(reading)
    assert TOKEN not in " ".join(reading.problems) + reading.context_problem
    return " ".join((*reading.problems, reading.context_problem))


def test_all_that_is_used_is_taken(ca: str) -> None:
    reading = kubeconfig.read(
        config(
            cluster={
                "certificate-authority-data": encoded(ca),
                "tls-server-name": "kubernetes",
                "insecure-skip-tls-verify": False,
                "extensions": [{"name": "x", "extension": {"last": "2026-01-01"}}],
            },
            context={"namespace": "shop"},
        )
    )
    assert reading == Reading(
        contexts=("one",),
        context="one",
        cluster="c1",
        user="u1",
        server="https://10.0.0.1:6443",
        ca_bundle=ca,
        tls_server_name="kubernetes",
        namespace="shop",
        token=TOKEN,
    )
    assert reading.sound
    assert TOKEN not in repr(reading)


def test_the_practice_clusters_own_can_be_read(ca: str) -> None:
    with PracticeCluster() as running:
        reading = kubeconfig.read(running.kubeconfig.read_text())
        assert (reading.server, reading.ca_bundle) == (running.server, running.ca)
        assert reading.token == running.admin_token
        assert reading.sound


def test_json_is_yaml_too() -> None:
    assert kubeconfig.read(json.dumps(yaml.safe_load(config()))).sound


def test_a_name_that_looks_like_a_number_is_a_name() -> None:
    text = config().replace("u1", "0123").replace("c1", "on")
    reading = kubeconfig.read(text)
    assert reading.sound
    assert (reading.user, reading.cluster) == ("0123", "on")


def test_null_is_as_good_as_nothing() -> None:
    user = {"token": TOKEN, "exec": None, "auth-provider": None, "username": ""}
    assert kubeconfig.read(config(user=user)).sound


SEVERAL = {
    "contexts": [
        {"name": "one", "context": {"cluster": "c1", "user": "u1"}},
        {"name": "two", "context": {"cluster": "c2", "user": "u1"}},
    ],
    "clusters": [
        {"name": "c1", "cluster": {"server": "https://10.0.0.1"}},
        {"name": "c2", "cluster": {"server": "https://10.0.0.2"}},
    ],
}


def test_the_current_context_is_taken_unless_another_is_chosen() -> None:
    text = config(**SEVERAL)
    assert kubeconfig.read(text).server == "https://10.0.0.1"
    assert kubeconfig.read(text, context="two").server == "https://10.0.0.2"
    assert kubeconfig.read(text).contexts == ("one", "two")


def test_without_a_current_context_it_is_asked_for() -> None:
    text = config(**SEVERAL, **{"current-context": ""})
    assert "choose one" in refused(text)
    assert kubeconfig.read(text).contexts == ("one", "two")
    assert kubeconfig.read(config(**{"current-context": ""})).sound, "the only one needs no choice"


def test_an_unknown_context_is_told_with_those_that_there_are() -> None:
    reading = kubeconfig.read(config(), context="three")
    assert "no context “three”" in reading.context_problem
    assert reading.contexts == ("one",)
    assert "no context “gone”" in refused(config(**{"current-context": "gone"}))


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"exec": {"command": "aws", "args": ["eks", "get-token"]}}, "runs no programs"),
        ({"auth-provider": {"name": "oidc"}}, "auth-provider"),
        ({"tokenFile": "/etc/passwd", "token": TOKEN}, "tokenFile"),
        ({"client-certificate": "/c", "client-key": "/k"}, "client certificate"),
        ({"client-certificate-data": "eA=="}, "client certificate"),
        ({"client-key-data": "eA==", "token": TOKEN}, "private key"),
        ({"username": "bo", "password": "secret-password"}, "a name and a password"),
        ({"as": "system:admin", "token": TOKEN}, "acts as somebody else"),
        ({"as-groups": ["system:masters"], "token": TOKEN}, "acts as somebody else"),
        ({}, "has no token"),
        ({"token": "REDACTED"}, "left out"),
    ],
)
def test_another_login_than_a_token_is_refused(user: dict[str, Any], says: str) -> None:
    text = config(user=user)
    said = refused(text)
    assert says in said
    assert "secret-password" not in said
    assert kubeconfig.read(text).token == ""
    assert kubeconfig.read(text).server == "https://10.0.0.1:6443", "the rest is of use"


@pytest.mark.parametrize(
    ("cluster", "says"),
    [
        ({"certificate-authority": "/etc/ca.crt"}, "--flatten"),
        ({"proxy-url": "http://proxy:3128"}, "proxy"),
        ({"insecure-skip-tls-verify": True}, "switch “verify TLS” off yourself"),
        ({"server": ""}, "has no server"),
        ({"certificate-authority-data": "!!!"}, "no base64"),
        ({"certificate-authority-data": encoded("no certificate")}, "no base64 of PEM"),
        ({"certificate-authority-data": "DATA+OMITTED"}, "left out"),
    ],
)
def test_what_is_not_plain_data_of_a_cluster_is_refused(cluster: dict[str, Any], says: str) -> None:
    assert says in refused(config(cluster=cluster))


def test_several_problems_are_told_together() -> None:
    reading = kubeconfig.read(
        config(
            cluster={"proxy-url": "http://p", "certificate-authority": "/ca"},
            user={"exec": {"command": "x"}, "username": "bo"},
            context={"namespace": "Not_A_Name"},
        )
    )
    said = " ".join(reading.problems)
    for word in ("proxy-url", "certificate-authority", "exec", "password", "Not_A_Name"):
        assert word in said
    assert "has no token" not in said, "what is said already is not said twice"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Paste a kubeconfig"),
        ("{ not yaml", "This is not YAML"),
        ("a: b: c", "see line 1"),
        ("just words", "no kubeconfig"),
        ("- a\n- b", "no kubeconfig"),
        ("apiVersion: v1\nkind: Secret\ndata: {}", "no kubeconfig"),
        ("a: 1\n---\nb: 2", "This is not YAML"),
        ("clusters: []", "no contexts"),
        ("contexts: 7\nclusters: x", "no contexts"),
        ("\x00", "This is not YAML"),
        ("? [a]\n: b", "This is not YAML"),
    ],
)
def test_what_is_no_kubeconfig_is_told(text: str, says: str) -> None:
    assert says in refused(text)


def test_names_that_lead_nowhere_are_told() -> None:
    assert "“c9”, which is not in it" in refused(config(context={"cluster": "c9"}))
    assert "“u9”, who is not in it" in refused(config(context={"user": "u9"}))


def test_an_error_does_not_repeat_what_was_typed() -> None:
    assert TOKEN not in refused(f"token: {TOKEN}: {{{TOKEN}")


def test_bombs_are_refused_and_soon() -> None:
    began = time.monotonic()
    laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "aliases" in refused(laughs + config())
    assert "too deeply" in refused("clusters: " + "[" * 5_000)
    assert "larger than 256 KiB" in refused("#" * (kubeconfig.MOST + 1))
    assert not kubeconfig.read("clusters: " + "9" * 200_000).sound
    assert time.monotonic() - began < 10


def test_a_tag_is_only_text() -> None:
    text = "clusters: !!python/object/apply:os.system [true]\ncontexts: !!set {a}"
    assert "no contexts" in refused(text)
