"""Options that several commands of `drill` share."""

import click

parameters = click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a parameter of the scenario; may be repeated."
)

operator = click.option(
    "--operator", "person", metavar="PERSON", help="Who runs it.  [default: drill.operator, else whose login it is]"
)
