#!/usr/bin/env python3
"""Commands that act on a run that goes on elsewhere: status, stop and leave, over real connections with the certificates of `intertie ca`.

Three paced sites of the toy problem, each a process of its own, or all of a local run. Exit code 1 names the case that failed.
"""
import json
import os
import signal
import subprocess
import sys
import time

import faults
from faults import Process, Run, expect, sets_of, start_each
from screen import Program
from toy_run import SITES, run_cases

KEYS = "runs/toy/certificates"


def visit(run, *arguments, code=0):
    """What a command prints, errors too."""
    ran = subprocess.run([run.intertie, *arguments], cwd=run.folder, check=False, capture_output=True, text=True, timeout=60)
    text = ran.stdout + ran.stderr
    expect(ran.returncode == code, f"{' '.join(arguments)}: exit code {ran.returncode}, not {code}\n{text}")
    expect("terminate" not in text and text.count("error: ") <= 1, text)
    return text


def row(text, site):
    return next((line for line in text.splitlines() if f" {site} " in line), "")


def remove_keys_of(run, name):
    for end in (".pem", ".key"):
        os.remove(os.path.join(run.folder, KEYS, name + end))


def look_leave_stop(run, _):
    first, second, third = start_each(run)
    shown = visit(run, "status", "run.toml", "--once")
    expect(all("member" in row(shown, site) for site in SITES), shown)
    expect("view 1 from version 1 on: ashburn, columbus, quincy" in shown, shown)
    told = [json.loads(line) for line in visit(run, "status", "run.toml", "--once", "--json").splitlines()]
    expect({event["site"] for event in told} == set(SITES), "not all sites have told")
    logged = run.events("columbus")
    expect(all(any(event.items() <= each.items() for each in logged) for event in told if event["site"] == "columbus"), "what is told is not what is logged")
    said = visit(run, "leave", "run.toml", "--site", "ashburn", code=2)
    expect("site ashburn holds the record of who is a member and cannot leave; 'intertie stop' stops the whole run" in said, said)
    asked = time.time()
    said = visit(run, "leave", "run.toml", "--site", "quincy", "--reason", "maintenance")
    expect("site quincy has left at version " in said, said)
    expect(third.end(10) == 3, f"exit code {third.process.returncode} of the site that left")
    expect("leaves the run: operator (127.0.0.1:" in third.text() and "maintenance" in third.text(), third.text())
    run.wait_for_merges("ashburn", 10, asked + 1)
    expect(not run.events("ashburn", "samples.lost"), "something of a site that left politely is lost")
    shown = visit(run, "status", "run.toml", "--once")
    expect("away" in row(shown, "quincy") and "member" in row(shown, "columbus"), shown)
    expect("site quincy (127.0.0.1:" in shown, "it is not said who does not answer")
    said = visit(run, "stop", "run.toml", "--reason", "enough")
    expect("the run stops at version " in said and ": enough" in said and "the run has stopped at version " in said, said)
    for each in (first, second):
        expect(each.end(10) == 3, f"exit code {each.process.returncode} after the stop\n{each.text()}")
    ends = [run.events(site, "run.finished")[-1]["parameters_hash"] for site in SITES[:2]]
    expect(len(set(ends)) == 1, f"they stopped apart: {ends}")
    for command in ("status", "stop"):
        said = visit(run, command, "run.toml", *(["--once"] if command == "status" else []), code=4)
        expect("no site answers" in said and "nothing listens at" in said, said)


def ask(run, site, *arguments):
    """A command that asks that site, and goes on."""
    with open(os.path.join(run.folder, "runs/toy", site, "address"), encoding="utf-8") as file:
        run.processes.append(Process([run.intertie, *arguments, "--at", file.read().strip()], run.folder))
    return run.processes[-1]


def expect_all_stopped(asked, processes):
    expect(asked.end(30) == 0, f"exit code {asked.process.returncode} of who asked\n{asked.text()}")
    expect("the run has stopped at version " in asked.text(), asked.text())
    for each in processes:
        expect(each.end(10) == 3, f"exit code {each.process.returncode} after the stop\n{each.text()}")


def stop_before_all_are_there(run, _):
    run.make_certificates()
    processes = [run.start("--site", site) for site in SITES[:2]]
    run.wait_for("a site that waits", lambda: run.events("columbus", "start.waiting"))
    asked = ask(run, "columbus", "stop", "run.toml")
    run.wait_for("its word", lambda: "the site passes it on" in asked.text())
    time.sleep(1)
    expect(asked.process.poll() is None and processes[1].process.poll() is None, f"it was not kept\n{asked.text()}")
    processes.append(run.start("--site", SITES[2]))
    expect_all_stopped(asked, processes)


def stop_that_nobody_can_pass_on(run, _):
    run.make_certificates()
    process = run.start("--site", "columbus", "--set", "run.start_wait=4 s")
    run.wait_for("a site that waits", lambda: run.events("columbus", "start.waiting"))
    asked = ask(run, "columbus", "stop", "run.toml", "--set", "run.start_wait=4 s")
    expect(asked.end(20) == 1, f"exit code {asked.process.returncode} of who asked\n{asked.text()}")
    expect("the run is not stopped, as far as site columbus knows, which has ended: " in asked.text(), asked.text())
    expect(process.end(10) == 4, f"exit code {process.process.returncode}\n{process.text()}")
    process = run.start("--site", "columbus")  # Ctrl-C at the site itself is another matter
    run.wait_for("a site that waits", lambda: len(run.events("columbus", "start.waiting")) > 1)
    asked = ask(run, "columbus", "stop", "run.toml")
    run.wait_for("its word", lambda: "the site passes it on" in asked.text())
    process.process.send_signal(signal.SIGINT)
    expect(process.end(5) == 3, f"exit code {process.process.returncode} after Ctrl-C\n{process.text()}")
    expect(asked.end(5) == 1 and "the run is not stopped, " in asked.text(), asked.text())


def stop_while_a_site_comes_back(run, _):
    first, second, third = start_each(run)
    first.process.kill()
    run.wait_for("the store's absence", lambda: run.events("columbus", "store.away"))
    asked = ask(run, "quincy", "stop", "run.toml")
    run.wait_for("its word", lambda: "the site passes it on" in asked.text())
    third.process.send_signal(signal.SIGSTOP)
    first = run.start("--site", "ashburn", "--resume")
    run.wait_for("the others without quincy", lambda: faults.first_view_without(run, "columbus", "quincy", 0))
    third.process.send_signal(signal.SIGCONT)
    expect_all_stopped(asked, [first, second, third])
    expect(run.events("quincy", "site.fenced"), "it was to be out of the run")


def stop_while_the_store_is_away(run, _):
    first, second, third = start_each(run)
    for each in (third, first):
        each.process.kill()
    run.wait_for("the store's absence", lambda: run.events("columbus", "store.away"))
    killed = time.time()
    third = run.start("--site", "quincy", "--resume")
    run.wait_for("a site that waits", lambda: run.events("quincy", "start.waiting", killed))
    asked = ask(run, "quincy", "stop", "run.toml")
    time.sleep(1)
    expect(asked.process.poll() is None and third.process.poll() is None, f"it was not kept\n{asked.text()}")
    expect_all_stopped(asked, [run.start("--site", "ashburn", "--resume"), second, third])


def stop_that_was_obeyed_is_over(run, _):
    first, second, third = start_each(run)
    asked = ask(run, "quincy", "stop", "run.toml")
    run.wait_for("the order", lambda: run.events("quincy", "run.stopping"))
    third.process.send_signal(signal.SIGSTOP)  # and so it misses the end
    for each in (first, second):
        expect(each.end(20) == 3, f"exit code {each.process.returncode}\n{each.text()}")
    resumed = time.time()
    processes = [run.start("--site", site, "--resume") for site in SITES[:2]]
    run.wait_for("the resumed run", lambda: run.events("ashburn", "view.entered", resumed))
    third.process.send_signal(signal.SIGCONT)
    run.wait_for("its return", lambda: run.events("quincy", "join.finished", resumed))
    time.sleep(2)
    expect(not run.events("ashburn", "run.stopping", resumed), "the stop before stops the resumed run")
    visit(run, "stop", "run.toml")
    for each in (*processes, third):
        expect(each.end(20) == 3, f"exit code {each.process.returncode}\n{each.text()}")
    expect(asked.end(10) == 0, asked.text())


def leave_before_it_begins(run, _):
    run.make_certificates()
    process = run.start("--site", "columbus")
    run.wait_for("a site that waits", lambda: run.events("columbus", "start.waiting"))
    asked = ask(run, "columbus", "leave", "run.toml", "--site", "columbus")
    expect(asked.end(10) == 0, f"exit code {asked.process.returncode} of who asked\n{asked.text()}")
    expect("site columbus is out of the run; it has written no checkpoint" in asked.text(), asked.text())
    expect(process.end(10) == 3, f"exit code {process.process.returncode}\n{process.text()}")


def leave_while_others_wait(run, _):
    run.make_certificates()
    first, second = (run.start("--site", site) for site in SITES[:2])
    run.wait_for("both", lambda: all(run.events(site, "site.connected") and run.events(site, "start.waiting") for site in SITES[:2]))
    said = visit(run, "leave", "run.toml", "--site", "columbus")
    expect("site columbus is out of the run; it has written no checkpoint" in said, said)
    expect(second.end(10) == 3, f"exit code {second.process.returncode}\n{second.text()}")
    second = run.start("--site", "columbus")
    run.wait_for("both once more", lambda: len(run.events("ashburn", "site.connected")) > 1)
    second.process.send_signal(signal.SIGINT)
    expect(second.end(10) == 3, f"exit code {second.process.returncode}\n{second.text()}")
    time.sleep(1)
    expect(first.process.poll() is None, f"who waits has ended\n{first.text()}")
    processes = [first, *(run.start("--site", site) for site in SITES[1:])]
    run.wait_for_merges("quincy", 1)
    visit(run, "stop", "run.toml")
    for each in processes:
        expect(each.end(10) == 3, f"exit code {each.process.returncode} after the stop\n{each.text()}")


def begin_to_ask(run, *arguments):
    """A command that has its outputs apart, and goes on."""
    return subprocess.Popen([run.intertie, *arguments], cwd=run.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def nobody_is_asked(run, _):
    processes = start_each(run)
    for each in processes:
        each.process.send_signal(signal.SIGSTOP)
    for arguments in (("stop", "run.toml"), ("stop", "run.toml", "--json"), ("leave", "run.toml", "--site", "quincy")):
        asked = begin_to_ask(run, *arguments)
        time.sleep(1)
        asked.send_signal(signal.SIGINT)
        out, said = asked.communicate(timeout=10)
        expect(asked.returncode == 4, f"{arguments}: exit code {asked.returncode}\n{out}{said}")
        expect(not out and "interrupted before any site had answered: nothing was asked" in said, f"{arguments}: {out}{said}")
    for each in processes:
        each.process.send_signal(signal.SIGCONT)
    run.wait_for_merges("quincy", 3, time.time())
    expect(not any(run.events(site, name) for site in SITES for name in ("run.stopping", "site.leaving")), "it was asked all the same")


def a_request_stands(run, _):
    run.make_certificates()
    processes = [run.start("--site", "columbus")]
    run.wait_for("a site that waits", lambda: run.events("columbus", "start.waiting"))
    with open(address_file(run, "columbus"), encoding="utf-8") as file:
        asked = begin_to_ask(run, "stop", "run.toml", "--json", "--at", file.read().strip())
    time.sleep(2)
    asked.send_signal(signal.SIGINT)
    out, said = asked.communicate(timeout=10)
    expect(asked.returncode == 3, f"exit code {asked.returncode}\n{out}{said}")
    expect(not out and "no longer waited for; the request stands" in said, f"not JSON: {out}; {said}")
    for each in processes + [run.start("--site", site) for site in ("ashburn", "quincy")]:
        expect(each.end(30) == 3, f"exit code {each.process.returncode}\n{each.text()}")


def who_has_which_key(run, _):
    start_each(run)
    remove_keys_of(run, "operator")
    visit(run, "status", "run.toml", "--once")
    said = visit(run, "stop", "run.toml", code=2)
    expect(f"{KEYS}/operator.pem: it is not there" in said, said)
    for end in (".pem", ".key"):  # a viewer who would be an operator
        os.link(os.path.join(run.folder, KEYS, "viewer" + end), os.path.join(run.folder, KEYS, "operator" + end))
    said = visit(run, "stop", "run.toml", code=2)
    expect("the certificate is for role 'viewer', not for an operator" in said, said)
    remove_keys_of(run, "operator")
    visit(run, "ca", "run.toml")  # issues what is missing
    remove_keys_of(run, "viewer")
    visit(run, "status", "run.toml", "--once")  # the operator may look
    visit(run, "stop", "run.toml")


def one_address(run, _):
    start_each(run)
    with open(os.path.join(run.folder, "runs/toy/columbus/address"), encoding="utf-8") as file:
        address = file.read().strip()
    told = visit(run, "status", "run.toml", "--once", "--json", "--at", address)
    expect({json.loads(line)["site"] for line in told.splitlines()} == {"columbus"}, "told by others")
    said = visit(run, "leave", "run.toml", "--site", "quincy", "--at", address, code=2)
    expect("the certificate is of site 'columbus', not of 'quincy'" in said, said)
    expect("--at" in visit(run, "stop", "run.toml", "--at", "nowhere", code=2), "the address is not named")
    said = visit(run, "stop", "run.toml", "--at", address)
    expect("columbus: the run has stopped at version " in said, said)


def local_run(run, _):
    process = run.start("--local", "--plain")
    run.wait_for_merges("columbus", 5)
    shown = visit(run, "status", "run.toml", "--once")
    expect(all("member" in row(shown, site) for site in SITES), shown)
    asked = time.time()
    visit(run, "leave", "run.toml", "--site", "columbus")
    run.wait_for("the launcher's word", lambda: "site columbus has left; the others go on" in process.text())
    run.wait_for_merges("ashburn", 10, asked + 1)
    expect(("ashburn", "quincy") in sets_of(run, "ashburn", asked), "the others did not go on")
    visit(run, "stop", "run.toml")
    expect(process.end(20) == 3, f"exit code {process.process.returncode}\n{process.text()}")
    for site in SITES:
        expect(not os.path.exists(os.path.join(run.folder, "runs/toy", site, "address")), f"the address of {site} is left")


def address_file(run, site):
    return os.path.join(run.folder, "runs/toy", site, "address")


def sites_that_come_later(run, _):
    with open(os.path.join(run.folder, "run.toml"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    run.write("run.toml", "\n".join(line for line in lines if not line.startswith("address")))
    run.start("--local", "--plain")
    run.wait_for_merges("columbus", 5)
    known = {}
    for site in SITES[1:]:  # as if one had not begun, and one been at another port before
        with open(address_file(run, site), encoding="utf-8") as file:
            known[site] = file.read()
    os.remove(address_file(run, "columbus"))
    run.write(address_file(run, "quincy"), "127.0.0.1:1\n")
    shown = visit(run, "status", "run.toml", "--once")
    expect("site columbus: has no address in the run file" in shown and "127.0.0.1:1" in shown, shown)
    watching = Process([run.intertie, "status", "run.toml"], run.folder)
    run.processes.append(watching)
    run.wait_for("both missing", lambda: all(f"site {site}" in watching.text() for site in SITES[1:]))
    expect("\ncolumbus " not in watching.text() and "\nquincy " not in watching.text(), watching.text())
    for site in SITES[1:]:
        run.write(address_file(run, site), known[site])
    run.wait_for("their words", lambda: all(f"\n{site:<10} " in watching.text() for site in SITES[1:]), 20)
    visit(run, "stop", "run.toml")
    expect(watching.end(20) == 0, f"exit code {watching.process.returncode}\n{watching.text()}")


def status_to(run, output, *options):
    """The exit code of a status whose standard output is that descriptor, and what it says on standard error."""
    ran = subprocess.run([run.intertie, "status", "run.toml", *options], cwd=run.folder, check=False, stdout=output,
                         stderr=subprocess.PIPE, text=True, timeout=30)
    return ran.returncode, ran.stderr


def lost_output(run, _):
    start_each(run)
    for options in (("--json",), ("--json", "--once"), ("--plain",), ("--once",)):
        with open("/dev/full", "wb") as full:
            code, said = status_to(run, full, *options)
        expect(code == 1 and "standard output: cannot be written: No space left on device" in said, f"{options}: code {code}\n{said}")
        reader, writer = os.pipe()
        os.close(reader)
        code, said = status_to(run, writer, *options)
        os.close(writer)
        expect(code == 0 and "standard output: cannot be written: Broken pipe" in said, f"{options}, no reader: code {code}\n{said}")


def interrupted(run, _):
    third = start_each(run)[2].process
    third.send_signal(signal.SIGSTOP)
    for options, shows in ((("--once",), " ashburn "), (("--once", "--json"), '"site":"ashburn"')):
        asked = subprocess.Popen([run.intertie, "status", "run.toml", *options], cwd=run.folder, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        asked.send_signal(signal.SIGINT)
        out, said = asked.communicate(timeout=10)
        expect(asked.returncode == 3, f"{options}: exit code {asked.returncode}\n{out}{said}")
        expect(shows in out and "interrupted before all sites had answered" in said, f"{options}:\n{out}{said}")
    third.send_signal(signal.SIGCONT)


def on_a_terminal(run, _):
    processes = start_each(run)
    program = Program([run.intertie, "status", "run.toml"], run.folder, 100, 30)
    try:
        program.wait_for("three members", lambda: program.screen.text().count("member") >= 3)
        program.wait_for_text("q quit")
        processes[2].process.kill()
        program.wait_for("a death", lambda: "away" in row(program.screen.text(), "quincy"))
        run.start("--site", "quincy", "--resume")
        program.wait_for("a return", lambda: "member" in row(program.screen.text(), "quincy"))
        program.resize(60, 15)
        program.wait_for("a narrow view", lambda: max(len(line.rstrip()) for line in program.screen.lines()) <= 60)
        program.press("q")
        expect(program.wait_for_end() == 0, "exit code")
        expect(program.is_restored(), "the terminal is not given back")
    finally:
        program.kill()
    run.wait_for_merges("ashburn", 5, time.time())
    visit(run, "stop", "run.toml")


def until_it_ends(run, _):
    start_each(run)
    watching = Process([run.intertie, "status", "run.toml"], run.folder)
    run.processes.append(watching)
    stopped = Process([run.intertie, "status", "run.toml", "--json"], run.folder)
    run.processes.append(stopped)
    run.wait_for("the view", lambda: "view 1 from version 1 on" in watching.text())
    stopped.process.send_signal(signal.SIGSTOP)  # holds up nobody
    expect(watching.end(120) == 0, f"exit code {watching.process.returncode}\n{watching.text()}")
    for site in SITES:
        expect(f"{site:<10} is done at step " in watching.text(), watching.text())
    expect(watching.lines[-1][1] == "the run has ended", watching.text())
    stopped.process.kill()
    faults.expect_equal_ends(run)


def silence_is_not_the_end(run, _):
    processes = start_each(run)
    watching = Process([run.intertie, "status", "run.toml"], run.folder)
    run.processes.append(watching)
    run.wait_for("the view", lambda: "view 1 from version 1 on" in watching.text())
    visit(run, "leave", "run.toml", "--site", "quincy")
    run.wait_for("its end", lambda: "has left at step " in watching.text())
    for each in processes[:2]:
        each.process.send_signal(signal.SIGSTOP)
    run.wait_for("the silence", lambda: watching.text().count(", phase visit: no word from it") >= 2)
    time.sleep(1)
    expect(watching.process.poll() is None, f"the run goes on\n{watching.text()}")
    for each in processes[:2]:
        each.process.send_signal(signal.SIGCONT)
    went_on = time.time()
    run.wait_for("their words", lambda: all(any(at > went_on and line.startswith(f"{site} ") for at, line in list(watching.lines))
                                            for site in SITES[:2]))
    visit(run, "stop", "run.toml")
    expect(watching.end(20) == 0, f"exit code {watching.process.returncode}\n{watching.text()}")
    expect(watching.lines[-1][1] == "the run has ended", watching.text())


CASES = ((look_leave_stop, 100_000), (stop_before_all_are_there, 100_000), (stop_that_nobody_can_pass_on, 100_000),
         (stop_while_a_site_comes_back, 100_000), (stop_while_the_store_is_away, 100_000), (stop_that_was_obeyed_is_over, 100_000),
         (leave_before_it_begins, 100_000), (leave_while_others_wait, 100_000), (nobody_is_asked, 100_000), (a_request_stands, 100_000),
         (who_has_which_key, 100_000), (one_address, 100_000), (local_run, 100_000), (sites_that_come_later, 100_000),
         (lost_output, 100_000), (interrupted, 100_000), (on_a_terminal, 100_000), (until_it_ends, 300),
         (silence_is_not_the_end, 100_000))


if __name__ == "__main__":
    sys.exit(run_cases(CASES, Run))
