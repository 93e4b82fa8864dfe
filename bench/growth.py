"""How time and memory of each ranker grow: `python -m bench.growth` shows it and writes bench/growth.json.

Shops of the world generator, EVENTS a user: 1,000, 10,000 and 30,000 items for 10,000 users; 1,000, 10,000 and 50,000
users of 10,000 items. Who played, liked, carted or bought counts as 1; features: the planted factors of each modality,
seen through WIDTH noisy dimensions. Each ranker learns each shop, then lists K items for every user, in a process of
its own on one core, which may take LIMIT_S core-seconds and LIMIT_GIB. Kept: core-seconds (medians where a fit is
quick) and largest memory; `stops` where it was over a limit. Exponent: the slope of log seconds against log size,
between the two largest shops that a ranker got through. EASE learns all items here, and beside it as many as it does
by default.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from scipy import sparse

from bench import record
from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.datasets.recordshop.log import make_log
from mmrec_helpers.datasets.recordshop.world import MODALITIES, make_world
from mmrec_helpers.ranking import (
    BPR,
    EASE,
    ContentALS,
    HybridRanker,
    ImplicitALS,
    ItemKNN,
    Popularity,
    Ranker,
    SASRec,
    TwoTower,
    UserKNN,
)

MEASURES = (
    "mmrec_helpers/catalog", "mmrec_helpers/datasets/recordshop/log", "mmrec_helpers/datasets/recordshop/world",
    "mmrec_helpers/fusion", "mmrec_helpers/ranking")

SEED, K, EVENTS, WIDTH, LIMIT_S, LIMIT_GIB = 0, 20, 50, 64, 300, 12
ITEMS, USERS, MIDDLE = (1_000, 10_000, 30_000), (1_000, 10_000, 50_000), 10_000
RANKERS: Mapping[str, Callable[[], Ranker]] = {
    "popularity": Popularity, "item kNN": ItemKNN, "user kNN": UserKNN, "EASE, all items": lambda: EASE(max_items=None),
    "EASE, 3,000 items": EASE, "ALS": ImplicitALS, "BPR": BPR, "ALS + content": ContentALS, "hybrid": HybridRanker,
    "two-tower": TwoTower, "SASRec": SASRec}


def write_shop(folder: Path, n_items: int, n_users: int) -> Path:
    """A shop as arrays, in a file."""
    world = make_world(n_items, n_users, SEED)
    log = make_log(world, EVENTS * n_users, np.ones(n_items), SEED)
    log = log[log["event"].isin(["play", "like", "cart", "purchase"])].drop_duplicates(["user_id", "item_id"])
    row, column = (log[name].str[1:].astype(int).to_numpy() - 1 for name in ("user_id", "item_id"))
    time_of = pd.to_datetime(log["timestamp"]).astype("int64").to_numpy() / 1e9
    path = folder / f"{n_items}-{n_users}.npz"
    np.savez(path, row=row, column=column, time=time_of, factors=world.factors, shape=(n_users, n_items))
    return path


def read_shop(path: Path) -> tuple[Interactions, list[Features]]:
    """What a ranker learns from."""
    with np.load(path) as kept:
        row, column, when, factors, shape = (kept[name] for name in ("row", "column", "time", "factors", "shape"))
    users, items = ([f"{letter}{number}" for number in range(n)] for letter, n in zip("ur", shape, strict=True))
    taken, times = (sparse.csr_matrix((value, (row, column)), shape)
                    for value in (np.ones(len(row), np.float32), when))
    rng = np.random.default_rng(SEED)
    rows = [factors[:, place] @ rng.standard_normal((6, WIDTH)) + rng.standard_normal((len(items), WIDTH))
            for place in range(len(MODALITIES))]
    return Interactions(taken, users, items, time=times), [
        Features(f"noisy {name}", name, items, one) for name, one in zip(MODALITIES, rows, strict=True)]


def measured(name: str, path: Path) -> dict[str, float]:
    """Core-seconds of a fit and of all lists, largest memory before and after: in this process."""
    shop, features = read_shop(path)
    before, fits, ranker = largest(), [], RANKERS[name]()
    while not fits or (sum(fits) < 2 and len(fits) < 5):
        start = time.process_time()
        ranker.fit(shop, features)
        fits.append(time.process_time() - start)
    start = time.process_time()
    ranker.recommend(shop.queries(), K)
    return {"fit_s": median(fits), "lists_s": time.process_time() - start, "gib": largest(), "data_gib": before}


def largest() -> float:
    """The most memory that this program had, in GiB, as Linux says; `ru_maxrss` would count its parent's too."""
    kib, = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(kib) / 2**20


def stop_at_limits() -> None:
    """This process is ended where it takes more."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_GIB << 30, LIMIT_GIB << 30))


def asked(name: str, path: Path) -> dict[str, object]:
    """`measured` in a process of its own."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1",
                   "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-m", "bench.growth", name, str(path)], cwd=record.ROOT,
                          env=environment, capture_output=True, text=True, check=False)
    if not done.returncode:
        found = {key: round(value, 3) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}
    elif done.returncode < 0 and "MemoryError" not in done.stderr:
        found = {"stops": f"over {LIMIT_S} core-seconds"}
    elif "memory" in done.stderr.lower():
        found = {"stops": f"over {LIMIT_GIB} GiB"}
    else:
        raise RuntimeError(f"{name} on {path.name}: {done.stderr[-2000:]}")
    print(f"{name:20} {path.stem:14} {found}", flush=True)
    return found


def exponent(sizes: Mapping[int, Mapping[str, object]], what: str = "fit_s") -> float | None:
    """Slope of log seconds between the two largest sizes that were got through."""
    through = sorted(size for size, one in sizes.items() if what in one)[-2:]
    if len(through) < 2:
        return None
    (small, large), (few, many) = through, (sizes[size][what] for size in through)
    return round(math.log(max(many, 1e-3) / max(few, 1e-3)) / math.log(large / small), 2)


def main() -> None:
    """Every ranker on every shop; two processes at a time."""
    with tempfile.TemporaryDirectory() as spare, ThreadPoolExecutor(2) as pool:
        sizes = sorted({*((n, MIDDLE) for n in ITEMS), *((MIDDLE, n) for n in USERS)})
        shops = {size: write_shop(Path(spare), *size) for size in sizes}
        jobs = {(name, size): pool.submit(asked, name, path) for size, path in shops.items() for name in RANKERS}
        events = {f"{items} items, {users} users": len(np.load(shops[items, users])["row"]) for items, users in sizes}
        found = {key: job.result() for key, job in jobs.items()}
    curves = {name: {"items": {n: found[name, (n, MIDDLE)] for n in ITEMS},
                     "users": {n: found[name, (MIDDLE, n)] for n in USERS}} for name in RANKERS}
    for one in curves.values():
        one["exponents"] = {f"{what} by {axis}": exponent(one[axis], f"{what}_s")
                            for axis in ("items", "users") for what in ("fit", "lists")}
    print(pd.DataFrame({name: one["exponents"] for name, one in curves.items()}).T.to_string())
    record.write("growth", SEED, {"limit_s": LIMIT_S, "limit_gib": LIMIT_GIB, "positives": events, "rankers": curves})


if __name__ == "__main__":
    if sys.argv[1:]:
        stop_at_limits()
        print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]))))
    else:
        main()
