"""How things look in the notebooks: figures with alt text, covers, players, ranked lists, spectrograms."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from IPython.display import HTML
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 80


def show(figure: Figure, alt: str) -> HTML:
    """A matplotlib figure as a picture that carries its alt text; closes the figure. The cell's last line shows it."""
    import matplotlib.pyplot as plt

    data = io.BytesIO()
    figure.savefig(data, dpi=DPI, bbox_inches="tight", format="png")
    plt.close(figure)
    return _html(f'<img alt="{escape(alt)}" src="{_url("image/png", data.getvalue())}">')


def _html(text: str) -> HTML:
    from IPython.display import HTML

    return HTML(text)


def contact_sheet(paths: Sequence[str | Path], alt: str, columns: int = 10, size: int = 96) -> HTML:
    """Covers side by side in one picture; a path of None leaves a grey field. Displayed at its own size."""
    tiles = [np.full((size, size, 3), 230, np.uint8) if path is None else _cover(path, size) for path in paths]
    tiles += [np.full((size, size, 3), 255, np.uint8)] * (-len(tiles) % columns)
    sheet = np.vstack([np.hstack(tiles[row:row + columns]) for row in range(0, len(tiles), columns)])
    return _html(_picture(sheet, alt))


def player(path: str | Path, label: str) -> HTML:
    """A player that carries the file's own bytes, so that it plays in a committed notebook and off the network."""
    return _html(f"<div>{escape(label)}<br>{_audio(path, label)}</div>")


def ranked_list(rows: Sequence[Mapping[str, object]], heading: str = "") -> HTML:
    """A list as people look at it: each row a cover, title, a line under it and a player.

    rows: mappings with `title` and, as they are there, `image`, `audio` (paths) and `why` (text).
    """
    cells = "".join(_list_row(number, row) for number, row in enumerate(rows, 1))
    return _html(f"<h4>{escape(heading)}</h4><table>{cells}</table>")


def flow_chart(rows: Sequence[Sequence[str]]) -> Figure:
    """Boxes in rows, an arrow from each row to the next: the article's flow charts. rows: the labels, top first."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 1.1 * len(rows)))
    axes.set(xlim=(0, 1), ylim=(-len(rows) + 0.4, 0.6))
    axes.axis("off")
    for down, labels in enumerate(rows):
        for across, label in enumerate(labels):
            axes.text((across + 0.5) / len(labels), -down, label, ha="center", va="center",
                      bbox={"boxstyle": "round,pad=0.5", "fc": "#eef4fb", "ec": "#4878a8"})
        if down:
            arrow = {"arrowstyle": "->", "color": "#4878a8"}
            axes.annotate("", (0.5, -down + 0.3), (0.5, -down + 0.7), arrowprops=arrow)
    plt.close(figure)
    return figure


def spectrogram(wave: np.ndarray, rate: int, axes: Axes, title: str = "", loudest: float | None = None) -> None:
    """A log-mel spectrogram on `axes`: time across, pitch up, loudness as brightness.

    loudest: the mel power that is drawn brightest, to compare sounds on one scale; by default the sound's own maximum.
    """
    import librosa

    power = librosa.feature.melspectrogram(y=wave, sr=rate, n_mels=64)
    mel = librosa.power_to_db(power, ref=loudest or np.max, top_db=None)
    axes.imshow(mel, origin="lower", aspect="auto", cmap="magma", vmin=-70, vmax=0,
                extent=(0, len(wave) / rate, 0, 64))
    axes.set(title=title, xlabel="seconds", ylabel="mel band")


def _list_row(number: int, row: Mapping[str, object]) -> str:
    title, path = str(row["title"]), row.get("image")
    cover = "" if path is None else _picture(_cover(path, 64), f"cover of {title}")
    sound = "" if row.get("audio") is None else _audio(row["audio"], f"preview of {title}")
    return (f"<tr><td>{number}</td><td>{cover}</td><td style='text-align:left'><b>{escape(title)}</b><br>"
            f"{escape(str(row.get('why', '')))}</td><td>{sound}</td></tr>")


def _cover(path: str | Path, size: int) -> np.ndarray:
    import cv2

    return cv2.resize(cv2.imread(str(path)), (size, size), interpolation=cv2.INTER_AREA)


def _picture(pixels: np.ndarray, alt: str) -> str:
    """An img element that carries a JPEG of these BGR pixels."""
    import cv2

    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    return f'<img alt="{escape(alt)}" src="{_url("image/jpeg", data)}">'


def _audio(path: str | Path, label: str) -> str:
    kind = {".wav": "audio/wav", ".ogg": "audio/ogg"}.get(Path(path).suffix.lower(), "audio/mpeg")
    url = _url(kind, Path(path).read_bytes())
    return f'<audio controls preload="none" aria-label="{escape(label)}" src="{url}"></audio>'


def _url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
