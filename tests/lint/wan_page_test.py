"""`./dev bench wan`: bounds against published figures, limits, what is refused, and that its page and plot can always be written."""
import contextlib
import io
import os
import stat
import sys
import tempfile
import types
import unittest
import unittest.mock
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "bench", each) for each in ("emulated", "wan")]

import allowed  # noqa: E402
import bounds  # noqa: E402
import cases  # noqa: E402
import figures  # noqa: E402
import foreign  # noqa: E402
import merge_page  # noqa: E402
import merge_plot  # noqa: E402
import options  # noqa: E402
import profiles  # noqa: E402
import runs  # noqa: E402
import systems  # noqa: E402
import targets  # noqa: E402
import two_paths  # noqa: E402
from cases import MIB, Case  # noqa: E402
from profiles import PROFILES, Profile  # noqa: E402
from runs import Failure, Outcome  # noqa: E402

PROGRAMS = ["--intertie", "intertie", "--wan", "wan", "--python", "python"]


def counts(late_us=100, frames=10_000, late_frames=0):
    return {"seconds": 10.0, "cpu_seconds": 4.0, "frames": frames, "late_frames": late_frames, "bytes": 30_000_000,
            "late_us": {"p50": 10, "p99": late_us, "most": 5000}}


def outcome(merges=((0.8, 0.9), (0.8, 1.0), (0.7, 0.8)), cpu=1.0, **more):
    return Outcome([list(each) for each in merges], cpu, counts(), 4, 2, more)


def case(profile="b", control="cubic", system="intertie", size=64 * MIB, **more):
    return Case(PROFILES[profile], control, system, size, **more)


def row(profile="b", control="cubic", system="intertie", size=64 * MIB, times=1.0, encoding="f32", pace="", **more):
    """Of a merge that took so many times its bound."""
    one = case(profile, control, system, size, encoding=encoding, pace=pace)
    seconds = times * (one.bound or 1)
    return {**figures.row_of(one, [outcome([[seconds] * 2] * one.profile.num_sites)]), **more}


class Bounds(unittest.TestCase):
    def expect_bound(self, expected, profile, size=64 * MIB, encoding="f32"):
        self.assertAlmostEqual(bounds.bound(profile, size, encoding), expected, delta=0.006)

    def test_published_figures(self):
        for name, size, expected in (("b", 64, 0.79), ("c", 64, 2.61), ("d", 64, 0.79), ("e", 64, 2.31), ("b", 256, 3.07), ("e", 256, 9.15)):
            with self.subTest(profile=name, size=size):
                self.expect_bound(expected, PROFILES[name], size * MIB)
        self.expect_bound(0.60 - 0.015, PROFILES["b2"])  # published with two one-way delays; a gather has one
        self.expect_bound(0.94, Profile("five", "", num_sites=5, access=1000))

    def test_a_chain_is_bound_by_a_link_and_two_ways(self):
        self.expect_bound(64 * MIB * 8 / (1e9 * 1448 / 1538) + 0.030, PROFILES["i"])

    def test_encoded_bytes_count(self):
        self.expect_bound(0.224, PROFILES["b"], encoding="int8")  # owners: 4/3 of 8.06 bits
        self.expect_bound(0.126, PROFILES["b"], encoding="fp4 results")
        # Contributions of 4 bits to both others need no more bytes than 4 and 8 bits with owners, and half the delay less.
        self.expect_bound(2 * 4.0625 * 16 * MIB / 941.5e6 + 0.015, PROFILES["b"], encoding="fp4")
        self.assertEqual(set(bounds.BITS), set(systems.ENCODING))

    def test_none_without_rates(self):
        for name in ("a", "g1"):
            self.assertIsNone(bounds.bound(PROFILES[name], 64 * MIB))


class Profiles(unittest.TestCase):
    def test_what_the_emulator_is_told(self):
        self.assertEqual(PROFILES["d"].options("bbr"), ["--rtt", "30ms", "--cc", "bbr", "--rate", "1000Mbit/s", "--loss", "0.01%"])
        self.assertEqual(PROFILES["e"].commands(), ["access s2 250Mbit/s"])
        self.assertEqual(PROFILES["i"].commands()[-1], "cut s0 s2")
        self.assertEqual(len(PROFILES["g1"].commands()), 20)
        self.assertNotIn("--rate", PROFILES["g1"].options("cubic"))

    def test_paths_have_accesses_and_addresses(self):
        self.assertEqual(PROFILES["f"].options("cubic")[-2:], ["--paths", "2"])
        self.assertEqual(PROFILES["f"].commands(), ["access s0 700Mbit/s path 0", "access s1 700Mbit/s path 0", "access s0 300Mbit/s path 1",
                                                    "access s1 300Mbit/s path 1"])
        lines = types.SimpleNamespace(sites=PROFILES["f"].sites, address=lambda site, path=0: f"10.89.{path}.{site[1:]}")
        self.assertIn('{ streams = 3, addresses = { s0 = "10.89.1.0:7400", s1 = "10.89.1.1:7400" } }', systems.run_file(case("f"), lines, 3))

    def test_pairs_are_drawn_from_the_seed_alone(self):
        self.assertEqual(profiles.pairs_drawn(3), profiles.pairs_drawn(3))
        self.assertNotEqual(profiles.pairs_drawn(3), profiles.pairs_drawn(4))
        self.assertEqual(profiles.pairs_drawn(1)[(0, 1)], 22.1)
        for seed in profiles.SEEDS:
            self.assertEqual(len(profiles.pairs_drawn(seed)), 10)
            self.assertTrue(all(10 <= rate <= 100 for rate in profiles.pairs_drawn(seed).values()))

    def test_a_name_for_several(self):
        self.assertEqual([each.name for each in profiles.chosen(["g", "b"])], ["b", *(f"g{seed}" for seed in range(1, 11))])
        self.assertEqual([each.name for each in profiles.chosen(["g7"])], ["g7"])
        self.assertEqual(len(profiles.chosen(profiles.names_to_choose())), len(PROFILES))


class Cases(unittest.TestCase):
    def of(self, *words):
        return cases.all_cases(options.parse([*PROGRAMS, *words]))

    def test_systems_take_turns(self):
        found = self.of("--profiles", "d", "--sizes", "64MiB", "--cc", "bbr", "--systems", "intertie,gloo,iperf3", "--repeats", "2")
        self.assertEqual([each.system for each in found], ["intertie", "gloo"] * 2 + ["iperf3"] * 2)

    def test_encodings_and_paces_where_they_have_limits(self):
        found = self.of("--profiles", "b,d", "--systems", "intertie,gloo", "--cc", "cubic")
        special = {(each.profile.name, each.size // MIB, each.encoding, each.pace) for each in found if each.encoding != "f32" or each.pace}
        self.assertEqual(special, {("b", 64, "int8", ""), ("b", 64, "fp4", ""), ("b", 64, "fp4 results", ""), ("b", 64, "f32", "every 5 s"),
                                   ("b", 64, "f32", "after 60 s")})
        self.assertTrue(all(each.system == "intertie" for each in found if each.encoding != "f32" or each.pace))

    def test_what_differs_by_profile(self):
        self.assertEqual([(each.system, each.size) for each in self.of("--profiles", "k", "--cc", "bbr")], [(cases.BESIDE, 64 * MIB)])
        self.assertEqual([(each.system, each.size) for each in self.of("--profiles", "f", "--cc", "bbr")], [(cases.CUT, 512 * MIB)])
        self.assertEqual({each.size for each in self.of("--profiles", "j", "--systems", "intertie,gloo")}, {4 * MIB})

    def test_settings_of_a_row(self):
        self.assertEqual(cases.settings_of(case())["streams"], cases.USUAL["streams"])
        with unittest.mock.patch.dict(cases.BY_ROW, {("d", "cubic"): {"streams": 16}}):
            self.assertEqual(cases.settings_of(case("d"))["streams"], 16)
            self.assertEqual(cases.settings_of(case("d", "bbr"))["streams"], cases.USUAL["streams"])
            self.assertEqual(cases.settings_of(case("d"), 2)["streams"], 2)

    def test_time_limits_leave_time_for_what_is_waited_for(self):
        for pace, (_, merges, rest) in cases.PACES.items():
            one = case(pace=pace, merges=merges or 10)
            self.assertGreater(cases.time_limit(one) - cases.time_limit(case(merges=one.merges)), rest - 1)
        self.assertGreater(cases.time_limit(case("g1")), cases.time_limit(case("a")))

    def test_a_run_file_lists_links_that_there_are(self):
        lines = types.SimpleNamespace(sites=PROFILES["i"].sites, address=lambda site: "10.89.0.1")
        text = systems.run_file(case("i", "bbr", encoding="fp4 results"), lines, 7)
        self.assertEqual(text.count("[[link]]"), 2)
        self.assertNotIn('["s0", "s2"]', text)
        for words in ("streams = 7", 'congestion_control = "bbr"', 'result_encoding = "fp4"'):
            self.assertIn(words, text)


class Refused(unittest.TestCase):
    def test_each_option_says_what_is_wrong(self):
        for words, said in ((["--profiles", "z"], "there is no profile 'z'; there are a, b"), (["--profiles", "ff"], "there is no profile 'ff'"),
                            (["--profiles", "b,,c"], "is not a list"), (["--sizes", "64"], "64MiB,65"), (["--sizes", "64MB"], "'64MB' is not a size"),
                            (["--sizes", "2"], "'2' is not a size"), (["--sizes", "9GiB"], "at most 4 GiB"), (["--cc", "reno"], "cubic, bbr"),
                            (["--systems", "nccl"], "there is no system 'nccl'"), (["--merges", "0"], "from 1 to 1000"),
                            (["--repeats", "x"], "whole number"), (["--streams", "65"], "from 1 to 64"), (["--limit", "1"], "from 10"),
                            (["--out", "page.txt"], "no Markdown file")):
            if said == "64MiB,65":
                self.assertEqual(options.parse([*PROGRAMS, *words]).sizes, [64])
                continue
            with self.subTest(words=words), contextlib.redirect_stderr(io.StringIO()) as errors:
                with self.assertRaises(SystemExit) as ended:
                    options.parse([*PROGRAMS, *words])
                self.assertEqual(ended.exception.code, 2)
                self.assertIn(said, errors.getvalue())

    def test_what_is_lacking_is_allowed_and_put_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "allowed")
            allowed.write(path, ["reno", "bbr"])
            with self.assertRaises(KeyboardInterrupt), allowed.allowed(["cubic", "bbr"], path):
                self.assertEqual(allowed.words_of(path), ["reno", "bbr", "cubic"])
                raise KeyboardInterrupt
            self.assertEqual(allowed.words_of(path), ["reno", "bbr"])
            os.chmod(path, stat.S_IREAD)
            with allowed.allowed(["bbr"], path):  # nothing to write
                self.assertEqual(allowed.words_of(path), ["reno", "bbr"])


class Figures(unittest.TestCase):
    def test_the_slowest_site_over_all_turns(self):
        found = figures.row_of(case(), [outcome(), outcome([[2.0], [1.1], [1.0]])])
        self.assertEqual((found["median"], found["least"], found["most"], found["merges"]), (1.0, 0.8, 1.1, 3))
        self.assertAlmostEqual(found["ratio"], 1.0 / 0.79, delta=0.01)
        self.assertAlmostEqual(found["cpu_per_gb"], 2.0 / 3 / (64 * MIB / 1e9))
        self.assertAlmostEqual(found["core"], 0.4)

    def test_late_lines_do_not_count(self):
        self.assertTrue(figures.kept_up(counts(1999)))
        for late in (counts(2000), counts(0, frames=0), {}):
            self.assertFalse(figures.kept_up(late))

    def test_its_own_bound_where_rates_give_none(self):
        found = figures.row_of(case("g1"), [outcome([[1.0]] * 5, bound=0.8, predicted=0.9)])
        self.assertEqual((found["bound"], found["bound_is_own"]), (0.8, True))
        self.assertAlmostEqual(found["against_prediction"], 1 / 0.9)

    def test_a_rate_is_that_of_the_bytes_a_merge_needs(self):
        found = row("h", "bbr", times=1.0)
        self.assertAlmostEqual(found["share_of_rate"], 4 / 3 * 64 * MIB * 8 / found["median"] / 1e9)


def beside(own=(4e8, 5e8), reference=(3e8, 5e8, 2e8)):
    turn = Outcome(counts=counts(), more={"merge": 1.5, "alone": 0.8, "reference": list(reference), "beside": list(own)})
    return foreign.Beside.row(None, case("k", system=cases.BESIDE), [turn])


def cut(left=(2.8e8, 2.9e8), lost=30e6, again=20e6):
    turn = Outcome(counts=counts(), more={"warm_up": 4.7, "after_cut": 14.0, "left": list(left), "lost": lost, "again": again})
    return two_paths.Cut(types.SimpleNamespace(streams=None)).row(case("f", system=cases.CUT, size=512 * MIB), [turn])


class Limits(unittest.TestCase):
    def test_within_and_beyond(self):
        """(a row's limit, as published, and the row that it is of)"""
        for most, what in ((1.10, ("b", "bbr")), (1.10, ("c", "bbr")), (1.10, ("d", "bbr")), (1.05, ("b", "bbr", 256)), (1.05, ("d", "bbr", 256)),
                           (1.15, ("e", "bbr")), (1.15, ("i", "bbr")), (1.15, ("b", "cubic")), (1.15, ("c", "cubic")), (1.15, ("e", "cubic")),
                           (1.15, ("i", "cubic", 256)), (1.35, ("d", "cubic")), (1.12, ("b2", "bbr")), (1.12, ("b5", "bbr")),
                           (1.18, ("b2", "cubic")), (1.18, ("b5", "cubic", 256))):
            size = (what[2] if len(what) > 2 else 64) * MIB
            with self.subTest(what=what):
                self.assertEqual(targets.missed([row(*what[:2], size=size, times=most - 0.001)]), [])
                self.expect_missed(row(*what[:2], size=size, times=most + 0.001), f"at most {most:g}")

    def expect_missed(self, found, words, beside=()):
        missed = targets.missed([found, *beside])
        self.assertEqual(len(missed), 1, missed)
        self.assertIn(words, missed[0])

    def test_encodings_and_paces(self):
        for more in ({"encoding": "int8"}, {"encoding": "fp4"}, {"encoding": "fp4 results"}, {"pace": "every 5 s"}, {"pace": "after 60 s"}):
            for control in ("cubic", "bbr"):
                self.assertEqual(targets.missed([row("b", control, times=1.249, **more)]), [])
                self.expect_missed(row("b", control, times=1.251, **more), "at most 1.25")

    def test_predictions_and_rates(self):
        drawn = row("g3", predicted=1.0, against_prediction=1.14)
        self.assertEqual(targets.missed([drawn]), [])
        self.expect_missed({**drawn, "against_prediction": 1.16}, "1.160 times its prediction")
        self.expect_missed({**drawn, "against_prediction": None}, "not measured")
        self.assertEqual(targets.missed([row("h", "bbr", share_of_rate=0.81), row("h", "cubic", share_of_rate=0.1)]), [])
        self.expect_missed(row("h", "bbr", share_of_rate=0.79), "at least 0.8")

    def test_beside_gloo(self):
        for profile, figure, most in (("a", "median", 1.7), ("b", "cpu_per_gb", 2.0)):
            gloo = row(profile, system="gloo", **{figure: 1.0})
            self.assertEqual(targets.missed([row(profile, **{figure: most - 0.01}), gloo]), [])
            self.expect_missed(row(profile, **{figure: most + 0.01}), "Gloo", [gloo])
            self.expect_missed(row(profile, **{figure: most - 0.01}), "not measured", [{**gloo, figure: None}])
            self.assertEqual(targets.missed([row(profile, **{figure: most + 0.01}), {**gloo, "cc": "bbr"}]), [])

    def test_control_messages(self):
        def of(p99):
            return figures.row_of(case("j", size=4 * MIB), [outcome([[4.8] * 2] * 3, control_p99=p99), outcome([[4.8] * 2] * 3, control_p99=0.02)])
        self.assertEqual(targets.missed([of(0.0349)]), [])
        self.expect_missed(of(0.0351), "15.100 ms more than a round trip")
        self.expect_missed(row("j", size=4 * MIB), "not measured")

    def test_foreign_flows(self):
        self.assertEqual(targets.missed([beside((1.51e8, 2.51e8))]), [])
        self.expect_missed(beside((4e8, 2.49e8)), "at least 0.5")
        self.expect_missed({**beside(), "kept_up": False, "late_ms": 3.0}, "did not keep up")
        self.expect_missed(figures.failed_row(case("k", system=cases.BESIDE), "no luck"), "no luck")

    def test_a_path_that_is_cut(self):
        self.assertEqual(targets.missed([cut((2.64e8, 2.9e8))]), [])
        self.expect_missed(cut((2.62e8, 2.9e8)), "at least 0.9")
        self.expect_missed(cut(again=31e6), "at most 1")
        self.expect_missed(figures.failed_row(case("f", system=cases.CUT), "no luck"), "no luck")

    def test_others_have_none_and_ours_has_to_be_there(self):
        self.assertEqual(targets.missed([row(system="gloo", times=9), figures.failed_row(case(system="openmpi"), "not done")]), [])
        self.expect_missed(figures.failed_row(case(), "not done within 9 s"), "not done within 9 s")
        self.expect_missed(row(kept_up=False, late_ms=3.0), "did not keep up")
        self.assertEqual(targets.missed([]), ["nothing was measured"])


class Runs(unittest.TestCase):
    """What a run makes of its programs; the lines are none."""

    class Lines:
        sites = ["s0", "s1", "s2"]

        def tell(self, command):
            self.told = command

        def counts(self):
            return counts()

        def end_programs(self):
            pass

    def space(self, folder, merges=2):
        space = runs.Space.__new__(runs.Space)
        space.case, space.profile, space.folder, space.keep = case(merges=merges), PROFILES["b"], folder, None
        space.lines, space.processes = self.Lines(), {}
        return space

    def started(self, script, merges=2):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        space = self.space(folder.name, merges)
        self.addCleanup(space.end)
        for site in space.profile.sites:
            space.start_by([], ["sh", "-c", script], site)
        return space

    SAYS = 'for i in 1 2 3 4 5; do echo "merge $i/5 0.$i s" >&2; sleep 0.05; done; '

    def test_times_have_units(self):
        for words, seconds in (("0.815000 s", 0.815), ("815 ms", 0.815), ("1.43 s", 1.43), ("2 min 3 s", 123), ("38 us", 38e-6)):
            self.assertAlmostEqual(runs.seconds_of(words), seconds, msg=words)
        self.assertRaises(Failure, runs.seconds_of, "soon")

    def test_a_line_that_is_still_being_written_does_not_count(self):
        self.assertEqual(runs.MERGED.findall("merge 1/13 1.43 s\nmerge 2/13 81"), ["1.43 s"])

    def test_merges_and_cpu_are_those_that_count(self):
        space = self.started(self.SAYS + 'echo "cpu 1.5" >&2')
        emulator, in_time = space.watch(20)
        found = systems.Gloo(None).outcome(space, emulator, in_time, 20)
        self.assertEqual((found.merges, found.cpu_seconds, in_time), ([[0.4, 0.5]] * 3, 4.5, True))
        self.assertEqual(space.lines.told, "reset")

    def test_what_was_measured_before_the_time_limit_counts(self):
        space = self.started(self.SAYS + "sleep 100", merges=10)
        emulator, in_time = space.watch(0.5)
        found = systems.Gloo(None).outcome(space, emulator, in_time, 0.5)
        self.assertEqual((found.merges, found.cpu_seconds, in_time), ([[0.4, 0.5]] * 3, None, False))
        with self.assertRaisesRegex(Failure, "not done within 0 s: 5 merges"):
            systems.Intertie(None).outcome(space, emulator, in_time, 0.4)

    def test_nothing_in_time_and_failures_are_said(self):
        with self.assertRaisesRegex(Failure, "not done within 0 s"):
            self.started("sleep 100").watch(0.3)
        with self.assertRaisesRegex(Failure, "ended with code 3: no luck"):
            self.started("echo no luck >&2; exit 3").watch(20)
        with self.assertRaisesRegex(Failure, "needs a connection between every two"):
            raise Failure(systems.Gloo(None).unable(PROFILES["i"]))
        self.assertEqual(systems.Gloo(None).unable(PROFILES["b"]), "")


class Page(unittest.TestCase):
    ROWS = staticmethod(lambda: [
        row(), row("b", "bbr", times=1.05), row(system="gloo", times=2.3), row(system="openmpi", kept_up=False, late_ms=12.0),
        figures.failed_row(case("c"), "not done | within\n9 s"), row("g2", bound=0.9, bound_is_own=True, ratio=1.1, predicted=1.0),
        row(encoding="int8"), row(pace="after 60 s"), row("a"), beside(), cut(),
        figures.failed_row(case("f", "bbr", cases.CUT), "no"),
        figures.failed_row(case("k", "bbr", cases.BESIDE), "no"), figures.failed_row(Case(PROFILES["i"], "cubic", "iperf3"), "no"),
        figures.plain_row(Case(PROFILES["b"], "cubic", "iperf3"),
                          [Outcome([], None, counts(), 4, 0, {"alone": 7.5e8, "all": 8e8})])])

    def test_a_page_of_anything(self):
        text = merge_page.page({"date": "today"}, self.ROWS(), ["a limit"], ["intertie", "gloo"], "wan.svg")
        for words in ("- a limit", "](wan.svg)", "## b: 1 Gbit/s, 30 ms", "not done / within 9 s", "**not kept up: 12.00 ms**", "2.30",
                      "| 941 | 750 | 800 |", "Open MPI: not asked for", "**k, share**:", "| 30.0 MB | 20.0 MB | 4 |", "| 300 / 500 / 200 | 400 / 500 | 1.33 / 1.00 |", "Intertie, TLS, int8", "0.90 s (its own)", "cores"):
            self.assertIn(words, text)
        for line in text.splitlines():
            if line.startswith("| 64 MiB"):
                self.assertEqual(line.count("|"), len(merge_page.HEAD) + 1, line)
        self.assertIn("# Merges", merge_page.page({}, [], [], []))

    def test_a_plot_of_anything(self):
        for rows in (self.ROWS(), [], [row(times=80)], [row(times=0.5)]):
            parsed = xml.etree.ElementTree.fromstring(merge_plot.plot(rows))
            self.assertEqual(parsed.tag, "{http://www.w3.org/2000/svg}svg")
        drawn = merge_plot.plot(self.ROWS())
        self.assertEqual(drawn.count("<circle"), 2 + 4)  # the legend's, and b: cubic, bbr, Gloo; g2. Late, encoded and paced ones are not
        self.assertNotIn("Open MPI", drawn)


if __name__ == "__main__":
    unittest.main()
