"""The form of a registry as the console shows it: several ways to say where the cluster is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from console.secrets import Secret
from registries.kubeconfig import Reading

from . import pasted
from .registry import RegistryForm


class Way(models.TextChoices):
    """Where the token comes from."""

    TOKEN = "token", _("Address and token")
    KUBECONFIG = "kubeconfig", _("Paste a kubeconfig")
    FILE = "file", _("Token file")


# Where an error about the token is seen: at the field by which it is given.
_TOKEN_FIELDS = {Way.KUBECONFIG: "kubeconfig", Way.FILE: "token_file", Way.TOKEN: "token"}


class RegistryPageForm(RegistryForm):
    """The form as the console shows it. Without a `way` it takes whatever is given, as a plain form
    does."""

    way = forms.ChoiceField(
        label=_("How Portolan reaches the cluster"),
        choices=Way.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    kubeconfig = pasted.box()
    context = pasted.context()
    seen = pasted.seal()

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any) -> None:
        self.reading = Reading()
        if data is not None and data.get("way") == Way.KUBECONFIG:
            self.reading = pasted.read(data)
            data = pasted.filled(data, self.reading)
        super().__init__(data, *args, **kwargs)
        self.fields["way"].initial = Way.FILE if self.instance.token_file else Way.TOKEN

    @property
    def chosen_way(self) -> str:
        return str(self["way"].value() or Way.TOKEN)

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data
        way = chosen.get("way")
        if way == Way.KUBECONFIG:
            self._take_kubeconfig(chosen)
        elif way == Way.TOKEN:
            chosen["token_file"] = ""
        elif way == Way.FILE:
            chosen["token"] = ""
            self.instance.token = Secret()
            if not chosen.get("token_file"):
                self.add_error("token_file", _("Name the file."))
        return super().clean()

    def add_error(self, field: str | None, error: Any) -> None:
        if field is None and isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            error = ValidationError(
                {self._seen_at(name): found for name, found in error.error_dict.items()}
            )
        super().add_error(self._seen_at(field) if field else None, error)

    def _post_clean(self) -> None:
        # What a kubeconfig that is refused does not give is not missed as well.
        if self.reading.sound:
            super()._post_clean()  # type: ignore[misc] # Django's own, without types

    def _seen_at(self, field: str) -> str:
        way = self.data.get("way")
        if field in ("token", "token_file") and way in _TOKEN_FIELDS:
            return _TOKEN_FIELDS[Way(way)]
        return field

    def _take_kubeconfig(self, chosen: dict[str, Any]) -> None:
        chosen["token_file"] = ""
        chosen["token"] = self.reading.token
        if not self.reading.token:
            # A stored token is not what was asked for.
            self.instance.token = Secret()
        for text in self.reading.problems:
            self.add_error("kubeconfig", text)
        if self.reading.context_problem:
            self.add_error("context", self.reading.context_problem)
        if not self.reading.sound and not self.reading.server:
            self.errors.pop("server", None)


class TrialForm(RegistryPageForm):
    """What it takes to try a connection: all but what the registry is called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "description", "enabled", "verify", "deletion_guard", "draining"):
            del self.fields[name]

    home = ""
