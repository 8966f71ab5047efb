"""The verbs of the floor: control planes and their members, accounts, API tokens."""

from __future__ import annotations

from .accounts import change_account, end_other_sessions, save_preferences, set_password
from .members import add_member, change_role, forget_password, remove_member, switch_account
from .planes import change_control_plane, create_control_plane, delete_control_plane
from .tokens import create_api_token, revoke_api_token

__all__ = [
    "add_member",
    "change_account",
    "change_control_plane",
    "change_role",
    "create_api_token",
    "create_control_plane",
    "delete_control_plane",
    "end_other_sessions",
    "forget_password",
    "remove_member",
    "revoke_api_token",
    "save_preferences",
    "set_password",
    "switch_account",
]
