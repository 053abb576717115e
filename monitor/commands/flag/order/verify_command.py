"""`monitor flag order verify` as click has it: its help, and the shell's completion."""

from monitor.commands.flag.order import verify
from monitor.commands.flag.quick import QuickCommand

command = QuickCommand("verify", verify.main, verify.OPTIONS, verify.FILE)
command.help = """Say whether an order is in force by the signatures in FILE, or - for standard input.

Several files are read as one. Exit codes: 0 ready, 1 standby, 2 wrong usage, 4 no order is in force, with the reason
on stderr.
"""
