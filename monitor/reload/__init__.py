"""Takes other settings over while the monitor runs: read, compare, build, then swap in one step of the loop."""
