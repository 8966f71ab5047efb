from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class SiteConfig(AdminConfig):
    """Django admin with a site of ours."""

    default_site = "console.ui.site.PortolanAdminSite"
