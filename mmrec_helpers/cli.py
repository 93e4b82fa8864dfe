"""The command `mmrec`: an error is one line and a non-zero exit code, a traceback only with `--debug`."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if os.path.expanduser("~") == "~":  # no home: Keras would make a folder of that name here
    os.environ.setdefault("KERAS_HOME", os.path.join(tempfile.gettempdir(), ".keras"))

FIXES = {errno.EROFS: "; choose a place that can be written", errno.EACCES: "; choose a place that you may write to",
         errno.ENOSPC: "; make room and start again: what was there before is unchanged"}


class Refused(ValueError):
    """The command line asks for something impossible; the message says what to write."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0, 1 for an error, 130 for Ctrl-C."""
    arguments = _parser().parse_args(argv)
    from mmrec_helpers import terminal  # pandas, after the settings above

    terminal.prepare()
    try:
        return arguments.does(arguments) or 0
    except KeyboardInterrupt:
        print("\nstopped; what was extracted is kept: run the same command again to continue", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    except Exception as fault:
        if arguments.debug:
            raise
        print(f"mmrec: {_line(fault)}", file=sys.stderr)
        return 1


def _line(fault: Exception) -> str:
    """An error in one line; one that is not of our own classes is shown with its class."""
    from mmrec_helpers import terminal
    from mmrec_helpers.catalog import CatalogError, UnknownId
    from mmrec_helpers.saved_run import RunError

    words = terminal.printable(" ".join(str(fault).split())) or type(fault).__name__
    if isinstance(fault, ModuleNotFoundError) and fault.name in ("tensorflow", "keras"):
        return (f"{fault.name} is not installed, and pictures and sounds need it: pip install "
                "\"mmrec-helpers[train]\", or from the project's folder: make run")
    if isinstance(fault, OSError) and fault.strerror:
        place = f"{fault.filename}: " if fault.filename else ""
        return place + fault.strerror + FIXES.get(fault.errno, "")
    known = isinstance(fault, (CatalogError, RunError, UnknownId, Refused, OSError))
    return words if known else f"{type(fault).__name__}: {words} (--debug shows where)"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mmrec", description="A multimodal recommender, from raw media to lists.")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _run_parser(commands)
    _recommend_parser(commands)

    compare = _command(commands, "compare", _compare, "compare two saved runs, user by user, and say which is better")
    compare.add_argument("a", type=Path, help="a run's folder, such as runs/before")
    compare.add_argument("b", type=Path, help="another, such as runs/after")
    compare.add_argument("--metric", default="ndcg", help="ndcg (default), recall, precision, f1 or hit_rate")
    compare.add_argument("--methods", nargs=2, default=(None, None), metavar=("A", "B"),
                         help="a method of each run (default: the one that it serves)")
    compare.add_argument("--fail-if-worse", action="store_true", help="exit code 1 where b is shown to be worse than a")

    report = _command(commands, "report", _report, "one HTML file on a run, or on several side by side")
    report.add_argument("--run", type=Path, action="append", required=True, dest="runs",
                        help="a run's folder, such as runs/latest (may be repeated; the first is compared with)")
    report.add_argument("--out", type=Path, help="the file (default: report.html in the first run's folder)")

    world = _command(commands, "world", _world, "generate a synthetic record shop of any size")
    world.add_argument("--out", type=Path, required=True, help="a new folder")
    world.add_argument("--items", type=int, help="number of records (default: 1200)")
    world.add_argument("--users", type=int, help="number of users (default: 1000)")
    world.add_argument("--events", type=int, help="approximate number of clean events (default: 57 per user)")
    world.add_argument("--seed", type=int, help="seed of the generator (default: that of the shipped shop)")
    world.add_argument("--no-media", dest="media", action="store_false", default=None, help="only tables")
    world.add_argument("--no-dirt", dest="soiled", action="store_false", default=None, help="no faults in the data")
    world.add_argument("--log-seed", type=int, default=0, help="instead: copy the shop of --data with a new log")
    world.add_argument("--data", default="recordshop", help="the shop that --log-seed copies (default: recordshop)")

    _command(commands, "doctor", _doctor, "list what is installed, what is missing, and how to fix it")

    extract = _command(commands, "extract", _extract, "extract one modality's features into the store")
    extract.add_argument("--data", default="recordshop", help="recordshop, or a folder (catalogue or MovieLens)")
    extract.add_argument("--modality", required=True, choices=["text", "image", "audio"])
    extract.add_argument("--encoder", help="such as minilm (default: the cheapest; see `mmrec encoders`)")
    extract.add_argument("--device", default="auto", choices=["auto", "cpu", "gpu"])

    _command(commands, "encoders", _encoders, "list the pretrained encoders: author, training data, licence, cost")

    course = _command(commands, "course", _course, "run, check, measure and reset the chapters")
    course.add_argument("action", choices=["run", "check", "exercises", "bands", "reset"])
    course.add_argument("name", nargs="?", help="one notebook (default: all)")
    course.add_argument("--notebooks", type=Path, default=Path("notebooks"))
    course.add_argument("--fast", action="store_true", help="run on a small shop")
    return parser


def _run_parser(commands: argparse._SubParsersAction) -> None:
    run = _command(commands, "run", _run, "clean, extract, fuse, rank, evaluate; write runs/NAME")
    run.add_argument("--data", default="recordshop", help="recordshop, or a folder (catalogue or MovieLens)")
    run.add_argument("--name", default="latest", help="the run's name")
    run.add_argument("--runs", type=Path, default=Path("runs"), help="where runs are kept")
    run.add_argument("--seed", type=int, default=0, help="of the order in which the split takes events of equal time; "
                     "networks and rankers have seeds of their own")
    run.add_argument("--k", type=int, default=20, help="length of the evaluated lists")
    run.add_argument("--event", action="append", default=[], metavar="NAME=EVENT:WEIGHT",
                     help="the name of an event in the log, what it means, how much it counts as a user's first "
                          "positive event of an item (default 1): add_to_cart=cart:3 (may be repeated)")
    run.add_argument("--user", help="whose list the page shows first (default: a user with a history of medium length)")
    run.add_argument("--pseudonyms", action="store_true", help="write new random ids instead of those of the users")
    run.add_argument("--json", action="store_true", help="print one JSON document: that of metrics.json")


def _recommend_parser(commands: argparse._SubParsersAction) -> None:
    recommend = _command(commands, "recommend", _recommend, "recommend from a saved run")
    recommend.add_argument("--run", type=Path, required=True, help="a run's folder, such as runs/latest")
    who = recommend.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", help="a user of the run")
    who.add_argument("--history", type=_ids, default=[], metavar="ID,ID",
                     help="the history of a new user: ids of items; '' for none")
    who.add_argument("--like", metavar="ITEM", help="an item: recommend items that are similar to it")
    recommend.add_argument("--k", type=int, default=10)
    recommend.add_argument("--only", type=_ids, metavar="ID,ID", help="recommend only these items")
    recommend.add_argument("--without", type=_ids, default=[], metavar="ID,ID", help="do not recommend these items")
    recommend.add_argument("--json", action="store_true", help="print one JSON document")


def _command(commands: argparse._SubParsersAction, name: str, does: object, help_: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_, description=help_)
    parser.set_defaults(does=does)
    return parser


def _run(given: argparse.Namespace) -> None:
    from mmrec_helpers.run_report import run_and_report
    from mmrec_helpers.saved_run import check_name

    _check_least(1, k=given.k)
    _check_least(0, seed=given.seed)
    check_name(given.name)
    if given.user is not None and given.pseudonyms:
        raise Refused("--user with --pseudonyms: nobody keeps their id; leave one of them out")
    logging.getLogger("mmrec_helpers").setLevel(logging.INFO)
    events = dict(map(_meaning, given.event))
    run_and_report(given.data, given.runs / given.name, given.k, given.seed, given.user, events, given.pseudonyms,
                   given.json)


def _meaning(asked: str) -> tuple[str, tuple[str, float]]:
    """`add_to_cart=cart:3` as ("add_to_cart", ("cart", 3.0))."""
    from mmrec_helpers.preprocessing.events import meaning

    name, _, means = asked.partition("=")
    if not (name and means):
        raise Refused(f"--event {asked!r}: write NAME=EVENT or NAME=EVENT:WEIGHT, such as add_to_cart=cart:3")
    try:
        return name, meaning(means)
    except ValueError as fault:
        raise Refused(f"--event {asked!r}: {fault}") from None


def _check_least(least: int, **asked: int) -> None:
    for name, value in asked.items():
        if value < least:
            raise Refused(f"--{name} {value}: ask for at least {least}")


def _recommend(given: argparse.Namespace) -> None:
    import json

    from mmrec_helpers import terminal
    from mmrec_helpers.saved_run import POPULAR, open_run

    _check_least(1, k=given.k)
    run, filters = open_run(given.run), {"only": given.only, "without": given.without}
    try:
        found = (run.recommend(given.user, given.history, given.k, **filters) if given.like is None else
                 run.similar_items(given.like, given.k, **filters))
    except ValueError as fault:  # popularity has no similar items
        raise Refused(str(fault)) from fault
    popular = found["because"].eq(POPULAR)
    if given.json:
        asked = {name: getattr(given, name) for name in ("user", "history", "like", "k")}
        print(json.dumps({"run": str(given.run), **asked, "by_popularity": bool(popular.any()),
                          "items": found.to_dict("records")}, indent=1))
        return
    shown = found.assign(score=found["score"].map("{:.3f}".format), because=found["because"].mask(popular, ""))
    terminal.show("", shown, left=6, wrap=False)
    if popular.any():
        print(POPULAR)
    if len(found) < given.k:
        print(f"{len(found)} of the {given.k} asked for: no more items are left for this user")


def _compare(given: argparse.Namespace) -> int:
    from mmrec_helpers.evaluation.runs import compare

    verdict = compare(given.a, given.b, given.metric, given.methods)
    print(verdict)
    return int(given.fail_if_worse and verdict.difference.words == "lower")


def _report(given: argparse.Namespace) -> None:
    from mmrec_helpers.evaluation.report_page import write_report

    print(f"written to {write_report(given.runs, given.out or given.runs[0] / 'report.html')}")


def _ids(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _world(given: argparse.Namespace) -> None:
    from mmrec_helpers.catalog import CatalogError
    from mmrec_helpers.datasets.recordshop.build import build
    from mmrec_helpers.datasets.recordshop.redraw import write_redraw

    names = ("items", "users", "events", "seed", "media", "soiled")
    asked = {name: value for name in names if (value := getattr(given, name)) is not None}
    if asked and given.log_seed:
        raise CatalogError("--log-seed copies a shop as it is (--data DIR); leave out the options for a new one")
    catalog = write_redraw(given.out, given.data, given.log_seed) if given.log_seed else build(given.out, **asked)
    print(f"{given.out}: {len(catalog.items)} records, {len(catalog.events)} events")


def _doctor(given: argparse.Namespace) -> int:
    from mmrec_helpers.doctor import examine, report

    text, faults = report(examine())
    print(f"{text}\n{faults or 'no'} fault{'' if faults == 1 else 's'}")
    return int(faults > 0)


def _extract(given: argparse.Namespace) -> None:
    import time

    from mmrec_helpers import datasets
    from mmrec_helpers.features.extractors import by_name
    from mmrec_helpers.features.store import FeatureStore, extract

    store, start = FeatureStore(), time.perf_counter()
    catalog = datasets.load(given.data)
    made = extract(catalog, by_name(given.modality, given.encoder, given.device), store)
    print(f"{catalog.name}: {given.modality} of {int(made.present.sum())} of {len(made.ids)} items, "
          f"{made.matrix.shape[1]} dimensions, {time.perf_counter() - start:.1f} s; kept in {store.folder}")


def _encoders(given: argparse.Namespace) -> None:
    from mmrec_helpers.features.pretrained.base import as_text

    print(as_text())


def _course(given: argparse.Namespace) -> int:
    from mmrec_helpers.course import commands

    does = {"run": commands.run, "check": commands.check, "exercises": commands.build, "bands": commands.bands,
            "reset": commands.reset}
    return does[given.action](given.notebooks, given.name, given.fast)


if __name__ == "__main__":
    sys.exit(main())
