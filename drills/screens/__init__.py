"""What a run is watched on: lines, JSON lines, or a terminal that shows how everything stands."""
