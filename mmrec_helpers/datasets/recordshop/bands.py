"""The bands of the record shop: each genre's scales, chords, instruments and beats. Taught in chapter 5."""

from __future__ import annotations

from dataclasses import dataclass

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10), "lydian": (0, 2, 4, 6, 7, 9, 11), "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
"""Semitones above the tonic."""

LOUD = {"X": 1.0, "x": 0.7, "o": 0.4, ".": 0.0}
"""How loud a step of a pattern is. Patterns are 16 eighths, two bars of four beats."""


@dataclass(frozen=True)
class Band:
    """A genre's habits. Each entry is a list to choose from.

    scales; chords: roots, as scale degrees, of two beats each; lead: instruments; backing: (instrument, pattern,
    whether it breaks its chords); bass: (instrument, pattern, degrees above the root it steps through);
    kit; beat: patterns of the low, middle and top drum.
    """

    scales: tuple[str, ...]
    chords: tuple[tuple[int, ...], ...]
    lead: tuple[str, ...]
    backing: tuple[tuple[str, str, bool], ...]
    bass: tuple[tuple[str, str, tuple[int, ...]], ...]
    kit: tuple[str, ...]
    beat: tuple[tuple[str, str, str], ...]


_LONG = "X...X...X...X..."
_EIGHTHS = "XoxoXoxoXoxoXoxo"
_BACKBEAT = "..X...X...X...X."

BANDS: tuple[Band, ...] = (
    Band(("lydian", "major", "dorian"), ((0, 0, 3, 3), (0, 4, 3, 4)), ("bell", "glass", "flute"),
         (("pad", _LONG, False), ("glass", _EIGHTHS, True)),
         (("drone", "X.......X.......", (0,)), ("sub bass", _LONG, (0,))), ("soft",),
         (("X.......X.......", "......o.......o.", "xoxoxoxoxoxoxoxo"),)),
    Band(("major", "minor", "harmonic minor"), ((0, 3, 4, 0), (0, 5, 1, 4), (0, 4, 5, 3)),
         ("strings", "piano", "flute"), (("piano", _EIGHTHS, True), ("strings", _LONG, False),
                                         ("harpsichord", _EIGHTHS, True)),
         (("strings", _LONG, (0,)), ("upright bass", "X...x...X...x...", (0, 4))), ("orchestra",),
         (("X.......X...x...", "................", "o...o...o...o.o."),)),
    Band(("minor", "dorian", "mixolydian"), ((0, 0, 5, 6), (0, 5, 2, 6)), ("saw", "square", "bell"),
         (("saw", ".X.X.X.X.X.X.X.X", False), ("square", _EIGHTHS, True)),
         (("synth bass", ".X.X.X.X.X.X.X.X", (0,)), ("synth bass", _EIGHTHS, (0, 0, 7))), ("909",),
         (("X.X.X.X.X.X.X.X.", _BACKBEAT, "oXoXoXoXoXoXoXoX"),)),
    Band(("major", "mixolydian", "dorian"), ((0, 3, 0, 4), (0, 4, 3, 3)), ("steel guitar", "banjo", "accordion"),
         (("steel guitar", "X.xxX.xxX.xxX.xx", False), ("nylon guitar", _EIGHTHS, True)),
         (("upright bass", "X.x.X.x.X.x.X.x.", (0, 4)),), ("hands", "soft"),
         (("X...X...X...X...", "..x...x...x...x.", "xxoxxxoxxxoxxxox"),)),
    Band(("minor", "dorian", "harmonic minor"), ((0, 0, 5, 4), (0, 3, 0, 3)), ("electric piano", "flute", "brass"),
         (("electric piano", "X..x....X..x....", False), ("piano", "X..x..x.X..x..x.", False)),
         (("sub bass", "X..x.x..X..x.x..", (0,)),), ("dusty",),
         (("X..x.x..X..x.x..", _BACKBEAT, "xoxoxoxoxoxoxoxo"), ("X....x.xX....xx.", _BACKBEAT, "xoxxxoxxxoxxxoxx"))),
    Band(("dorian", "mixolydian", "major"), ((1, 4, 0, 5), (1, 4, 0, 0)), ("vibraphone", "brass", "piano"),
         (("piano", "...x..x....x.x..", False), ("electric piano", ".x..x....x..x...", False)),
         (("upright bass", "X.X.X.X.X.X.X.X.", (0, 2, 4, 5, 7, 5, 4, 2)),), ("brushes",),
         (("o...o...o...o...", "..x...x...x...x.", "X.XxX.XxX.XxX.Xx"),)),
    Band(("minor", "harmonic minor", "major"), ((0, 3, 4, 4), (0, 6, 5, 4)), ("nylon guitar", "brass", "accordion"),
         (("piano", "X.xx.xx.xxx.xx.x", True), ("nylon guitar", "X..x..x.X..x..x.", False)),
         (("upright bass", "X..x..x.X..x..x.", (0, 4, 7)),), ("percussion",),
         (("...x..xx...x..xx", "X..X..X...X.X...", "XoxxXoxxXoxxXoxx"),)),
    Band(("mixolydian", "minor", "major"), ((0, 6, 3, 0), (0, 3, 4, 3), (0, 5, 3, 4)),
         ("fuzz guitar", "organ", "steel guitar"),
         (("fuzz guitar", "X.xxX.xxX.xxX.xx", False), ("organ", _LONG, False), ("fuzz guitar", _EIGHTHS, False)),
         (("picked bass", _EIGHTHS, (0,)),), ("rock",),
         (("X...X..xX..xX...", _BACKBEAT, "XoxoXoxoXoxoXoxo"),)),
)
"""By genre, in the order of `world.GENRES`."""
