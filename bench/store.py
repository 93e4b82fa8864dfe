"""What a second run costs, and what memory: `python -m bench.store` shows it and writes bench/store.json.

20,000 different pictures (the shop's covers, each with a few bytes of its own behind its end), an empty store. Time:
the cheapest extractor there is; then the same again, and once more with one picture changed. Memory: 1,000 pictures
against 20,000, with the cheapest extractor and with a network. Each run is a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench import record
from mmrec_helpers.datasets import recordshop_folder

MEASURES = (
    "mmrec_helpers/catalog", "mmrec_helpers/features/base", "mmrec_helpers/features/batches",
    "mmrec_helpers/features/devices", "mmrec_helpers/features/keys", "mmrec_helpers/features/pretrained/base",
    "mmrec_helpers/features/pretrained/efficientnet", "mmrec_helpers/features/statistics",
    "mmrec_helpers/features/store", "mmrec_helpers/media")

N, FEW, SEED = 20_000, 1_000, 0
CHEAP, NETWORK = "picture-statistics", "efficientnet-lite0"
RUN = """
import resource, sys, time
from pathlib import Path
import pandas as pd
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.features.extractors import by_name
from mmrec_helpers.features.store import FeatureStore, extract
folder, n, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
names = [f"{i}.jpg" for i in range(n)]
catalog = Catalog(pd.DataFrame({"item_id": names, "title": names, "image": names}), pd.DataFrame(), folder, "many")
extractor = by_name("image", name)
start = time.perf_counter()
features = extract(catalog, extractor, FeatureStore(folder / f"store{n}"))
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
      features.matrix.nbytes / 2**20)
"""


def run(folder: Path, n: int, name: str = CHEAP) -> tuple[float, float, float]:
    """Seconds of an extraction over n pictures, the process's largest memory and the rows' own in MiB."""
    done = subprocess.run([sys.executable, "-c", RUN, str(folder), str(n), name], capture_output=True, text=True,
                          check=True, cwd=record.ROOT)
    seconds, memory, rows = map(float, done.stdout.split())
    return seconds, memory, rows


def memory(few: tuple[float, float, float], many: tuple[float, float, float]) -> dict[str, float]:
    """The largest memory of two runs; how much larger the second's is, in all and without the rows asked for."""
    (_, small, its), (_, large, rows) = few, many
    return {f"mib_{FEW}": round(small), f"mib_{N}": round(large), "rows_mib": round(rows),
            "growth": round(large / small - 1, 3), "growth_without_rows": round((large - rows) / (small - its) - 1, 3)}


def main() -> None:
    """First, second, and after a change; few and many."""
    covers = [path.read_bytes() for path in sorted((recordshop_folder() / "images").glob("r000*.jpg"))]
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        for number in range(N):
            (folder / f"{number}.jpg").write_bytes(covers[number % len(covers)] + number.to_bytes(4, "big"))
        few = {name: run(folder, FEW, name) for name in (CHEAP, NETWORK)}
        times = {"first": run(folder, N), "second": run(folder, N)}
        (folder / "7.jpg").write_bytes(covers[8] + b"changed")
        times["one picture changed"] = run(folder, N)
        many = {CHEAP: times["first"], NETWORK: run(folder, N, NETWORK)}
    runs = {name: {"seconds": round(seconds, 2), "of_first": round(seconds / times["first"][0], 4)}
            for name, (seconds, *_) in times.items()}
    peaks = {name: memory(few[name], many[name]) for name in few}
    for name, one in (runs | peaks).items():
        print(f"{name:26s} {one}")
    record.write("store", SEED, {"pictures": N, "extractor": CHEAP, "runs": runs, "memory": peaks})


if __name__ == "__main__":
    main()
