"""What a journey decides, as pure functions and generators: no clock, network, store or logger."""
