"""Is a change without effect? `python -m bench.again NAME ...` measures a sample of bench/NAME.json twice.

A change that should leave every figure as it is (code that moved, a faster way to the same result) makes a JSON older
than its code all the same, and to measure everything again takes hours. The sample is measured by the code that gave
the JSON, in a checkout of its commit, and by today's, both here and each with its own features: networks that are
trained end elsewhere on another processor. Where every figure is the same to four decimals, the JSON's digests become
those of today's code, and `checked` says at which commit and on how many figures. A change that is meant to change
figures, or of packages, needs the whole benchmark. What trains rankers by gradient steps, and what measures time, is
not in a sample.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bench import encoders, fusion, methods, modalities, ranking, record
from bench.judging import figures
from bench.tasks import REDRAWN, extracted, length, splits_of
from mmrec_helpers import datasets, pipeline, splits
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.datasets.recordshop.world import World
from mmrec_helpers.evaluation import Scores, evaluate
from mmrec_helpers.preprocessing import preprocess

Figures = dict[str, float]
"""By what it is: a figure of the sample."""


def shop() -> Catalog:
    """The record shop, cleaned."""
    return preprocess(datasets.load("recordshop"))[0]


def of_methods(kept: Mapping) -> Figures:
    """Every method on the record shop's own log."""
    catalog = shop()
    features = [one.features for one in pipeline.extract_features(catalog).values()]
    split, = splits_of(catalog, "recordshop")
    return rows("recordshop", methods.scores_of(split, features))


def of_fusion(kept: Mapping) -> Figures:
    """The same, of fusion."""
    catalog = shop()
    split, = splits_of(catalog, "recordshop")
    found = fusion.judged(split, extracted(catalog), length("recordshop"))
    return rows("recordshop", {name: one.scores for name, one in found.items()})


def rows(task: str, scores: Mapping[str, Scores]) -> Figures:
    """NDCG of every method of a task."""
    return {f"{task}, {name}": one["ndcg"]["mean"] for name, one in figures([scores])["methods"].items()}


def of_modalities(kept: Mapping) -> Figures:
    """On every task: ALS + content with all modalities, and with none."""
    catalog = shop()
    features, found = extracted(catalog), {}
    all_of_them = " + ".join(one.name for one in features)
    for task in REDRAWN:
        sets = {all_of_them: lambda draw: features, "none": lambda draw: []}
        now = modalities.ranked(sets, splits_of(catalog, task), length(task), all_of_them)
        found |= {f"{task}, {name}": row["ndcg"]["mean"] for name, row in now.items()}
    return found


def of_ranking(kept: Mapping) -> Figures:
    """On the first draw of each of the record shop's tasks: the methods that no gradient step trains, each at the
    setting that was chosen."""
    here, found = ranking.Shop("recordshop"), {}
    for task in (one for one in ranking.SHOP_TASKS if one in kept):
        split, some = ranking.drawn(here.catalog, task)[0][0], here.methods(task)
        for name, one in some.items():
            if not one.slow:
                ranker = type(one.settings[0])(**kept[task]["methods"][name]["params"][0])
                scores = evaluate(ranker.fit(split.test.fit, one.features), split.test, length(task))
                found[f"{task}, {name}"] = float(scores.metrics["ndcg"].mean())
    return found


def of_encoders(kept: Mapping) -> Figures:
    """Counted words and cheap statistics on the record shop: R² and NDCG of new records."""
    catalog, found = shop(), {}
    worth = partial(encoders.factors, world=World.load(catalog.root / "truth"))
    colds = [splits.cold_items(catalog, seed=draw) for draw in range(encoders.DRAWS)]
    for modality, name in (("text", "tfidf"), ("image", "picture-statistics"), ("audio", "sound-statistics")):
        now, _ = encoders.row(name, modality, catalog, worth, colds)
        found |= {f"{name}, {key}": now[key]["mean"] for key in ("r2", "cold_ndcg_at_10")}
    return found


SAMPLES: Mapping[str, Callable[[Mapping], Figures]] = {
    "methods": of_methods, "fusion": of_fusion, "modalities": of_modalities, "ranking": of_ranking,
    "encoders": of_encoders}


def before(name: str, kept: Mapping, root: Path = record.ROOT) -> Figures:
    """The same sample by the code that gave the figures, or was last shown to give the same. Raises ValueError where
    that cannot be: the commit is not here, has other code than the figures say, or cannot run today's sample."""
    commit = kept.get("checked", kept)["commit"].rstrip("+")
    with tempfile.TemporaryDirectory() as spare:
        there = Path(spare) / "then"
        added = subprocess.run(["git", "worktree", "add", "-q", "--detach", there, commit], cwd=root, check=False)
        if added.returncode:
            raise ValueError(f"{name}: commit {commit} is not in this clone; `git fetch --unshallow`, or measure all "
                             "of it")
        try:
            if record.digests(name, there) != kept["measures"]:
                raise ValueError(f"{name}: the code of {commit} is not what gave the figures; measure all of it")
            for one in ("again.py", f"{name}.json"):
                shutil.copy(root / "bench" / one, there / "bench")
            return alone(name, there)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", there], cwd=root, check=True)


def alone(name: str, root: Path = record.ROOT) -> Figures:
    """The sample in a process of its own, with an empty store of features. Raises ValueError where it fails."""
    with tempfile.TemporaryDirectory() as store:
        done = subprocess.run([sys.executable, "-m", "bench.again", "--figures", name], cwd=root, check=False,
                              env={**os.environ, "PYTHONPATH": str(root), "MMREC_CACHE": store},
                              stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise ValueError(f"{name}: the code in {root} cannot measure this sample; measure all of it")
    return json.loads(done.stdout.splitlines()[-1])


def differ(one: Figures, other: Figures) -> dict[str, tuple[float, float]]:
    """Those that are not the same when rounded to four decimals, as many of the kept ones are; nan for one that is
    new, or gone."""
    both = {name: (one.get(name, float("nan")), other.get(name, float("nan"))) for name in {**one, **other}}
    return {name: pair for name, pair in both.items() if not abs(pair[0] - pair[1]) <= 6e-5}


def check(name: str, then: Callable[..., Figures] = before, now: Callable[..., Figures] = alone,
          root: Path = record.ROOT) -> dict[str, tuple[float, float]]:
    """Measure the sample; where it is the same, bring the JSON's digests up to date. Returns what differs. Raises
    ValueError where a sample cannot tell: packages have changed, or it is empty."""
    path = root / "bench" / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    if "uv.lock" in record.older(name, root):
        raise ValueError(f"{name}: packages have changed since; measure all of it")
    digests, old, new = record.digests(name, root), then(name, kept, root), now(name, root)
    if not new:
        raise ValueError(f"the sample of {name} is empty: it shows nothing")
    if not (found := differ(old, new)):
        record.save(path, {**kept, "measures": digests, "checked": {"commit": record.commit(), "figures": len(new)}})
    return found


def main() -> int:
    """The benchmarks that are named, or all that have a sample; the exit code is 1 where a figure differs, or none
    could be compared."""
    if sys.argv[1:2] == ["--figures"]:
        name = sys.argv[2]
        print(json.dumps(SAMPLES[name](json.loads((record.HERE / f"{name}.json").read_text(encoding="utf-8")))))
        return 0
    if record.commit().endswith("+"):
        sys.exit("commit first: figures are compared with those of a commit")
    faults = 0
    for name in sys.argv[1:] or SAMPLES:
        try:
            found = check(name)
        except ValueError as fault:
            print(fault, flush=True)
            faults += 1
        else:
            print(f"{name}: {len(found)} figures differ", *(f"  {one}: {then:.4f}, now {now:.4f}" for one, (
                then, now) in found.items()), sep="\n", flush=True)
            faults += len(found)
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
