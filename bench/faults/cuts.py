"""Links that are cut silently, and a site that is cut off from all others: nobody is told, bytes vanish on the way."""
import time

from deaths import longest_gap
from sites import EVERY, SITES, STEP_MS, discarded_steps, expect

LINKS = (("ashburn", "columbus"), ("ashburn", "quincy"), ("columbus", "quincy"))
CUT_SECONDS = 5
SMALL = 1000  # bytes: acknowledgements and beats get through, chunks do not


def go_into_a_merge(run, site):
    """A moment at which contributions are on their way: the steps after a merge, and half a round trip."""
    steps = {"synchronous": 1, "diloco": EVERY}[run.name.split(",")[0]]
    last = run.wait_for_commits(site, 1, time.time(), 30)["at"]
    rest = last + steps * STEP_MS[run.name.split(",")[0]] / 1000 + 0.06 - time.time()
    time.sleep(max(0.0, rest))


def cut_link(run, a, b):
    go_into_a_merge(run, a)
    cut = time.time()
    run.wan.tell(f"cut {a} {b}")
    row = {"method": run.name, "link": f"{a} - {b}"}
    row["next_commit"] = max(run.wait_for_commits(site, 1, cut + 0.001, 60)["at"] for site in run.sites) - cut
    row["relayed"] = max(run.first(site, "link.changed", cut, 30, peer=peer, state="relayed")["at"]
                         for site, peer in ((a, b), (b, a))) - cut
    time.sleep(max(0.0, cut + CUT_SECONDS - time.time()))
    row["merges_while_cut"] = len(run.commits(a, cut, cut + CUT_SECONDS))
    mended = time.time()
    run.wan.tell(f"mend {a} {b}")
    row["direct"] = max(run.first(site, "link.changed", mended, 30, peer=peer, state="direct")["at"]
                        for site, peer in ((a, b), (b, a))) - mended
    direct = mended + row["direct"]
    end = max(run.wait_for_commits(site, 3, direct, 30)["at"] for site in run.sites)
    row["stalled"] = longest_gap(run, run.sites, cut, end)
    for site in run.sites:
        expect(not run.all(site, "view.entered", cut), f"{site}: a cut of {a} - {b} changed the members")
    return row


def all_cuts(bench):
    rows = []
    for method in ("synchronous", "diloco"):
        for reduction in ("owners", "gather"):
            def case(method=method, reduction=reduction):
                found = []
                with bench.run(method, reduction) as run:
                    run.start_all()
                    run.wait_for_commits("quincy", 4)
                    for _ in range(max(1, bench.repeats // 3)):
                        for a, b in LINKS:
                            row = cut_link(run, a, b)
                            found.append(row)
                            bench.tell(f"{run.name}, {row['link']} cut: next commit {row['next_commit']:.2f} s, "
                                       f"direct {row['direct']:.2f} s after mending")
                    hashes = run.stop()
                    expect(len(set(hashes.values())) == 1, f"different parameters: {hashes}")
                    expect(discarded_steps(run, run.sites) == 0, "steps are lost")
                return found
            rows += bench.attempt(f"{method}, {reduction}: cuts of each link", case)
    return rows


def cut_off(run, seconds):
    """Nothing but small frames of quincy gets through, so that it alone holds and applies a merge; then it is cut off."""
    run.start_all()
    run.wait_for_commits("quincy", 5)
    began = run.wait_for_commits("quincy", 1, time.time())["at"]
    for site in SITES[:2]:
        run.wan.tell(f"largest quincy {site} {SMALL}")
    alone = run.wait_for_commits("quincy", 1, began + 0.001, 20)
    for site in SITES[:2]:
        run.wan.tell(f"cut quincy {site}")
    cut = time.time()
    row = {"seconds": seconds, "version": alone["version"], "held": alone["set"]}
    before = run.incarnation("quincy")
    row["asked"] = max(run.first(site, "flush.answered", cut, 20)["at"] for site in SITES[:2]) - cut
    row["without"] = max(run.view_with(site, SITES[:2], began, 20)["at"] for site in SITES[:2]) - cut
    theirs = [run.wait(f"the version of {site}", lambda site=site: run.all(site, "merge.committed", version=alone["version"]), 20)[0]
              for site in SITES[:2]]
    row["commit"] = max(commit["at"] for commit in theirs) - cut
    row["set"] = theirs[0]["set"]
    time.sleep(max(0.0, cut + seconds - time.time()))
    expect(run.alive("quincy"), f"quincy has ended: {run.words('quincy')[-300:]}")
    mended = time.time()
    run.wan.mend_all()
    fenced = run.wait("quincy is told", lambda: run.all("quincy", "site.fenced", cut) or
                      [line for line in run.words("quincy").splitlines() if "comes back in" in line], 60)
    joined = run.first("quincy", "join.finished", mended, 60)
    view = run.view_with("ashburn", run.sites, mended, 60)
    row["member"] = view["at"] - mended
    row["bytes"] = joined["bytes"]
    row["incarnations"] = before, run.incarnation("quincy")
    run.wait_for_commits("quincy", 3, view["at"], 60)
    events = run.all("quincy", "site.fenced", cut)
    row["fenced"] = events[0]["at"] - mended if events else None
    row["own_lost_tokens"] = events[0]["lost_tokens"] if events else None
    told = [event for site in SITES[:2] for event in run.all(site, "samples.lost", began)]
    lost = {(event["peer"], event["version"]): event for event in told}.values()  # both say so
    row["lost_tokens"] = sum(event["lost_tokens"] for event in lost)
    row["lost"] = "; ".join(f"version {event['version']}: samples {event['samples']}" for event in lost)
    row["words"] = fenced[0] if isinstance(fenced[0], str) else ""
    hashes = run.stop()
    expect(len(hashes) == 3 and len(set(hashes.values())) == 1, f"different parameters: {hashes}")
    row["discarded"] = discarded_steps(run, SITES[:2])
    return row


def all_cut_off(bench):
    rows = []
    for seconds in (4, 60):
        for _ in range(max(1, bench.repeats // (3 if seconds == 4 else 5))):
            def case(seconds=seconds):
                with bench.run("diloco", "gather") as run:
                    row = cut_off(run, seconds)
                    bench.tell(f"cut off for {seconds} s: others went on after {row['without']:.2f} s, member {row['member']:.2f} s after "
                               f"mending; alone it had applied version {row['version']} of {row['held']}; theirs is of {row['set']}")
                return [row]
            rows += bench.attempt(f"quincy is cut off for {seconds} s", case)
    return rows
