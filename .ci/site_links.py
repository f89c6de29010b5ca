"""Makes the links of the documentation that leave its folder lead to the repository, since the site has only docs/."""

import os
import re
from typing import Any

REPOSITORY = "https://github.com/acbridge/acbridge/blob/main"
LINK = re.compile(r"(?<!!)(\[[^\]]*\])\((?!https?:|#)([^)#\s]*)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, **_others: Any) -> str:
    """Return the text of a page with its links for the site."""
    folder = os.path.dirname(f"docs/{page.file.src_uri}")  # noqa: PTH120  a path of a URL

    def lead(found: re.Match[str]) -> str:
        target = os.path.normpath(f"{folder}/{found[2]}")
        if target.startswith("docs/") and os.path.isfile(target):  # noqa: PTH113  as above
            return found[0]
        if not os.path.exists(target):  # noqa: PTH110  as above
            return found[0]  # mkdocs reports it
        return f"{found[1]}({REPOSITORY}/{target}{found[3] or ''})"

    return LINK.sub(lead, markdown)
