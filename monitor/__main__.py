"""`python -m monitor` is the `monitor` command."""

from monitor.entry import main

main()
