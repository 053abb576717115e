"""Values the monitor speaks in. They hold data and decide nothing."""
