"""The pages of applications and their APIs."""
