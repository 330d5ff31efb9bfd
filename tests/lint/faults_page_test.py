"""The page of `./dev bench faults`: its figures from logs, and that it can be written whatever was measured."""
import os
import sys
import unittest
import unittest.mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "faults"))

import cuts  # noqa: E402
import deaths  # noqa: E402
import limits  # noqa: E402
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


def second(**more):
    row = {"place": "flush-asked", "reduction": "gather", "asked": 2.2, "view": 2.3, "commit": 2.4, "set": "ashburn, columbus",
           "order": "re-sum", "discarded": 0}
    return {**row, **more}


def link_cut(**more):
    row = {"method": "diloco, owners", "link": "ashburn - quincy", "relayed": 1.2, "next_commit": 1.9, "stalled": 1.9, "direct": 1.5,
           "merges_while_cut": 4}
    return {**row, **more}


def cut_off(**more):
    row = {"seconds": 4, "asked": 2.2, "without": 2.3, "commit": 2.4, "version": 7, "held": "ashburn, columbus, quincy",
           "set": "ashburn, columbus", "incarnations": (1, 2), "lost": "version 7: samples 3-4", "fenced": 0.3, "member": 2.0,
           "bytes": 6_000_000, "own_lost_tokens": 320, "discarded": 0}
    return {**row, **more}


def store_row(seconds=2.1, allowed=(0, 3)):
    return ("diloco", "the second site dies", "the first is the only member", seconds, "words", allowed)


def loss_pair(apart=0.002, discarded=0):
    def end(disturbed):
        return {"steps": limits.LOSS_STEPS, "tokens": 9, "loss": 2.0, "away_merges": 9 if disturbed else 0, "discarded": discarded}
    return {"seed": 1, "plain": end(False), "disturbed": end(True), "apart": apart}


class PlannedRun(Logs):
    """Three sites whose logs are there at once; what is waited for is there, or in vain."""

    name, sites = "diloco, owners", ("ashburn", "columbus", "quincy")

    class Lines:
        def tell(self, command):
            pass

    def __init__(self, commits, events):
        super().__init__(commits)
        self.events, self.wan = events, self.Lines()

    def all(self, site, name=None, after=0.0, before=float("inf"), **fields):
        return [event for event in self.events.get(site, []) if event["event"] == name and after <= event["at"] < before
                and all(event.get(field) == value for field, value in fields.items())]

    def first(self, site, name, after=0.0, seconds=60, **fields):
        return self.all(site, name, after, **fields)[0]

    def wait_for_commits(self, site, count, after=0.0, seconds=60):
        return self.commits(site, after)[count - 1]


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

    def beyond(self, counts=None, **results):
        return limits.over_limits(results, counts or COUNTS)

    def test_what_is_within_its_limits_is_not_named(self):
        self.assertEqual(self.beyond(deaths=[death()], second=[second()], cuts=[link_cut()], off=[cut_off()], store=[store_row()],
                                     loss=[loss_pair()]), [])

    def test_what_is_beyond_its_limit_is_named(self):
        late = self.beyond(deaths=[death(asked=3.1, commit=5.2, discarded=5, held_up=1.2)])
        self.assertEqual(len(late), 4, late)
        for part, row, words in (
                ("second", second(asked=3.1), "detected after 3.10 s (at most 3 s)"), ("second", second(commit=5.1), "committed after"),
                ("second", second(discarded=5), "5 steps"), ("second", second(asked=None), "not measured"),
                ("cuts", link_cut(relayed=3.1), "relayed after"), ("cuts", link_cut(next_commit=5.1), "next commit"),
                ("cuts", link_cut(stalled=5.1), "longest time between"), ("cuts", link_cut(direct=3.1), "direct again"),
                ("off", cut_off(asked=3.6), "detected"), ("off", cut_off(commit=5.1), "committed"),
                ("off", cut_off(incarnations=(2, 2)), "start 2"), ("off", cut_off(lost=""), "no word of what it lost"),
                ("off", cut_off(discarded=5), "5 steps"), ("store", store_row(3.2), "after 3.20 s (from 0 to 3 s)"),
                ("store", store_row(19.0, (20, 25)), "after 19.00 s"), ("loss", loss_pair(apart=-0.02), "-2.00%"),
                ("loss", loss_pair(discarded=5), "5 steps")):
            named = self.beyond(**{part: [row]})
            self.assertEqual(len(named), 1, (part, row, named))
            self.assertIn(words, named[0])

    def test_lines_that_are_late_make_no_good_figures(self):
        late = self.beyond(counts={"frames": 3, "late_us": {"p50": 10, "p99": 2001}})
        self.assertEqual(len(late), 1)
        self.assertIn("2001 us late", late[0])

    def test_a_cut_is_measured_to_its_end(self):
        """A stall that begins after the cut is mended belongs to it, too."""
        cut, mended = 100.0, 100.0 + cuts.CUT_SECONDS
        moments = [99.0, 99.5, 101.0, 101.5, mended + 2, mended + 2.5, mended + 9, mended + 9.5, mended + 10]
        commits = {site: [(at, i, "all") for i, at in enumerate(moments)] for site in PlannedRun.sites}
        changes = [{"event": "link.changed", "at": cut + 1, "state": "relayed"}, {"event": "link.changed", "at": mended + 2, "state": "direct"}]
        run = PlannedRun(commits, {"ashburn": [{**each, "peer": "quincy"} for each in changes],
                                   "quincy": [{**each, "peer": "ashburn"} for each in changes]})
        with unittest.mock.patch.object(cuts, "time") as clock, unittest.mock.patch.object(cuts, "go_into_a_merge"):
            clock.time.side_effect = [cut] + [mended] * 9
            row = cuts.cut_link(run, "ashburn", "quincy")
        self.assertEqual((row["next_commit"], row["relayed"], row["direct"]), (1.0, 1.0, 2.0))
        self.assertEqual(row["stalled"], 6.5)
        self.assertEqual(len(self.beyond(cuts=[row])), 1)

    def test_a_page_of_anything(self):
        text = page.page({"date": "today"}, {"deaths": [death(), death(commit=-0.2)], "second": [second()], "cuts": [link_cut()],
                                             "off": [cut_off()], "store": [store_row()], "loss": [loss_pair()]}, ["a promise"], COUNTS)
        self.assertIn("a promise", text)
        self.assertIn("2.00 / 2.00 s", text)
        self.assertIn("# Faults", page.page({}, {}, [], COUNTS))


if __name__ == "__main__":
    unittest.main()
