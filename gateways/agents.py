"""What one needs to start an agent beside a gateway: a configuration, a Redis user, a command.

Holds no secret: places for them are in capitals.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from console.contract import keys
from gateways.models import Gateway

# What an agent may ask Redis for; explained in docs/gateways/agent.md.
_COMMANDS = "+hmget +hscan +hexists +xread +hset +hdel +set +expire +ping +hello +select"


@dataclass(frozen=True, slots=True)
class Snippet:
    """`config` is a TOML file, `command` starts the agent with it, `acl` is a command for Redis."""

    config: str
    command: str
    acl: str


def snippet(gateway: Gateway) -> Snippet:
    plane, own = str(gateway.control_plane_id), str(gateway.pk)
    user = f"agent-{own[:8]}"
    lines = [
        f"redis_url = {_toml(f'rediss://{user}@REDIS-HOST:6379/0')}",
        'redis_password_file = "/etc/portolan/redis-password"',
        'secret_file = "/etc/portolan/gateway-secret"',
        'state_folder = "/var/lib/portolan-agent"',
        f"control_plane = {_toml(plane)}",
        f"gateway = {_toml(own)}",
        f"kind = {_toml(gateway.kind)}",
        "",
        "[settings]",
        *(
            f"{name} = {_toml(value)}"
            for name, value in gateway.settings.items()
            if value not in ("", None, {})
        ),
    ]
    feed = keys.feed(keys.control_plane(plane)).states.rpartition(":")[0]
    return Snippet(
        config="\n".join(lines) + "\n",
        command="python -m gateways.agent --config /etc/portolan/agent.toml",
        acl=(
            f"ACL SETUSER {user} on >PASSWORD resetkeys resetchannels -@all {_COMMANDS}"
            f" %R~{feed}:* %W~{keys.instances(keys.gateway(own))}"
            f" %W~{keys.served(keys.gateway(own))}"
        ),
    )


def _toml(value: Any) -> str:
    """A value as TOML has it: JSON's spelling but for tables, which are written in one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # TOML knows JSON's escapes but for the slash, which is never escaped here, and DEL is none.
    return json.dumps(value)
