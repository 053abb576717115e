"""When the credentials end that the monitor holds."""
