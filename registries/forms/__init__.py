"""The forms of service registries."""

from .guided import RegistryPageForm, TrialForm, Way
from .registry import RegistryForm
from .rights import RightsForm
from .rotation import TokenForm

__all__ = [
    "RegistryForm",
    "RegistryPageForm",
    "RightsForm",
    "TokenForm",
    "TrialForm",
    "Way",
]
