"""Watchers: they find uses of break-glass in logs, because a reader can be bypassed."""
