"""The pages of service registries: the rows, and what is known of them now."""
