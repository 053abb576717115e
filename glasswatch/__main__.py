"""`python -m glasswatch` is the `glasswatch` command."""

from glasswatch.cli import main

main()
