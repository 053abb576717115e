"""`monitor flag verify` as click has it: its help, and the shell's completion. Everything else is `verify`'s own."""

from monitor.commands.flag import verify
from monitor.commands.flag.quick import QuickCommand
from monitor.commands.flag.verify_options import DOCUMENT, OPTIONS

command = QuickCommand("verify", verify.main, OPTIONS, DOCUMENT)
command.help = """Say whether break-glass is ready by DOCUMENT, a file or - for standard input.

Of several copies the one with the highest version is judged; an order in force beats them all. Exit codes: 0 ready,
1 standby, 2 wrong usage, 4 refused, with the reason on stderr.
"""
