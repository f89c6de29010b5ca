"""
Plain text: text of other programs, without the characters that steer a terminal or reorder what a person reads.

Text from a page of shared memory, from the network or from a file may hold escape sequences, line breaks in the middle
of a log line, or marks that reverse the order of the letters. Each such character becomes U+FFFD where the text is
decoded, so that no output needs to know of them.

Pure: it opens nothing and reads no clock.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0, DEL and C1; marks of writing direction; separators of lines and paragraphs; lone surrogates."""


def plain(text: str) -> str:
    """Return a text with U+FFFD in place of each character that steers what shows the text."""
    return text if text.isprintable() else _STEERING.sub("\ufffd", text)


def plain_values(value: Any) -> Any:
    """Return a decoded value with every text in it plain, at every depth, the keys of maps too."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {plain_values(key): plain_values(element) for key, element in items}
    if isinstance(value, list | tuple):
        elements = [plain_values(element) for element in cast("list[Any]", value)]
        return elements if isinstance(value, list) else tuple(elements)
    return value
