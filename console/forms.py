"""Forms of the console itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.models import ControlPlane
from console.roles import Role
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


class RoleForm(forms.Form):
    """One of the roles, each with what it may do."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.VIEWER,
        widget=forms.RadioSelect,
    )

    def attempt(self, action: Callable[[], object]) -> bool:
        return attempt(self, action)


class NewMemberForm(RoleForm):
    """Somebody who has an account, or who gets one."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_(
            "Whoever has an account of this name becomes a member. If nobody has, one is made, and"
            " you get a link with which they set their password."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Of a new account; may be left out")
    )
    field_order = ("username", "email", "role")


class AccountForm(RowForm):
    """One's own names."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")
