"""How long the commands take: `python -m bench.times` shows it and writes bench/times.json.

Each command is timed several times, in turns with a yardstick (the same Python importing pandas and scipy), so that a
busy machine slows both. Medians, and their ratio to the yardstick's; compare ratios, seconds only on one machine. The
main job is timed once more on a made-up shop without media, of LARGE items, users and events, with its largest memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pandas as pd

from bench import record

MEASURES = (
    "data/recordshop/manifest.json", "mmrec_helpers/catalog", "mmrec_helpers/cli", "mmrec_helpers/datasets/folder",
    "mmrec_helpers/datasets/recordshop/log", "mmrec_helpers/datasets/tables", "mmrec_helpers/evaluation",
    "mmrec_helpers/features/audio", "mmrec_helpers/features/batches", "mmrec_helpers/features/image",
    "mmrec_helpers/features/keys", "mmrec_helpers/features/networks", "mmrec_helpers/features/spectra",
    "mmrec_helpers/features/store", "mmrec_helpers/features/text", "mmrec_helpers/fusion", "mmrec_helpers/media",
    "mmrec_helpers/metrics", "mmrec_helpers/pipeline", "mmrec_helpers/preprocessing", "mmrec_helpers/profiles",
    "mmrec_helpers/ranking", "mmrec_helpers/run_report", "mmrec_helpers/saved_run", "mmrec_helpers/splits")

ROUNDS, SEED = 7, 0
LARGE = {"items": 20_000, "users": 20_000, "events": 1_100_000}
PYTHON = [sys.executable, "-c", "import pandas, scipy.sparse"]
MMREC = [sys.executable, "-m", "mmrec_helpers.cli"]


def measured(command: list[str], cache: Path) -> tuple[float, float]:
    """Wall time in seconds and largest memory in GiB of a command that must succeed, with this feature cache."""
    environment = {**os.environ, "MMREC_CACHE": str(cache), "TF_CPP_MIN_LOG_LEVEL": "2", "OPENBLAS_NUM_THREADS": "1"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=record.ROOT, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return time.perf_counter() - start, used.ru_maxrss / 2**20


def seconds(command: list[str], cache: Path) -> float:
    """The wall time alone."""
    return measured(command, cache)[0]


def large(folder: Path) -> dict[str, float]:
    """The main job on the large shop."""
    options = [word for name, value in LARGE.items() for word in (f"--{name}", str(value))]
    seconds([*MMREC, "world", "--out", str(folder / "large"), "--no-media", *options], folder / "cache")
    run = [*MMREC, "run", "--data", str(folder / "large"), "--runs", str(folder / "runs"), "--name", "large"]
    took, memory = measured(run, folder / "cache")
    print(f"{LARGE}: {took:.0f} s, {memory:.2f} GiB", flush=True)
    return {**LARGE, "seconds": round(took, 1), "gib": round(memory, 2)}


def main() -> None:
    """Time the main job with an empty and with a full cache, and answers from its saved run."""
    with tempfile.TemporaryDirectory() as spare:
        cache, runs = Path(spare) / "cache", Path(spare) / "runs"
        run = [*MMREC, "run", "--runs", str(runs), "--seed", str(SEED)]
        times = {"main job, nothing cached": [seconds(run, cache)], "main job, features cached": [seconds(run, cache)],
                 "yardstick": []}
        user = pd.read_parquet(runs / "latest" / "recommendations.parquet")["user_id"][0]
        answer = [*MMREC, "recommend", "--run", str(runs / "latest")]
        asked = {"yardstick": PYTHON, "recommend, a known user": [*answer, "--user", user],
                 "recommend, someone unknown": [*answer, "--history", "r00010,r00020,r00030"]}
        for _ in range(ROUNDS):
            for name, command in asked.items():
                times.setdefault(name, []).append(seconds(command, cache))
        shop = large(Path(spare))
    table = pd.DataFrame({"runs": {name: len(each) for name, each in times.items()},
                          "median_s": {name: median(each) for name, each in times.items()},
                          "slowest_s": {name: max(each) for name, each in times.items()}})
    table["of_yardstick"] = table["median_s"] / table.loc["yardstick", "median_s"]
    print(table.round(2).to_string())
    record.write("times", SEED, {"times": table.round(3).to_dict(orient="index"), "large shop": shop})


if __name__ == "__main__":
    main()
