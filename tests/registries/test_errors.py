"""A server's refusals, in our words."""

from __future__ import annotations

import json

import pytest

from registries.kube import errors
from registries.kube.errors import KubeError
from registries.kube.failures import error_from_status


def status(**fields: object) -> bytes:
    return json.dumps({"kind": "Status", **fields}).encode()


@pytest.mark.parametrize(
    ("code", "body", "kind", "name"),
    [
        (401, status(reason="Unauthorized"), KubeError, "unauthorized"),
        (403, status(message="no"), errors.Denied, "forbidden"),
        (404, b"404 page not found", errors.Denied, "not_found"),
        (410, status(reason="Expired"), errors.Expired, "expired"),
        (410, b"", errors.Expired, "expired"),
        (0, status(code=410, reason="Gone"), errors.Expired, "expired"),
        (0, status(reason="Expired"), errors.Expired, "expired"),
        (
            504,
            status(details={"causes": [{"reason": "ResourceVersionTooLarge"}]}),
            errors.TooLarge,
            "version_too_large",
        ),
        (
            504,
            status(message="Too large resource version: 9, current: 1"),
            errors.TooLarge,
            "version_too_large",
        ),
        (504, status(message="timeout"), KubeError, "server_error"),
        (500, b"<html>", KubeError, "server_error"),
        (503, b"", KubeError, "server_error"),
        (429, status(), KubeError, "throttled"),
        (400, status(message="bad"), KubeError, "refused_request"),
        (422, b"{}", KubeError, "refused_request"),
        (0, b'"no status"', KubeError, "refused_request"),
        (0, b'{"code":"x"}', KubeError, "refused_request"),
    ],
)
def test_each_refusal_has_its_name(code: int, body: bytes, kind: type, name: str) -> None:
    found = error_from_status(body, code=code)
    assert type(found) is kind
    assert found.code == name
    assert found.text


def test_the_servers_wish_to_wait_is_kept() -> None:
    assert error_from_status(status(details={"retryAfterSeconds": 7}), code=429).retry_after == 7
    assert error_from_status(status(), code=503, retry_after=9).retry_after == 9


def test_a_servers_text_is_cut_short_and_on_one_line() -> None:
    found = error_from_status(status(message="line\n" * 10_000), code=500)
    assert len(found.text) < 400
    assert "\n" not in found.text


@pytest.mark.parametrize(
    ("code", "field"), [(401, "token"), (403, "token"), (404, "server"), (500, "server")]
)
def test_each_refusal_has_a_field_to_blame(code: int, field: str) -> None:
    assert error_from_status(b"", code=code).field == field


DENIED = (
    'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:ops:reader" cannot'
    ' watch resource "endpointslices" in API group "discovery.k8s.io"'
)


def said(message: str) -> str:
    return error_from_status(status(reason="Forbidden", message=message), code=403).text


def test_a_403_names_verb_resource_and_namespace_and_what_to_grant() -> None:
    assert said(f'{DENIED} in the namespace "shop"') == (
        "The service account ops:reader may not watch endpointslices in namespace shop (403)."
        " Grant it: kubectl create role portolan --verb=list,watch"
        " --resource=endpointslices.discovery.k8s.io -n shop"
        " && kubectl create rolebinding portolan --role=portolan"
        " --serviceaccount=ops:reader -n shop"
    )
    assert said(f"{DENIED} at the cluster scope") == (
        "The service account ops:reader may not watch endpointslices in all namespaces (403)."
        " Grant it: kubectl create clusterrole portolan --verb=list,watch"
        " --resource=endpointslices.discovery.k8s.io"
        " && kubectl create clusterrolebinding portolan --clusterrole=portolan"
        " --serviceaccount=ops:reader"
    )


def test_a_core_resource_and_a_person_are_named_too() -> None:
    text = said(
        'namespaces "kube-system" is forbidden: User "ada" cannot get resource "namespaces" in API'
        ' group "" in the namespace "kube-system"'
    )
    assert text.startswith("The token's account may not get namespaces in namespace kube-system")
    assert "--verb=get --resource=namespaces -n kube-system" in text
    assert "--serviceaccount=NAMESPACE:NAME" in text


@pytest.mark.parametrize(
    "message",
    [
        f'{DENIED} in the namespace "shop; rm -rf ~"',
        DENIED.replace("discovery.k8s.io", "$(reboot)") + " at the cluster scope",
        DENIED.replace('"endpointslices"', '"endpointslices\n&& reboot"') + " at the cluster scope",
        "no",
    ],
)
def test_a_hostile_403_makes_no_command(message: str) -> None:
    text = said(message)
    assert text.startswith("The token lacks a permission (403): ")
    assert "kubectl" not in text


def test_a_hostile_user_is_not_put_into_the_command() -> None:
    text = said(DENIED.replace("ops:reader", "ops:$(reboot)") + " at the cluster scope")
    assert "reboot" not in text
