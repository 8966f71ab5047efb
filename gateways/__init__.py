"""The outlet: renders a control plane's resources for one kind of gateway and applies them."""
