"""Where the relay was before every link got one; it lives in `tests.relay`."""

from tests.relay import Relay, relay_to

__all__ = ["Relay", "relay_to"]
