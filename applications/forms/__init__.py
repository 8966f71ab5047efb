"""The forms of the chart room."""

from .api import ApiForm
from .application import ApplicationEditor, ApplicationForm
from .filters import ApiFilterForm, ApplicationFilterForm
from .member import MemberForm
from .upstream import UpstreamForm
from .version import VersionEditor

__all__ = [
    "ApiFilterForm",
    "ApiForm",
    "ApplicationEditor",
    "ApplicationFilterForm",
    "ApplicationForm",
    "MemberForm",
    "UpstreamForm",
    "VersionEditor",
]
