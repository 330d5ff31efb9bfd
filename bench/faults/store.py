"""Two sites: the second dies; the first, which holds the store, dies and comes back from its disk; or stays away."""
import time

from limits import COMMITTED_WITHIN, DETECTED_WITHIN
from sites import expect

STORE_WAIT = 20
SAID_WITHIN = 5  # `run.lost_after`, after the second in which a link is not known to be silent, and a beat
ENDED_WITHIN = (STORE_WAIT - 0.1, STORE_WAIT + 5)  # until it has said farewell to nobody
PATIENCE = 60  # where no rule says how long it takes


def said(run, site, words):
    """The line of the screen with these words, once it is there."""
    return run.wait(f"{site} says '{words}'", lambda: [line for line in run.words(site).splitlines() if words in line], 60)[-1]


def the_second_dies(run, rows):
    dead = run.kill("columbus")
    view = run.view_with("ashburn", ["ashburn"], dead, 30)
    alone = run.wait_for_commits("ashburn", 1, view["at"], PATIENCE)
    rows.append(("the second site dies", "the first is the only member", view["at"] - dead,
                 said(run, "ashburn", "nothing was heard of"), (0, DETECTED_WITHIN)))
    rows.append(("", "its first merge alone", alone["at"] - dead, "", (0, COMMITTED_WITHIN)))
    run.wait_for_commits("ashburn", 3, view["at"], PATIENCE)
    began = run.start("columbus", "--resume")
    both = run.view_with("ashburn", run.sites, began, PATIENCE)
    run.wait_for_commits("columbus", 2, both["at"], PATIENCE)
    rows.append(("it is started again", "member", both["at"] - began, said(run, "ashburn", "columbus has come"), (0, PATIENCE)))


def the_store_dies(run, rows):
    dead = run.kill("ashburn")
    away = run.first("columbus", "store.away", dead, 30)
    last = run.commits("columbus")[-1]
    rows.append(("the first site, which holds the store, dies", "the second says so", away["at"] - dead,
                 said(run, "columbus", "cannot reach the store"), (0, SAID_WITHIN)))
    time.sleep(3)
    expect(run.commits("columbus")[-1]["version"] == last["version"], "the second went on alone without the store")
    began = run.start("ashburn", "--resume")
    back = run.first("columbus", "store.back", began, 30)
    both = run.view_with("columbus", run.sites, began, PATIENCE)
    run.wait_for_commits("ashburn", 2, both["at"], PATIENCE)
    rows.append(("it is started again, from its disk", "the second reaches it", back["at"] - began,
                 said(run, "columbus", "reaches the store at"), (0, PATIENCE)))
    rows.append(("", "both are members", both["at"] - began, said(run, "columbus", "ashburn has come"), (0, PATIENCE)))
    expect(not run.all("columbus", "run.resumed"), "the second began again from a checkpoint")


def the_store_stays_away(run, rows):
    dead = run.kill("ashburn")
    code = run.processes["columbus"].wait(timeout=STORE_WAIT + 30)
    rows.append((f"it dies, and stays away longer than store_wait ({STORE_WAIT} s here)", f"the second ends, with code {code}",
                 time.time() - dead, said(run, "columbus", "holds the store, and was away for"), ENDED_WITHIN))
    expect(code == 5, f"code {code}")


def all_of_two(bench):
    rows = []
    for method in ("diloco", "synchronous"):
        def case(method=method):
            found = []
            with bench.run(method, "auto", num_sites=2, store_wait=f"{STORE_WAIT} s") as run:
                run.start_all()
                run.wait_for_commits("columbus", 5)
                the_second_dies(run, found)
                the_store_dies(run, found)
                the_store_stays_away(run, found)
                for what, then, seconds, words, _ in found:
                    bench.tell(f"two sites, {method}: {what or '...'}: {then} after {seconds:.2f} s  {words}")
            return [(method, *row) for row in found]
        rows += bench.attempt(f"two sites, {method}", case)
    return rows
