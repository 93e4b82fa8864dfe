"""A catalogue's folder: what is read is what was written, and a broken structure says where and how to correct it."""

import csv
import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mmrec_helpers import datasets
from mmrec_helpers.catalog import Catalog, CatalogError
from mmrec_helpers.datasets.folder import KNOWN, REQUIRED, read_catalog, verify, write_catalog
from mmrec_helpers.datasets.paths import nearest
from mmrec_helpers.datasets.tables import places, read_table

ITEMS = "item_id,title,description,image\na,Sea,Calm,images/a.jpg\nb,Hill,,\n"
EVENTS = "user_id,item_id,event,timestamp\nu,a,play,2025-03-01T12:00:00Z\n,zzz,play,yesterday\n"


@pytest.fixture
def shop(tmp_path):
    """A function that writes a folder: the tables given, as text or bytes, else good ones."""
    def make(items=ITEMS, events=EVENTS, manifest=None):
        for name, content in (("items.csv", items), ("events.csv", events), ("manifest.json", manifest)):
            if content is not None:
                data = content if isinstance(content, bytes) else content.encode()
                (tmp_path / name).write_bytes(data)
        return tmp_path
    return make


def fault(folder):
    with pytest.raises(CatalogError) as caught:
        read_catalog(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- what is read


def test_fields_are_text_or_missing(shop):
    catalog = read_catalog(shop(items="item_id,title,description\n007,NA,\n1e5,None,nan\n"))
    assert catalog.items["item_id"].tolist() == ["007", "1e5"]
    assert catalog.items["title"].tolist() == ["NA", "None"]
    assert catalog.items["description"].isna().tolist() == [True, False]


def test_row_faults_stay_in_the_table(shop):
    events = read_catalog(shop()).events
    assert events["item_id"].tolist() == ["a", "zzz"]
    assert events["timestamp"].tolist()[1] == "yesterday"
    assert events["user_id"].isna().tolist() == [False, True]


def test_a_byte_order_mark_and_windows_line_ends_are_read(shop):
    catalog = read_catalog(shop(items=b"\xef\xbb\xbf" + ITEMS.replace("\n", "\r\n").encode()))
    assert catalog.items.columns[0] == "item_id"
    assert catalog.items["title"].tolist() == ["Sea", "Hill"]


def test_further_columns_are_kept_and_short_rows_end_in_missing_fields(shop):
    items = read_catalog(shop(items="item_id,title,colour,image\na,Sea,blue\n")).items
    assert items["colour"].tolist() == ["blue"]
    assert items["image"].isna().all()


def test_the_name_is_the_manifests_else_the_folders(shop):
    assert read_catalog(shop()).name == shop().name
    assert read_catalog(shop(manifest='{"format": 1, "name": "corner shop"}')).name == "corner shop"


def test_media_paths_are_absolute_wherever_one_stands(shop, monkeypatch):
    monkeypatch.chdir(shop())
    catalog = read_catalog(".")
    assert catalog.media("image")[0] == shop() / "images" / "a.jpg"
    assert catalog.name == shop().name


def test_an_empty_log_is_a_log(shop):
    assert len(read_catalog(shop(events=EVENTS.splitlines()[0])).events) == 0


# ---- lines


def test_lines_are_those_of_the_file(shop):
    text = 'item_id,title\n\na,"two\nlines"\nb,"three\r\nmore\rlines"\n\n\nc,one\n'
    items = read_catalog(shop(items=text)).items
    assert places(items)[1].tolist() == [3, 5, 10]
    assert places(items[items["item_id"] != "a"])[1].tolist() == [5, 10]
    assert places(items.iloc[::-1])[1].tolist() == [10, 5, 3]


def test_lines_of_a_table_never_read_are_those_it_will_have(tmp_path):
    items = pd.DataFrame({"item_id": ["a", "b", "c"], "title": ["x\ny\r\nz", None, "w"]})
    events = pd.DataFrame(columns=REQUIRED["events.csv"])
    write_catalog(Catalog(items, events, tmp_path, "x"), tmp_path)
    assert places(items)[1].tolist() == places(read_catalog(tmp_path).items)[1].tolist() == [2, 5, 6]


# ---- faults of structure


def test_a_misspelt_column_is_named_with_its_place(shop):
    assert fault(shop(events=EVENTS.replace("timestamp", "timestmap"))) == (
        "events.csv: no column 'timestamp'; did you mean 'timestmap' (column 4)?")


def test_a_missing_column_shows_those_there_are(shop):
    assert fault(shop(items="item_id,price\na,3\n")) == "items.csv: no column 'title'; the columns are item_id, price"


def test_another_separator_is_recognised(shop):
    assert "separated by ';'" in fault(shop(items=ITEMS.replace(",", ";")))


@pytest.mark.parametrize(("header", "mark"), [
    ("item_id;title", "';'"), ("id;title", "';'"), ("item_id\ttitle\tprice", "a tab"), ("item_id|title", "'|'"),
    ('"item_id";"title"', "';'"), ("item_id;title, in full;long, too", "';'")])
def test_a_separator_is_named_with_what_to_do(shop, header, mark):
    assert fault(shop(items=header + "\n1,2,3,4;5\n")) == (
        f"items.csv: line 1: the fields are separated by {mark}; separate them by commas")


def test_no_column_of_the_format_is_taken_for_another():
    names = {name for columns in KNOWN.values() for name in columns}
    assert all(nearest(name, names - {name}) is None for name in names)


def test_a_misspelt_optional_column_is_kept_and_told(shop, caplog):
    items = read_catalog(shop(items=ITEMS.replace("description", "desciption"))).items
    assert items["desciption"].tolist()[0] == "Calm"
    assert "did you mean 'description'?" in caplog.text


def test_no_such_folder_suggests_its_neighbour(tmp_path):
    (tmp_path / "records").mkdir()
    assert "no such folder; did you mean 'records'?" in fault(tmp_path / "record")
    assert "give one that contains items.csv" in fault(tmp_path / "films" / "old")
    (tmp_path / "items.csv").touch()
    assert "a file, not a folder" in fault(tmp_path / "items.csv")


@pytest.mark.parametrize("name", ["items.csv", "events.csv"])
def test_a_missing_table_suggests_a_near_name(shop, name):
    folder = shop()
    (folder / name).rename(folder / name.replace("s.csv", ".csv"))
    assert f"no {name}; did you mean {name.replace('s.csv', '.csv')!r}?" in fault(folder)
    (folder / name.replace("s.csv", ".csv")).unlink()
    assert f"no {name}; a catalogue needs items.csv and events.csv" in fault(folder)


@pytest.mark.parametrize("empty", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file(shop, empty):
    assert fault(shop(items=empty)) == "items.csv: the file is empty; its first line must name the columns"


def test_a_header_without_items(shop):
    assert fault(shop(items="item_id,title\n")) == "items.csv: no items, only a header; write one line an item"


def test_a_wrong_encoding_names_line_and_byte(shop):
    told = fault(shop(items=ITEMS.encode() + "c,café,,\n".encode("cp1252")))
    assert told.startswith(f"items.csv: line 4: byte 0xe9 (byte {len(ITEMS) + 6} of the file) is not UTF-8; save")
    assert "UTF-16" in fault(shop(items=ITEMS.encode("utf-16")))


def test_a_wrong_encoding_late_in_a_large_file(shop):
    events = EVENTS.encode() + b"u,a,play,2025-03-01T12:00:00Z\n" * 70_000 + b"u,a,play,\xff\n"
    assert fault(shop(events=events)).startswith("events.csv: line 70004: byte 0xff")


def test_doubled_ids_name_both_lines(shop):
    told = fault(shop(items='item_id,title\na,"two\nlines"\nb,x\na,y\n'))
    assert told == "items.csv: line 5: item_id 'a' is on line 2 already; ids must differ"


def test_an_item_without_id(shop):
    assert fault(shop(items="item_id,title\na,x\n,y\n")) == "items.csv: line 3: no item_id; write one"


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.jpg", "images/../../a.jpg", "..", "images\\a.jpg", "C:/a.jpg",
                                  "a\0.jpg", "//server/a.jpg"])
@pytest.mark.parametrize("column", ["image", "audio", "video"])
def test_a_path_that_leaves_the_folder(shop, path, column):
    told = fault(shop(items=f"item_id,title,{column}\na,x,images/fine..jpg\nb,y,{path}\n"))
    assert told.startswith(f"items.csv: line 3: {column} {path!r} leaves the folder; ")


def test_a_path_in_the_log_that_leaves_the_folder(shop):
    told = fault(shop(events="user_id,item_id,event,timestamp,media\nu,a,comment,2025-01-01,../mine.jpg\n"))
    assert told.startswith("events.csv: line 2: media '../mine.jpg' leaves the folder")


def test_links_may_stay_inside_but_not_lead_out(shop, tmp_path_factory):
    folder, other = shop(), tmp_path_factory.mktemp("other")
    (other / "a.jpg").touch()
    (folder / "images").mkdir()
    (folder / "kept.jpg").touch()
    (folder / "images" / "a.jpg").symlink_to(folder / "kept.jpg")
    read_catalog(folder)
    (folder / "images" / "a.jpg").unlink()
    (folder / "images" / "a.jpg").symlink_to(other / "a.jpg")
    assert "line 2: image 'images/a.jpg' leaves the folder" in fault(folder)
    (folder / "images" / "a.jpg").unlink()
    (folder / "images").rmdir()
    (folder / "images").symlink_to(other)
    assert "line 2: image 'images/a.jpg' leaves the folder" in fault(folder)
    (folder / "images").unlink()
    (folder / "images").symlink_to(folder / "images")  # a link to itself leads nowhere
    read_catalog(folder)


def test_a_row_with_too_many_fields(shop):
    told = fault(shop(items='item_id,title\na,"two\nlines"\nb,Sea, the\n'))
    assert told == ("items.csv: line 4: 3 fields for 2 columns; put text that contains a comma in double quotes")


@pytest.mark.parametrize("row", ['b,"never closed', 'b,"Sea" the', 'b,"' + "x" * 200_000 + '"'])
def test_quotes_that_do_not_fit(shop, row):
    told = fault(shop(items=f"item_id,title\na,x\n{row}\nc,y\n"))
    assert told.startswith("items.csv: line 3: ")
    assert told.endswith("; check the double quotes from there on")


def test_a_column_named_twice(shop):
    told = fault(shop(items="item_id,title,price,title\na,x,1,y\n"))
    assert told == "items.csv: line 1: column 'title' is there twice (columns 2 and 4); rename or remove one"


@pytest.mark.parametrize(("manifest", "part"), [
    ('{"format": 2}', "format 2, where this version reads 1; update this package"),
    ('{"format": "1"}', "format '1', where this version reads 1; write \"format\": 1"),
    ('{"format": true}', "format True"), ('{"format": 0}', "format 0"), ("{}", "format None"), ("[1]", "format None"),
    ('{"format": 1\n "x"}', "line 2"), (b"\xff", "cannot be read"), ("[" * 100_000, "cannot be read")])
def test_a_manifest_that_cannot_be_used(shop, manifest, part):
    told = fault(shop(manifest=manifest))
    assert told.startswith("manifest.json: ")
    assert part in told


@pytest.mark.parametrize("name", ["items.csv", "events.parquet", "manifest.json"])
def test_a_pipe_is_refused_not_waited_for(shop, name):
    folder = shop()
    (folder / name).with_suffix(".csv").unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert fault(folder).startswith(f"{name}: cannot be read: it is not a regular file; ")


def test_a_table_that_is_a_folder(shop):
    folder = shop()
    (folder / "items.csv").unlink()
    (folder / "items.csv").mkdir()
    assert fault(folder).startswith("items.csv: cannot be read")


# ---- other ways to bring it


def test_a_link_may_be_the_folder_and_paths_still_may_not_leave_it(shop, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "shop"
    link.symlink_to(shop(), target_is_directory=True)
    assert datasets.load(link).media("image")[0] == link / "images" / "a.jpg"
    (link.parent / "a.jpg").touch()
    (shop() / "images").symlink_to(link.parent)
    assert "line 2: image 'images/a.jpg' leaves the folder" in fault(link)


ROWS = [{"item_id": 7, "title": "Sea 海", "tags": ["jazz", "lp"], "price": 1.50, "new": True, "image": None},
        {"item_id": "007", "title": "", "size": {"cm": [30]}}]
AS_TEXT = [["7", "Sea 海", "jazz|lp", "1.5", "true", None, None],
           ["007", None, None, None, None, None, '{"cm": ["30"]}']]


def as_jsonl(folder, rows=ROWS, name="items"):
    (folder / f"{name}.csv").unlink(missing_ok=True)
    (folder / f"{name}.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return folder


def test_json_lines_are_read_as_text_with_their_lines(shop):
    items = datasets.load(as_jsonl(shop())).items
    assert items.columns.tolist() == ["item_id", "title", "tags", "price", "new", "image", "size"]
    assert items.where(items.notna(), None).to_numpy(object).tolist() == AS_TEXT
    assert places(items)[1].tolist() == [1, 3]


@pytest.mark.parametrize(("line", "part"), [
    ('{"item_id": 7, "title": ""}', "line 5: item_id '7' is on line 1 already"), ("[1]", "line 5: not a JSON object"),
    ('{"item_id": 8', "line 5: not JSON ("), ('{"title": "x"}', "line 5: no item_id"),
    ('{"item_id": 9, "image": "../x"}', "line 5: image '../x' leaves the folder"), ("[" * 100_000, "line 5: not JSON")])
def test_a_fault_in_json_lines_names_its_line(shop, line, part):
    with (as_jsonl(shop()) / "items.jsonl").open("a") as file:
        file.write(f"\n\n{line}\n")
    assert fault(shop(items=None)).startswith(f"items.jsonl: {part}")


def test_json_lines_without_a_column_and_empty_ones(shop):
    assert fault(as_jsonl(shop(), [{"item_id": 1, "titel": "x"}])) == (
        "items.jsonl: no column 'title'; did you mean 'titel' (column 2)?")
    assert fault(as_jsonl(shop(items=None), [])).startswith("items.jsonl: the file is empty")
    (shop(items=None) / "items.jsonl").write_bytes(b'{"item_id": 1}\n"\xff"')
    assert fault(shop(items=None)).startswith("items.jsonl: line 2: byte 0xff")


def test_parquet_is_read_as_text(shop):
    events = pd.DataFrame({"user_id": [7, 8], "item_id": [1.0, np.nan], "event": ["play", "search"],
                           "timestamp": pd.to_datetime(["2025-03-01T12:00:00.25+08:00"] * 2).tz_convert("Asia/Tokyo"),
                           "tags": [["a", "b"], None]})
    folder = shop()
    (folder / "events.csv").unlink()
    events.to_parquet(folder / "events.parquet")
    read = read_catalog(folder).events
    assert read.where(read.notna(), None).to_numpy(object).tolist() == [
        ["7", "1", "play", "2025-03-01 04:00:00.250000Z", "a|b"], ["8", None, "search", read["timestamp"][0], None]]
    assert places(read)[1].tolist() == [1, 2]
    (folder / "events.parquet").write_bytes(b"PAR1 and more")
    assert fault(folder).startswith("events.parquet: cannot be read (")


def test_one_table_of_two_kinds_is_refused_and_none_is_made(shop):
    folder = shop()
    (folder / "items.parquet").touch()
    assert fault(folder).endswith("both items.csv and items.parquet; keep one of them")
    (folder / "items.parquet").unlink()
    catalog = read_catalog(as_jsonl(folder))
    with pytest.raises(CatalogError, match="items.jsonl is there already; write the CSV files elsewhere"):
        write_catalog(catalog, folder)


@pytest.mark.parametrize(("listed", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_path_finds_its_file_in_the_other_unicode_form(shop, listed, stored, tmp_path_factory):
    name, other = (f"images/{unicodedata.normalize(form, 'é')}.jpg" for form in (listed, stored))
    folder = shop(items=f"item_id,title,image\na,Sea,{name}\n")
    (folder / "images").mkdir()
    (folder / other).touch()
    assert read_catalog(folder).media("image") == [folder / other]
    (folder / other).unlink()
    (folder / other).symlink_to(tmp_path_factory.mktemp("other"))
    assert "leaves the folder" in fault(folder)


# ---- writing


def test_a_written_catalogue_is_read_back(tmp_path):
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ['say "x", y\n', "\r"], "price": [1.5, np.nan]})
    events = pd.DataFrame({"user_id": ["u"], "item_id": ["a"], "event": ["play"],
                           "timestamp": pd.to_datetime(["2025-03-01T12:00:00.25+08:00"], utc=True)})
    write_catalog(Catalog(items, events, tmp_path, "mine"), tmp_path, licence="CC0-1.0", sources=["me"],
                  extra={"seed": 7})
    catalog = read_catalog(tmp_path)
    assert catalog.name == "mine"
    assert catalog.items["title"].tolist() == items["title"].tolist()
    assert catalog.items["price"].tolist()[0] == "1.5"
    assert catalog.items["price"].isna().tolist() == [False, True]
    assert catalog.events["timestamp"].tolist() == ["2025-03-01T04:00:00.250000Z"]
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["format"] == 1
    assert manifest["counts"] == {"items": 2, "events": 1}
    assert (manifest["licence"], manifest["sources"], manifest["seed"]) == ("CC0-1.0", ["me"], 7)
    assert set(manifest["sha256"]) == {"items.csv", "events.csv"}


def test_reading_and_writing_repeats_the_bytes(shop, tmp_path_factory):
    folder, copy = shop(), tmp_path_factory.mktemp("copy")
    write_catalog(read_catalog(folder), copy)
    assert (copy / "items.csv").read_text() == ITEMS
    assert (copy / "events.csv").read_text() == EVENTS


def test_nothing_that_could_not_be_read_is_written(tmp_path):
    events = pd.DataFrame(columns=REQUIRED["events.csv"])
    for items, part in (({"item_id": ["a", "a"], "title": "x"}, "is on line"),
                        ({"item_id": ["a"], "title": "x", "image": "../a.jpg"}, "leaves the folder"),
                        ({"item_id": ["a"], "title": "\ud800"}, "items.csv: '\\ud800' is not a character"),
                        ({"item_id": ["a"], "name": "x"}, "no column 'title'")):
        with pytest.raises(CatalogError, match="items.csv") as caught:
            write_catalog(Catalog(pd.DataFrame(items, dtype=object), events, tmp_path, "x"), tmp_path)
        assert part in str(caught.value)
        assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file(shop, monkeypatch):
    folder = shop()
    catalog = read_catalog(folder)

    def full(*_, **__):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_catalog(catalog, folder)
    assert (folder / "items.csv").read_text() == ITEMS
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv", "items.csv"]


def test_verify_names_what_changed(shop):
    folder = shop()
    (folder / "images").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / "images" / name).write_bytes(b"x")
    write_catalog(read_catalog(folder), folder)
    assert verify(folder) == []
    (folder / "images" / "a.jpg").write_bytes(b"y")
    (folder / "images" / "b.jpg").unlink()
    (folder / "new.txt").touch()
    (folder / ".DS_Store").touch()
    assert verify(folder) == ["images/a.jpg", "images/b.jpg", "new.txt"]
    (folder / "manifest.json").write_text('{"format": 1}')
    with pytest.raises(CatalogError, match="no sha256"):
        verify(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(CatalogError, match="no manifest.json"):
        verify(folder)


# ---- which catalogue


def test_load_reads_a_folder_and_names_what_it_misses(shop, tmp_path):
    assert datasets.load(str(shop())).items["item_id"].tolist() == ["a", "b"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(CatalogError, match=r"empty: no items.csv; a catalogue needs items.csv and events.csv"):
        datasets.load(tmp_path / "empty")
    with pytest.raises(CatalogError, match="no such folder"):
        datasets.load(tmp_path / "nothing here")


def test_the_record_shop_may_be_named_by_the_environment(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("MMREC_DATA", str(shop()))
    assert datasets.load("recordshop").root == tmp_path
    (tmp_path / "data" / "recordshop").mkdir(parents=True)
    for name in ("items.csv", "events.csv"):
        os.rename(tmp_path / name, tmp_path / "data" / "recordshop" / name)
    monkeypatch.setenv("MMREC_DATA", str(tmp_path / "data"))
    assert datasets.load("recordshop").root == tmp_path / "data" / "recordshop"


def test_a_record_shop_nowhere_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "a" / "b" / "c" / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MMREC_DATA", str(tmp_path / "gone"))
    with pytest.raises(CatalogError, match="recordshop: not found in .*gone.*MMREC_DATA"):
        datasets.load("recordshop")


# ---- properties

FIELD = st.text(max_size=8) | st.sampled_from(["", "NA", '"', "a\nb", "a\rb", "\r\n", "\0", ",", "\ufeff", "../x", " "])
NAMES = st.sampled_from([*KNOWN["items.csv"], *KNOWN["events.csv"], "titel", "timestmap"]) | FIELD


@st.composite
def tables(draw, required):
    """A header and rows of any text: columns in any order, at times one too few or one twice; ids often fine."""
    further = draw(st.lists(NAMES, max_size=3).map(lambda names: list(dict.fromkeys(names))))
    header = draw(st.permutations([*required, *(name for name in further if name not in required)]))
    header = draw(st.sampled_from([header] * 6 + [header[1:], [*header, header[0]]]))
    row = st.lists(FIELD, min_size=len(header), max_size=len(header))
    rows = draw(st.lists(row, min_size=draw(st.sampled_from([1, 1, 1, 0])), max_size=5))
    if "item_id" in header and draw(st.sampled_from([True, True, False])):
        for number, fields in enumerate(rows):
            fields[header.index("item_id")] += str(number)
    return header, rows


def write(path, header, rows, quoting=csv.QUOTE_ALL):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=quoting).writerows([header, *rows])


def attempt(read, *arguments):
    """What was read and None, or None and what the CatalogError said; any other exception fails the test."""
    try:
        return read(*arguments), None
    except CatalogError as told:
        return None, str(told)


def same(frame, header, rows):
    """Whether the frame holds these fields and no others, empty ones missing."""
    found = frame[list(header)].astype(object).where(frame[list(header)].notna(), "")
    return found.to_numpy(object).tolist() == rows


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("odd")


@settings(max_examples=150, deadline=None)
@given(items=tables(REQUIRED["items.csv"]), events=tables(REQUIRED["events.csv"]),
       quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
@example(items=(["title", "item_id"], [["\r", "x"]]), events=(list(REQUIRED["events.csv"]), []), quoting=csv.QUOTE_ALL)
def test_an_odd_catalogue_loads_whole_or_says_why(place, items, events, quoting):
    write(place / "items.csv", *items, quoting)
    write(place / "events.csv", *events, quoting)
    catalog, told = attempt(read_catalog, place)
    if told:
        assert told.startswith(("items.csv: ", "events.csv: "))
        return
    assert quoting == csv.QUOTE_MINIMAL or (same(catalog.items, *items) and same(catalog.events, *events))
    write_catalog(catalog, place / "again")
    again = read_catalog(place / "again")
    pd.testing.assert_frame_equal(again.items, catalog.items)
    pd.testing.assert_frame_equal(again.events, catalog.events)
    assert verify(place / "again") == []


@settings(max_examples=150, deadline=None)
@given(header=st.lists(FIELD, min_size=1, max_size=4, unique=True), data=st.data())
def test_a_table_loses_no_field_and_knows_its_lines(place, header, data):
    rows = data.draw(st.lists(st.lists(FIELD, min_size=len(header), max_size=len(header)), max_size=6))
    path = place / "table.csv"
    write(path, header, rows)
    table, told = attempt(read_table, path, ())
    if told:
        assert "the file is empty" in told
        assert not any(name.strip() for name in header)
        return
    assert same(table, table.columns, rows)
    lines = path.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [lines[number - 1] for number in places(table)[1]]
    firsts = ['"' + row[0].replace('"', '""') for row in rows]
    assert all(line.startswith(first.replace("\r", "\n").split("\n")[0]) for line, first in zip(starts, firsts,
                                                                                                 strict=True))


@settings(max_examples=200, deadline=None)
@given(items=st.binary(max_size=60) | st.text(max_size=60).map(str.encode), whole=st.booleans())
def test_any_bytes_load_or_say_why(place, items, whole):
    (place / "items.csv").write_bytes(b"item_id,title\n" * whole + items)
    (place / "events.csv").write_text(EVENTS)
    catalog, told = attempt(read_catalog, place)
    assert told.startswith("items.csv: ") if told else len(catalog.items)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.dictionaries(st.sampled_from(["item_id", "title", "image"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4), st.lists)).map(json.dumps) |
    st.text(max_size=9)), whole=st.booleans())
def test_any_json_lines_load_or_say_why(place, lines, whole):
    (place / "json").mkdir(exist_ok=True)
    (place / "json" / "items.jsonl").write_text("\n".join(['{"item_id": "a", "title": "x"}'] * whole + lines),
                                                encoding="utf-8")
    (place / "json" / "events.csv").write_text(EVENTS)
    catalog, told = attempt(read_catalog, place / "json")
    if told:
        assert told.startswith("items.jsonl: ")
        return
    fields = catalog.items.to_numpy(object).ravel()
    assert all(isinstance(field, str) for field in fields[pd.notna(fields)])
    write_catalog(catalog, place / "again")


@given(st.lists(st.text(max_size=6), max_size=6), st.text(max_size=6))
def test_the_nearest_name_is_one_of_them(names, name):
    assert nearest(name, names) in {None, *names}
    assert nearest(name, [*names, name]).casefold() == name.casefold()
