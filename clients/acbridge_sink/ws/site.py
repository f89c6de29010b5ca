"""
The files of the dashboard, read once at the start and found by exact name.

No request ever becomes a path on the disk.
"""

from pathlib import Path

DASHBOARD = Path(__file__).resolve().parent.parent / "dashboard"

# Not mimetypes: on Windows that asks the registry, where a text editor may have made .js plain text.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
HEADERS = {
    "Cache-Control": "no-store",  # dashboard and relay are always of one version
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address may hold the token
    "X-Content-Type-Options": "nosniff",
}


class Site:
    """The files of one folder, by the path under which a browser asks for them."""

    def __init__(self, folder: Path = DASHBOARD) -> None:
        self._files = {
            f"/{path.relative_to(folder).as_posix()}": (TYPES[path.suffix], path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }

    def find(self, path: str) -> tuple[str, bytes] | None:
        """Return content type and bytes; ``None`` if there is no such file."""
        return self._files.get("/index.html" if path == "/" else path)
