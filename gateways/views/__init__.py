"""The pages of gateways: the rows, what is known of them now, and trying them."""
