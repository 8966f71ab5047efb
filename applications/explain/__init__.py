"""Why no node? What stands between a choice and the nodes that requests go to, in sentences.

Each cause is a `Sentence` of its own with a stable code, its weight, and what mends it. Looks into
the feeds, asks no cluster, and never raises: with Redis away nothing is known, which is said and is
not the same as none.
"""

from .kept import kept
from .members import Explanation, explain
from .sentences import Level, Sentence, as_data
from .upstreams import UpstreamExplanation, of_upstream, of_upstreams

__all__ = [
    "Explanation",
    "Level",
    "Sentence",
    "UpstreamExplanation",
    "as_data",
    "explain",
    "kept",
    "of_upstream",
    "of_upstreams",
]
