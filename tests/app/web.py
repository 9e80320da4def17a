"""A small web on loopback whose pages and feeds a test sets as it goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ingest.config import Config, load


class Web:
    """Serves ``pages`` (path → HTML, feed, or a redirect's target); remembers what was asked.

    ``headers`` are sent with a path's page.
    """

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                found = web.pages.get(self.path)
                if found is not None and found.startswith("/"):
                    self.send_response(302)
                    self.send_header("Location", found)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = (found or "").encode()
                self.send_response(200 if found else 404)
                kind = "application/xml" if body.startswith(b"<?xml") else "text/html"
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                for name, value in web.headers.get(self.path, {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's word
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def feed(self, path: str, *items: str) -> None:
        """Serve an RSS feed of items."""
        self.pages[path] = (
            '<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>'
            f"<link>{self.base}/</link>{''.join(items)}</channel></rss>"
        )

    def item(self, guid: str, link: str, text: str = "") -> str:
        """Return an item of a feed."""
        return (
            f'<item><guid isPermaLink="false">{guid}</guid><link>{self.base}{link}</link>'
            f"<title>Item {guid}</title><description>{text}</description></item>"
        )

    def page(self, path: str, text: str, *, canonical: str | None = None) -> None:
        """Serve an article."""
        claim = f'<link rel="canonical" href="{self.base}{canonical}">' if canonical else ""
        paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
        self.pages[path] = (
            f"<!doctype html><html><head><title>Page {path}</title>{claim}</head><body>"
            f"<main><article><h1>Page {path}</h1>{paragraphs}</article></main></body></html>"
        )

    def config(self, folder: Path, *feeds: str, more: str = "", fetch: str = "") -> Config:
        """Return a configuration that reads these feeds (path, or path and settings)."""
        listed = "\n".join(
            f"  - {{id: f{n}, url: '{self.base}{feed}'}}" for n, feed in enumerate(feeds)
        )
        path = folder / "feeds.yml"
        path.write_text(
            "fetch:\n  allow_networks: [127.0.0.0/8]\n  per_host: {delay: 0s, concurrency: 8}\n"
            f"  deadline: 5s\n  {fetch}\nworkers: {{count: 2, timeout: 3s}}\n"
            f"{more}\nfeeds:\n{listed}\n",
            "utf-8",
        )
        return load(path)


@contextmanager
def open_web() -> Iterator[Web]:
    web = Web()
    with serving(web.server):
        yield web


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve until the context is left."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
