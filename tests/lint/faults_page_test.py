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

LINES = [{"frames": 1000, "late_frames": 10}, {"frames": 3000, "late_frames": 20}]


class Logs:
    """What the figures ask a run: the commits of its sites, here (time, version, set)."""

    def __init__(self, commits):
        self.made = commits

    def commits(self, site, after=0.0, before=float("inf")):
        return [{"at": at, "version": version, "set": members, "steps": 5} for at, version, members in self.made[site]
                if after <= at < before]


def death(**more):
    row = {"method": "diloco, owners", "place": "first-block", "victim": "columbus", "version": 6, "arrived": "all", "asked": 2.0,
           "view": 2.1, "commit": 2.2, "next_commit": 2.2, "orders": {6: ("re-sum", "ashburn, quincy")},
           "held": {"ashburn": "x", "quincy": "y"}, "discarded": 0, "member": 2.0, "bytes": 6_000_000, "fetch_seconds": 1.0,
           "usual": 0.5, "held_fetching": 0.6, "held_change": 0.6, "held_first": 0.9, "held_up": 0.9}
    return {**row, **more}


def second(**more):
    row = {"place": "flush-asked", "reduction": "gather", "asked": 2.2, "view": 2.3, "commit": 2.4, "set": "ashburn, columbus, dallas",
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


def loss_pair(apart=0.002, **more):
    plain = {"steps": limits.LOSS_STEPS, "tokens": 1536 * limits.LOSS_STEPS, "loss": 2.0, "discarded": 0}
    return {"seed": 1, "plain": plain, "disturbed": {**plain, "tokens": plain["tokens"] + 1024, "away_merges": 18, **more}, "apart": apart}


def without(row, figure):
    return {name: value for name, value in row.items() if name != figure}


# By place: what was ordered of the merge of the death (version 6) and of the next, where columbus died and two stayed.
BY_THE_TWO, OF_ALL = ("re-sum", "ashburn, quincy"), ("adopt", "ashburn, columbus, quincy")
ORDERS = {"first-block": {6: BY_THE_TWO}, "half-contribution": {6: BY_THE_TWO}, "half-results": {6: BY_THE_TWO},
          "results-at-one": {6: OF_ALL, 7: BY_THE_TWO}, "all-sent": {7: BY_THE_TWO}, "applied": {7: BY_THE_TWO}}


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

    def beyond(self, lines=None, **results):
        return limits.over_limits(results, lines or LINES)

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
            self.expect_named(part, row, words)

    def expect_named(self, part, row, words):
        with self.subTest(part=part, words=words):
            named = self.beyond(**{part: [row]})
            self.assertEqual(len(named), 1, (part, row, named))
            self.assertIn(words, named[0])

    def test_what_was_ordered_is_what_the_place_of_the_death_asks_for(self):
        self.assertEqual(set(ORDERS), set(deaths.PLACES))
        for method in ("diloco, owners", "diloco, gather", "synchronous, owners", "synchronous, gather"):
            for place, orders in ORDERS.items():
                self.assertEqual(self.beyond(deaths=[death(method=method, place=place, orders=orders)]), [])
                wrong = [{}, {**orders, 8: BY_THE_TWO}, {version: ("re-sum", "ashburn") for version in orders},
                         *(others for others in ORDERS.values() if others != orders)]
                for each in wrong:
                    self.expect_named("deaths", death(method=method, place=place, orders=each), "ordered")
        self.expect_named("deaths", death(place="results-at-one", orders={6: ("re-sum", OF_ALL[1]), 7: BY_THE_TWO}), "ordered")

    def test_what_was_ordered_after_a_second_death(self):
        self.assertEqual(self.beyond(second=[second(place="flush-answered"), second(reduction="owners", set="ashburn, columbus")]), [])
        for wrong in (second(set="ashburn, columbus"), second(reduction="owners"), second(order="adopt"), second(order=""),
                      second(reduction="owners", set="ashburn")):
            self.expect_named("second", wrong, "ordered")

    def test_a_place_that_was_not_reached_is_named(self):
        for place, orders in ORDERS.items():
            row = death(place=place, orders=orders, commit=-0.5)
            if place in ("all-sent", "applied"):
                self.assertEqual(self.beyond(deaths=[row]), [])
            else:
                self.expect_named("deaths", row, "committed 0.50 s before the death")
        self.expect_named("second", second(commit=-0.5), "committed 0.50 s before the second death")
        self.assertEqual(self.beyond(second=[second(place="flush-answered", commit=-0.01)]), [])
        for row, words in ((cut_off(commit=-1.0), "committed 1.00 s before the cut"),
                           (cut_off(held="ashburn, quincy"), "at the site itself"),
                           (cut_off(set="ashburn, columbus, quincy"), "and of ashburn, columbus, quincy at the others"),
                           (cut_off(lost="version 6: samples 1-2"), "no word of what it lost of version 7")):
            self.expect_named("off", row, words)
        self.expect_named("cuts", link_cut(merges_while_cut=0), "no merge while it was cut")
        for more, words in (({"tokens": 1536 * limits.LOSS_STEPS + 1536}, "at 460800 and at 462336 tokens"),
                            ({"tokens": 1536 * limits.LOSS_STEPS - 1536}, "at 460800 and at 459264 tokens"),
                            ({"away_merges": 0}, "no merge was made without")):
            self.expect_named("loss", loss_pair(**more), words)

    def test_what_was_not_measured_is_named(self):
        for part, row, figures in (("deaths", death(), ("asked", "commit", "discarded", "held_up", "usual")),
                                   ("second", second(), ("asked", "commit", "discarded")),
                                   ("cuts", link_cut(), ("relayed", "next_commit", "stalled", "direct")),
                                   ("off", cut_off(), ("asked", "commit", "discarded"))):
            for figure in figures:
                self.expect_named(part, without(row, figure), "not measured")
        self.expect_named("loss", loss_pair(discarded=None), "not measured")
        for part in ("deaths", "second", "cuts", "off", "store", "loss"):
            with self.subTest(part=part):
                self.assertEqual(self.beyond(**{part: []}), [f"{part}: nothing was measured"])

    def test_lines_that_are_late_make_no_good_figures(self):
        late = self.beyond(lines=[*LINES, {"frames": 10, "late_frames": 1}])
        self.assertEqual(len(late), 1)
        self.assertIn("of 1 runs, up to 10.0% of the frames", late[0])
        for none in ([{"frames": 0, "late_frames": 0}], [*LINES, {"frames": 0, "late_frames": 0}]):
            self.assertEqual(self.beyond(lines=none, cuts=[link_cut()]), ["lines: no frame was counted"])
        self.assertEqual(limits.over_limits({"cuts": [link_cut()]}, []), ["lines: no frame was counted"])
        self.assertEqual(limits.over_limits({"loss": [loss_pair()]}, []), [])

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
                                             "off": [cut_off()], "store": [store_row()], "loss": [loss_pair()]}, ["a promise"], LINES)
        self.assertIn("a promise", text)
        self.assertIn("2.00 / 2.00 s", text)
        self.assertIn("# Faults", page.page({}, {}, [], LINES))


if __name__ == "__main__":
    unittest.main()
