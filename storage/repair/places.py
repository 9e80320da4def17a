"""Articles of the ledger as the stored rows tell of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from sqlite3 import Connection
from typing import Any

import msgspec
import pyarrow as pa

from storage.ledger import articles, versions
from storage.model import Fingerprint, StoredArticle
from storage.query.session import Session
from storage.repair.signer import Signer

_BATCH = 500
_BEFORE = "coalesce(s.before, 0) AS before"
_STANDING = f"""
    SELECT a.*, NULL AS duplicate_of, {_BEFORE} FROM articles a SEMI JOIN wanted USING (article_id)
    LEFT JOIN lake.superseded s USING (article_id)"""  # noqa: S608 - our own words alone
# The text of one that was stored before it was folded stands among the revisions.
_FOLDED = f"""
    SELECT d.* REPLACE (coalesce(d.text, t.text) AS text), {_BEFORE}
    FROM duplicates d SEMI JOIN wanted USING (article_id)
    LEFT JOIN lake.superseded s USING (article_id)
    LEFT JOIN (SELECT article_id, content_hash, any_value(text) AS text FROM lake.articles
               WHERE article_id IN (SELECT article_id FROM lake.duplicates) GROUP BY ALL) t
        ON t.article_id = d.article_id AND t.content_hash = d.content_hash"""  # noqa: S608
_EARLIER = """
    SELECT a.article_id, a.site, a.title, a.text FROM lake.articles a
    SEMI JOIN wanted USING (article_id)
    JOIN (SELECT article_id, max(revision) AS newest FROM (
              SELECT article_id, revision FROM lake.articles
              UNION ALL SELECT article_id, revision FROM lake.duplicates) GROUP BY ALL) n
        ON n.article_id = a.article_id AND a.revision < n.newest"""
_ADDRESSES = """
    SELECT url, article_id FROM (
        SELECT url, article_id, changed_at AS since FROM lake.outcomes
        WHERE url IS NOT NULL AND outcome IN ('new', 'revised', 'unchanged', 'duplicate')
        UNION ALL SELECT url, article_id, fetched_at FROM lake.articles
        UNION ALL SELECT url, article_id, fetched_at FROM lake.duplicates)
    SEMI JOIN wanted USING (article_id) ORDER BY since"""
_PLACE = tuple(
    field.name for field in fields(StoredArticle) if field.name not in {"fingerprint", "misplaced"}
)


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the views, with what of it an article's place has not."""

    text: str | None
    content_hash: str
    signature: bytes
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Writes articles to the ledger ``db``, an open transaction, from a session's rows."""

    db: Connection
    session: Session
    signer: Signer

    def put(self, article_ids: Sequence[str]) -> set[str]:
        """Write those of the articles that have rows; return the ids of these."""
        wanted = _wanted(article_ids)
        known = set()
        for query in (_STANDING, _FOLDED):
            for row in self._rows(query, wanted):
                known.add(row["article_id"])
                self._put(row)
        wanted = _wanted(sorted(known))
        for row in self._rows(_EARLIER, wanted):
            print_ = self.signer.sign(row["text"] or "", row["site"] or "", row["title"])
            versions.stored(self.db, row["article_id"], self.signer.version(print_))
        for row in self._rows(_ADDRESSES, wanted):
            self._alias([row["url"]], row["article_id"])
        return known

    def lead(self) -> list[StoredArticle]:
        """Have each story led by one article; return those that lead without a text of theirs.

        Where the first was lost, the earliest of the others leads. Where there are several, the
        rows that tell of a fold were lost, and the earliest leads.
        """
        wrong = self.db.execute(
            """SELECT story_id, count(*) - count(duplicate_of),
                   max(CASE WHEN duplicate_of IS NULL THEN article_id END) AS leader
               FROM articles GROUP BY story_id
               HAVING count(*) - count(duplicate_of) <> 1
                   OR min(duplicate_of) <> leader OR max(duplicate_of) <> leader"""
        ).fetchall()
        heirs = []
        for story_id, leaders, _ in wrong:
            members = articles.story(self.db, story_id)
            first = members[0]
            if not leaders:
                self.db.execute(
                    """UPDATE articles SET duplicate_of = NULL, misplaced = 1
                       WHERE article_id = ?""",
                    [first.article_id],
                )
                heirs.append(first)
            articles.lead(self.db, story_id=story_id, article_id=first.article_id)
        return heirs

    def supersede(self) -> None:
        """Say of all articles which rows do not stand."""
        pairs = self.session.table("SELECT article_id, before FROM lake.superseded").to_pydict()
        articles.supersede(self.db, zip(pairs["article_id"], pairs["before"], strict=True))

    def _rows(self, query: str, wanted: pa.Table) -> Iterator[dict[str, Any]]:
        for batch in self.session.stream(query, wanted=wanted, size=_BATCH):
            yield from batch.to_pylist()

    def _put(self, row: Mapping[str, Any]) -> None:
        known = msgspec.convert(row, _Place)
        if known.text:
            print_ = self.signer.sign(known.text, row["site"] or "", row["title"])
        else:  # found by its hash alone
            print_ = Fingerprint(content_hash=known.content_hash, signature=known.signature)
        place = {name: row[name] for name in _PLACE}
        stored = msgspec.convert({**place, "fingerprint": print_}, StoredArticle)
        articles.put(self.db, stored)
        self.db.execute("DELETE FROM versions WHERE article_id = ?", [stored.article_id])
        versions.stored(self.db, stored.article_id, self.signer.version(print_))
        articles.supersede(self.db, [(stored.article_id, known.before)])
        self._alias([stored.canonical_url, stored.url], stored.article_id)

    def _alias(self, urls: list[str], article_id: str) -> None:
        articles.alias(self.db, self.signer.aliases(urls), article_id)


def _wanted(article_ids: Sequence[str]) -> pa.Table:
    return pa.table({"article_id": pa.array(article_ids, pa.string())})
