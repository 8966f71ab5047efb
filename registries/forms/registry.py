"""All that can be said of a registry, as the admin and the console take it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from console.secrets import Secret
from console.ui.fields import ListField, SecretInput
from console.ui.forms import RowForm
from registries.kube import selectors
from registries.models import Registry


def check_namespace(name: str) -> None:
    if not selectors.is_namespace(name):
        raise ValidationError(_("“%(name)s” is not a namespace name."), params={"name": name})


class RegistryForm(RowForm):
    """All fields of a registry. The token is only ever written: an empty box keeps the stored
    one, a token file takes its place. `verify` is the wish to ask the cluster first."""

    token = SecretInput(
        label=_("Service account token"),
        help_text=_("Stored encrypted and never shown again."),
    )
    verify = forms.BooleanField(
        label=_("Test the connection before saving"),
        required=False,
        initial=True,
        help_text=_("What the cluster refuses is shown at the field to blame; nothing is saved."),
    )
    namespaces = ListField(
        label=_("Namespaces"),
        required=False,
        check=check_namespace,
        help_text=_(
            "Only these, each by its own path: a Role in each is enough. Empty: all namespaces"
        ),
    )
    namespace_patterns = ListField(
        label=_("Patterns"),
        required=False,
        help_text=_("Names, or regular expressions that fit the whole name; one a line"),
    )

    class Meta:
        model = Registry
        fields = (
            "name",
            "description",
            "enabled",
            "server",
            "ca_bundle",
            "tls_server_name",
            "verify_tls",
            "token_file",
            "namespaces",
            "namespace_operator",
            "namespace_patterns",
            "label_selector",
            "resource",
            "address_family",
            "draining",
            "deletion_guard",
        )
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "server": forms.TextInput(
                attrs={"placeholder": "https://10.0.0.1:6443", "inputmode": "url"}
            ),
            "ca_bundle": forms.Textarea(
                attrs={
                    "rows": 4,
                    "class": "code",
                    "spellcheck": "false",
                    "placeholder": "-----BEGIN CERTIFICATE-----",
                }
            ),
            "label_selector": forms.TextInput(attrs={"placeholder": "team=shop,tier in (web,api)"}),
            "token_file": forms.TextInput(
                attrs={"placeholder": "/var/run/secrets/cluster-a/token"}
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        token = self.fields["token"]
        assert isinstance(token, SecretInput)  # noqa: S101 - declared above
        token.describe(stored=bool(self.instance.token))

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        if chosen.get("token"):
            self.instance.token = Secret(chosen["token"])
        elif chosen.get("token_file"):
            self.instance.token = Secret()
        return chosen
