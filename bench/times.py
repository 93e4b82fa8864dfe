"""How long the commands take: `python -m bench.times` shows it and writes bench/times.json.

Each command is timed several times, in turns with a yardstick (the same Python importing pandas and scipy), so that a
busy machine slows both. Medians, and their ratio to the yardstick's; compare ratios, seconds only on one machine.
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
    "mmrec_helpers/datasets/tables", "mmrec_helpers/evaluation", "mmrec_helpers/features/audio",
    "mmrec_helpers/features/batches", "mmrec_helpers/features/image", "mmrec_helpers/features/keys",
    "mmrec_helpers/features/networks", "mmrec_helpers/features/spectra", "mmrec_helpers/features/store",
    "mmrec_helpers/features/text", "mmrec_helpers/fusion", "mmrec_helpers/media", "mmrec_helpers/metrics",
    "mmrec_helpers/pipeline", "mmrec_helpers/preprocessing", "mmrec_helpers/profiles", "mmrec_helpers/ranking",
    "mmrec_helpers/run_report", "mmrec_helpers/saved_run", "mmrec_helpers/splits")

ROUNDS, SEED = 7, 0
PYTHON = [sys.executable, "-c", "import pandas, scipy.sparse"]
MMREC = [sys.executable, "-m", "mmrec_helpers.cli"]


def seconds(command: list[str], cache: Path) -> float:
    """Wall time of a command that must succeed, with this feature cache."""
    environment = {**os.environ, "MMREC_CACHE": str(cache), "TF_CPP_MIN_LOG_LEVEL": "2", "OPENBLAS_NUM_THREADS": "1"}
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=record.ROOT)
    return time.perf_counter() - start


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
    table = pd.DataFrame({"runs": {name: len(each) for name, each in times.items()},
                          "median_s": {name: median(each) for name, each in times.items()},
                          "slowest_s": {name: max(each) for name, each in times.items()}})
    table["of_yardstick"] = table["median_s"] / table.loc["yardstick", "median_s"]
    print(table.round(2).to_string())
    record.write("times", SEED, {"times": table.round(3).to_dict(orient="index")})


if __name__ == "__main__":
    main()
