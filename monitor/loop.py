"""The event loop our programs run on: uvloop where it is installed, asyncio's own elsewhere."""

import asyncio
from importlib import import_module
from importlib.util import find_spec
from typing import cast


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop."""
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    return cast("asyncio.AbstractEventLoop", import_module("uvloop").new_event_loop())
