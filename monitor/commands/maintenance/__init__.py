"""The `monitor maintenance` commands."""
