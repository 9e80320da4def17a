"""Queries that work on any store, each with what it answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A SELECT, and the question that it answers."""

    question: str
    sql: str


EXAMPLES = (
    Example(
        "What came in last?",
        "SELECT fetched_at, site, title FROM articles ORDER BY fetched_at DESC LIMIT 20",
    ),
    Example(
        "How many articles does each site bring, and how long are they?",
        "SELECT site, count(*) AS articles, round(avg(word_count)) AS words\n"
        "FROM articles GROUP BY site ORDER BY articles DESC",
    ),
    Example(
        "How many articles came in each of the last 30 days? (A filter on dt leaves files unread.)",
        "SELECT dt, count(*) AS articles FROM articles\n"
        "WHERE dt > current_date - 30 GROUP BY dt ORDER BY dt",
    ),
    Example(
        "In which languages are they?",
        "SELECT language, count(*) AS articles FROM articles GROUP BY language\n"
        "ORDER BY articles DESC",
    ),
    Example(
        "Which stories did most sites print?",
        "SELECT title, copies, len(sites) AS sites, first_published_at\n"
        "FROM stories WHERE copies > 1 ORDER BY copies DESC LIMIT 20",
    ),
    Example(
        "Who copies whom?",
        "SELECT d.site AS copies, a.site AS from_site, count(*) AS times\n"
        "FROM duplicates d JOIN articles a ON a.article_id = d.duplicate_of\n"
        "GROUP BY ALL ORDER BY times DESC LIMIT 20",
    ),
    Example(
        "Which articles were rewritten most often?",
        "SELECT any_value(url) AS url, max(revision) AS revisions FROM revisions\n"
        "GROUP BY article_id HAVING max(revision) > 0 ORDER BY revisions DESC LIMIT 20",
    ),
    Example(
        "How long after its publication is an article found?",
        "SELECT feed_id, median(first_seen_at - published_at) AS delay\n"
        "FROM articles WHERE published_at IS NOT NULL GROUP BY feed_id ORDER BY delay",
    ),
    Example(
        "Who writes most?",
        "SELECT author, site, count(*) AS articles\n"
        "FROM (SELECT unnest(authors) AS author, site FROM articles)\n"
        "GROUP BY ALL ORDER BY articles DESC LIMIT 20",
    ),
    Example(
        "What are they tagged with?",
        "SELECT tag, count(*) AS articles FROM (SELECT unnest(tags) AS tag FROM articles)\n"
        "GROUP BY tag ORDER BY articles DESC LIMIT 20",
    ),
    Example(
        "What lies behind a paywall? (extra is JSON: what has no column of its own.)",
        "SELECT site, count(*) AS articles FROM articles\n"
        "WHERE extra->>'access' = 'paywall' GROUP BY site ORDER BY articles DESC",
    ),
    Example(
        "Which feeds are in trouble?",
        "SELECT feed_id, reason, detail, failures, next_due_at FROM feeds\n"
        "WHERE NOT ok ORDER BY failures DESC",
    ),
    Example(
        "What came of the entries, and why?",
        "SELECT outcome, reason, count(*) AS times FROM outcomes\nGROUP BY ALL ORDER BY times DESC",
    ),
    Example(
        "How many polls were needed, and how many found something new?",
        "SELECT feed_id, count(*) AS polls, count(*) FILTER (new > 0) AS with_news,\n"
        "       round(sum(bytes) / 1e6, 1) AS megabytes\n"
        "FROM polls GROUP BY feed_id ORDER BY polls DESC",
    ),
)
