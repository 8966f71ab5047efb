"""What a member of a control plane may do: look, work, or administer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Each role may do what the roles before it may."""

    VIEWER = "viewer", _("viewer")
    EDITOR = "editor", _("editor")
    ADMIN = "admin", _("admin")

    def includes(self, other: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)

    @property
    def with_article(self) -> str:
        """The role inside a sentence."""
        return str(_IN_A_SENTENCE[self])

    @property
    def explained(self) -> str:
        """What the role may do, in a sentence."""
        return str(_EXPLAINED[self])


_IN_A_SENTENCE = {
    Role.VIEWER: _("a viewer"),
    Role.EDITOR: _("an editor"),
    Role.ADMIN: _("an admin"),
}
_EXPLAINED = {
    Role.VIEWER: _("sees everything and changes nothing"),
    Role.EDITOR: _("also changes and publishes registries, gateways, applications and APIs"),
    Role.ADMIN: _("also manages members and the control plane itself"),
}
