"""Sites that die at named places of a merge and come back: what the others do, and how long they take."""
import statistics

from sites import SITES, discarded_steps, expect

PLACES = ("first-block", "half-contribution", "half-results", "results-at-one", "all-sent", "applied")
IN_A_GATHER = {"half-results": "half of its contribution at one, none at the other",
               "results-at-one": "all of its contribution at one, none at the other"}
ACCESS_OF_FOUR = "1Gbit/s"  # what four sites send as fast as they can is more than the emulator delivers in time
MERGES_BETWEEN = 6  # that a site makes after its return, before it dies again


def held_by(survivor_event):
    """contribution of each site and results, in chunks, as a survivor reported them."""
    return f"{survivor_event['contributions']}; results {survivor_event['results']}/{survivor_event['chunks']}"


def one_death(run, victim, place):
    """Waits for the planned death, then measures the others until they have gone on. Returns a row of figures."""
    others = [site for site in run.sites if site != victim]
    dies = run.first(victim, "site.dies", run.started[victim], 120)
    run.wait(f"the end of {victim}", lambda: run.processes[victim].poll() is not None, 10)
    expect(run.processes[victim].returncode == -9, f"{victim} ended with {run.processes[victim].returncode}")
    death, version = dies["at"], dies["version"]
    row = {"place": place, "victim": victim, "version": version, "arrived": dies["arrived"], "death": death}
    for name, event in (("heard_gone", "link.changed"), ("asked", "flush.answered")):
        row[name] = max(run.first(site, event, death, 20)["at"] for site in others) - death
    views = [run.view_with(site, others, death, 20) for site in others]
    row["view"] = max(view["at"] for view in views) - death
    row["held"] = {site: held_by(run.first(site, "flush.answered", death, 5)) for site in others}
    commits = [run.wait(f"version {version} at {site}", lambda site=site: run.all(site, "merge.committed", version=version), 30)[-1]
               for site in others]
    row["commit"] = max(commit["at"] for commit in commits) - death
    row["set"] = commits[0]["set"]
    expect(len({commit["set"] for commit in commits}) == 1, f"version {version} has two sets: {[c['set'] for c in commits]}")
    nexts = [run.wait_for_commits(site, 1, views[i]["at"] - 0.001, 30) for i, site in enumerate(others)]
    row["next_commit"] = max(commit["at"] for commit in nexts) - death
    row["orders"] = orders_of(run, others, death)
    return row


def orders_of(run, others, death):
    """version -> (adopt or re-sum, the sites whose contributions it contains); the same at all."""
    orders = {}
    for site in others:
        for order in run.all(site, "merge.ordered", death):
            what = (order["order"], order["set"])
            expect(orders.setdefault(order["version"], what) == what, f"two orders of version {order['version']}")
    return orders


def longest_gap(run, sites, begin, end):
    """The longest time between two commits of a site of which the later is in the span."""
    longest = 0.0
    for site in sites:
        times = [commit["at"] for commit in run.commits(site)]
        longest = max([longest, *(later - earlier for earlier, later in zip(times, times[1:]) if begin < later <= end)])
    return longest


def usual_gap(run, sites, begin, end):
    times = [[commit["at"] for commit in run.commits(site, begin, end)] for site in sites]
    return statistics.median(later - earlier for each in times for earlier, later in zip(each, each[1:]))


def one_return(run, victim, row, next_place):
    """Starts the site again, to die at the next place; until all have made a merge with it."""
    others = [site for site in run.sites if site != victim]
    calm = max(run.wait_for_commits(site, 4, row["death"] + row["next_commit"], 60)["at"] for site in others)
    row["usual"] = usual_gap(run, others, row["death"] + row["next_commit"], calm + 0.001)
    plan = ["--die-at", f"+{MERGES_BETWEEN}:{next_place}"] if next_place else []
    run.started[victim] = began = run.start(victim, "--resume", *plan)
    fetched = run.first(victim, "join.finished", began, 60)
    view = max((run.view_with(site, run.sites, began, 30) for site in others), key=lambda event: event["at"])
    with_it = run.first(victim, "merge.committed", began, 60)
    for site in others:
        run.wait(f"version {with_it['version']} at {site}",
                 lambda site=site: run.all(site, "merge.committed", version=with_it["version"]), 30)
    asked = min(run.first(site, "flush.answered", fetched["at"] - 1, 10)["at"] for site in others)
    made = max(run.all(site, "merge.committed", version=with_it["version"])[-1]["at"] for site in others)
    last_without = max(commit["at"] for site in others for commit in run.commits(site, asked - 5)
                       if commit["version"] < with_it["version"])
    row.update(member=view["at"] - began, bytes=fetched["bytes"], fetch_seconds=fetched["seconds"],
               held_fetching=longest_gap(run, others, began, asked), held_change=longest_gap(run, others, asked, last_without),
               held_first=longest_gap(run, others, last_without, made))
    # Merges of three take longer than those of two; the site makes a few before it dies again.
    calm = max(run.wait_for_commits(site, 4, made, 60)["at"] for site in others)
    row["usual"] = max(row["usual"], usual_gap(run, others, made, calm + 0.001))
    row["held_up"] = max(row["held_fetching"], row["held_change"], row["held_first"])


def measure(run, victim, places, tell):
    found = []
    run.started = {site: 0.0 for site in run.sites}
    run.start_all({victim: ("--die-at", f"{MERGES_BETWEEN}:{places[0]}")})
    for i, place in enumerate(places):
        row = one_death(run, victim, place)
        row.update(method=run.name, run=run)
        found.append(row)
        one_return(run, victim, row, places[i + 1] if i + 1 < len(places) else None)
        tell(f"{run.name}, {place}: asked {row['asked']:.2f} s, version {row['version']} committed {row['commit']:+.2f} s, "
             f"{'; '.join(' '.join(order) for order in row['orders'].values())}; member again {row['member']:.2f} s, others held up {row['held_up'] - row['usual']:.2f} s")
    hashes = run.stop()
    expect(len(set(hashes.values())) == 1, f"different parameters: {hashes}")
    others = [site for site in run.sites if site != victim]
    lost = discarded_steps(run, others)
    for row in found:
        row["discarded"] = lost
    return found


def planned_runs(repeats):
    """(method, reduction, victim, places): each place `repeats` times for each method and reduction, all places in one run."""
    runs = []
    for method in ("synchronous", "diloco"):
        for reduction in ("owners", "gather"):
            for repeat in range(repeats):
                runs.append((method, reduction, SITES[1 + repeat % 2], PLACES))
    return runs


def all_deaths(bench):
    rows = []
    for method, reduction, victim, places in planned_runs(bench.repeats):
        def case(method=method, reduction=reduction, victim=victim, places=places):
            with bench.run(method, reduction) as run:
                return measure(run, victim, places, bench.tell)
        rows += bench.attempt(f"{method}, {reduction}, {victim} dies at each place", case)
    return rows


def second_death(bench, place, reduction):
    """Four sites: quincy dies with half of its contribution sent, and dallas in the flush that follows."""
    with bench.run("diloco", reduction, num_sites=4, access=ACCESS_OF_FOUR) as run:
        run.start_all({"quincy": ("--die-at", f"{MERGES_BETWEEN}:half-contribution"),
                       "dallas": ("--die-at", f"{MERGES_BETWEEN}:{place}")})
        first = run.first("quincy", "site.dies", 0, 120)
        second = run.first("dallas", "site.dies", first["at"], 30)
        stay = list(SITES[:2])
        row = {"place": place, "reduction": reduction, "between": second["at"] - first["at"]}
        views = {site: run.view_with(site, stay, second["at"], 30)["at"] for site in stay}
        row["view"] = max(views.values()) - second["at"]
        # The flush of the first death may be answered after the second one; the one that the view ends found both.
        row["asked"] = max(run.all(site, "flush.answered", 0, view)[-1]["at"] for site, view in views.items()) - second["at"]
        commits = [run.wait(f"version {first['version']} at {site}",
                            lambda site=site: run.all(site, "merge.committed", version=first["version"]), 30)[0] for site in stay]
        row["commit"] = max(commit["at"] for commit in commits) - second["at"]
        row["set"] = commits[0]["set"]
        orders = [order for site in stay for order in run.all(site, "merge.ordered", first["at"])]
        row["order"] = ", ".join(sorted({order["order"] for order in orders}))
        for site in stay:
            run.wait_for_commits(site, 5, second["at"] + row["commit"], 60)
        for site in ("quincy", "dallas"):
            run.start(site, "--resume")
        run.view_with("ashburn", run.sites, second["at"], 60)
        run.wait_for_commits("dallas", 2, second["at"], 60)
        hashes = run.stop()
        expect(len(hashes) == 4 and len(set(hashes.values())) == 1, f"different parameters: {hashes}")
        row["discarded"] = discarded_steps(run, stay)
        bench.tell(f"second death ({place}, {reduction}): without both {row['view']:.2f} s after it, "
                   f"committed {row['commit']:.2f} s, {row['order']} {row['set']}")
        return row


def all_second_deaths(bench):
    rows = []
    for reduction in ("owners", "gather"):
        for place in ("flush-asked", "flush-answered"):
            for _ in range(max(1, bench.repeats // 2)):
                rows += bench.attempt(f"a second death, {place}, {reduction}",
                                      lambda place=place, reduction=reduction: [second_death(bench, place, reduction)])
    return rows
