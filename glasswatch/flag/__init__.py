"""The break-glass flag: the signed document, its keys and its strict reader."""
