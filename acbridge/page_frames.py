"""Page bytes to frame bytes: a header before the body, which is kept while the page stays the same."""

from acbridge.errors import PageError
from acbridge.layout import Page
from acbridge.page_body import BodyEncoder
from acbridge.wire import HEADER_BYTES, Header, pack_header


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
