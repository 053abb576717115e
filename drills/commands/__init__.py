"""The commands of `drill`: one module for each."""
