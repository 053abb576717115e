"""What may be sent in a body: JSON, held to its shape. A field's description is what a mistake in it is answered with.

A check across fields raises `ValueError` with a sentence of our own, which is said as it stands: it must hold nothing
of what was sent.
"""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A body: an object with these members and no others. Each value has its own type: `"3"` is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)
