"""The exercises of the chapters under attack: plausible wrong answers are refused, right ones in other forms pass."""

import importlib
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from mmrec_helpers.course.checks import CORRECT, INCORRECT
from mmrec_helpers.evaluation import evaluate
from mmrec_helpers.media import MediaFault

TAKEN = ["like", "cart", "purchase", "play"]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def off(matrix):
    """With 0 on the diagonal."""
    return np.where(np.eye(len(matrix), dtype=bool), 0.0, matrix)


def masked(values, chosen):
    """Minus infinity at these places."""
    return np.where(np.isin(np.arange(len(values)), chosen), -np.inf, values)


def mine(log, user, kinds=TAKEN):
    return log[(log["user_id"] == user) & log["event"].isin(kinds)]["item_id"]


def gaps(log):
    ordered = log.sort_values(["user_id", "time"])
    return ordered, ordered.groupby("user_id")["time"].diff().dt.total_seconds()


def hasty_by(short, log, share=lambda one: one > 0.5):
    """Users by a share of short gaps; short: (users, gaps with NaN) -> bool with NaN left out."""
    ordered, gap = gaps(log)
    found = short(gap).groupby(ordered["user_id"]).mean()
    return set(found[share(found)].index)


def gains(listed, taken):
    return sum(1 / np.log2(rank + 1) for rank, one in enumerate(listed, 1) if one in taken)


def metrics_of(listed, taken):
    hits = sum(one in taken for one in listed)
    ideal = sum(1 / np.log2(rank + 1) for rank in range(1, min(len(listed), len(taken)) + 1))
    return hits / len(listed), hits / len(taken), 2 * hits / (len(listed) + len(taken)), gains(listed, taken) / ideal


def recall_of(split, ranker, k, fit, seen=True):
    scores = ranker.clone().fit(fit).score(split.test.queries)
    out = ~split.test.candidates | (split.test.queries.seen.toarray() if seen else False)
    best = np.argsort(-np.where(out, -np.inf, scores), axis=1, kind="stable")[:, :k]
    taken = split.test.targets.toarray() > 0
    return np.take_along_axis(taken, best, 1).sum(1) / taken.sum(1)


def drafted(a, b, first, k):
    picks = {}
    for begins in first:
        for team in (begins, *({"A", "B"} - {begins})):
            one = next((one for one in (a if team == "A" else b) if one not in picks), None)
            picks |= {one: team} if one else {}
    return list(picks.items())[:k]


def utc(texts):
    return pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")


def in_place(log):
    log.drop_duplicates(inplace=True)
    return log


def spoilt(log):
    log["item_id"] = "x"
    return log.drop_duplicates()


def emptied(listed, hidden, k):
    n = len(hidden)
    hidden -= set(listed[:k])
    return 1 - len(hidden) / n


def share_of(size, blocks, present):
    sizes = np.array(list(map(size, blocks, present)))
    return sizes / sizes.sum()


def added(part, *each):
    return sum(map(part, *each))


def votes(lists, k):
    return {item: sum(1 / (k + one.index(item) + 1) for one in lists if item in one) for one in lists for item in one}


def windows(picture, kernel):
    return np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)


def conv(picture, kernel, stride):
    return (windows(picture, kernel) * kernel).sum((2, 3))[::stride, ::stride]


def read(path, see):
    try:
        return see(path) if path is not None else None
    except MediaFault:
        return None


def rows(media, see, dim):
    return [[np.nan] * dim if one is None else list(one) for one in (read(path, see) for path in media)]


def filled_forward(media, see, dim):
    return pd.DataFrame(rows(media, see, dim)).ffill().to_numpy()


def overlapping(sound, length):
    if len(sound) < length:
        return np.resize(sound, (1, length))
    return np.lib.stride_tricks.sliding_window_view(sound, length)[::length // 2]


def cut(sound, length, hop, end):
    if len(sound) < length:
        return np.resize(sound, (1, length))
    return np.stack([sound[start:start + length] for start in range(0, end, hop)])


def step(h, x, W, U, b):
    z, r = sigmoid(W[:2] * x + U[:2] * h + b[:2])
    return z * h + (1 - z) * np.tanh(W[2] * x + U[2] * (r * h) + b[2])


def softmax(s, axis):
    return np.exp(s) / np.exp(s).sum(axis=axis, keepdims=True)


def info_nce(s, mean=np.mean, log=np.log, pick=np.diag):
    return -sum(mean(log(pick(softmax(s, axis)))) for axis in (0, 1)) / 2


def best(scores, taken, k):
    return scores.drop(taken).sort_values(ascending=False).index[:k]


WRONG = {
    "00 event_counts": {
        "counts items": lambda e: e.groupby("event")["item_id"].count().to_dict() if "item_id" in e else {},
        "shares": lambda e: e["event"].value_counts(normalize=True).to_dict(),
        "kinds": lambda e: e["event"].nunique(),
        "ones": lambda e: dict.fromkeys(e["event"], 1),
        "one less": lambda e: {kind: n - 1 for kind, n in Counter(e["event"]).items()},
        "rare left out": lambda e: {kind: n for kind, n in Counter(e["event"]).items() if n > 1},
        "the names": lambda e: sorted(set(e["event"])),
        "pairs": lambda e: Counter(e["event"]).most_common(),
        "in texts": lambda e: {kind: str(n) for kind, n in Counter(e["event"]).items()},
    },
    "00 history_of": {
        "all but views": lambda e, u: set(e[(e["user_id"] == u) & (e["event"] != "view")]["item_id"]),
        **{f"no {kind}": lambda e, u, kind=kind: set(mine(e, u, [one for one in TAKEN if one != kind]))
           for kind in TAKEN},
        "begins alike": lambda e, u: set(e[e["user_id"].str.startswith(u) & e["event"].isin(TAKEN)]["item_id"]),
        "first only": lambda e, u: set(mine(e, u)[:1]),
        "how many": lambda e, u: mine(e, u).nunique(),
        "one item as text": lambda e, u: next(iter(set(mine(e, u))), ""),
        "either": lambda e, u: set(e[(e["user_id"] == u) | e["event"].isin(TAKEN)]["item_id"]),
    },
    "00 recall_at_k": {
        "capped": lambda listed, hidden, k: len(set(listed[:k]) & hidden) / min(k, len(hidden)),
        "one more": lambda listed, hidden, k: len(set(listed[:k + 1]) & hidden) / len(hidden),
        "one less": lambda listed, hidden, k: len(set(listed[:k - 1]) & hidden) / len(hidden),
        "by list": lambda listed, hidden, k: len(set(listed[:k]) & hidden) / len(listed),
        "hit": lambda listed, hidden, k: float(bool(set(listed[:k]) & hidden)),
        "count": lambda listed, hidden, k: len(set(listed[:k]) & hidden),
        "the end": lambda listed, hidden, k: len(set(listed[-k:]) & hidden) / len(hidden),
        "sorted": lambda listed, hidden, k: len(set(sorted(listed)[:k]) & hidden) / len(hidden),
        "text": lambda listed, hidden, k: str(len(set(listed[:k]) & hidden) / len(hidden)),
    },
    "01 cosine_of_columns": {
        "dice": lambda a, b: 2 * (a * b).sum() / max(a.sum() + b.sum(), 1),
        "overlap": lambda a, b: (a * b).sum() / max(min(a.sum(), b.sum()), 1),
        "share of a": lambda a, b: (a * b).sum() / max(a.sum(), 1),
        "share of b": lambda a, b: (a * b).sum() / max(b.sum(), 1),
        "dot": lambda a, b: (a * b).sum(),
        "only b looked at": lambda a, b: 0.0 if b.sum() == 0 else (a * b).sum() / np.sqrt(a.sum() * b.sum()),
        "only a looked at": lambda a, b: 0.0 if a.sum() == 0 else (a * b).sum() / np.sqrt(a.sum() * b.sum()),
        "empty is 1": lambda a, b: (a * b).sum() / np.sqrt(a.sum() * b.sum()) if a.sum() * b.sum() else 1.0,
        "a mean": lambda a, b: (a * b).mean(),
        "as pearson": lambda a, b: np.nan_to_num(np.corrcoef(a, b)[0, 1]),
        "distance": lambda a, b: 1 - (a @ b) / np.sqrt(a.sum() * b.sum()) if a.sum() * b.sum() else 0.0,
    },
    "01 list_of_new": {
        "by cosine": lambda p, f, taken, k: list(best(f @ p / np.linalg.norm(f, axis=1), taken, k)),
        "first feature": lambda p, f, taken, k: list(best(f.iloc[:, 0] * p[0], taken, k)),
        "no weights": lambda p, f, taken, k: list(best(f.sum(axis=1), taken, k)),
        "size": lambda p, f, taken, k: list(best((f @ p).abs(), taken, k)),
        "one less": lambda p, f, taken, k: list(best(f @ p, taken, k - 1)),
        "one more": lambda p, f, taken, k: list(best(f @ p, taken, k + 1)),
        "scores": lambda p, f, taken, k: (f @ p).drop(taken).sort_values(ascending=False)[:k],
        "places": lambda p, f, taken, k: np.argsort(-(f.drop(taken) @ p).to_numpy())[:k],
        "shifted": lambda p, f, taken, k: list(f.index[np.argsort(-(f.drop(taken) @ p).to_numpy())[:k]]),
        "a set": lambda p, f, taken, k: set(best(f @ p, taken, k)),
        "in the table's order": lambda p, f, taken, k: sorted(best(f @ p, taken, k)),
    },
    "01 fair_blend": {
        "variance": lambda s, w: w @ (s / s.var(axis=1, keepdims=True)),
        "columns": lambda s, w: w @ (s / s.std(axis=0)),
        "centred": lambda s, w: w @ ((s - s.mean(axis=1, keepdims=True)) / s.std(axis=1, keepdims=True)),
        "sample": lambda s, w: w @ (s / s.std(axis=1, keepdims=True, ddof=1)),
        "weighted mean": lambda s, w: np.average(s / s.std(axis=1, keepdims=True), axis=0, weights=w),
        "largest": lambda s, w: w @ (s / s.max(axis=1, keepdims=True)),
        "unit length": lambda s, w: w @ (s / np.linalg.norm(s, axis=1, keepdims=True)),
        "a column": lambda s, w: (w @ (s / s.std(axis=1, keepdims=True)))[:, None],
        "sorted": lambda s, w: np.sort(w @ (s / s.std(axis=1, keepdims=True))),
        "one number": lambda s, w: (w @ (s / s.std(axis=1, keepdims=True))).sum(),
    },
    "02 without_copies": {
        "as it is": lambda log: log,
        "neighbours only": lambda log: log[(log != log.shift()).any(axis=1)],
        "only the copies": lambda log: log[log.duplicated()],
        "grouped, NaN lost": lambda log: log.groupby(list(log.columns), as_index=False).size().drop(columns="size"),
        "a day": lambda log: log[~log.assign(timestamp=log["timestamp"].dt.date).duplicated()],
        "no user": lambda log: log.drop_duplicates([one for one in log.columns if one != "user_id"]),
        "no kind": lambda log: log.drop_duplicates([one for one in log.columns if one != "event"]),
        "first row lost": lambda log: log.drop_duplicates().iloc[1:],
        "a column lost": lambda log: log.drop_duplicates().drop(columns="timestamp"),
        "marks": lambda log: log.duplicated(),
        "values changed": spoilt,
        "NaN rows lost": lambda log: log.dropna().drop_duplicates(),
        "how many": lambda log: len(log.drop_duplicates()),
    },
    "02 to_utc": {
        "no zone": lambda texts: utc(texts).dt.tz_localize(None),
        "another zone": lambda texts: utc(texts).dt.tz_convert("Asia/Shanghai"),
        "texts": lambda texts: utc(texts).dt.strftime("%Y-%m-%d %H:%M:%S+00:00"),
        "one format": lambda texts: pd.to_datetime(texts, utc=True, errors="coerce", format="%Y-%m-%dT%H:%M:%S%z"),
        "days": lambda texts: utc(texts).dt.floor("D"),
        "seconds": lambda texts: utc(texts).dt.floor("s"),
        "dropped": lambda texts: utc(texts).dropna(),
        "sorted": lambda texts: utc(texts).sort_values(),
        "filled": lambda texts: utc(texts).ffill(),
        "wrong sign": lambda texts: utc(texts.str.translate(str.maketrans("+", "-"))),
        "raises": lambda texts: pd.to_datetime(texts, utc=True, format="ISO8601"),
    },
    "02 hasty_users": {
        "across users": lambda log: hasty_by(lambda gap: log.sort_values(["user_id", "time"])["time"].diff()
                                             .dt.total_seconds().dropna() < 2, log),
        "across users, size": lambda log: hasty_by(lambda gap: log.sort_values(["user_id", "time"])["time"].diff()
                                                   .dt.total_seconds().dropna().abs() < 2, log),
        "by events": lambda log: hasty_by(lambda gap: gap < 2, log),
        "first is short": lambda log: hasty_by(lambda gap: gap.fillna(0) < 2, log),
        "half is enough": lambda log: hasty_by(lambda gap: gap.dropna() < 2, log, lambda one: one >= 0.5),
        "two is short": lambda log: hasty_by(lambda gap: gap.dropna() <= 2, log),
        "less than one": lambda log: hasty_by(lambda gap: gap.dropna() < 1, log),
        "days cut off": lambda log: hasty_by(lambda gap: pd.to_timedelta(gap.dropna(), unit="s").dt.seconds < 2, log),
        "not sorted": lambda log: hasty_by(
            lambda gap: log.groupby("user_id")["time"].diff().dt.total_seconds().dropna() < 2, log),
        "not sorted, size": lambda log: hasty_by(
            lambda gap: log.groupby("user_id")["time"].diff().dt.total_seconds().dropna().abs() < 2, log),
        "median": lambda log: set(gaps(log)[1].groupby(gaps(log)[0]["user_id"]).mean().loc[lambda one: one < 2].index),
        "the careful ones": lambda log: hasty_by(lambda gap: gap.dropna() >= 2, log),
        "everybody": lambda log: set(log["user_id"]),
        "nobody": lambda log: set(),
    },
    "03 idf_of_counts": {
        "n of columns": lambda c: np.log((1 + c.shape[1]) / (1 + (c > 0).sum(axis=0))) + 1,
        "rows": lambda c: np.log((1 + len(c)) / (1 + (c > 0).sum(axis=1))) + 1,
        "n of rows, df of rows": lambda c: np.log((1 + c.shape[1]) / (1 + (c > 0).sum(axis=1))) + 1,
        "log2": lambda c: np.log2((1 + len(c)) / (1 + (c > 0).sum(axis=0))) + 1,
        "log10": lambda c: np.log10((1 + len(c)) / (1 + (c > 0).sum(axis=0))) + 1,
        "upside down": lambda c: np.log((1 + (c > 0).sum(axis=0)) / (1 + len(c))) + 1,
        "more than once": lambda c: np.log((1 + len(c)) / (1 + (c > 1).sum(axis=0))) + 1,
        "total n": lambda c: np.log((1 + c.sum()) / (1 + (c > 0).sum(axis=0))) + 1,
        "times counts": lambda c: c * (np.log((1 + len(c)) / (1 + (c > 0).sum(axis=0))) + 1),
        "smooth below only": lambda c: np.log(len(c) / (1 + (c > 0).sum(axis=0))) + 1,
        "sorted": lambda c: np.sort(np.log((1 + len(c)) / (1 + (c > 0).sum(axis=0))) + 1),
    },
    "03 pairs_of_characters": {
        "tuples": lambda text: list(zip(text, text[1:], strict=False)),
        "sorted": lambda text: sorted(text[i:i + 2] for i in range(len(text) - 1)),
        "backwards": lambda text: [text[i:i + 2] for i in range(len(text) - 1)][::-1],
        "turned": lambda text: [text[i + 1] + text[i] for i in range(len(text) - 1)],
        "one short": lambda text: [text[i:i + 2] for i in range(len(text) - 2)],
        "threes": lambda text: [text[i:i + 3] for i in range(len(text) - 2)],
        "a set": lambda text: {text[i:i + 2] for i in range(len(text) - 1)},
        "counts": lambda text: Counter(text[i:i + 2] for i in range(len(text) - 1)),
        "joined": lambda text: " ".join(text[i:i + 2] for i in range(len(text) - 1)),
        "the text of one": lambda text: [text[i:i + 2] for i in range(len(text) - 1)] or [text],
        "all pairs": lambda text: [a + b for i, a in enumerate(text) for b in text[i + 1:]],
        "each once": lambda text: list(dict.fromkeys(text[i:i + 2] for i in range(len(text) - 1))),
    },
    "03 loss_of_views": {
        "columns only": lambda s: -np.log(np.diag(softmax(s, 0))).mean(),
        "sum of both": lambda s: 2 * info_nce(s),
        "sums": lambda s: info_nce(s, np.sum),
        "log2": lambda s: info_nce(s, log=np.log2),
        "mean, then log": lambda s: -sum(np.log(np.diag(softmax(s, axis)).mean()) for axis in (0, 1)) / 2,
        "all of it": lambda s: info_nce(s, pick=np.ravel),
        "other diagonal": lambda s: info_nce(s[::-1]),
        "without log": lambda s: info_nce(s, log=lambda one: one),
        "no softmax": lambda s: -np.diag(s).mean(),
        "softmax twice": lambda s: info_nce(softmax(s, 1)),
        "each text's": lambda s: -(np.log(np.diag(softmax(s, 0))) + np.log(np.diag(softmax(s, 1)))) / 2,
    },
    "04 strided": {
        "transposed": lambda p, k, stride: conv(p, k, stride).T,
        "kernel transposed": lambda p, k, stride: conv(p, k.T, stride),
        "kernel upside down": lambda p, k, stride: conv(p, k[::-1], stride),
        "starts at one": lambda p, k, stride: (windows(p, k) * k).sum((2, 3))[1::stride, 1::stride],
        "stops early": lambda p, k, stride: conv(p[:-1, :-1], k, stride),
        "mean": lambda p, k, stride: (windows(p, k) * k).mean((2, 3))[::stride, ::stride],
        "largest": lambda p, k, stride: (windows(p, k) * k).max((2, 3))[::stride, ::stride],
        "padded": lambda p, k, stride: conv(np.pad(p, 1), k, stride),
        "always 2": lambda p, k, stride: conv(p, k, 2),
        "picture thinned": lambda p, k, stride: conv(p[::stride, ::stride], k, 1),
        "flat": lambda p, k, stride: conv(p, k, stride).ravel(),
        "relu": lambda p, k, stride: np.maximum(conv(p, k, stride), 0),
        "no sum": lambda p, k, stride: (windows(p, k) * k)[::stride, ::stride],
    },
    "04 over_white": {
        "float": lambda logo: (logo[..., 3:] / 255 * logo[..., :3] + (1 - logo[..., 3:] / 255) * 255).round(),
        "floats, not rounded": lambda logo: logo[..., 3:] / 255 * logo[..., :3] + (1 - logo[..., 3:] / 255) * 255,
        "int": lambda logo: (logo[..., 3:] / 255 * logo[..., :3] + (1 - logo[..., 3:] / 255) * 255).round().astype(int),
        "transposed": lambda logo: laid(logo).transpose(1, 0, 2),
        "upside down": lambda logo: laid(logo)[::-1],
        "cut, not rounded": lambda logo: (logo[..., 3:] / 255 * logo[..., :3]
                                          + (1 - logo[..., 3:] / 255) * 255).astype(np.uint8),
        "overflow": lambda logo: ((logo[..., 3:] * logo[..., :3] + (255 - logo[..., 3:]) * np.uint8(255))
                                  // 255).astype(np.uint8),
        "blue first": lambda logo: laid(logo)[..., ::-1],
        "turned": lambda logo: laid(np.concatenate([logo[..., :3], 255 - logo[..., 3:]], axis=2)),
        "one scale": lambda logo: laid(logo) / 255,
        "four numbers": lambda logo: np.concatenate([laid(logo), logo[..., 3:]], axis=2),
        "first row": lambda logo: laid(logo)[:1],
        "over 256": lambda logo: (logo[..., 3:] / 256 * logo[..., :3]
                                  + (1 - logo[..., 3:] / 256) * 255).round().astype(np.uint8),
    },
    "04 rows": {
        "the row before": filled_forward,
        "None": lambda media, see, dim: [[None] * dim if np.isnan(one).any() else one for one in rows(media, see, dim)],
        "transposed": lambda media, see, dim: np.transpose(rows(media, see, dim)),
        "always two": lambda media, see, dim: rows(media, see, 2),
        "means": lambda media, see, dim: pd.DataFrame(rows(media, see, dim)).pipe(lambda f: f.fillna(f.mean())),
        "minus one": lambda media, see, dim: np.nan_to_num(rows(media, see, dim), nan=-1),
        "reads None": lambda media, see, dim: [see(path) for path in media],
        "fault not caught": lambda media, see, dim: [[np.nan] * dim if p is None else see(p) for p in media],
        "backwards": lambda media, see, dim: rows(media, see, dim)[::-1],
        "sorted": lambda media, see, dim: rows(sorted(media, key=str), see, dim),
        "a flag": lambda media, see, dim: ~np.isnan(rows(media, see, dim)).any(axis=1),
    },
    "05 where_it_lands": {
        "always 8000": lambda hertz, rate: min(hertz % 8000, 8000 - hertz % 8000),
        "folded at half": lambda hertz, rate: hertz % (rate / 2),
        "fold of fold": lambda hertz, rate: rate / 2 - hertz % (rate / 2),
        "clipped": lambda hertz, rate: min(hertz, rate / 2),
        "one fold": lambda hertz, rate: rate - hertz if hertz > rate / 2 else hertz,
        "never zero": lambda hertz, rate: min(hertz % rate or rate, rate - hertz % rate),
        "minus": lambda hertz, rate: -min(hertz % rate, rate - hertz % rate),
        "signed": lambda hertz, rate: (hertz + rate / 2) % rate - rate / 2,
        "the larger": lambda hertz, rate: max(hertz % rate, rate - hertz % rate),
        "whole numbers": lambda hertz, rate: min(int(hertz) % rate, rate - int(hertz) % rate),
    },
    "05 overlapping_windows": {
        "hop of two": lambda sound, length: cut(sound, length, 2, len(sound) - length + 1),
        "places": lambda sound, length: overlapping(np.arange(len(sound)), length),
        "last left out": lambda sound, length: cut(sound, length, length // 2, len(sound) - length)
        if len(sound) > length else np.resize(sound, (1, length)),
        "a quarter": lambda sound, length: cut(sound, length, max(length // 4, 1), len(sound) - length + 1),
        "one by one": lambda sound, length: cut(sound, length, 1, len(sound) - length + 1),
        "transposed": lambda sound, length: overlapping(sound, length).T,
        "flat": lambda sound, length: overlapping(sound, length).ravel(),
        "short left out": lambda sound, length: overlapping(sound, length)[:0 if len(sound) < length else None],
        "mirrored": lambda sound, length: np.pad(sound, (0, length - len(sound)), mode="symmetric")[None]
        if len(sound) < length else overlapping(sound, length),
        "end held": lambda sound, length: np.pad(sound, (0, length - len(sound)), mode="edge")[None]
        if len(sound) < length else overlapping(sound, length),
        "one window flat": lambda sound, length: np.resize(sound, length)
        if len(sound) <= length else overlapping(sound, length),
    },
    "05 gru_step": {
        "z without h": lambda h, x, W, U, b: step(h, x, W, U * [0, 1, 1], b),
        "r without x": lambda h, x, W, U, b: step(h, x, W * [1, 0, 1], U, b),
        "z and r swapped": lambda h, x, W, U, b: step(h, x, W[[1, 0, 2]], U[[1, 0, 2]], b[[1, 0, 2]]),
        "no b": lambda h, x, W, U, b: step(h, x, W, U, 0 * b),
        "no b in the candidate": lambda h, x, W, U, b: step(h, x, W, U, b * [1, 1, 0]),
        "W and U swapped": lambda h, x, W, U, b: step(h, x, U, W, b),
        "h and x swapped": lambda h, x, W, U, b: step(x, h, W, U, b),
        "candidate only": lambda h, x, W, U, b: np.tanh(W[2] * x + U[2] * h + b[2]),
        "old only": lambda h, x, W, U, b: sigmoid(W[0] * x + U[0] * h + b[0]) * h,
        "tanh of all": lambda h, x, W, U, b: np.tanh(step(h, x, W, U, b)),
        "candidate order": lambda h, x, W, U, b: step(h, x, W[::-1], U[::-1], b[::-1]),
        "half": lambda h, x, W, U, b: h / 2,
    },
    "06 decayed_weights": {
        "wrong sign": lambda ages, half_life: 2 ** (ages / half_life),
        "base e": lambda ages, half_life: np.exp(-ages / half_life),
        "linear": lambda ages, half_life: np.maximum(1 - ages / (2 * half_life), 0),
        "no decay": lambda ages, half_life: np.ones_like(ages),
        "steps": lambda ages, half_life: 0.5 ** (ages // half_life),
    },
    "06 mean_of_present": {
        "zeros counted": lambda rows, present: (rows * present[:, None]).mean(0),
        "wrong axis": lambda rows, present: rows[present].mean(1),
        "NaN": lambda rows, present: rows[present].mean(0),
        "by value": lambda rows, present: rows[rows.any(1)].mean(0) if rows.any() else np.zeros(rows.shape[1]),
        "transposed": lambda rows, present: rows[present].mean(0)[:, None] if present.any() else np.zeros((3, 1)),
    },
    "06 known_before": {
        "at the cut": lambda log, user, cut: mine(log[log["timestamp"] <= cut], user),
        "leak": lambda log, user, cut: mine(log, user),
        "everybody": lambda log, user, cut: log[(log["timestamp"] < cut) & log["event"].isin(TAKEN)]["item_id"],
        "views": lambda log, user, cut: mine(log[log["timestamp"] < cut], user, [*TAKEN, "view"]),
    },
    "06 explained_shares": {
        "not squared": lambda m: (v := np.linalg.svd(m - m.mean(0), compute_uv=False)) / v.sum(),
        "not centred": lambda m: (v := np.linalg.svd(m, compute_uv=False) ** 2) / v.sum(),
        "upwards": lambda m: (v := np.linalg.eigvalsh(np.cov(m.T))) / v.sum(),
        "of the rows": lambda m: (v := np.linalg.eigvalsh(np.cov(m))[::-1]) / v.sum(),
        "columns": lambda m: np.sort(m.var(0))[::-1] / m.var(0).sum(),
        "running": lambda m: np.cumsum(v := np.linalg.eigvalsh(np.cov(m.T))[::-1]) / v.sum(),
    },
    "07 block_shares": {
        "not centred": lambda blocks, present: share_of(lambda b, p: (b[p] ** 2).sum(), blocks, present),
        "zeros counted": lambda blocks, present: share_of(lambda b, p: ((b - b.mean(0)) ** 2).sum(), blocks, present),
        "zeros summed": lambda blocks, present: share_of(lambda b, p: ((b - b[p].mean(0)) ** 2).sum(), blocks, present),
        "variances": lambda blocks, present: share_of(lambda b, p: b[p].var(), blocks, present),
        "of the mean": lambda blocks, present: share_of(lambda b, p: (b[p].mean(0) ** 2).sum(), blocks, present),
        "dimensions": lambda blocks, present: share_of(lambda b, p: b.shape[1], blocks, present),
    },
    "07 left_out_mean": {
        "leak": lambda similar, values: similar @ values / similar.sum(1),
        "transposed": lambda similar, values: (off := similar.T * (1 - np.eye(len(values)))) @ values / off.sum(1),
        "columns' sums": lambda similar, values: (off := similar * (1 - np.eye(len(values)))) @ values / off.sum(0),
        "minus own": lambda similar, values: similar @ values / similar.sum(1) - values,
    },
    "07 reciprocal_ranks": {
        "from 0": lambda lists, k: votes(lists, k - 1),
        "the best list": lambda lists, k: {i: max(1 / (k + one.index(i) + 1) for one in lists if i in one)
                                           for i in sum(lists, [])},
        "the last list": lambda lists, k: {i: 1 / (k + r) for one in lists for r, i in enumerate(one, 1)},
        "places": lambda lists, k: {i: sum(len(one) - one.index(i) for one in lists if i in one)
                                    for i in sum(lists, [])},
        "ids only": lambda lists, k: sorted(votes(lists, k)),
    },
    "07 masked_gate": {
        "after, not renormalised": lambda a, p: (e := np.exp(a)) / e.sum(1, keepdims=True) * p,
        "NaN": lambda a, p: (e := np.exp(a) * p) / e.sum(1, keepdims=True),
        "shares": lambda a, p: a * p / np.maximum((a * p).sum(1, keepdims=True), 1e-12),
        "hard": lambda a, p: (a == a.max(1, keepdims=True)) * p,
        "equal": lambda a, p: p / np.maximum(p.sum(1, keepdims=True), 1),
    },
    "07 new_record": {
        "no centre": lambda rows, there, c, w, m: m + added(lambda r, t, x, one: t * (r @ one), rows, there, c, w),
        "absent counts": lambda rows, there, c, w, m: m + added(lambda r, t, x, one: (r - x) @ one, rows, there, c, w),
        "no average": lambda rows, there, c, w, m: added(lambda r, t, x, one: t * (r - x) @ one, rows, there, c, w),
        "transposed": lambda rows, there, c, w, m: m + added(
            lambda r, t, x, one: t * (one @ (r - x)), rows, there, c, w),
        "average only": lambda rows, there, c, w, m: m,
    },
    "08 shrunk_cosine": {
        "no shrink": lambda x, shrink: np.nan_to_num(off(x.T @ x / np.sqrt(np.outer(x.sum(0), x.sum(0))))),
        "inside the root": lambda x, shrink: np.nan_to_num(off(
            x.T @ x / np.sqrt(np.outer(x.sum(0), x.sum(0)) + shrink))),
        "diagonal": lambda x, shrink: np.nan_to_num(x.T @ x / (np.sqrt(np.outer(x.sum(0), x.sum(0))) + shrink)),
        "Jaccard": lambda x, shrink: np.nan_to_num(off(x.T @ x / (x.sum(0) + x.sum(0)[:, None] - x.T @ x + shrink))),
        "NaN": lambda x, shrink: off(x.T @ x / (np.sqrt(np.outer(x.sum(0), x.sum(0))) + shrink)),
        "users": lambda x, shrink: np.nan_to_num(off(x @ x.T / (np.sqrt(np.outer(x.sum(1), x.sum(1))) + shrink))),
    },
    "08 ease_weights": {
        "rows": lambda g, l2: off(-(p := np.linalg.inv(g + l2 * np.eye(len(g)))) / p.diagonal()[:, None]),
        "positive": lambda g, l2: off((p := np.linalg.inv(g + l2 * np.eye(len(g)))) / p.diagonal()),
        "P itself": lambda g, l2: off(-np.linalg.inv(g + l2 * np.eye(len(g)))),
        "no l2": lambda g, l2: off(-(p := np.linalg.inv(g)) / p.diagonal()),
        "ridge": lambda g, l2: np.linalg.solve(g + l2 * np.eye(len(g)), g),
        "ridge, then 0": lambda g, l2: off(np.linalg.solve(g + l2 * np.eye(len(g)), g)),
    },
    "08 user_vector": {
        "mean of the past": lambda v, x, l2, a: x @ v / x.sum(),
        "taken alone": lambda v, x, l2, a: np.linalg.solve(
            (v * x[:, None] * a).T @ v + l2 * np.eye(v.shape[1]), v.T @ (a * x)),
        "no alpha": lambda v, x, l2, a: np.linalg.solve(
            (v * (1 + x)[:, None]).T @ v + l2 * np.eye(v.shape[1]), v.T @ ((x > 0) * (1 + x))),
        "alpha x": lambda v, x, l2, a: np.linalg.solve(
            (v * (1 + a * x)[:, None]).T @ v + l2 * np.eye(v.shape[1]), v.T @ (a * x)),
        "no l2": lambda v, x, l2, a: np.linalg.solve((v * (1 + a * x)[:, None]).T @ v, v.T @ ((x > 0) * (1 + a * x))),
    },
    "08 new_item_score": {
        "no mean": lambda h, k, t, s: h @ np.linalg.solve(k + s * np.eye(len(k)), t),
        "not added": lambda h, k, t, s: (h - h.mean()) @ np.linalg.solve(k + s * np.eye(len(k)), t),
        "no smooth": lambda h, k, t, s: h.mean() + (h - h.mean()) @ np.linalg.solve(k, t),
        "smooth everywhere": lambda h, k, t, s: h.mean() + (h - h.mean()) @ np.linalg.pinv(k + s) @ t,
        "median": lambda h, k, t, s: np.median(h) * 1.1 + (h - h.mean()) @ np.linalg.solve(k + s * np.eye(len(k)), t),
    },
    "08 mmr_values": {
        "from 0": lambda r, s, c, d: np.where(np.isin(np.arange(len(r)), c), -np.inf,
                                              (1 - d) * r - d * s[:, c].max(1, initial=0)),
        "relevance": lambda r, s, chosen, d: masked(r, chosen),
        "mean": lambda r, s, chosen, d: masked((1 - d) * r - d * (s[:, chosen].mean(1) if chosen else 0), chosen),
        "sum": lambda r, s, chosen, d: masked((1 - d) * r - d * s[:, chosen].sum(1), chosen),
        "zero for chosen": lambda r, s, chosen, d: np.nan_to_num(masked(
            (1 - d) * r - d * (s[:, chosen].max(1) if chosen else 0), chosen), neginf=0.0),
        "exchanged": lambda r, s, chosen, d: masked(d * r - (1 - d) * (s[:, chosen].max(1) if chosen else 0), chosen),
    },
    "09 list_metrics": {
        "DCG": lambda listed, taken: (*metrics_of(listed, taken)[:3], gains(listed, taken)),
        "log of the rank": lambda listed, taken: (*metrics_of(listed, taken)[:3], sum(
            1 / np.log2(max(rank, 2)) for rank, one in enumerate(listed, 1) if one in taken)),
        "three": lambda listed, taken: metrics_of(listed, taken)[:3],
        "recall by the shorter": lambda listed, taken: (lambda p, r, f, n: (p, r * len(taken) / min(
            len(taken), len(listed)), f, n))(*metrics_of(listed, taken)),
        "per cent": lambda listed, taken: tuple(100 * one for one in metrics_of(listed, taken)),
    },
    "09 bootstrap_interval": {
        "of the values": lambda v, d: np.percentile(v, [2.5, 97.5]),
        "by columns": lambda v, d: np.percentile(v[d].mean(0), [2.5, 97.5]),
        "width": lambda v, d: np.ptp(np.percentile(v[d].mean(1), [2.5, 97.5])),
        "90 %": lambda v, d: np.percentile(v[d].mean(1), [5, 95]),
        "the other way": lambda v, d: np.percentile(v[d].mean(1), [97.5, 2.5]),
        "sums": lambda v, d: np.percentile(v[d].sum(1), [2.5, 97.5]),
    },
    "09 permutation_test": {
        "one side": lambda x, s: (1 + ((s * x).mean(1) >= x.mean()).sum()) / (1 + len(s)),
        "without the one seen": lambda x, s: (abs((s * x).mean(1)) >= abs(x.mean())).mean(),
        "by n": lambda x, s: (1 + (abs((s * x).mean(1)) >= abs(x.mean()) - 1e-12).sum()) / len(s),
        "medians": lambda x, s: (1 + (abs(np.median(s * x, axis=1)) >= abs(np.median(x))).sum()) / (1 + len(s)),
        "no absolute of the one seen": lambda x, s: (1 + (abs((s * x).mean(1)) >= x.mean()).sum()) / (1 + len(s)),
    },
    "09 planted_fault": {
        "unchanged": lambda split, ranker, k: recall_of(split, ranker, k, split.everything),
        "valid's": lambda split, ranker, k: recall_of(split, ranker, k, split.valid.fit),
        "precision": lambda split, ranker, k: recall_of(split, ranker, k, split.test.fit) * 7 / k,
        "seen again": lambda split, ranker, k: recall_of(split, ranker, k, split.test.fit, seen=False),
        "one figure": lambda split, ranker, k: recall_of(split, ranker, k, split.test.fit).mean(),
    },
    "09 shared_variance": {
        "with the diagonal": lambda x: np.cov(x.T).mean() / len(x),
        "not of means": lambda x: (np.cov(x.T).sum() - np.cov(x.T).trace()) / x.shape[1] / (x.shape[1] - 1),
        "variances": lambda x: np.cov(x.T).trace() / x.shape[1] / len(x),
        "first pair": lambda x: np.cov(x[:, :2].T)[0, 1] / len(x) if x.shape[1] == 3 else 0.0,
        "means": lambda x: x.mean(0).var(ddof=1),
    },
    "10 visitors_needed": {
        "one mean": lambda effect, spread: 2.8**2 * spread**2 / effect**2,
        "both halves": lambda effect, spread: 4 * 2.8**2 * spread**2 / effect**2,
        "no power": lambda effect, spread: 2 * 1.96**2 * spread**2 / effect**2,
        "not squared": lambda effect, spread: 2 * 2.8**2 * spread / effect,
        "90 %": lambda effect, spread: 2 * (1.96 + 1.28) ** 2 * spread**2 / effect**2,
    },
    "10 ratio_error": {
        "mean of ratios": lambda y, x: ((y / x).mean(), (y / x).std(ddof=1) / np.sqrt(len(y))),
        "ratio alone": lambda y, x: y.sum() / x.sum(),
        "independent": lambda y, x: (r := y.sum() / x.sum(), np.sqrt(r * abs(1 - r) / x.sum())),
        "x fixed": lambda y, x: (y.sum() / x.sum(), y.std(ddof=1) / np.sqrt(len(y)) / x.mean()),
        "sum below": lambda y, x: (y.sum() / x.sum(), np.sqrt((y - y.sum() / x.sum() * x).var(ddof=1)) / x.sum()),
    },
    "10 past_removed": {
        "difference": lambda y, x: y - x,
        "not centred": lambda y, x: y - np.polyfit(x, y, 1)[0] * x,
        "residual": lambda y, x: y - np.polyval(np.polyfit(x, y, 1), x),
        "other slope": lambda y, x: y - np.polyfit(y, x, 1)[0] * (x - x.mean()),
        "added": lambda y, x: y + np.polyfit(x, y, 1)[0] * (x - x.mean()),
    },
    "10 team_drafted": {
        "in turns": lambda a, b, first, k: [(a[n // 2], "A") if n % 2 == 0 else (b[n // 2], "B") for n in range(k)],
        "A's list": lambda a, b, first, k: [(one, "A") for one in a[:k]],
        "records alone": lambda a, b, first, k: list(dict.fromkeys([*a, *b]))[:k],
        "all": lambda a, b, first, k: [(one, "A") for one in a] + [(one, "B") for one in b],
    },
    "10 new_policy": {
        "IPS": lambda r, old, new, most: (np.minimum(new / old, most) * r).mean(),
        "not cut": lambda r, old, new, most: (new / old) @ r / (new / old).sum(),
        "upside down": lambda r, old, new, most: np.minimum(old / new, most) @ r / np.minimum(old / new, most).sum(),
        "product": lambda r, old, new, most: np.minimum(new * old, most) @ r / np.minimum(new * old, most).sum(),
        "rewards cut": lambda r, old, new, most: (new / old) @ np.minimum(r, most) / (new / old).sum(),
    },
}



def laid(logo):
    share = logo[..., 3:] / 255
    return (share * logo[..., :3] + (1 - share) * 255).round().astype(np.uint8)

RIGHT = {
    "00 event_counts": {
        "Counter": lambda e: Counter(e["event"]),
        "Series": lambda e: e["event"].value_counts(),
        "sorted otherwise": lambda e: e.groupby("event").size().to_dict(),
    },
    "00 history_of": {
        "array": lambda e, u: mine(e, u).unique(),
        "list": lambda e, u: list(mine(e, u)),
        "Series": mine,
        "loop": lambda e, u: {row.item_id for row in e.itertuples() if row.user_id == u and row.event in TAKEN},
    },
    "00 recall_at_k": {
        "array": lambda listed, hidden, k: np.isin(listed[:k], list(hidden)).sum() / len(hidden),
        "wrapped": lambda listed, hidden, k: [sum(one in hidden for one in listed[:k]) / len(hidden)],
        "changes its input": emptied,
    },
    "01 cosine_of_columns": {
        "norms": lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b) if a.any() and b.any() else 0,
        "nan to 0": lambda a, b: np.nan_to_num((a * b).sum() / np.sqrt(a.sum() * b.sum())),
        "a little below": lambda a, b: (a * b).sum() / (np.sqrt(a.sum() * b.sum()) + 1e-12),
    },
    "01 list_of_new": {
        "index": lambda p, f, taken, k: best(f @ p, taken, k),
        "array": lambda p, f, taken, k: best(f @ p, taken, k).to_numpy(),
        "tuple": lambda p, f, taken, k: tuple(best(f @ p, taken, k)),
        "changes its input": lambda p, f, taken, k: f.drop(taken, inplace=True) or list(best(f @ p, [], k)),
    },
    "01 fair_blend": {
        "list": lambda s, w: list(w @ (s / s.std(axis=1, keepdims=True))),
        "Series": lambda s, w: pd.Series(w @ (s / s.std(axis=1, keepdims=True)), list("abcdef")[:s.shape[1]]),
        "float32": lambda s, w: (w @ (s / s.std(axis=1, keepdims=True))).astype("float32"),
        "weights first": lambda s, w: ((w / s.std(axis=1))[:, None] * s).sum(0),
    },
    "02 without_copies": {
        "in place": in_place,
        "marked": lambda log: log[~log.duplicated()],
        "the last": lambda log: log.drop_duplicates(keep="last"),
        "numbered anew": lambda log: log.drop_duplicates(ignore_index=True),
        "sorted": lambda log: log.drop_duplicates().sort_values(["item_id", "timestamp"]),
        "columns in another order": lambda log: log.drop_duplicates()[list(log.columns[::-1])],
    },
    "02 to_utc": {
        "mixed": lambda texts: pd.to_datetime(texts, utc=True, errors="coerce", format="mixed"),
        "list": lambda texts: list(utc(texts)),
        "index": lambda texts: pd.DatetimeIndex(utc(texts)),
        "another index": lambda texts: utc(texts).set_axis(range(10, 10 + len(texts))),
        "another unit": lambda texts: utc(texts).dt.as_unit("ns"),
        "one by one": lambda texts: texts.map(lambda one: pd.to_datetime(one, utc=True, errors="coerce")),
    },
    "02 hasty_users": {
        "list": lambda log: sorted(hasty_by(lambda gap: gap.dropna() < 2, log)),
        "index": lambda log: pd.Index(hasty_by(lambda gap: gap.dropna() < 2, log)),
        "loop": lambda log: {user for user, one in log.groupby("user_id")
                             if (np.diff(np.sort(one["time"])) < np.timedelta64(2, "s")).sum() * 2 > len(one) - 1},
    },
    "03 idf_of_counts": {
        "list": lambda c: [float(np.log((1 + len(c)) / (1 + np.count_nonzero(one))) + 1) for one in c.T],
        "Series": lambda c: pd.DataFrame(c, columns=list("abcdef")[:c.shape[1]]).gt(0).sum().pipe(
            lambda df: np.log((1 + len(c)) / (1 + df)) + 1),
        "float32": lambda c: (np.log((1 + len(c)) / (1 + (c > 0).sum(axis=0))) + 1).astype("float32"),
    },
    "03 pairs_of_characters": {
        "zip": lambda text: [a + b for a, b in zip(text, text[1:], strict=False)],
        "generator": lambda text: (text[i:i + 2] for i in range(len(text) - 1)),
        "array": lambda text: np.array([text[i:i + 2] for i in range(len(text) - 1)]),
    },
    "03 loss_of_views": {
        "stable": lambda s: info_nce(s - s.max()),
        "by parts": lambda s: (np.log(np.exp(s).sum(0)).mean() + np.log(np.exp(s).sum(1)).mean()) / 2
        - np.diag(s).mean(),
        "float32": lambda s: np.float32(info_nce(s)),
    },
    "04 strided": {
        "windows": conv,
        "lists": lambda p, k, stride: conv(p, k, stride).tolist(),
        "float": lambda p, k, stride: conv(p, k, stride).astype(float),
    },
    "04 over_white": {
        "whole numbers": lambda logo: ((logo[..., 3:].astype(int) * logo[..., :3] + (255 - logo[..., 3:].astype(int))
                                        * 255 + 127) // 255).astype(np.uint8),
    },
    "04 rows": {
        "lists": rows,
        "float32": lambda media, see, dim: np.array(rows(media, see, dim), "float32"),
        "DataFrame": lambda media, see, dim: pd.DataFrame(rows(media, see, dim)),
    },
    "05 where_it_lands": {
        "nearest": lambda hertz, rate: abs(hertz - rate * round(hertz / rate)),
        "array": lambda hertz, rate: np.minimum(hertz % rate, -hertz % rate),
    },
    "05 overlapping_windows": {
        "windows": overlapping,
        "lists": lambda sound, length: overlapping(sound, length).tolist(),
        "tiled": lambda sound, length: np.tile(sound, length)[:length][None] if len(sound) < length
        else overlapping(sound, length),
    },
    "05 gru_step": {
        "update as z": lambda h, x, W, U, b: h + (1 - sigmoid(W[0] * x + U[0] * h + b[0]))
        * (np.tanh(W[2] * x + sigmoid(W[1] * x + U[1] * h + b[1]) * U[2] * h + b[2]) - h),
        "an array": lambda h, x, W, U, b: np.array([step(h, x, W, U, b)]),
    },
    "06 decayed_weights": {
        "base 2": lambda ages, half_life: 2 ** (-ages / half_life),
        "exp": lambda ages, half_life: np.exp(-np.log(2) * ages / half_life),
        "list": lambda ages, half_life: [0.5 ** (age / half_life) for age in ages],
    },
    "06 mean_of_present": {
        "product": lambda rows, present: present @ rows / max(present.sum(), 1),
        "list": lambda rows, present: [sum(col[present]) / max(present.sum(), 1) for col in rows.T],
    },
    "06 known_before": {
        "query": lambda log, user, cut: log.query(
            "user_id == @user and timestamp < @cut and event != 'view'")["item_id"],
        "set": lambda log, user, cut: set(mine(log[log["timestamp"] < cut], user)),
    },
    "06 explained_shares": {
        "eigenvalues": lambda m: (v := np.linalg.eigvalsh(np.cov(m.T))[::-1]) / v.sum(),
        "list": lambda m: list((v := np.linalg.svd(m - m.mean(0), compute_uv=False) ** 2) / v.sum()),
    },
    "07 block_shares": {
        "variances": lambda blocks, present: share_of(lambda b, p: b[p].var(0).sum() * p.sum(), blocks, present),
        "list": lambda blocks, present: list(share_of(
            lambda b, p: np.linalg.norm(b[p] - b[p].mean(0)) ** 2, blocks, present)),
    },
    "07 left_out_mean": {
        "minus own": lambda similar, values: (similar @ values - similar.diagonal() * values)
        / (similar.sum(1) - similar.diagonal()),
        "average": lambda similar, values: [np.average(np.delete(values, i), weights=np.delete(similar[i], i))
                                            for i in range(len(values))],
        "in place": lambda similar, values: np.fill_diagonal(similar, 0) or similar @ values / similar.sum(1),
    },
    "07 reciprocal_ranks": {
        "by item": lambda lists, k: {i: sum(1 / (k + one.index(i) + 1) for one in lists if i in one)
                                     for i in {i for one in lists for i in one}},
        "Counter": lambda lists, k: sum((Counter({i: 1 / (k + r) for r, i in enumerate(one, 1)}) for one in lists),
                                        Counter()),
    },
    "07 masked_gate": {
        "large minus": lambda a, p: (e := np.exp((a - 1e9 * (1 - p)) - (a - 1e9 * (1 - p)).max(1, keepdims=True)) * p)
        / np.maximum(e.sum(1, keepdims=True), 1e-12),
        "nan_to_num": lambda a, p: np.nan_to_num(
            (e := np.exp((m := np.where(p > 0, a, -np.inf)) - m.max(1, keepdims=True))) / e.sum(1, keepdims=True)),
    },
    "07 new_record": {
        "product with the flag": lambda rows, there, c, w, m: m + added(
            lambda r, t, x, one: t * ((r - x) @ one), rows, there, c, w),
        "side by side": lambda rows, there, c, w, m: m + np.concatenate(
            list(map(lambda r, t, x: (r - x) * t, rows, there, c))) @ np.concatenate(w),
    },
    "08 shrunk_cosine": {
        "by columns": lambda x, shrink: np.array([[0.0 if i == j or not x[:, i].sum() * x[:, j].sum() else
                                                   x[:, i] @ x[:, j] / (np.sqrt(x[:, i].sum() * x[:, j].sum()) + shrink)
                                                   for j in range(x.shape[1])] for i in range(x.shape[1])]),
        "nan_to_num": lambda x, shrink: np.nan_to_num(off(x.T @ x / (np.sqrt(np.outer(x.sum(0), x.sum(0))) + shrink))),
    },
    "08 ease_weights": {
        "column by column": lambda g, l2: np.array([np.insert(np.linalg.solve(
            np.delete(np.delete(g, j, 0), j, 1) + l2 * np.eye(len(g) - 1), np.delete(g[:, j], j)), j, 0)
            for j in range(len(g))]).T,
        "I minus": lambda g, l2: np.eye(len(g)) - (p := np.linalg.inv(g + l2 * np.eye(len(g)))) / p.diagonal(),
    },
    "08 user_vector": {
        "confidences": lambda v, x, l2, a: np.linalg.solve(
            v.T @ np.diag(1 + a * x) @ v + l2 * np.eye(v.shape[1]), v.T @ ((1 + a * x) * (x > 0))),
        "inverse": lambda v, x, l2, a: np.linalg.inv(v.T @ np.diag(1 + a * x) @ v + l2 * np.eye(v.shape[1]))
        @ v[x > 0].T @ (1 + a * x[x > 0]),
    },
    "08 new_item_score": {
        "from the left": lambda h, k, t, s: h.mean() + np.linalg.solve(k + s * np.eye(len(k)), h - h.mean()) @ t,
        "array": lambda h, k, t, s: np.array([h.mean() + (h - h.mean()) @ np.linalg.inv(k + s * np.eye(len(k))) @ t]),
    },
    "08 mmr_values": {
        "list": lambda r, s, chosen, d: [-np.inf if i in chosen else (1 - d) * r[i] - d * max(
            (s[i, j] for j in chosen), default=0) for i in range(len(r))],
    },
    "09 list_metrics": {
        "list": lambda listed, taken: list(metrics_of(listed, taken)),
        "by P and R": lambda listed, taken: (p := sum(one in taken for one in listed) / len(listed),
                                             r := p * len(listed) / len(taken), 2 * p * r / (p + r or 1),
                                             gains(listed, taken) / gains(range(len(listed)), range(len(taken)))),
    },
    "09 bootstrap_interval": {
        "quantile": lambda v, d: np.quantile([v[one].mean() for one in d], [0.025, 0.975]),
        "two lines": lambda v, d: [np.percentile(v[d].mean(1), 2.5), np.percentile(v[d].mean(1), 97.5)],
    },
    "09 permutation_test": {
        "product": lambda x, s: (1 + np.sum(abs(s @ x) >= abs(x.sum()) - 1e-10)) / (1 + len(s)),
        "with the one seen": lambda x, s: (abs(np.vstack([s, np.ones(len(x))]) @ x) >= abs(x.sum()) - 1e-10).mean(),
    },
    "09 planted_fault": {
        "by hand": lambda split, ranker, k: recall_of(split, ranker, k, split.test.fit),
        "evaluate": lambda split, ranker, k: evaluate(
            ranker.clone().fit(split.test.fit), split.test, k).metrics["recall"],
    },
    "09 shared_variance": {
        "pairs": lambda x: np.mean([np.cov(x[:, i], x[:, j])[0, 1] for i in range(x.shape[1]) for j in range(i)])
        / len(x),
    },
    "10 visitors_needed": {
        "numbers": lambda effect, spread: 15.68 * (spread / effect) ** 2,
    },
    "10 ratio_error": {
        "by parts": lambda y, x: (r := y.sum() / x.sum(), np.sqrt((y.var(ddof=1) - 2 * r * np.cov(x, y)[0, 1]
                                                                   + r**2 * x.var(ddof=1)) / len(y)) / x.mean()),
    },
    "10 past_removed": {
        "polyfit": lambda y, x: y - np.polyfit(x, y, 1)[0] * (x - x.mean()),
        "residual and mean": lambda y, x: y - np.polyval(np.polyfit(x, y, 1), x) + y.mean(),
    },
    "10 team_drafted": {
        "tuples": lambda a, b, first, k: tuple([one, team] for one, team in drafted(a, b, first, k)),
    },
    "10 new_policy": {
        "average": lambda r, old, new, most: np.average(r, weights=np.clip(new / old, 0, most)),
    },
}


def exercise(name):
    chapter, name = name.split()
    return getattr(importlib.import_module(f"mmrec_helpers.course.chapters.ch{chapter}"), name)


def attempts(answers):
    return [pytest.param(name, one, id=f"{name} {form}")
            for name, ones in answers.items() for form, one in ones.items()]


@pytest.mark.parametrize(("name", "answer"), attempts(WRONG))
def test_a_plausible_wrong_answer_is_refused(name, answer):
    assert exercise(name).verdict(answer)[0] == INCORRECT


@pytest.mark.parametrize(("name", "answer"), attempts(RIGHT))
def test_a_right_answer_in_another_form_is_accepted(name, answer):
    assert exercise(name).verdict(answer) == (CORRECT, "")
