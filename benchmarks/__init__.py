"""Measurements of what the documentation claims, beside the peers where they are installed."""
