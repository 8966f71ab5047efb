"""Django admin's site: for superusers, through the console's own login.

Django's permissions know no control planes, so whoever is not a superuser has no business here; and
a second login form would be one without the console's patience.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import access


class PortolanAdminSite(AdminSite):
    site_header = "Portolan"
    site_title = "Portolan"
    index_title = gettext_lazy("All rows")

    def has_permission(self, request: HttpRequest) -> bool:
        return access.rules_all(request.user)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.user.is_authenticated:
            raise PermissionDenied(_("Django admin is for administrators of the whole console."))
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(wanted, login_url=reverse("console:login"))
