"""The `monitor uses` commands."""
