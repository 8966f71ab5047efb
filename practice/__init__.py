"""The practice cluster: a small stand-in for a Kubernetes cluster, for the demo and the tests.

It promises the semantics of the Kubernetes API (list, watch, versions, errors, RBAC, tokens) for
the few kinds a service-discovery client meets, and real HTTP replicas behind them. It imports
nothing from the other rooms, and no room imports it; the tests may.
"""
