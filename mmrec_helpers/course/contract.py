"""What every chapter keeps to, checked: shape, lengths, alt text, size, nothing off the machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import nbformat

MAX_BYTES, MAX_PLAYERS = 1_000_000, 6
CODE_CELLS, CODE_LINES, MEDIAN_LINES, TEXT_WORDS, TEXT_PER_CODE = (20, 35), 25, 6, 120, (1.2, 1.6)
CODE_WIDTH = 110
CLOSING = ("## The same as ours?", "## What you can now do", "## Exercises", "## Quiz")

FORBIDDEN = {
    r"\btf\.keras\b|from tensorflow import keras|tensorflow\.keras": "use `import keras`",
    r"^\s*[!%]\s*pip\b": "the environment is set up by make",
    r"\b(requests|urllib\.request|http\.client|socket)\b|\b(wget|curl)\s": "a chapter needs no network",
}
"""What no code cell may contain: pattern -> fix."""

Cells = list[nbformat.NotebookNode]


def check(path: str | Path) -> list[str]:
    """Every fault of a chapter, each with file, cell and fix; empty where it keeps the contract."""
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    rules: tuple[Callable[[Path, Cells], Iterator[str]], ...] = (
        _opening, _minutes, _closing, _compared, _parameters, _whole, _each_cell)
    found = [fault for rule in rules for fault in rule(path, notebook.cells)]
    if path.stat().st_size > MAX_BYTES:
        found.append(f"{path.stat().st_size} bytes; at most {MAX_BYTES}: smaller figures, fewer players")
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not python3")
    return [f"{path.name}: {fault}" for fault in found]


def _opening(path: Path, cells: Cells) -> Iterator[str]:
    title = cells[0].source if cells else ""
    number = int(path.name[:2])
    if not title.startswith(f"# {number}. "):
        yield f"cell 0: the title must start with '# {number}. '"
    for part in ("*Article:", "**You will be able to**", "**You need:**", "**Minutes:**", "**Device:**"):
        if part not in title:
            yield f"cell 0: no {part}"
    if len(_bullets(title)) != 3:
        yield f"cell 0: {len(_bullets(title))} objectives, three are needed"


def _minutes(path: Path, cells: Cells) -> Iterator[str]:
    """The title gives the minutes of every part, as the parts' headings do, and their sum."""
    title = cells[0].source if cells else ""
    listed = {part: int(minutes) for part, minutes in re.findall(r"part (\d+): (\d+)", title)}
    texts = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    parts = {part: int(minutes) for part, minutes in re.findall(r"^## (\d+)\. .*\((\d+) min", texts, re.M)}
    if listed != parts:
        yield f"the title gives the parts {listed} minutes, their headings {parts}"
    if f"**Minutes:** {sum(listed.values())} in all" not in title:
        yield f"the parts' minutes add up to {sum(listed.values())}; the title must say '{sum(listed.values())} in all'"


def _closing(path: Path, cells: Cells) -> Iterator[str]:
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    parts = {heading: texts[at:] for at, text in enumerate(texts) for heading in CLOSING if text.startswith(heading)}
    for heading in CLOSING:
        if heading not in parts:
            yield f"no part {heading!r}"
    if list(parts) != [heading for heading in CLOSING if heading in parts]:
        yield f"the last parts must come in the order {', '.join(CLOSING)}"
    if len(_bullets(parts.get(CLOSING[1], [""])[0])) != 3:
        yield "'What you can now do' must answer the three objectives in three bullets"
    quiz = "\n".join(parts.get(CLOSING[3], []))
    if not 3 <= quiz.count("<details>") <= 5:
        yield f"{quiz.count('<details>')} quiz questions; 3 to 5, each with its answer in <details>"


def _compared(path: Path, cells: Cells) -> Iterator[str]:
    """The headline figures of a full run are compared with their bands, and lie inside in the committed outputs."""
    call = rf"^same_as_ours\({int(path.name[:2])}, fast=FAST\b"
    compared = [cell for cell in cells if cell.cell_type == "code" and re.search(call, cell.source, re.M)]
    if len(compared) != 1:
        yield f"{len(compared)} calls same_as_ours({int(path.name[:2])}, fast=FAST, ...); one is needed"
    if any(": outside" in out.get("text", "") for cell in compared for out in cell.outputs):
        yield f"a committed figure lies outside its band: run it again, or mmrec course bands {path.name[:2]}"


def _parameters(path: Path, cells: Cells) -> Iterator[str]:
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        yield f"{len(tagged)} cells tagged parameters; one is needed"
    for line in ("DATA = ", "SEED = ", "FAST = False"):
        if tagged and not re.search(f"^{line}", tagged[0].source, re.M):
            yield f"the parameters cell does not set {line.strip()}"


def _whole(path: Path, cells: Cells) -> Iterator[str]:
    """How many cells, lines, words and players; and whether it was executed in order."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    lines = [_lines(cell.source) for cell in code]
    texts = [_words(cell.source) for cell in cells if cell.cell_type == "markdown"]
    if not CODE_CELLS[0] <= len(code) <= CODE_CELLS[1]:
        yield f"{len(code)} code cells; {CODE_CELLS[0]} to {CODE_CELLS[1]}"
    if code and median(lines) > MEDIAN_LINES:
        yield f"the median code cell has {median(lines)} lines; at most {MEDIAN_LINES}"
    if code and not TEXT_PER_CODE[0] <= len(texts) / len(code) <= TEXT_PER_CODE[1]:
        yield f"{len(texts) / len(code):.2f} text cells to a code cell; {TEXT_PER_CODE[0]} to {TEXT_PER_CODE[1]}"
    if sum(texts) <= sum(lines):
        yield f"{sum(texts)} words of text for {sum(lines)} lines of code; more words are needed"
    players = sum(_page(cell).count("<audio") for cell in cells)
    if players > MAX_PLAYERS:
        yield f"{players} players; at most {MAX_PLAYERS}"
    counts = [cell.execution_count for cell in code if cell.source.strip()]
    if None in counts or counts != sorted(counts):
        yield "not executed from top to bottom; run it and commit its outputs"


def _each_cell(path: Path, cells: Cells) -> Iterator[str]:
    for number, cell in enumerate(cells):
        faults = [*(_code(cell) if cell.cell_type == "code" else _text(path, cell))]
        tags = re.findall(r"<img\b[^>]{0,300}", _page(cell))
        if re.search(r"!\[\s*\]\(", _page(cell)) or not all(re.search(r'alt="[^"]+', tag) for tag in tags):
            faults.append("a picture without alt text")
        yield from (f"cell {number}: {fault}" for fault in faults)


def _code(cell: nbformat.NotebookNode) -> Iterator[str]:
    if _lines(cell.source) > CODE_LINES:
        yield f"{_lines(cell.source)} lines of code; at most {CODE_LINES}"
    widest = max(map(len, cell.source.split("\n")))
    if widest > CODE_WIDTH:
        yield f"a line of {widest} characters; at most {CODE_WIDTH}"
    for pattern, fix in FORBIDDEN.items():
        if found := re.search(pattern, cell.source, re.M):
            yield f"{found[0].strip()!r}: {fix}"
    if any("image/png" in out.get("data", {}) for out in cell.outputs):
        yield "a figure without alt text; end the cell with plots.show(figure, alt=...)"
    if any(out.output_type == "error" for out in cell.outputs):
        yield "an error; show it with try and except"


def _text(path: Path, cell: nbformat.NotebookNode) -> Iterator[str]:
    if _words(cell.source) > TEXT_WORDS:
        yield f"{_words(cell.source)} words; at most {TEXT_WORDS}"
    for target in re.findall(r"\]\(([^)#\s]+)", cell.source):
        if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
            yield f"the link {target!r} leads nowhere"


def _page(cell: nbformat.NotebookNode) -> str:
    """What a reader sees of a cell as HTML: a text itself, of code the outputs."""
    if cell.cell_type == "markdown":
        return cell.source
    return "".join(out.get("data", {}).get("text/html", "") for out in cell.get("outputs", []))


def _bullets(text: str) -> list[str]:
    return re.findall(r"^[-*] ", text, re.M)


def _lines(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


def _words(source: str) -> int:
    return len(re.sub(r"<[^>]+>", " ", source).split())
