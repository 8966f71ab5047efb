"""A kubeconfig as it is pasted into a form: read again with every request, never sent back.

What the page shows of it (server, CA, …) was filled in when it was pasted and may have been changed
since; a seal says that it comes from this very kubeconfig. Without that seal (no JavaScript, or
another kubeconfig meanwhile) what is posted beside it is not of its cluster and is replaced, so
that no token meets another cluster's address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from console.ui.fields import SecretBox, SecretInput
from registries import kubeconfig
from registries.kubeconfig import Reading

_SALT = "registries.forms.pasted"
# What is taken over into fields of the same name; the token is not.
_FILLED = ("server", "ca_bundle", "tls_server_name")


class PasteBox(SecretBox):
    """Readable while it is typed, and never rendered."""

    def __init__(self) -> None:
        super().__init__(rows=7)
        self.attrs.update({"class": "code form-control", "aria-describedby": "kubeconfig-said"})


def box() -> SecretInput:
    return SecretInput(
        label=_("Kubeconfig"),
        widget=PasteBox(),
        # Counted by the reader, which has a sentence for it.
        max_length=None,
        strip=False,
    )


def context() -> forms.CharField:
    return forms.CharField(label=_("Context"), required=False)


def seal() -> forms.CharField:
    return forms.CharField(required=False, widget=forms.HiddenInput)


def read(data: Mapping[str, Any]) -> Reading:
    """The kubeconfig that a request brings."""
    return kubeconfig.read(str(data.get("kubeconfig", "")), context=str(data.get("context", "")))


def seal_of(data: Mapping[str, Any], reading: Reading) -> str:
    """What says that the fields beside a kubeconfig were filled from it. Keyed, so that it tells
    nothing about the kubeconfig."""
    text = f"{reading.context}\n{data.get('kubeconfig', '')}".replace("\r\n", "\n")
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()[:32]


def fillings(reading: Reading) -> dict[str, str]:
    """The fields that a kubeconfig fills."""
    found = {name: getattr(reading, name) for name in _FILLED} if reading.server else {}
    if reading.namespace and reading.namespace != "default":
        found["namespaces"] = reading.namespace
    return found


def filled(data: QueryDict, reading: Reading) -> QueryDict:
    """The data of a form with what the kubeconfig says, unless it was filled in already."""
    if constant_time_compare(str(data.get("seen", "")), seal_of(data, reading)):
        return data
    data = data.copy()
    for name, value in fillings(reading).items():
        if name != "namespaces" or not str(data.get(name, "")).strip():
            data[name] = value
    return data
