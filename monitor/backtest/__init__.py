"""What settings would find, and how soon: our own rules run through simulated or recorded time."""
