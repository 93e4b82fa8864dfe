"""From what a user did, and what the items are, to a vector of the user. Taught in chapter 6.

The article's u = f(x1 .. xn) is `behaviour`: numbers about a user's events, integrated and reduced. Its
p = g(u, m1 .. mk) is `taste`: the user among the items' features. Profiles are for people to read and compare: no
ranker of this package uses them, each makes its own vector of a user from the history.
"""

from __future__ import annotations

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
