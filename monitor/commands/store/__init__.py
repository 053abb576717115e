"""`monitor store …`, one module for each command."""
