"""The verbs of the floor: control planes and API tokens."""

from __future__ import annotations

from .planes import change_control_plane, create_control_plane, delete_control_plane
from .tokens import create_api_token, revoke_api_token

__all__ = [
    "change_control_plane",
    "create_api_token",
    "create_control_plane",
    "delete_control_plane",
    "revoke_api_token",
]
