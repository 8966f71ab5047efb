from __future__ import annotations

from django.contrib.admin.apps import AdminConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class SiteConfig(AdminConfig):
    """Django admin with a site of ours."""

    default_site = "console.ui.site.PortolanAdminSite"


class StaticConfig(StaticFilesConfig):
    """Collects what pages load, and what that names: a tenth of what the packages bring."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("libs", "types", "img/*", "css/*.rtl.*", "css/tabler-*", "css/tabler.css*"),
        *("js/tabler-*", "js/tabler.js*", "*.esm*", "*.scss", "*.html", "tabler-icons-*"),
        *("tabler-icons.css", "idiomorph.*", "idiomorph-htmx.js", "idiomorph-ext.js"),
        *("redoc", "*-es-bundle*", "swagger-ui.js*"),
    ]
