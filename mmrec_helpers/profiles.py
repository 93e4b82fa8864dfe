"""From what a user did, and what the items are, to a vector of the user. Taught in chapter 6.

The article's u = f(x1 .. xn) is `behaviour`: numbers about a user's events, integrated and reduced. Its
p = g(u, m1 .. mk) is `taste`, or `taste_over_time`: the user among the items' features. `modality_weights` says how
much each modality counts for a user. Profiles are for people to read and compare: no ranker of this package uses them,
each makes its own vector of a user from the history.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Catalog, Features


def behaviour(catalog: Catalog) -> pd.DataFrame:
    """x1 .. xn of each user, one row a user: how much, how often, how recently, when, how wide. Taught in chapter 6.

    Columns: `log_events` and `log_EVENT` (log1p of counts), `days_active`, `days_since_last` (days before the log's
    end), `share_evening` (18 to 24 h UTC), `log_items` (distinct). Needs a preprocessed catalogue.
    """
    events = catalog.events
    groups = events.groupby("user_id")
    times = groups["timestamp"].agg(["min", "max"])
    counts = events.groupby(["user_id", "event"]).size().unstack(fill_value=0).add_prefix("log_")
    table = np.log1p(counts.assign(log_events=groups.size(), log_items=groups["item_id"].nunique()))
    day = pd.Timedelta(days=1)
    table["days_active"] = (times["max"] - times["min"]) / day
    table["days_since_last"] = (events["timestamp"].max() - times["max"]) / day
    table["share_evening"] = (events["timestamp"].dt.hour >= 18).groupby(events["user_id"]).mean()
    return table.astype(np.float64)


def summary(table: pd.DataFrame, n_components: int = 4) -> Features:
    """u = f(x): the behaviour columns standardised and reduced by PCA, (users, n_components). Taught in chapter 6.

    >>> table = pd.DataFrame({"x": [0.0, 1.0, 2.0], "y": [0.0, 1.0, 5.0]}, index=["a", "b", "c"])
    >>> summary(table, 1).matrix.shape
    (3, 1)
    """
    from sklearn.decomposition import PCA

    spread = table.std(ddof=0).replace(0, 1)
    standard = ((table - table.mean()) / spread).to_numpy()
    reduced = PCA(min(n_components, *standard.shape), svd_solver="full").fit_transform(standard)
    return Features("behaviour", "profile", table.index.to_numpy(), reduced)


def taste(histories: sparse.csr_matrix, items: np.ndarray, content: Features) -> np.ndarray:
    """p = g(u, m): the mean of the content vectors of what a user took, (users, d) float32. Taught in chapter 6.

    histories: (users, items), what each took; items without the medium are left out of the mean; a user
    with nothing to go by gets zeros.

    >>> text = Features("tfidf", "text", ["a", "b", "c"], [[1.0, 0.0], [0.0, 1.0], [np.nan, np.nan]])
    >>> taste(sparse.csr_matrix([[1, 1, 1], [0, 0, 1]]), np.array(["a", "b", "c"]), text)
    array([[0.5, 0.5],
           [0. , 0. ]], dtype=float32)
    """
    aligned = content.align(items)
    taken = (histories > 0).astype(np.float32).multiply(aligned.present[None, :].astype(np.float32)).tocsr()
    total = np.asarray(taken.sum(axis=1))
    return np.asarray(taken @ aligned.matrix / np.maximum(total, 1), np.float32)


def taste_over_time(events: pd.DataFrame, content: Features, weights: Mapping[str, float], half_life: float,
                    now: pd.Timestamp) -> Features:
    """p_u = sum over u's events of w_j m_j / sum of w_j, with w_j = weights[event_j] 2^(-age_j / half_life).

    events: columns `user_id, item_id, event, timestamp` of a preprocessed catalogue; content: (things, d), a row for
    each item, and for each search text if `with_searches` made both; weights: by event, 0 for one not named;
    half_life: days after which an event counts half, inf for no decay; now: only events before it are seen, ages are
    counted from it. An event whose item is absent in `content` is left out of both sums. Returns (users, d), a row
    for every user of `events`, not present where nothing is left. Raises ValueError for a negative weight or a
    half-life not above 0. Taught in chapter 6. Source: Koren 2010, for the decay.

    >>> day = pd.to_datetime(["2025-01-01", "2025-01-03", "2025-01-09"], utc=True)
    >>> log = pd.DataFrame({"user_id": "u", "item_id": ["a", "b", "b"], "event": "like", "timestamp": day})
    >>> text = Features("tfidf", "text", ["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
    >>> taste_over_time(log, text, {"like": 1.0}, 2.0, pd.Timestamp("2025-01-03T12:00Z")).matrix.round(3)
    array([[0.333, 0.667]], dtype=float32)
    """
    if not half_life > 0 or min(weights.values(), default=0) < 0:
        raise ValueError(f"half_life is {half_life}, weights {dict(weights)}; give days above 0, weights of at least 0")
    users, rows = np.unique(events["user_id"].to_numpy(object), return_inverse=True)
    columns = pd.Index(content.ids).get_indexer(events["item_id"])
    age = ((now - events["timestamp"]) / pd.Timedelta(days=1)).to_numpy()
    weight = events["event"].map(dict(weights)).fillna(0).to_numpy(np.float64)
    used = (age > 0) & (weight > 0) & np.append(content.present, False)[columns]  # the place of the unknown is -1
    logs = np.log2(weight[used]) - age[used] / half_life
    newest = np.full(len(users), -np.inf)
    np.maximum.at(newest, rows[used], logs)  # relative to a user's largest, so that no weight becomes 0 by rounding
    share = np.exp2(logs - newest[rows[used]])
    history = sparse.csr_matrix((share, (rows[used], columns[used])), (len(users), len(content.ids)))
    total = np.asarray(history.sum(axis=1)).reshape(-1, 1)
    mean = history @ content.matrix / np.maximum(total, 1e-12)
    return Features(content.name, content.modality, users, mean, total.ravel() > 0)


def with_searches(events: pd.DataFrame, text: Features, queries: Features) -> tuple[pd.DataFrame, Features]:
    """Searches as events about a text: `item_id` of a search is its query, and the text features get a row for each.

    queries: ids are the query texts, rows what the items' own text extractor makes of them; where that knows none of
    the words, the row is all zeros and the query counts as absent. Raises ValueError for another width, or where a
    query is also an item's id. Taught in chapter 6.

    >>> log = pd.DataFrame({"item_id": ["a", None], "event": ["like", "search"], "query": [None, "sea"]})
    >>> text, asked = (Features("tfidf", "text", [name], [[1.0]]) for name in ("a", "sea"))
    >>> events, both = with_searches(log, text, asked)
    >>> events["item_id"].tolist(), both.ids.tolist()
    (['a', 'sea'], ['a', 'sea'])
    """
    if text.matrix.shape[1] != queries.matrix.shape[1]:
        raise ValueError(f"queries have {queries.matrix.shape[1]} dimensions, items {text.matrix.shape[1]}")
    if len(both := np.intersect1d(text.ids, queries.ids)):
        raise ValueError(f"{both[0]!r} is both an item and a query; give the query another id")
    item = events["item_id"].where(events["event"] != "search", events["query"])
    known = queries.present & queries.matrix.any(axis=1)
    joined = Features(text.name, text.modality, np.concatenate([text.ids, queries.ids]),
                      np.concatenate([text.matrix, queries.matrix]), np.concatenate([text.present, known]))
    return events.assign(item_id=item), joined


def modality_weights(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """How much each modality counts for each user: (users, modalities), rows of norm 1, in the order of `scores`.

    scores: modality -> (users, items), what it adds to each user's scores (`ContentALS.content_scores`). A modality
    that matters to a user spreads the items: s_um, the standard deviation over items, is divided by its mean over the
    users with any spread (features are not equally strong), then each row by its norm. A user without any spread gets
    equal weights: nothing is known. Raises ValueError without any modality. Taught in chapter 6.

    >>> modality_weights({"text": np.array([[0.0, 4.0], [0.0, 2.0]]), "image": np.array([[0.0, 1.0], [0.0, 5.0]])})
    array([[0.9701425 , 0.24253563],
           [0.37139068, 0.92847669]])
    """
    if not scores:
        raise ValueError("no scores: give those of at least one modality")
    spread = np.stack([np.asarray(one, np.float64).std(axis=1) for one in scores.values()], axis=1)
    known = spread.any(axis=1)
    average = spread[known].mean(axis=0) if known.any() else np.ones(spread.shape[1])
    relative = np.where(known[:, None], spread / np.where(average > 0, average, 1), 1)
    return relative / np.linalg.norm(relative, axis=1, keepdims=True)
