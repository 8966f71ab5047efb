"""The form of a gateway with its settings as JSON, as Django admin has it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from console.secrets import Secret
from console.ui.fields import JsonField, SecretInput
from console.ui.forms import RowForm
from gateways import drivers
from gateways.models import Gateway


def formfield(field: models.Field[Any, Any], **options: Any) -> forms.Field | None:
    """An address without a scheme is an http one."""
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "http"
    return field.formfield(**options)


class GatewayForm(RowForm):
    """All fields of a gateway. The secret is only ever written: an empty box keeps the stored
    one, and a box of its own forgets it."""

    settings = JsonField(label=_("Settings"), rows=8)
    secret = SecretInput(
        label=_("Secret"),
        help_text=_("A password or key that the settings must not show. Stored encrypted."),
    )
    forget_secret = forms.BooleanField(label=_("Forget the stored secret"), required=False)

    class Meta:
        model = Gateway
        fields = ("name", "description", "enabled", "kind", "url", "by_agent", "settings")
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "url": forms.URLInput(attrs={"placeholder": "http://127.0.0.1:9080"}),
        }
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        secret = self.fields["secret"]
        assert isinstance(secret, SecretInput)  # noqa: S101 - declared above
        secret.describe(stored=bool(self.instance.secret))
        if not self.instance.secret:
            del self.fields["forget_secret"]
        if self.instance._state.adding and not self.instance.settings:
            self.initial["settings"] = _skeleton(self.instance.kind)

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        if chosen.get("secret"):
            self.instance.secret = Secret(chosen["secret"])
        elif chosen.get("forget_secret"):
            self.instance.secret = Secret()
        return chosen


def _skeleton(kind: str) -> dict[str, Any]:
    """Every setting of a kind with its default, or empty if it has to be given."""
    return {one.name: "" if one.required else one.default for one in drivers.settings_of(kind)}
