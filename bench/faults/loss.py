"""`synchronous` with a real model: a run in which a site dies and comes back, beside the same run undisturbed."""
from limits import LOSS_STEPS as STEPS
from sites import SITES, discarded_steps, expect

MODEL = """hidden_size = 64
num_hidden_layers = 2
num_attention_heads = 4
max_position_embeddings = 64
bias = false"""
DIES_AT = 100
STEP_MS = 120


def train(bench, seed, disturbed):
    with bench.run("synchronous", "owners", model=MODEL, seed=seed, steps=bench.loss_steps, batch=8, sequence=64,
                   evaluate_every=bench.loss_steps, step_ms=STEP_MS) as run:
        dies_at = max(2, bench.loss_steps * DIES_AT // STEPS)
        run.start_all({"quincy": ("--die-at", f"{dies_at}:half-contribution")} if disturbed else None)
        row = {"seed": seed, "disturbed": disturbed}
        if disturbed:
            dies = run.first("quincy", "site.dies", 0, 300)
            run.view_with("ashburn", SITES[:2], dies["at"], 30)
            run.wait_for_commits("ashburn", 10, dies["at"] + 3, 60)
            began = run.start("quincy", "--resume")
            back = run.view_with("ashburn", run.sites, began, 60)
            row["away_merges"] = len([c for c in run.commits("ashburn", dies["at"], back["at"]) if "quincy" not in c["set"]])
        hashes = run.ends(run.sites, 300)
        expect(len(hashes) == 3 and len(set(hashes.values())) == 1, f"different parameters: {hashes}")
        end = run.all("ashburn", "run.finished")[-1]
        expect(end["validation_loss"] is not None, "the run has evaluated nothing")
        row.update(loss=end["validation_loss"], tokens=end["tokens"], steps=end["step"],
                   discarded=discarded_steps(run, SITES[:2]))
        return row


def all_losses(bench):
    pairs = []
    for seed in range(1, bench.seeds + 1):
        pair = {}
        for disturbed in (False, True):
            def case(seed=seed, disturbed=disturbed):
                row = train(bench, seed, disturbed)
                bench.tell(f"seed {seed}, {'with a death and a return' if disturbed else 'undisturbed'}: validation loss "
                           f"{row['loss']:.4f} at {row['tokens']} tokens")
                return [(disturbed, row)]
            # Training at full speed takes the cores that the lines need; what is compared here are losses, not times.
            pair.update(bench.attempt(f"loss, seed {seed}, disturbed: {disturbed}", case, timed=False))
        if len(pair) == 2:
            apart = pair[True]["loss"] / pair[False]["loss"] - 1
            pairs.append({"seed": seed, "plain": pair[False], "disturbed": pair[True], "apart": apart})
    return pairs
