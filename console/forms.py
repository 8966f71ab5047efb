"""Forms of the console itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.models import AuditEntry, ControlPlane
from console.ui.forms import RowForm, attempt


class ControlPlaneForm(RowForm):
    class Meta:
        model = ControlPlane
        fields = ("name", "slug", "description")
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class ApiTokenForm(forms.Form):
    """A name and a lifetime. The text of the token is made, not typed."""

    LIFETIMES = (
        ("30", _("30 days")),
        ("90", _("90 days")),
        ("365", _("one year")),
        ("", _("it does not expire")),
    )

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What it is for, e.g. deploy pipeline")
    )
    lifetime = forms.ChoiceField(
        label=_("Expires after"), choices=LIFETIMES, required=False, initial="90"
    )

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return timezone.now() + timedelta(days=int(days)) if days else None

    def attempt(self, action: Callable[[], object]) -> bool:
        return attempt(self, action)


class AuditFilterForm(forms.Form):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.SearchInput(attrs={"placeholder": _("Object or actor")}),
    )
    verb = forms.ChoiceField(
        label=_("Verb"),
        required=False,
        choices=[("", _("Every verb")), *AuditEntry.Verb.choices],
    )
    type = forms.ChoiceField(
        label=_("Type"),
        required=False,
        choices=[
            ("", _("Every type")),
            ("registry", _("service registry")),
            ("application", _("application")),
            ("upstream", _("upstream")),
            ("api", _("API")),
            ("gateway", _("gateway")),
            ("controlplane", _("control plane")),
            ("apitoken", _("API token")),
        ],
    )
    object = forms.CharField(required=False, widget=forms.HiddenInput)
