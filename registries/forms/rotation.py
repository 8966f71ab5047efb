"""A new token for a registry that is watched already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.ui.fields import SecretInput
from console.ui.forms import attempt
from registries.kubeconfig import Reading
from registries.models import Registry

from . import pasted
from .guided import Way


class TokenForm(forms.Form):
    """The token itself, or a kubeconfig of the same API server that has it."""

    way = forms.ChoiceField(
        label=_("Where the new token is"),
        choices=[
            (Way.TOKEN.value, _("Paste the token")),
            (Way.KUBECONFIG.value, _("Paste a kubeconfig")),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=Way.TOKEN.value,
    )
    token = SecretInput(label=_("New token"))
    kubeconfig = pasted.box()
    context = pasted.context()
    seen = pasted.seal()

    def __init__(
        self, data: QueryDict | None = None, *args: Any, registry: Registry, **kwargs: Any
    ) -> None:
        super().__init__(data, *args, **kwargs)
        self._registry = registry
        self.reading = Reading()
        if data is not None and data.get("way") == Way.KUBECONFIG:
            self.reading = pasted.read(data)

    @property
    def chosen_way(self) -> str:
        return str(self["way"].value() or Way.TOKEN)

    @property
    def pasted_token(self) -> str:
        """What the request brings, whether it is of any use or not."""
        if self.data.get("way") == Way.KUBECONFIG:
            return self.reading.token
        return str(self.data.get("token", "")).strip()

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        if chosen.get("way") != Way.KUBECONFIG:
            if not chosen.get("token"):
                self.add_error("token", _("Paste the new token."))
            return chosen
        for text in self.reading.problems:
            self.add_error("kubeconfig", text)
        if self.reading.context_problem:
            self.add_error("context", self.reading.context_problem)
        elif self.reading.server.strip().rstrip("/") not in ("", self._registry.server):
            text = gettext(
                "This kubeconfig is of another server: %(server)s. Change the registry for it."
            )
            self.add_error("kubeconfig", text % {"server": self.reading.server[:200]})
        return chosen

    def add_error(self, field: str | None, error: Any) -> None:
        if field == "token" and self.data.get("way") == Way.KUBECONFIG:
            field = "kubeconfig"
        super().add_error(field, error)

    def attempt(self, action: Callable[[], object]) -> bool:
        return attempt(self, action)
