"""One page extracted without storing anything, with every step told: for trying rules."""

from ingest.articles.extract import Examination, examine
from ingest.fetch.client import Fetcher
from ingest.types import Fault, Page, Site
from ingest.workers.pool import Workers


class Tryout:
    """Fetches and extracts single pages; made by ``ingest.app.open_tryout``."""

    def __init__(self, fetcher: Fetcher, workers: Workers) -> None:
        self._fetcher = fetcher
        self._workers = workers

    async def fetch(self, url: str) -> Page | Fault:
        """Fetch a page as a crawl does."""
        answer = await self._fetcher.get_page(url)
        if isinstance(answer, Fault):
            return answer
        return Page(url=answer.url, body=answer.body, content_type=answer.content_type)

    async def examine(self, page: Page, site: Site, *, with_markdown: bool) -> Examination:
        """Extract a page by what is known of its site; say how."""
        found = await self._workers.run(examine, page, None, site=site, with_markdown=with_markdown)
        return Examination(result=found) if isinstance(found, Fault) else found
