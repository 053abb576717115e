"""The HTTP interface as data: one table of endpoints and the shapes of their answers."""
