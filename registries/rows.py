"""The rows of the registries that this process watches (`console.rows`)."""

from __future__ import annotations

from console.contract import keys
from console.rows import Followed, Rows
from registries.models import Registry

Row = Followed[Registry]
# Who asks for everything to be read anew changes no configuration.
ROWS = Rows(Registry, topic=keys.registry, name="registries", also=("resync_asked_at",))
