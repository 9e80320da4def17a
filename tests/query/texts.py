"""Texts in several scripts to search in."""

from pathlib import Path

import storage
from tests.query.samples import article, put_part

TEXTS = {
    "wave": ("Tsunami warning lifted", "The coast is calm again after the quake. " * 30),
    "nami": ("津波警報が解除", "気象庁は23日、東北地方の津波警報を解除した。波は低い。"),
    "thai": ("น้ำท่วมใหญ่", "เกิดน้ำท่วมใหญ่ที่กรุงเทพมหานครเมื่อคืนนี้"),
    "kore": ("한국은행 금리 동결", "한국은행이 기준금리를 동결했다고 밝혔다."),
    "cafe": ("Café naïve", "Der Zug fährt über die Brücke; résumé follows, e-mail too."),
    "hind": ("हिन्दी समाचार", "दिल्ली में भारी बारिश हुई।"),
    "port": ("Harbour news", "A tsunami is mentioned once, among many other words of the port."),
}


def put(root: Path, part: str, texts: dict[str, tuple[str, str]], revision: int = 0) -> None:
    rows = [
        article(name, title=title, text=text, revision=revision)
        for name, (title, text) in texts.items()
    ]
    put_part(root, "articles", part, rows)


def found(root: Path, words: str) -> list[str]:
    with storage.open(root) as store:
        return [hit.article_id for hit in store.search(words)]
