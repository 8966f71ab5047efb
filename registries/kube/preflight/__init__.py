"""Asking a cluster, step by step, whether it can be watched.

The steps are those that watching takes, in their order: name → connection → TLS → token →
permissions → list → watch, the last three for every namespace of the registry. Nothing is guessed:
what is reported as read was read. `check` ends with the first failure; `walk` is for people who
look on: it announces each step, looks closer, and says what it could not try any more.
"""

from .findings import Finding, State
from .walk import STEPS, check, walk

__all__ = ["STEPS", "Finding", "State", "check", "walk"]
