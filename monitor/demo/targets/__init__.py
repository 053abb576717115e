"""What the demo's glass stands before: real software, started for it, and left out by name where it isn't there."""
