"""The agent: drives a gateway that our workers cannot reach, from beside it.

``python -m gateways.agent``. It reads its control plane's feed in Redis, by a user that may read
nothing else, and writes what it knows of its gateway's processes. No Django, no database.

What it read last is kept on disk: with Redis away, a restarted agent gives a restarted gateway what
it had. docs/gateways/agent.md is for those who run it.
"""
