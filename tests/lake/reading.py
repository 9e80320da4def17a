"""A reader that reads a store again and again, beside a writer: ``reading.py ENGINE ROOT``.

Before each reading it looks how many articles are surely flushed, after it how many may be. It
counts readings that were right, those that were wrong, and the errors it was given instead, until
the writer is done; then it reads once more. The counts go to stdout as JSON.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds

import storage

MOST = 100_000

Reading = Callable[[Path], list[str]]


def by_duckdb(root: Path) -> list[str]:
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT article_id FROM read_parquet(?)", [f"{root}/articles/**/*.parquet"]
        )
        return [article_id for (article_id,) in found.fetchall()]


def by_polars(root: Path) -> list[str]:
    articles = pl.scan_parquet(f"{root}/articles/**/*.parquet")
    return articles.select("article_id").collect()["article_id"].to_list()


def by_pandas(root: Path) -> list[str]:
    return list(pd.read_parquet(root / "articles")["article_id"])


def by_arrow(root: Path) -> list[str]:
    articles = ds.dataset(root / "articles", format="parquet", partitioning="hive")
    return list(articles.to_table(columns=["article_id"])["article_id"].to_pylist())


def by_ours(root: Path) -> list[str]:
    with storage.open(root) as store:
        return list(store.sql("SELECT article_id FROM articles")["article_id"].to_pylist())


ENGINES: Mapping[str, Reading] = MappingProxyType(
    {
        "duckdb": by_duckdb,
        "polars": by_polars,
        "pandas": by_pandas,
        "arrow": by_arrow,
        "ours": by_ours,
    }
)


def number_in(file: Path) -> int:
    return int(file.read_text())


def read(engine: str, root: Path) -> str:
    least = number_in(root / "flushed")
    try:
        seen = ENGINES[engine](root)
    except Exception as error:  # noqa: BLE001 - each engine has its own
        return f"error: {type(error).__name__}"
    most = number_in(root / "coming")
    if len(seen) != len(set(seen)):
        return "wrong: doubled"
    return "right" if least <= len(seen) <= most else f"wrong: {len(seen)} of {least} to {most}"


def main(engine: str, root: Path) -> None:
    counts: Counter[str] = Counter()
    for _ in range(MOST):
        is_over = (root / "over").exists()
        said = read(engine, root)
        counts[said] += 1
        if is_over:
            counts["last right"] = int(said == "right")
            break
        if counts["right"] == 1:
            (root / f"{engine}.ready").touch()
    print(json.dumps(counts))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
