"""The pages of the console itself: overview, settings, API tokens, audit log."""
