"""What a second run costs: `python -m bench.store` shows it and writes bench/store.json.

20,000 different pictures (the shop's covers, each with a few bytes of its own behind its end), the cheapest extractor
there is, an empty store; then the same again, and once more with one picture changed. Each in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench import record
from mmrec_helpers.datasets import recordshop_folder

N, SEED = 20_000, 0
RUN = """
import resource, sys, time
from pathlib import Path
import pandas as pd
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.features.statistics import PictureStatistics
from mmrec_helpers.features.store import FeatureStore, extract
folder, n = Path(sys.argv[1]), int(sys.argv[2])
names = [f"{i}.jpg" for i in range(n)]
catalog = Catalog(pd.DataFrame({"item_id": names, "title": names, "image": names}), pd.DataFrame(), folder, "many")
start = time.perf_counter()
extract(catalog, PictureStatistics(), FeatureStore(folder / f"store{n}"))
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def run(folder: Path, n: int) -> tuple[float, float]:
    """Seconds of an extraction over n pictures, and the process's largest memory in MiB."""
    done = subprocess.run([sys.executable, "-c", RUN, str(folder), str(n)], capture_output=True, text=True, check=True,
                          cwd=record.ROOT)
    seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def main() -> None:
    """First, second, and after a change."""
    covers = [path.read_bytes() for path in sorted((recordshop_folder() / "images").glob("r000*.jpg"))]
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        for number in range(N):
            (folder / f"{number}.jpg").write_bytes(covers[number % len(covers)] + number.to_bytes(4, "big"))
        few = run(folder, 1000)
        times = {"first": run(folder, N), "second": run(folder, N)}
        (folder / "7.jpg").write_bytes(covers[8] + b"changed")
        times["one picture changed"] = run(folder, N)
    figures = {name: {"seconds": round(seconds, 2), "of_first": round(seconds / times["first"][0], 4),
                      "memory_mib": round(memory)} for name, (seconds, memory) in times.items()}
    figures["first, of 1,000 pictures"] = {"seconds": round(few[0], 2), "memory_mib": round(few[1])}
    for name, one in figures.items():
        print(f"{name:26s} {one}")
    record.write("store", SEED, {"pictures": N, "extractor": "PictureStatistics", "runs": figures})


if __name__ == "__main__":
    main()
