"""One's own account: names, password, sessions, language and theme."""

from __future__ import annotations

from typing import cast

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import actions
from console.forms import AccountForm
from console.models import Preferences
from console.ui import looks, toasts
from console.ui.forms import attempt
from console.ui.pages import personal_page


@personal_page("GET", "POST")
def profile(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = AccountForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.attempt(
        lambda: actions.change_account(user=form.instance)
    ):
        toasts.done(request, _("Your profile is saved."))
        return redirect("console:profile")
    return _profile(request, form, PasswordChangeForm(user))


@personal_page("POST")
def password(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = PasswordChangeForm(user, request.POST)

    def change() -> None:
        actions.set_password(user=user, password=form.cleaned_data["new_password1"])

    if attempt(form, change):
        update_session_auth_hash(request, user)
        toasts.done(request, _("Your password is changed. Other browsers are logged out."))
        return redirect("console:profile")
    return _profile(request, AccountForm(instance=user), form)


@personal_page("POST")
def sessions(request: HttpRequest) -> HttpResponse:
    """Log out everywhere else."""
    ended = actions.end_other_sessions(
        user=cast(User, request.user), keep=request.session.session_key
    )
    text = ngettext("%(count)d other session ended.", "%(count)d other sessions ended.", ended)
    toasts.done(request, text % {"count": ended})
    return redirect("console:profile")


@login_not_required
@personal_page("POST")
def look(request: HttpRequest) -> HttpResponse:
    """Take another language or theme and go back; also before the login."""
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language is not None and not looks.known_language(language):
        language = None
    if theme is not None and theme not in Preferences.Theme.values:
        theme = None
    response = redirect(_way_back(request))
    looks.remember(response, language=language, theme=theme)
    if request.user.is_authenticated:
        actions.save_preferences(user=request.user, language=language, theme=theme)
    return response


def _profile(
    request: HttpRequest, account: AccountForm, password_form: PasswordChangeForm
) -> HttpResponse:
    if not password_form.is_bound:
        password_form.fields["old_password"].widget.attrs.pop("autofocus", None)
    return render(
        request, "console/profile.html", {"form": account, "password_form": password_form}
    )


def _way_back(request: HttpRequest) -> str:
    """The page that was looked at, if it is one of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else "console:overview"
