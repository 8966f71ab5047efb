"""Measurements against the running house. Each prints a table; quote ratios, machines are noisy."""
