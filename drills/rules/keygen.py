"""Why ssh-keygen could not use a private key, in our own words, by its own. Pure.

Its words decide nothing: whatever it could not do is not measured. It speaks English in no locale.
"""

import re
from typing import Final

_MODE: Final = re.compile(r"^Permissions (0[0-7]{3}) for ", re.MULTILINE)
_WORDS: Final = (
    (r": No such file or directory\s*$", "there is no such file"),
    (r": Permission denied\s*$", "the file may not be read by us"),
    (r"incorrect passphrase supplied", "it has a passphrase, and nobody is here to give it"),
    (r": bad permissions\s*$", "others may read it or it is no file: expected mode 0600"),
    (r"(?:error in libcrypto|invalid format|not a (?:private )?key)", "what the file holds is no private key"),
)


def why_not(said: str) -> str:
    """Return why, by what it wrote to its standard error; that it did not say where we know none of its words."""
    mode = _MODE.search(said)
    if mode is not None:
        return f"its mode is {mode[1]}: expected 0600, so that nobody else may read it"
    return next((ours for words, ours in _WORDS if re.search(words, said, re.MULTILINE)), "ssh-keygen does not say why")
