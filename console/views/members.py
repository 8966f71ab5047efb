"""Members of the control plane: who they are, what they may do, how they come in and go."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console import access, actions, invitations
from console.forms import NewMemberForm, RoleForm
from console.models import Membership
from console.roles import Role
from console.ui import toasts
from console.ui.lists import Column, Listing, export
from console.ui.pages import control_plane_of, page

_SORTS = {
    "name": ("user__username",),
    "role": ("role", "user__username"),
    "login": ("user__last_login", "user__username"),
    "since": ("created_at",),
}
_COLUMNS: list[Column[Membership]] = [
    Column("name", lambda one: one.user.get_username()),
    Column("full_name", lambda one: one.user.get_full_name()),
    Column("email", lambda one: one.user.email),
    Column("role", lambda one: one.role),
    Column("active", lambda one: one.user.is_active),
    Column("last_login", lambda one: one.user.last_login),
    Column("member_since", lambda one: one.created_at),
]


def rows_of(request: HttpRequest) -> QuerySet[Membership]:
    return Membership.objects.filter(control_plane=control_plane_of(request)).select_related("user")


@page(role=Role.ADMIN)
def member_list(request: HttpRequest) -> HttpResponseBase:
    rows = rows_of(request)
    wanted = request.GET.get("q", "").replace("\0", "").strip()  # which PostgreSQL refuses
    role = request.GET.get("role", "")
    if wanted:
        rows = rows.filter(
            Q(user__username__icontains=wanted)
            | Q(user__first_name__icontains=wanted)
            | Q(user__last_name__icontains=wanted)
            | Q(user__email__icontains=wanted)
        )
    if role in Role.values:
        rows = rows.filter(role=role)
    listing = Listing(request, rows, sorts=_SORTS, default="name")
    if file := export(request, listing.rows, _COLUMNS, name="members"):
        return file
    return render(
        request,
        "console/member_list.html",
        {
            "listing": listing,
            "q": wanted,
            "role": role,
            "roles": Role,
            "superusers": User.objects.filter(is_superuser=True, is_active=True),
        },
    )


@page("GET", "POST", role=Role.ADMIN)
def member_create(request: HttpRequest) -> HttpResponse:
    """Whom nobody knows yet gets an account, and its invitation is shown, this once."""
    form = NewMemberForm(request.POST or None)
    made: list[tuple[Membership, bool]] = []

    def add() -> None:
        made.append(
            actions.add_member(
                control_plane=control_plane_of(request),
                username=form.cleaned_data["username"],
                email=form.cleaned_data["email"],
                role=form.cleaned_data["role"],
                actor=request.user,
            )
        )

    if request.method == "POST" and form.attempt(add):
        [(membership, new)] = made
        if new:
            return _invited(request, membership)
        toasts.done(
            request, _("“%(name)s” is a member now.") % {"name": membership.user.get_username()}
        )
        return redirect("console:member-list")
    return render(request, "console/member_form.html", {"form": form, "roles": Role})


@page("GET", "POST", role=Role.ADMIN)
def member_edit(request: HttpRequest, pk: str) -> HttpResponse:
    membership = get_object_or_404(rows_of(request), pk=pk)
    before = membership.role
    form = RoleForm(request.POST or None, initial={"role": before})
    if request.method == "POST" and form.attempt(
        lambda: actions.change_role(
            membership=membership, role=form.cleaned_data["role"], actor=request.user
        )
    ):
        toasts.done(
            request,
            _("“%(name)s” is %(role)s now.")
            % {"name": membership.user, "role": Role(membership.role).with_article},
            undo=reverse("console:member-edit", args=[pk]) if membership.role != before else "",
            fields={"role": before},
        )
        return redirect("console:member-list")
    return render(
        request,
        "console/member_edit.html",
        {
            "form": form,
            "membership": membership,
            "roles": Role,
            "answers": access.answers_for(request.user, membership.user),
            "pending": _pending(membership.user),
        },
    )


@page("POST", role=Role.ADMIN)
def member_remove(request: HttpRequest, pk: str) -> HttpResponse:
    membership = get_object_or_404(rows_of(request), pk=pk)
    name = membership.user.get_username()
    try:
        actions.remove_member(membership=membership, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("console:member-edit", pk=pk)
    toasts.done(
        request,
        _("“%(name)s” is no longer a member.") % {"name": name},
        undo=reverse("console:member-create"),
        fields={"username": name, "role": membership.role},
    )
    return redirect("console:member-list")


@page("POST", role=Role.ADMIN)
def member_account(request: HttpRequest, pk: str) -> HttpResponse:
    """Turn a member's account off or on."""
    membership = get_object_or_404(rows_of(request), pk=pk)
    _answer_for(request, membership)
    active = request.POST.get("active") == "1"
    try:
        actions.switch_account(membership=membership, active=active, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        text = (
            _("“%(name)s” can log in again.")
            if active
            else _("“%(name)s” can no longer log in; their sessions and tokens have ended.")
        )
        toasts.done(
            request,
            text % {"name": membership.user},
            undo=reverse("console:member-account", args=[pk]),
            fields={"active": "" if active else "1"},
        )
    return redirect("console:member-edit", pk=pk)


@page("POST", role=Role.ADMIN)
def member_link(request: HttpRequest, pk: str) -> HttpResponse:
    """Another invitation. Who has a password loses it: the link is for who has forgotten theirs."""
    membership = get_object_or_404(rows_of(request), pk=pk)
    _answer_for(request, membership)
    if membership.user == request.user:
        return redirect("console:profile")
    if not _pending(membership.user):
        actions.forget_password(membership=membership, actor=request.user)
    return _invited(request, membership)


def _pending(user: User) -> bool:
    return not user.has_usable_password()


def _answer_for(request: HttpRequest, membership: Membership) -> None:
    if not access.answers_for(request.user, membership.user):
        raise PermissionDenied(
            _(
                "This account is also a member of control planes that you do not administer. Ask an"
                " administrator of the whole console."
            )
        )


def _invited(request: HttpRequest, membership: Membership) -> HttpResponse:
    response = render(
        request,
        "console/member_invited.html",
        {"membership": membership, "link": invitations.link(request, membership.user)},
    )
    response.headers["Cache-Control"] = "no-store"
    return response
