"""The intake: which clusters there are and what runs in them now.

Reads Kubernetes API servers, writes one feed a registry. Never hears of applications or gateways.
"""
