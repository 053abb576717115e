"""Values of a drill: no behaviour, no clock, no file."""
