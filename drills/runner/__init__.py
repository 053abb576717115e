"""Runs a scenario, and always cleans up."""
