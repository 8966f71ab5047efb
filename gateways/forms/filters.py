"""How the list of gateways is narrowed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from gateways import drivers
from gateways.health import Phase


class GatewayFilterForm(forms.Form):
    """All fields may be empty. `state` is what the drivers say now."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or address")}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("all")), *drivers.choices()]
    )
    state = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("all")), *Phase.choices]
    )
