"""A user's own API tokens."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from console import actions
from console.forms import ApiTokenForm
from console.models import ApiToken
from console.ui.pages import personal_page


def _own(request: HttpRequest) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user_id=request.user.pk or 0)


@personal_page()
def token_list(request: HttpRequest) -> HttpResponse:
    return render(request, "console/token_list.html", {"tokens": _own(request)})


@personal_page("GET", "POST")
def token_create(request: HttpRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows the token's text; it is not kept
    by the browser."""
    form = ApiTokenForm(request.POST or None)
    made: list[tuple[ApiToken, str]] = []

    def create() -> None:
        assert isinstance(request.user, AbstractBaseUser)  # noqa: S101 - login is required
        made.append(
            actions.create_api_token(
                user=request.user,
                name=form.cleaned_data["name"],
                expires_at=form.expires_at(),
            )
        )

    if request.method == "POST" and form.attempt(create):
        token, text = made[0]
        response = render(request, "console/token_created.html", {"token": token, "text": text})
        response.headers["Cache-Control"] = "no-store"
        return response
    return render(request, "console/token_form.html", {"form": form})


@personal_page("POST")
def token_revoke(request: HttpRequest, pk: str) -> HttpResponse:
    token = get_object_or_404(_own(request), pk=pk)
    actions.revoke_api_token(token=token, actor=request.user)
    messages.success(request, _("The token “%s” is revoked.") % token.name)
    return redirect("console:token-list")
