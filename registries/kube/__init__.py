"""Talking to Kubernetes: everything here is free of Django and of the feed."""
