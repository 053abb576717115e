"""`python -m glasswatch` is the `glasswatch` command."""

from glasswatch.entry import main

main()
