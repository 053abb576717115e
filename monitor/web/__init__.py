"""The HTTP face: status page, metrics and API."""
