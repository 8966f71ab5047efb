"""Measurements. Each prints a table and what it means for its budget; quote ratios, for machines
are noisy. A figure never fails a bench, a measurement that went wrong does (exit code 1)."""
