"""What a drill decides: pure functions of values."""
