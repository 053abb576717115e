"""One file per schema, from the first on."""
