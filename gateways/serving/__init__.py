"""Gateways that fetch what they are to have: Traefik's HTTP provider asks our console.

`desk` follows the control plane's feed for one gateway and keeps its document; `views` is the door.
"""
