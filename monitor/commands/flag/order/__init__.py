"""`monitor flag order`: signing, joining, judging and ending orders, on a machine that needs no network."""
