"""`monitor backtest`: what settings would find, and how soon."""
