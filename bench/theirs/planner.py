"""The planner's two questions as mixed-integer programmes, answered by HiGHS through scipy.optimize.milp.

Run by the peers' own Python: one question as JSON on each line of the input, one answer as JSON on each line of the
output: {"seconds", "proved", …}. Importing is not counted, building the programme is.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import combinations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

LIMIT_S = 600.0


class Programme:
    """Columns with bounds and costs, rows with bounds; minimized."""

    def __init__(self):
        self.cost, self.low, self.high, self.whole = [], [], [], []
        self.rows, self.row_low, self.row_high = [], [], []

    def column(self, cost=0.0, low=0.0, high=1.0, whole=True):
        self.cost.append(cost)
        self.low.append(low)
        self.high.append(high)
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def row(self, terms, low=-np.inf, high=np.inf):
        self.rows.append(terms)
        self.row_low.append(low)
        self.row_high.append(high)

    def solve(self, left_s):
        at = [(n, column, value) for n, row in enumerate(self.rows) for column, value in row.items()]
        n, column, value = zip(*at, strict=True)
        matrix = csr_array((value, (n, column)), shape=(len(self.rows), len(self.cost)))
        return milp(
            self.cost, integrality=self.whole, bounds=Bounds(self.low, self.high),
            constraints=LinearConstraint(matrix, self.row_low, self.row_high),
            options={"time_limit": max(1.0, left_s), "mip_rel_gap": 0.0},
        )  # fmt: skip


# --- beats: orienteering (Miller, Tucker and Zemlin's times in place of subtours) ---------------------------------


def beat(asked):
    """Stop 0 is the start, the last the end. `windows` and `apart` may be None."""
    values, minutes, limit = asked["values"], asked["minutes"], asked["limit"]
    end, begun = len(values) - 1, time.process_time()
    windows = [
        (max(opens, minutes[0][i]), min(closes, limit - minutes[i][end]))
        for i, (opens, closes) in enumerate(asked["windows"] or [(0.0, limit)] * len(values))
    ]
    p = Programme()
    on = {i: p.column(-values[i], high=float(windows[i][0] <= windows[i][1])) for i in range(1, end)}
    at = [p.column(low=opens, high=max(opens, closes), whole=False) for opens, closes in windows]
    legs = {
        (i, j): p.column()
        for i in range(end)
        for j in range(1, end + 1)
        if i != j and windows[i][0] + minutes[i][j] <= windows[j][1]
    }
    p.row({leg: 1 for (i, _), leg in legs.items() if i == 0}, 1, 1)
    p.row({leg: 1 for (_, j), leg in legs.items() if j == end}, 1, 1)
    for k, is_on in on.items():
        p.row({**{leg: 1 for (i, _), leg in legs.items() if i == k}, is_on: -1}, 0, 0)
        p.row({**{leg: 1 for (_, j), leg in legs.items() if j == k}, is_on: -1}, 0, 0)
    for (i, j), leg in legs.items():
        slack = p.high[at[i]] + minutes[i][j] - p.low[at[j]]
        if slack > 0:
            p.row({at[j]: 1, at[i]: -1, leg: -slack}, minutes[i][j] - slack)
    p.row({leg: minutes[i][j] for (i, j), leg in legs.items()}, high=limit)
    for i, j, least in asked["apart"]:
        keep_apart(p, on, at, i, j, least)
    found = p.solve(LIMIT_S)
    order = follow(
        {leg for leg, column in legs.items() if found.x is not None and found.x[column] > 0.5}, end
    )
    return {"seconds": time.process_time() - begun, "proved": found.status == 0, "order": order}


def keep_apart(p, on, at, i, j, least):
    """Where both are on the beat, one begins so much after the other."""
    first = p.column()
    for a, b, is_first in ((i, j, True), (j, i, False)):
        slack = least + p.high[at[a]] - p.low[at[b]]
        terms = {at[b]: 1, at[a]: -1, on[i]: -slack, on[j]: -slack, first: -slack if is_first else slack}
        p.row(terms, least - 3 * slack if is_first else least - 2 * slack)


def follow(used, end):
    after, order = dict(used), [0]
    while order[-1] != end and order[-1] in after:
        order.append(after[order[-1]])
    return order


# --- rosters ------------------------------------------------------------------------------------------------------


def roster(asked):
    """As `app/planning/solving.py` asks it, rule for rule; a pair is watched once it was together too often."""
    begun, watched = time.process_time(), []
    while True:
        p, takes = roster_programme(asked, watched)
        found = p.solve(LIMIT_S - (time.process_time() - begun))
        if found.x is None:
            return {"seconds": time.process_time() - begun, "proved": False, "crews": None}
        crews = {
            s: [m for (m, t), column in takes.items() if t == s and found.x[column] > 0.5] for s in ids(asked)
        }
        more = [run for run in too_often(asked, crews) if run not in watched]
        if not more or found.status != 0:
            took = time.process_time() - begun
            return {"seconds": took, "proved": found.status == 0, "crews": list(crews.items())}
        watched += more


def ids(asked):
    return [slot["id"] for slot in asked["slots"]]


def roster_programme(asked, watched):
    slots, members, rules = asked["slots"], asked["members"], asked["limits"]
    n, p = len(slots), Programme()
    heavy = len(members) * n**2 + 1
    takes = {
        (m["id"], s["id"]): p.column() for m in members for s in slots if s["id"] not in m["barred"]
    }  # fmt: skip
    for s in slots:
        empty = p.column(heavy * heavy, high=s["places"])
        p.row({**{c: 1 for (_, t), c in takes.items() if t == s["id"]}, empty: 1}, s["places"], s["places"])
    for m in members:
        mine = [s for s in slots if (m["id"], s["id"]) in takes]
        for a, b in combinations(mine, 2):
            if b["start"] < a["end"] + rules["rest_min"]:
                p.row({takes[m["id"], a["id"]]: 1, takes[m["id"], b["id"]]: 1}, high=1)
        columns = [takes[m["id"], s["id"]] for s in mine]
        dark = [takes[m["id"], s["id"]] for s in mine if s["is_night"]]
        p.row({c: 1 for c in columns}, high=rules["most_a_week"])
        if dark and rules["nights_a_week"] is not None:
            p.row({c: 1 for c in dark}, high=rules["nights_a_week"])
        squares(p, columns, heavy)
        squares(p, dark, 1)
    for a, b, run in watched:
        not_all_of(p, takes, a, b, run, ids(asked))
    return p, takes


def squares(p, columns, weight):
    """n² = 1 + 3 + 5 + …: a step each, of which a minimum takes the cheapest first."""
    steps = {p.column(weight * (2 * n + 1), whole=False): -1 for n in range(len(columns))}
    if columns:
        p.row({**{c: 1 for c in columns}, **steps}, 0, 0)


def not_all_of(p, takes, a, b, run, order):
    """The two are not together at all of these, unless one is out without the other between them."""
    terms = {takes[m, s]: 1 for s in run for m in (a, b)}
    between = [s for s in order[order.index(run[0]) : order.index(run[-1])] if s not in run]
    for s in between:
        both = [takes[m, s] for m in (a, b) if (m, s) in takes]
        if both:
            alone = p.column()
            p.row({**{c: 1 for c in both}, alone: -1}, low=0)
            p.row({**{c: 1 for c in both}, alone: 1}, high=2)
            terms[alone] = -1
    p.row(terms, high=2 * len(run) - 1)


def too_often(asked, crews):
    """(a, b, the slots of a row that is one too long)."""
    most, found = asked["limits"]["pair_in_a_row"], []
    for a, b in combinations([m["id"] for m in asked["members"]], 2):
        row = []
        for slot_id in ids(asked):
            on = {a, b} & set(crews[slot_id])
            row = [*row, slot_id] if len(on) == 2 else row if not on else []
            if len(row) > most:
                found.append((a, b, row[-most - 1 :]))
    return found


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"beat": beat, "roster": roster}[asked["kind"]](asked)), flush=True)
