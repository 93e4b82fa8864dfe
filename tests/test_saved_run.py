"""A run on disk: opened it answers as before; damaged it says which file; killed or crowded it is not lost."""

import json
import os
import shutil
import threading
import time

import numpy as np
import pytest
from scipy import sparse

from mmrec_helpers import saved_run
from mmrec_helpers.catalog import Features, Interactions, UnknownId
from mmrec_helpers.datasets.folder import checksums
from mmrec_helpers.ranking import EASE, Blend, ContentKNN, ImplicitALS, ItemKNN, Popularity, SideEASE
from mmrec_helpers.saved_run import RunError, SavedRun, open_run, writing

RANKERS = {"popularity": Popularity, "item kNN": lambda: ItemKNN(5, 1.0), "content kNN": lambda: ContentKNN("tfidf"),
           "EASE": lambda: EASE(5.0, max_items=7), "SideEASE": lambda: SideEASE(5.0, 2.0),
           "ALS": lambda: ImplicitALS(3), "blend": lambda: Blend({"als": ImplicitALS(3), "text": ContentKNN("tfidf")},
                                                                 {"als": 0.5, "text": 0.5})}


def parts():
    rng = np.random.default_rng(0)
    matrix = (rng.random((20, 9)) < 0.35) * rng.choice([1.0, 2.0], (20, 9))
    matrix[4] = 0
    known = Interactions(matrix, [f"u{i}" for i in range(20)], [f"i{i}" for i in range(9)],
                         sparse.csr_matrix((matrix > 0) | (rng.random((20, 9)) < 0.1)))
    text = Features("tfidf", "text", known.items[::-1], rng.standard_normal((9, 4)))
    sound = Features("mel", "audio", known.items[:6], np.vstack([rng.standard_normal((5, 3)), [[np.nan] * 3]]))
    return known, {item: f"record {item} é 录" for item in known.items[1:]}, [text, sound]


def made(ranker):
    known, titles, features = parts()
    return SavedRun(ranker.fit(known, features), known, titles, features)


def write(folder, run, about=None):
    with writing(folder) as fresh:
        saved_run.save(fresh, run, about or {"seed": 0})


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "good"
    write(folder, made(SideEASE(5.0, 2.0)))
    return folder


@pytest.fixture
def copy(good, tmp_path):
    return shutil.copytree(good, tmp_path / "run")


def answers(run):
    found = [run.recommend("u3"), run.recommend("u4", k=3), run.recommend(history=["i2", "i5"], k=4, without=["i1"]),
             run.recommend(k=2)]
    return [table.to_dict("list") for table in found]


# ---- what it answers


@pytest.mark.parametrize("make", RANKERS.values(), ids=RANKERS)
def test_a_run_of_every_ranker_opens_and_answers_as_before(make, tmp_path):
    run = made(make())
    write(tmp_path / "mine", run)
    again = open_run(tmp_path / "mine")
    assert answers(again) == answers(run)
    assert (again.known.matrix != run.known.matrix).nnz == (again.known.seen != run.known.seen).nnz == 0
    assert again.titles == run.titles
    for one, other in zip(again.features, run.features, strict=True):
        assert (one.name, one.modality, one.ids.tolist()) == (other.name, other.modality, other.ids.tolist())
        np.testing.assert_array_equal(one.matrix, other.matrix)
        np.testing.assert_array_equal(one.present, other.present)
    if again.ranker.capabilities.explains:
        assert again.similar_items("i2", 3).to_dict("list") == run.similar_items("i2", 3).to_dict("list")


def test_a_list_says_from_what_it_comes(good):
    run = open_run(good)
    listed = run.recommend(history=["i2", "i5"], k=9)
    assert listed.columns.tolist() == ["rank", "item_id", "title", "score", "because", "alike_in"]
    assert not {"i2", "i5"} & set(listed["item_id"])
    assert len(listed) == 7
    assert listed.loc[listed["item_id"] == "i0", "title"].item() == "i0"  # it has no title
    assert set("; ".join(listed["because"]).split("; ")) <= {"record i2 é 录", "record i5 é 录", ""}
    assert run.recommend("u4")["because"].eq(saved_run.POPULAR).all()
    assert run.recommend(k=3)["because"].eq(saved_run.POPULAR).all()
    assert set(run.recommend(history=["i2"], only=["i1", "i2"])["item_id"]) == {"i1"}


def test_ids_that_are_not_in_the_run_and_k_below_1_are_refused(good):
    run = open_run(good)
    with pytest.raises(UnknownId, match="user 'u33' is not known; did you mean 'u3'"):
        run.recommend("u33")
    for ask in (lambda: run.recommend(history=["i99"]), lambda: run.similar_items("i99"),
                lambda: run.recommend("u3", only=["i99"]), lambda: run.recommend("u3", without=["i99"])):
        with pytest.raises(UnknownId, match="item 'i99' is not known; did you mean 'i9|i"):
            ask()
    with pytest.raises(ValueError, match="at least 1"):
        run.recommend("u3", k=0)


# ---- damage


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_named_and_nothing_else_is_raised(seed, good, copy):
    """One file of the run: a byte changed, bytes added, cut, emptied, zeroed, or gone."""
    rng = np.random.default_rng(seed)
    path = files(copy)[seed % len(files(copy))]
    data = bytearray(path.read_bytes())
    at = int(rng.integers(len(data)))
    way = rng.choice(["byte", "byte", "byte", "more", "cut", "empty", "zeros", "gone"])
    if way == "byte":
        data[at] ^= int(rng.integers(1, 256))
    spoilt = {"byte": data, "more": data + b"{}", "cut": data[:at], "empty": b"", "gone": b"",
              "zeros": data[:at] + bytes(len(data) - at)}[way]
    path.write_bytes(spoilt)
    if way == "gone":
        path.unlink()
    said = None
    try:
        run = open_run(copy)
    except RunError as fault:
        said = str(fault)
    if said is None:  # a word about the run may change, what it answers may not
        assert path.name == "run.json"
        assert answers(run) == answers(open_run(good))
    else:
        assert said.startswith(str(copy))
        assert path.name == "run.json" or str(path) in said
        assert "mmrec run" in said


def test_every_file_of_a_run_is_under_a_checksum(good):
    sums = json.loads((good / "run.json").read_text(encoding="utf-8"))["sha256"]
    assert {*sums, "run.json"} == {path.relative_to(good).as_posix() for path in files(good)}


def sealed(folder, name=None, data=None):
    """The checksum of a file, made anew: as by someone who wants to be believed."""
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if name:
        about["sha256"][name] = checksums(folder)[name]
    (folder / "run.json").write_text(json.dumps({**about, **(data or {})}), encoding="utf-8")


@pytest.mark.parametrize("which", ["matrix", "seen"])
@pytest.mark.parametrize(("part", "change"), [
    ("indptr", lambda x: x[::-1]), ("indptr", lambda x: x + 1), ("indptr", lambda x: x[:-1]),
    ("indptr", lambda x: x * 10**9), ("indices", lambda x: x + 10**9), ("indices", lambda x: -1 - x),
    ("indices", lambda x: x[:-1]), ("indices", lambda x: x[None]), ("data", lambda x: x[:-1])])
def test_a_crafted_matrix_is_refused_before_it_is_used(which, part, change, copy):
    with np.load(copy / "known.npz") as loaded:
        arrays = dict(loaded)
    arrays[f"{which}.{part}"] = change(arrays[f"{which}.{part}"].astype(np.int64 if part != "data" else np.float32))
    np.savez(copy / "known.npz", **arrays)
    sealed(copy, "known.npz")
    with pytest.raises(RunError, match=r"known\.npz: not what a run wrote"):
        open_run(copy)


@pytest.mark.parametrize("change", [
    {"matrix.data": lambda x: x * np.nan}, {"matrix.data": lambda x: x * np.inf}, {"matrix.data": lambda x: -x},
    {"users": lambda x: x[:-1]}, {"items": lambda x: x[:-1]}, {"users": lambda x: x[:, None]},
    {"users": lambda x: x.astype(object)}])
def test_known_with_values_or_ids_that_cannot_be_is_refused(change, copy):
    with np.load(copy / "known.npz") as loaded:
        arrays = dict(loaded)
    np.savez(copy / "known.npz", **{**arrays, **{name: how(arrays[name]) for name, how in change.items()}})
    sealed(copy, "known.npz")
    with pytest.raises(RunError, match=r"known\.npz: not what a run wrote"):
        open_run(copy)


def test_features_and_titles_that_cannot_be_are_refused_by_name(copy):
    with np.load(copy / "features" / "1.npz") as loaded:
        arrays = dict(loaded)
    for name, value in (("matrix", arrays["matrix"][:-1]), ("matrix", arrays["matrix"][0]),
                        ("matrix", arrays["matrix"] + np.inf)):
        np.savez(copy / "features" / "1.npz", **{**arrays, name: value, "present": np.ones(6, bool)})
        sealed(copy, "features/1.npz")
        with pytest.raises(RunError, match=r"features.1\.npz: not what a run wrote"):
            open_run(copy)
    np.savez(copy / "features" / "1.npz", **arrays)
    sealed(copy, "features/1.npz")
    (copy / "titles.json").write_text("[1]")
    sealed(copy, "titles.json")
    with pytest.raises(RunError, match=r"titles\.json: not what a run wrote"):
        open_run(copy)


@pytest.mark.parametrize("about", [{"kind": "system", "params": {}}, {"kind": "EASE", "params": {"path": "/"}}, [], 3,
                                   {"kind": ["EASE"], "params": {}}, {"kind": "Popularity", "params": {}}])
def test_a_ranker_that_is_not_of_the_list_or_not_of_these_arrays_is_refused(about, copy):
    (copy / "ranker" / "ranker.json").write_text(json.dumps(about))
    sealed(copy, "ranker/ranker.json")
    if about == {"kind": "Popularity", "params": {}}:  # its arrays are there: a ranker like any other
        assert len(open_run(copy).recommend("u3"))
        return
    with pytest.raises(RunError, match="ranker: not what a run wrote"):
        open_run(copy)


def test_a_ranker_of_other_items_is_refused(copy, tmp_path):
    other = made(Popularity())
    other.ranker.items_ = other.ranker.items_[::-1]
    write(tmp_path / "other", other)
    with pytest.raises(RunError, match="fitted on other items"):
        open_run(tmp_path / "other")


@pytest.mark.parametrize("name", ["../secret", "ranker/../../secret", "/etc/hostname", "", ".", "a\0b",
                                  "\ud800", "x" * 5000])
def test_no_name_in_the_checksums_leads_out_of_the_folder(name, copy):
    secret = copy.parent / "secret"
    secret.write_text("mine")
    about = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    right = checksums(copy.parent)["secret"]  # even with the right sum
    sealed(copy, data={"sha256": {name: right, **about["sha256"]}})
    with pytest.raises(RunError, match="missing or changed"):
        open_run(copy)


@pytest.mark.parametrize("name", ["titles.json", "features/9.npz", "ranker", "more"])
def test_no_link_leads_out_of_the_folder(name, copy):
    outside = (copy / name).rename(copy.parent / "mine") if (copy / name).exists() else copy.parent
    (copy / name).symlink_to(outside)  # with the same content, so with the right sum
    with pytest.raises(RunError, match=f"{name} is a link"):
        open_run(copy)


def test_a_run_may_itself_be_reached_by_a_link(copy):
    (copy.parent / "latest").symlink_to(copy)
    assert open_run(copy.parent / "latest").known.users.size == 20


@pytest.mark.parametrize("sums", [None, 3, "abc", [[3, "a"]], [[[], "a"]], {}, {"titles.json": None}])
def test_checksums_that_are_none_are_refused(sums, copy):
    sealed(copy, data={"sha256": sums})
    with pytest.raises(RunError, match="not what a run wrote|missing or changed"):
        open_run(copy)


def test_a_run_of_another_format_and_a_folder_without_one_say_what_to_do(copy, tmp_path):
    sealed(copy, data={"format": 1})
    with pytest.raises(RunError, match="a run of format 1, this version reads 2; make it again with `mmrec run`"):
        open_run(copy)
    for folder in (tmp_path, tmp_path / "nowhere", copy / "run.json"):
        with pytest.raises(RunError, match="no run here"):
            open_run(folder)


# ---- writing


@pytest.mark.parametrize("name", [".hidden", "..", "", ".", "a b", "a:b", "-x", "a\nb"])
def test_a_name_that_is_none_is_refused_and_nothing_is_made(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = list(tmp_path.parent.iterdir())
    with pytest.raises(RunError, match="not a valid name for a run"), writing(name):
        pass
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.iterdir()) == before


def test_what_is_there_and_not_a_run_is_not_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("also")
    for name in ("mine", "file"):
        with pytest.raises(RunError, match="nothing was overwritten"), writing(tmp_path / name):
            pass
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine"]


@pytest.mark.parametrize("fault", [OSError("No space left on device"), KeyboardInterrupt()])
def test_an_older_run_survives_a_failure_and_nothing_is_left(fault, copy):
    before = answers(open_run(copy))
    with pytest.raises(type(fault)), writing(copy) as fresh:
        (fresh / "half.npz").write_bytes(b"x")
        raise fault
    assert answers(open_run(copy)) == before
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_new_run_takes_the_place_of_the_old_one(copy):
    write(copy, made(Popularity()), {"seed": 7})
    assert json.loads((copy / "run.json").read_text())["seed"] == 7
    assert open_run(copy).ranker.name == "popularity"
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def killed(folder):
    """As after a kill between the two renames: the old run is in a folder beside, the new one has no name yet."""
    fresh, old = (folder.parent / f".{folder.name}.{what}-abc_12" for what in ("new", "old"))
    shutil.copytree(folder, fresh)
    old.mkdir()
    folder.rename(old / "run")


def test_after_a_kill_between_the_two_renames_the_run_is_found_again(copy):
    before = answers(open_run(copy))
    killed(copy)
    assert not copy.exists()
    assert answers(open_run(copy)) == before
    killed_again = copy.rename(copy.parent / "other")
    killed(killed_again)
    with pytest.raises(KeyboardInterrupt), writing(killed_again):
        raise KeyboardInterrupt
    assert answers(open_run(killed_again)) == before


def test_what_a_killed_writer_left_is_cleared_after_a_day_and_what_is_not_its_own_stays(copy):
    killed(copy)
    open_run(copy)
    own = [copy.parent / f".{copy.name}.{what}-abc_12" for what in ("new", "old")]
    others = [copy.parent / name for name in (f".{copy.name}.my-notes", f".{copy.name}.more.new-abc_12", ".git")]
    for folder in others:
        folder.mkdir()
    open_run(copy)
    assert all(folder.exists() for folder in own)  # its writer may be at work
    for folder in (*own, *others):
        os.utime(folder, (time.time() - 2 * saved_run.DAY,) * 2)
    open_run(copy)
    assert not any(folder.exists() for folder in own)
    assert all(folder.exists() for folder in others)


def test_a_leftover_that_its_writer_clears_meanwhile_does_no_harm(copy):
    (copy.parent / f".{copy.name}.new-abc_12").symlink_to(copy.parent / "gone")  # listed, and gone when looked at
    assert open_run(copy).known.users.size == 20


def test_the_leftovers_of_a_run_are_not_taken_for_those_of_one_with_a_shorter_name(copy):
    longer = copy.rename(copy.parent / "run.2")
    killed(longer)
    with pytest.raises(RunError, match="no run here"):
        open_run(copy.parent / "run")
    assert open_run(longer).known.users.size == 20


def test_writers_of_one_name_at_once_leave_one_whole_run(copy):
    runs, faults = [made(kind()) for kind in (Popularity, ItemKNN, EASE)], []
    start = threading.Barrier(6)

    def work(number):
        start.wait()
        for _ in range(4):
            try:
                write(copy, runs[number % 3], {"seed": number})
            except (OSError, RunError) as fault:
                faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(faults) < 24
    seed = json.loads((copy / "run.json").read_text())["seed"]
    assert open_run(copy).ranker.name == runs[seed % 3].ranker.name
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
