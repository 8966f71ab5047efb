"""API tokens: one's own, and for administrators those of their members, without the text."""

from __future__ import annotations

import itertools

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console import access, actions
from console.forms import ApiTokenForm
from console.models import ApiToken
from console.ui import shown, toasts
from console.ui.forms import ConfirmForm
from console.ui.lists import Column, Listing, export
from console.ui.pages import paginate, personal_page

_SORTS = {
    "user": ("user__username", "-created_at"),
    "name": ("name", "-created_at"),
    "used": ("last_used_at", "user__username"),
    "expires": ("expires_at", "user__username"),
}
COLUMNS: tuple[Column[ApiToken], ...] = (
    Column("user", lambda one: one.user.get_username()),
    Column("name", lambda one: one.name),
    Column("ends_with", lambda one: one.hint),
    Column("created_at", lambda one: one.created_at.isoformat()),
    Column("last_used_at", lambda one: one.last_used_at and one.last_used_at.isoformat()),
    Column("expires_at", lambda one: one.expires_at and one.expires_at.isoformat()),
)


def _own(request: HttpRequest) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user_id=request.user.pk or 0)


def _of_members(request: HttpRequest) -> QuerySet[ApiToken]:
    """The tokens of the other members of the control plane, for its administrators."""
    seat = shown.seat(request)
    if seat is None or not shown.may(request).administer:
        return ApiToken.objects.none()
    members = ApiToken.objects.filter(user__memberships__control_plane=seat.control_plane)
    return members.exclude(user_id=request.user.pk or 0).select_related("user")


@personal_page()
def token_list(request: HttpRequest) -> HttpResponseBase:
    """One's own, page by page, and below them those of others; the file has all of them."""
    own = _own(request).order_by("-created_at", "pk").select_related("user")
    listing = Listing(request, _of_members(request), sorts=_SORTS, default="user")
    whole = itertools.chain(own.iterator(), listing.rows.iterator())
    if file := export(request, whole, COLUMNS, name="tokens"):
        return file
    page = listing.page
    others = list(page.object_list)
    answered_for = access.accounts_of(request.user, {one.user_id for one in others})
    for one in others:
        one.answered_for = one.user_id in answered_for  # type: ignore[attr-defined]
    context = {
        "tokens": paginate(request, own, param="own"),
        "listing": listing,
        "page": page,
        "others": others,
    }
    answer: HttpResponse = render(request, "console/token_list.html", context)
    return answer


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


@personal_page("GET", "POST")
def token_revoke(request: HttpRequest, pk: str) -> HttpResponse:
    """One's own, or that of a member whose account one answers for: a token reaches every control
    plane of its user. It cannot be taken back, so its name is asked for."""
    token = _own(request).filter(pk=pk).first() or get_object_or_404(_of_members(request), pk=pk)
    if token.user_id != request.user.pk:
        get_object_or_404(
            ApiToken, pk=pk, user__in=access.accounts_of(request.user, {token.user_id})
        )
    refusal = _("This is not the name. Nothing was revoked.")
    form = ConfirmForm(request.POST or None, expected=token.name, refusal=refusal)
    if request.method == "POST" and form.attempt(
        lambda: actions.revoke_api_token(token=token, actor=request.user)
    ):
        toasts.done(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
        return redirect("console:token-list")
    back = reverse("console:token-list")
    context = {
        "form": form,
        "name": token.name,
        "back": back,
        "trail": [(_("API tokens"), back), (token.name, "")],
        "deed": _("Revoke"),
        "symbol": "key-off",
        "question": _("Revoke the token “%(name)s”?") % {"name": token.name},
        "consequence": _("Programs that use it lose access at once. It cannot be taken back."),
    }
    return render(request, "_confirm.html", context)
