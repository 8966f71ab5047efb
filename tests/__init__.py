"""Everything that proves the house; see CONTRIBUTING.md."""
