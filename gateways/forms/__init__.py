"""What people fill in about gateways."""

from gateways.forms.filters import GatewayFilterForm
from gateways.forms.gateway import GatewayForm
from gateways.forms.page import GatewayPageForm

__all__ = ["GatewayFilterForm", "GatewayForm", "GatewayPageForm"]
