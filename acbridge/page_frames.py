"""
Page bytes to frame bytes: a header before the body, which is kept while the page stays the same. And where in a frame
each number stands, for numpy.
"""

from typing import Any

from acbridge.errors import PageError
from acbridge.layout import Page
from acbridge.page_body import BodyEncoder
from acbridge.schema import INT32, Column
from acbridge.wire import HEADER_BYTES, HEADER_OFFSETS, Header, pack_header

NUMBER_BYTES = 5
"""A number of a page and the byte before it that says its type."""


class PageEncoder:
    """
    Encodes copies of one page as frames, without decoding them.

    Attributes:
        offsets: Byte offset of each number in the frame, big-endian. For an array that of the first element; the
            elements are 5 bytes apart, and each row of an array of arrays adds one more.
    """

    def __init__(self, page: type[Page], *, names: bool = False) -> None:
        """
        Lay the frame out.

        Args:
            page: The record class of the page.
            names: Whether columns that may name a person are published; otherwise they are empty.
        """
        self._page = page
        # A page often stays the same from tick to tick: graphics between two rendered frames, static for hours.
        self._seen: bytes = b""
        self._body: bytes = b""
        self._encoder = BodyEncoder(page, names=names)
        self.offsets = {name: HEADER_BYTES + offset for name, offset in self._encoder.offsets.items()}

    def encode(self, header: Header, page: bytes) -> bytes:
        """
        Encode a copy of at least ``page_size`` bytes.

        Raises:
            PageError: It is shorter.
        """
        self.prepare(page)
        return pack_header(header, len(self._page.columns)) + self._body

    def prepare(self, page: bytes) -> None:
        """
        Encode all but the header of a copy, and keep it until there is another.

        Raises:
            PageError: It is shorter than ``page_size``.
        """
        if len(page) < self._page.page_size:
            raise PageError(self._page.topic, len(page), self._page.page_size)
        if page != self._seen:
            self._seen, self._body = page, self._encoder.encode(page)


def frame_dtype(page: type[Page]) -> dict[str, Any]:
    """
    Describe the frames of a page for numpy, which then reads a batch of them without decoding.

    >>> from acbridge import Physics
    >>> frame_dtype(Physics)["offsets"][:4]
    [11, 21, 34, 53]

    ``np.frombuffer(b"".join(payloads), np.dtype(frame_dtype(Physics)))["speedKmh"]`` is the speed of each frame. The
    elements of an array are not neighbours in a frame, so a field follows each axis: ``["wheelSlip"]["value"]``.

    Args:
        page: The record class of a page without text, whose frames all have one length.

    Returns:
        What ``numpy.dtype`` takes: names, formats, offsets and itemsize; the header's fields come first.

    Raises:
        ValueError: The page has text, so its frames differ in length.
    """
    if any(column.is_text for column in page.columns):
        raise ValueError(f"frames of {page.topic} have text, so they differ in length")
    encoder = PageEncoder(page)
    formats = dict(zip(Header._fields, (">u4", ">u8", ">u8", ">f8", ">u8"), strict=True))
    columns = [column for column in page.columns if column.name in encoder.offsets]
    return {
        "names": [*formats, *(column.name for column in columns)],
        "formats": [*formats.values(), *(_format(column, column.shape) for column in columns)],
        "offsets": [*HEADER_OFFSETS, *(encoder.offsets[column.name] for column in columns)],
        "itemsize": len(encoder.encode(Header(0, 0, 0, 0.0, 0), bytes(page.page_size))),
    }


def _format(column: Column, shape: tuple[int, ...]) -> Any:
    """Return the numpy format of an element, or of an array of them."""
    if not shape:
        return ">i4" if column.kind is INT32 else ">f4"
    count, *inner = shape
    size = NUMBER_BYTES * inner[0] + 1 if inner else NUMBER_BYTES
    return (
        {"names": ["value"], "formats": [_format(column, tuple(inner))], "offsets": [0], "itemsize": size},
        (count,),
    )
