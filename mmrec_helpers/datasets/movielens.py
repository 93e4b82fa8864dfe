"""MovieLens as it is downloaded, with posters and abstracts where they were added. Taught in chapter 19.

Ratings, films, tags: GroupLens, https://grouplens.org/datasets/movielens/ (Harper & Konstan 2015); posters:
antonsteenvoorden/ml1m-images on GitHub; abstracts: asash/ml1m_dbpedia_abstracts on GitHub.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Catalog, CatalogError
from mmrec_helpers.datasets.folder import KNOWN
from mmrec_helpers.datasets.paths import existing, regular
from mmrec_helpers.datasets.tables import check_ids, check_paths, read_table, with_lines

KINDS = (".csv", ".dat")

NO_GENRES = "(no genres listed)"

YEAR = r"\(((?:18|19|20)\d\d)(?:[-–]\d{0,4})?\)\s*$"
"""The year that ends a title, the first one of a series' years."""


TABLES = {"movies": ("movieId", "title", "genres"), "ratings": ("userId", "movieId", "rating", "timestamp"),
          "tags": ("userId", "movieId", "tag", "timestamp")}
"""Columns of the tables; those of `.dat` files have no header."""


def read(folder: str | Path) -> Catalog:
    """The raw catalogue: films as items, ratings as `rate` events, tags as `comment` events; all fields text.

    `description` is the abstract, `category` the first genre, `tags` all of them joined by |, `released_at` the first
    of January of the year in the title, `image` the poster. Films have no sound. Columns imdbId and tmdbId come from
    links.csv. Tables are CSV (ml-latest-small, ml-latest, ml-20m to ml-32m) or .dat files with :: between the fields
    (ml-1m, ml-10m); users.dat is not read. Raises CatalogError for faults of structure; a time that is not a number
    is kept, and `preprocessing` sets it aside.
    Taught in chapter 19. Source: Harper & Konstan 2015, The MovieLens Datasets.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = Path(place, "movies.csv").write_text("movieId,title,genres\\n1,Sea Story (1995),Drama|War\\n")
    ...     _ = Path(place, "ratings.csv").write_text("userId,movieId,rating,timestamp\\n7,1,4.0,964982703\\n")
    ...     films = read(place)
    >>> films.items[["item_id", "category", "released_at"]].to_numpy().tolist()
    [['1', 'Drama', '1995-01-01']]
    >>> films.events[["user_id", "event", "timestamp", "value"]].to_numpy().tolist()
    [['7', 'rate', '2000-07-30T18:45:03Z', '4.0']]
    """
    folder = existing(folder)
    films, ratings = _table(folder, "movies"), _table(folder, "ratings")
    check_ids(films, "movies.csv", "movieId")
    logs, source = [_events(ratings, "rate", value=ratings["rating"])], ratings.attrs["source"]
    if any((folder / f"tags{kind}").exists() for kind in KINDS):
        tags = _table(folder, "tags")
        logs.append(_events(tags, "comment", text=tags["tag"]))
        source += tags.attrs["source"]
    items = _items(films, folder)
    check_paths(items, "movies.csv", "image", folder)
    events = pd.concat(logs, ignore_index=True)
    events.attrs["source"] = source
    return Catalog(items, events, folder, folder.name)


def _table(folder: Path, name: str) -> pd.DataFrame:
    dat = folder / f"{name}.dat"
    return _dat(dat, TABLES[name]) if dat.exists() else read_table(folder / f"{name}.csv", TABLES[name])


def _dat(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Fields separated by ::, in UTF-8 or else Latin-1. Raises CatalogError for a line with too many or too few."""
    regular(path)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    rows = {number: line.rstrip("\r").split("::") for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    if wrong := next((number for number, fields in rows.items() if len(fields) != len(columns)), None):
        raise CatalogError(f"{path.name}: line {wrong}: {len(rows[wrong])} fields, where {len(columns)} are expected "
                           f"({', '.join(columns)}); separate them by ::")
    table = pd.DataFrame(list(rows.values()), columns=columns, dtype=object)
    return with_lines(table.where(table != "", np.nan), path.name, np.array(list(rows), int))


def _items(films: pd.DataFrame, folder: Path) -> pd.DataFrame:
    ids, genres = films["movieId"], films["genres"].where(films["genres"] != NO_GENRES)
    posters = {path.stem for path in (folder / "posters").glob("*.jpg")}
    items = pd.DataFrame({
        "item_id": ids, "title": films["title"], "description": _of(ids, folder, "abstracts.csv", "abstract"),
        "category": genres.str.split("|").str[0], "tags": genres,
        "released_at": films["title"].str.extract(YEAR)[0] + "-01-01",
        "image": ("posters/" + ids + ".jpg").where(ids.isin(posters)), "audio": np.nan, "video": np.nan}, dtype=object)
    if (folder / "links.csv").exists():
        items = items.assign(**{column: _of(ids, folder, "links.csv", column) for column in ("imdbId", "tmdbId")})
    items.attrs = films.attrs  # the lines of movies.csv
    return items


def _of(ids: pd.Series, folder: Path, file: str, column: str) -> pd.Series:
    """A column of a further table, film by film; missing without the table or the film in it. Raises CatalogError."""
    if not (folder / file).exists():
        return pd.Series(np.nan, ids.index, dtype=object)
    table = read_table(folder / file, ("movieId", column))
    check_ids(table, file, "movieId")
    return ids.map(table.set_index("movieId")[column]).astype(object)


def _events(table: pd.DataFrame, event: str, **fields: pd.Series) -> pd.DataFrame:
    """Rows of the log, with the columns of events.csv; timestamps from seconds since 1970 to ISO 8601 in UTC."""
    seconds = pd.to_numeric(table["timestamp"], errors="coerce")
    stamps = pd.to_datetime(seconds, unit="s", errors="coerce").dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype(object)
    return pd.DataFrame({"user_id": table["userId"], "item_id": table["movieId"], "event": event,
                         "timestamp": stamps.where(stamps.notna(), table["timestamp"]), **fields},
                        columns=KNOWN["events.csv"], dtype=object)
