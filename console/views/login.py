"""Coming in: the login, and the page on which an invited person sets their first password."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console import actions
from console.models import Preferences
from console.throttle import Attempts
from console.ui import looks
from console.ui.forms import focus_first_error


class PatientForm(AuthenticationForm):
    """Django's, but for a while it does not listen to who guesses."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username") or ""
        attempts = Attempts.of(cast(HttpRequest, self.request), username)
        if seconds := attempts.wait():
            text = ngettext(
                "Too many wrong passwords. Try again in %(seconds)d second.",
                "Too many wrong passwords. Try again in %(seconds)d seconds.",
                seconds,
            )
            raise ValidationError(text, code="throttled", params={"seconds": seconds})
        try:
            cleaned = super().clean()
        except ValidationError:
            attempts.failed()
            raise
        if self.user_cache is not None:
            attempts.succeeded()
        return cleaned


class Login(LoginView):
    template_name = "console/login.html"
    authentication_form = PatientForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The person's language and theme come along."""
        response = super().form_valid(form)
        kept = Preferences.objects.filter(user_id=form.get_user().pk).first()
        if kept:
            looks.remember(response, language=kept.language or None, theme=kept.theme)
        return response


class FirstPasswordForm(SetPasswordForm):  # type: ignore[type-arg] # not generic at run time
    def save(self, commit: bool = True) -> User:
        user: User = self.user
        actions.set_password(user=user, password=self.cleaned_data["new_password1"])
        return user


@method_decorator(login_not_required, name="dispatch")
class Invitation(PasswordResetConfirmView):
    """What the link of an invitation opens. It is good once, and for as long as
    PASSWORD_RESET_TIMEOUT says: the token in it is of the account without a password."""

    template_name = "console/invitation.html"
    form_class = FirstPasswordForm
    success_url = reverse_lazy("console:overview")
    post_reset_login = True
    title = _("Set your password")

    def get_user(self, uidb64: str) -> User | None:
        """Nobody who has a password already, or whose account is turned off."""
        user: User | None = super().get_user(uidb64)
        if user is None or not user.is_active or user.has_usable_password():
            return None
        return user

    def form_invalid(self, form: Any) -> HttpResponse:
        focus_first_error(form)
        return super().form_invalid(form)
