"""The form of a gateway as its page has it: a card for each kind, a field for each setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.secrets import Secret
from console.ui.fields import JsonField, SecretInput
from console.ui.forms import RowForm
from gateways import drivers
from gateways.forms import settings
from gateways.forms.gateway import formfield
from gateways.models import Gateway

_OTHER = "other_settings"


class SecretChoice(models.TextChoices):
    """What becomes of a secret that is stored."""

    KEEP = "keep", _("Keep it")
    REPLACE = "replace", _("Replace it")
    FORGET = "forget", _("Forget it")


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting's field and when it is shown (`settings.when_of`)."""

    field: BoundField
    when: str


@dataclass(frozen=True, slots=True)
class KindCard:
    """A kind as the form offers it, with the fields of its settings."""

    key: str
    label: str
    icon: str
    text: str
    secret: str
    chosen: bool
    fields: list[SettingField]


class GatewayPageForm(RowForm):
    """The secret is only ever written. Settings that the kind does not know are kept in a field of
    their own, which is there only if there are any."""

    secret_choice = forms.ChoiceField(
        label=_("Stored secret"),
        choices=SecretChoice.choices,
        initial=SecretChoice.KEEP,
        required=False,
        widget=forms.RadioSelect,
    )
    secret = SecretInput(label=_("Secret"))

    class Meta:
        model = Gateway
        fields = ("name", "description", "enabled", "kind", "url", "by_agent")
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "url": forms.URLInput(attrs={"placeholder": "http://127.0.0.1:9080"}),
            "kind": forms.RadioSelect,
        }
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.settings or {}
        for kind in drivers.KINDS:
            mine = kind == self.instance.kind
            values = stored if mine else {}
            fields = settings.fields_of(kind, values, chosen=kind == self.kind)
            self.fields.update(fields)
        unknown = settings.unknown_of(self.instance.kind, stored)
        if unknown:
            self.fields[_OTHER] = JsonField(
                label=_("Other settings"),
                help_text=_("This release does not know them. What is here is kept as it is."),
                initial=unknown,
            )
        if not self.instance.secret:
            del self.fields["secret_choice"]

    @property
    def kind(self) -> str:
        """The kind that is chosen now."""
        wanted = self.data.get("kind", "") if self.is_bound else ""
        return str(wanted if wanted in drivers.KINDS else self.instance.kind)

    @property
    def kinds(self) -> Iterator[KindCard]:
        for key, row in drivers.KINDS.items():
            fields = [
                SettingField(self[settings.name_of(key, one.name)], settings.when_of(key, one))
                for one in settings.in_order(key)
            ]
            yield KindCard(
                key=key,
                label=row.label,
                icon=row.icon,
                text=gettext(row.text),
                secret=gettext(row.secret),
                chosen=key == self.kind,
                fields=fields,
            )

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        known = settings.chosen_of(self.kind, chosen)
        self.instance.settings = {**(chosen.get(_OTHER) or {}), **known}
        text, choice = chosen.get("secret"), chosen.get("secret_choice")
        if choice == SecretChoice.FORGET:
            self.instance.secret = Secret()
        elif choice == SecretChoice.REPLACE and not text:
            self.add_error("secret", _("Give the new secret, or keep the stored one."))
        elif text and choice != SecretChoice.KEEP:
            self.instance.secret = Secret(text)
        return chosen

    def add_error(self, field: str | None, error: Any) -> None:
        """What the model says of a setting goes to that setting's field."""
        if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            found = dict(error.error_dict)
            for one in found.pop("settings", ()):
                self._add_setting_error(one)
            if not found:
                return
            error = ValidationError(found)
        super().add_error(field, error)

    def _add_setting_error(self, error: ValidationError) -> None:
        if "kind" in self.errors:
            return  # whose settings these are is not known
        params = error.params or {}
        name = settings.name_of(self.kind, params.get("setting", ""))
        if name in self.errors:
            return  # the field has said so already
        if name in self.fields:
            super().add_error(name, params["text"])
        else:
            super().add_error(_OTHER if _OTHER in self.fields else None, error)
