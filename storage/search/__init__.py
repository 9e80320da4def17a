"""Full-text search over the articles."""

from storage.search.index import HIT_END, HIT_START, SearchHit, SearchIndex

__all__ = ["HIT_END", "HIT_START", "SearchHit", "SearchIndex"]
