"""`python -m drills` is the `drill` command."""

from drills.entry import main

main()
