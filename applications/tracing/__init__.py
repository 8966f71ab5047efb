"""Which route a request would take, and why the others would not.

Judges by the contract's own rule (`console.contract.matching`) on what was compiled, hence on what
gateways are told; what is not published is compiled here in the same way, to say that it would fit.
Sends no request.
"""

from .asking import Asked
from .tracing import Trace, Traced, trace

__all__ = ["Asked", "Trace", "Traced", "trace"]
