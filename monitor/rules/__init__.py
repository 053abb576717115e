"""What the monitor decides: pure functions of values, with now as an argument."""
