"""The page of `./dev bench faults`: its figures from logs, and that it can be written whatever was measured."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "faults"))

import deaths  # noqa: E402
import page  # noqa: E402
from sites import Violation, discarded_steps  # noqa: E402

COUNTS = {"frames": 3, "late_us": {"p50": 10, "p99": 90}}


class Logs:
    """What the figures ask a run: the commits of its sites, here (time, version, set)."""

    def __init__(self, commits):
        self.made = commits

    def commits(self, site, after=0.0, before=float("inf")):
        return [{"at": at, "version": version, "set": members, "steps": 5} for at, version, members in self.made[site]
                if after <= at < before]


def death(**more):
    row = {"method": "diloco, owners", "place": "first-block", "victim": "columbus", "version": 6, "arrived": "all", "asked": 2.0,
           "view": 2.1, "commit": 2.2, "next_commit": 2.2, "orders": {6: ("re-sum", "ashburn, quincy")}, "held": {"ashburn": "x"},
           "discarded": 0, "member": 2.0, "bytes": 6_000_000, "fetch_seconds": 1.0, "usual": 0.5, "held_fetching": 0.6,
           "held_change": 0.6, "held_first": 0.9, "held_up": 0.9}
    return {**row, **more}


class FaultsPage(unittest.TestCase):
    def test_steps_in_no_merge_are_counted_and_gaps_refused(self):
        both = "ashburn, quincy"
        self.assertEqual(discarded_steps(Logs({"ashburn": [(1, 1, both), (2, 2, both)]}), ["ashburn"]), 0)
        self.assertEqual(discarded_steps(Logs({"ashburn": [(1, 1, both), (2, 2, "quincy")]}), ["ashburn"]), 5)
        for commits in ({"ashburn": [(1, 1, both), (2, 3, both)]}, {"ashburn": [(1, 1, both)], "quincy": [(1, 1, "quincy")]}):
            with self.assertRaises(Violation):
                discarded_steps(Logs(commits), list(commits))

    def test_gaps_belong_to_the_commit_that_ends_them(self):
        run = Logs({"ashburn": [(1.0, 1, ""), (1.5, 2, ""), (3.5, 3, ""), (4.0, 4, "")]})
        self.assertEqual(deaths.longest_gap(run, ["ashburn"], 1.0, 2.0), 0.5)
        self.assertEqual(deaths.longest_gap(run, ["ashburn"], 2.0, 4.0), 2.0)
        self.assertEqual(deaths.usual_gap(run, ["ashburn"], 0.0, 5.0), 0.5)

    def test_orders_are_the_same_words_whoever_died(self):
        row = death(orders={6: ("adopt", "ashburn, columbus, quincy"), 7: ("re-sum", "ashburn, quincy")})
        self.assertEqual(page.order_words(row), "it: adopt with the dead one's, the next: re-sum without the dead one's")
        self.assertEqual(page.order_words(death(orders={})), "nothing was open")

    def test_what_is_beyond_its_limit_is_named(self):
        self.assertEqual(page.over_limits({"deaths": [death()]}), [])
        late = page.over_limits({"deaths": [death(asked=3.1, commit=5.2, discarded=5, held_up=1.2)]})
        self.assertEqual(len(late), 4, late)

    def test_a_page_of_anything(self):
        text = page.page({"date": "today"}, {"deaths": [death(), death(commit=-0.2)], "cuts": [], "loss": []}, ["a promise"], COUNTS)
        self.assertIn("a promise", text)
        self.assertIn("2.00 / 2.00 s", text)
        self.assertIn("# Faults", page.page({}, {}, [], COUNTS))


if __name__ == "__main__":
    unittest.main()
