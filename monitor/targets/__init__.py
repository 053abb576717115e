"""Places where signed flags are published."""
