"""Which of a foreign row's names means which of ours: those of common tools by themselves."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

NAMES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        # Our own names first: then those of news-please and Common Crawl's news, fundus,
        # newspaper, Media Cloud, schema.org; a dot leads into a nested object.
        "url": (
            *("url", "link", "article_url", "web_url", "page_url", "permalink"),
            *("html.responded_url", "html.requested_url", "requested_url"),
        ),
        "canonical_url": ("canonical_url", "canonical_link", "canonical"),
        "text": (
            *("text", "maintext", "plaintext", "plain_text", "text_content", "article_text"),
            *("full_text", "articlebody", "article_body", "body", "content"),
        ),
        "title": ("title", "headline", "article_title"),
        "authors": ("authors", "author", "byline", "creator"),
        "published_at": (
            *("published_at", "date_publish", "publish_date", "publication_date"),
            *("publishing_date", "published", "published_date", "date_published", "datepublished"),
            *("pub_date", "pubdate", "date"),
        ),
        "modified_at": (
            *("modified_at", "date_modify", "date_modified", "datemodified"),
            *("modified", "updated_at", "updated"),
        ),
        "first_seen_at": (
            *("first_seen_at", "date_download", "download_date", "indexed_date"),
            *("crawl_date", "html.crawl_date", "fetched_at"),
        ),
        "language": ("language", "lang", "language_code"),
        "summary": ("summary", "description", "abstract"),
        "tags": ("tags", "keywords", "topics", "categories"),
        "image_url": ("image_url", "image", "top_image"),
        "text_source": ("text_source",),
        "extractor": ("extractor",),
        "extra": ("extra",),
    }
)


def lookup(given: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Return where to look for each of our fields, in order.

    Args:
        given: What a person said: their names, each with ours. It comes first.

    Raises:
        ValueError: a field is named that there is not.
    """
    for ours in given.values():
        if ours not in NAMES:
            raise ValueError(f'there is no field "{ours}"; fields: {", ".join(NAMES)}')
    said = {name.casefold() for name in given}
    return {
        ours: (
            *(theirs.casefold() for theirs, meant in given.items() if meant == ours),
            *(name for name in names if name not in said),
        )
        for ours, names in NAMES.items()
    }
