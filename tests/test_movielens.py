"""MovieLens as a catalogue: on a tiny folder of the same layout, and on the real one where it is."""

import hashlib
import os
from pathlib import Path

import pytest

from mmrec_helpers import datasets
from mmrec_helpers.catalog import CatalogError
from mmrec_helpers.datasets import movielens
from mmrec_helpers.datasets.folder import read_catalog, verify, write_catalog
from mmrec_helpers.datasets.tables import places
from mmrec_helpers.preprocessing import preprocess

FILES = {
    "movies.csv": 'movieId,title,genres\n1,Sea Story (1995),Drama|War\n2,"Hill, The (2006–2007)",(no genres listed)\n'
                  "3,Plain Town,Comedy\n",
    "ratings.csv": "userId,movieId,rating,timestamp\n7,1,4.0,964982703\n7,9,0.5,soon\n8,3,5.0,1e30\n",
    "tags.csv": 'userId,movieId,tag,timestamp\n8,2,"calm, ""slow""",1445714994\n',
    "links.csv": "movieId,imdbId,tmdbId\n1,0114709,862\n",
    "abstracts.csv": 'movieId,abstract\n1,"At sea.\nLong."\n3,A town.\n99,Of no film here.\n',
}


@pytest.fixture
def films(tmp_path):
    """A function that writes the folder, without some files or with others."""
    def make(**other):
        for name, text in (FILES | {key + ".csv": value for key, value in other.items()}).items():
            if text is not None:
                (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / "posters").mkdir(exist_ok=True)
        (tmp_path / "posters" / "3.jpg").write_bytes(b"x")
        return tmp_path
    return make


def plain(frame):
    """Rows of a frame, missing fields as None."""
    return frame.astype(object).where(frame.notna(), None).to_numpy(object).tolist()


def test_films_become_items(films):
    items = movielens.read(films()).items
    assert plain(items.drop(columns=["audio", "video"])) == [
        ["1", "Sea Story (1995)", "At sea.\nLong.", "Drama", "Drama|War", "1995-01-01", None, "0114709", "862"],
        ["2", "Hill, The (2006–2007)", None, None, None, "2006-01-01", None, None, None],
        ["3", "Plain Town", "A town.", "Comedy", "Comedy", None, "posters/3.jpg", None, None]]
    assert items[["audio", "video"]].isna().all(axis=None)
    assert places(items)[1].tolist() == [2, 3, 4]  # of movies.csv


def test_ratings_and_tags_become_events_and_odd_rows_stay(films):
    events = movielens.read(films()).events
    assert plain(events[["user_id", "item_id", "event", "timestamp", "value", "text"]]) == [
        ["7", "1", "rate", "2000-07-30T18:45:03Z", "4.0", None],
        ["7", "9", "rate", "soon", "0.5", None],
        ["8", "3", "rate", "1e30", "5.0", None],
        ["8", "2", "comment", "2015-10-24T19:29:54Z", None, 'calm, "slow"']]


def test_posters_are_the_films_images(films):
    catalog = movielens.read(films())
    assert catalog.media("image") == [None, None, films() / "posters" / "3.jpg"]
    assert catalog.media("audio") == [None, None, None]


def test_tags_links_and_abstracts_may_be_absent(films):
    catalog = movielens.read(films(tags=None, links=None, abstracts=None))
    assert catalog.events["event"].unique().tolist() == ["rate"]
    assert catalog.items["description"].isna().all()
    assert "imdbId" not in catalog.items


def test_a_folder_as_downloaded_gives_texts_and_can_be_cleaned(films):
    folder = films(abstracts=None)
    (folder / "README.txt").write_text("Summary")
    for poster in (folder / "posters").iterdir():
        poster.unlink()
    (folder / "posters").rmdir()
    catalog, report = preprocess(datasets.load(folder))
    assert catalog.media("text") == ["Sea Story (1995). Drama, War", "Hill, The (2006–2007)", "Plain Town. Comedy"]
    assert catalog.events["event"].tolist() == ["rate", "comment"]
    assert report.counts()["cause"].tolist() == ["unparsable time", "missing field"]


def test_where_some_films_have_an_abstract_the_others_have_no_text_and_else_all_have_their_genres(films):
    catalog = datasets.load(films(abstracts="movieId,abstract\n1,At sea.\n"))
    assert catalog.media("text") == ["Sea Story (1995). At sea.", None, None]


DAT = {"movies.dat": "1::Léon (1994)::Crime|Drama\n2::Plain Town (2000)::Comedy\n",
       "ratings.dat": "1::1::5::978300760\n\n1::9::3::978302109\n", "users.dat": "1::F::1::10::48067\n"}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_dat_files_are_read(tmp_path, encoding, end):
    for name, text in DAT.items():
        (tmp_path / name).write_bytes(text.replace("\n", end).encode(encoding))
    catalog, report = preprocess(datasets.load(tmp_path))
    assert catalog.media("text") == ["Léon (1994). Crime, Drama", "Plain Town (2000). Comedy"]
    assert plain(catalog.events[["user_id", "item_id", "event", "value"]]) == [["1", "1", "rate", 5.0]]
    assert report.set_aside[["file", "line", "cause"]].to_numpy().tolist() == [["ratings.dat", 3, "unknown item"]]


def test_a_dat_file_with_odd_fields_names_the_line(tmp_path):
    for name, text in DAT.items():
        (tmp_path / name).write_text(text + "5::x\n", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"movies.dat: line 3: 2 fields, where 3 are expected .*; separate them by"):
        datasets.load(tmp_path)


def test_load_recognises_the_layout(films):
    assert datasets.load(films()).items["item_id"].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(("other", "part"), [
    ({"movies": "movieId,titel,genres\n"}, "movies.csv: no column 'title'; did you mean 'titel' (column 2)?"),
    ({"ratings": "userId,movieId,rating\n"}, "ratings.csv: no column 'timestamp'; the columns are"),
    ({"tags": ""}, "tags.csv: the file is empty"),
    ({"movies": FILES["movies.csv"] + "1,Again,Drama\n"}, "movies.csv: line 5: movieId '1' is on line 2 already"),
    ({"abstracts": "movieId,abstract\n3,a\n3,b\n"}, "abstracts.csv: line 3: movieId '3' is on line 2 already"),
    ({"ratings": FILES["ratings.csv"] + "1,2,3,4,5\n"}, "ratings.csv: line 5: 5 fields for 4 columns")])
def test_a_broken_structure_says_where(films, other, part):
    with pytest.raises(CatalogError) as caught:
        movielens.read(films(**other))
    assert part in str(caught.value)


@pytest.mark.parametrize("name", ["movies.csv", "ratings.csv"])
def test_a_missing_table_is_named(films, name):
    folder = films()
    (folder / name).unlink()
    with pytest.raises(CatalogError, match=f"no {name}"):
        datasets.load(folder)


def test_no_such_folder(tmp_path):
    with pytest.raises(CatalogError, match="no such folder"):
        movielens.read(tmp_path / "films")


def test_a_poster_that_is_a_link_out_of_the_folder(films, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "1.jpg"
    other.touch()
    (films() / "posters" / "1.jpg").symlink_to(other)
    with pytest.raises(CatalogError, match=r"movies.csv: line 2: image 'posters/1.jpg' leaves the folder"):
        movielens.read(films())


def test_it_can_be_written_as_a_catalogue(films):
    catalog = movielens.read(films())
    write_catalog(catalog, catalog.root, sources=["MovieLens"])
    again = read_catalog(catalog.root)
    assert plain(again.items) == plain(catalog.items)
    assert plain(again.events) == plain(catalog.events)
    assert verify(catalog.root) == []


def test_a_finding_names_the_file_and_line_it_stands_on(films):
    files = films(ratings=FILES["ratings.csv"] + "9,99,4.0,964982703\n",
                  movies=FILES["movies.csv"] + "4,SÃ£o Paulo,Drama\n",
                  tags="userId,movieId,tag,timestamp\n1,98,sea,1445714994\n")
    _, report = preprocess(movielens.read(files), check_media=False)
    found = report.set_aside[report.set_aside["cause"].isin(["unknown item", "mojibake"])]
    assert found[["file", "line", "id"]].to_numpy().tolist() == [
        ["movies.csv", 5, "4"], ["ratings.csv", 5, "99"], ["tags.csv", 2, "98"]]


# ---- the real files, where MMREC_MOVIELENS says they are


@pytest.fixture(scope="module")
def real():
    folder = os.environ.get("MMREC_MOVIELENS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MMREC_MOVIELENS names no folder with MovieLens ml-latest-small")
    return datasets.load(folder)


def test_the_ratings_are_those_of_ml_latest_small(real):
    data = (real.root / "ratings.csv").read_bytes()
    assert hashlib.sha256(data).hexdigest() == "80da8b3393dae325bbba5a31f291a6ba55d8d4f4396de3c456f2c1635b1b70e8"


def test_everything_is_there(real):
    assert real.events["event"].value_counts().to_dict() == {"rate": 100_836, "comment": 3_683}
    assert real.events["user_id"].nunique() == 610
    assert len(real.items) == 9_742
    assert real.events["item_id"].isin(real.items["item_id"]).all()


def test_media_and_abstracts_are_found(real):
    posters = [path for path in real.media("image") if path is not None]
    assert len(posters) == len(list((real.root / "posters").glob("*.jpg"))) == 2_863
    assert posters[0].is_file()
    assert real.items["description"].notna().sum() == 2_362
    assert real.items["tags"].isna().sum() == 34


def test_years_and_times_are_plausible(real):
    years = real.items["released_at"].dropna().str[:4].astype(int)
    assert len(years) == 9_730
    assert years.between(1902, 2018).all()
    assert real.events["timestamp"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").all()
    assert real.events["timestamp"].str[:4].astype(int).between(1996, 2018).all()


def test_the_films_alone_can_be_cleaned_and_all_have_a_text(real, tmp_path):
    for name in ("movies.csv", "ratings.csv", "tags.csv"):
        (tmp_path / name).symlink_to(real.root / name)
    catalog, report = preprocess(datasets.load(tmp_path))
    assert len(catalog.items) == len(real.items)
    assert len(catalog.events) == len(real.events)
    assert None not in catalog.media("text")
    assert report.why_empty(catalog) is None


def test_lines_of_films_are_those_of_their_file(real):
    lines = (real.root / "movies.csv").read_text(encoding="utf-8").split("\n")
    starts = [lines[number - 1].split(",")[0] for number in places(real.items)[1]]
    assert starts == real.items["item_id"].tolist()
