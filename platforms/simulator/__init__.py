"""A JIT access platform to break on purpose: its world, its faults and its HTTP face."""
