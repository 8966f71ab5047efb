"""The forms of the chart room."""

from .api import ApiForm
from .application import ApplicationEditor, ApplicationForm, UpstreamForm
from .filters import ApplicationFilterForm
from .member import MemberForm

__all__ = [
    "ApiForm",
    "ApplicationEditor",
    "ApplicationFilterForm",
    "ApplicationForm",
    "MemberForm",
    "UpstreamForm",
]
