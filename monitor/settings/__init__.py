"""The monitor's settings as models: every default is written here, once."""
