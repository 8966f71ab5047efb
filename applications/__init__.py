"""The chart room: what teams publish, joined with what the registries discovered.

Reads its own rows and the registries' feeds, writes one feed a control plane. Never hears of a
kind of gateway.
"""
