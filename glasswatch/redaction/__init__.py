"""Secrets taken out of text that is shown or kept, however their letters are written. Pure."""
