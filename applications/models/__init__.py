"""The rows of the chart room: one file an object."""

from .api import Api
from .application import Application, Claim
from .upstream import Member, Upstream

__all__ = ["Api", "Application", "Claim", "Member", "Upstream"]
