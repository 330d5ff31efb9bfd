#!/usr/bin/env python3
"""The live view of a real local run, on a pseudo terminal: what is on the screen, what keys do, and that the terminal is given back.

Each case starts `intertie train --local` with the toy problem over three paced sites. Exit code 1 names the case that failed.
"""
import os
import re
import signal
import sys
import termios
import time

from screen import Program
from toy_run import SITES, ToyRun, run_cases


class Case(ToyRun):
    def __init__(self, options, steps):
        super().__init__(options, steps, step_time="10 ms", checkpoint_every=20, evaluate_every=20)
        self.program = None

    def start(self, *more, width=100, height=30, environment=None):
        command = [self.intertie, "train", "run.toml", "--local", *more]
        self.program = Program(command, self.folder, width, height, environment)
        return self.program

    def close(self):
        if self.program:
            self.program.kill()
        super().close()


def row(program, name):
    return next((line for line in program.screen.lines() if name in line), "")


def expect(condition, what, program):
    if not condition:
        raise AssertionError(f"{what}\n{program.screen.text()}")


def wait_until_all_train(program):
    for site in SITES:
        program.wait_for(f"{site} as a member", lambda site=site: re.search(rf"{site} +member +[1-9]", program.screen.text()))
    program.wait_for("shares of time", lambda: "%" in row(program, "ashburn "))


def keys_resize_and_stop(case, _):
    program = case.start()
    wait_until_all_train(program)
    expect(program.screen.alternate and program.screen.cursor_hidden, "the terminal is not held", program)
    expect(program.screen.styled, "no colour", program)
    expect(re.search(r"ashburn - columbus +direct", program.screen.text()), "the link is not direct", program)
    expect("q stop" in program.screen.text(), "no keys", program)
    program.press("c2")
    program.wait_for("a cut link", lambda: re.search(r"ashburn - columbus +cut", program.screen.text()))
    program.wait_for_text("the link ashburn - columbus is cut")
    program.press("c2")
    program.wait_for("a mended link", lambda: not re.search(r"ashburn - columbus +cut", program.screen.text()))
    program.wait_for_text("the link ashburn - columbus is mended")
    program.press("\x1b[B")
    program.wait_for("the second site chosen", lambda: ">2  columbus" in program.screen.text())
    for width, height in ((50, 20), (40, 15), (130, 40)):
        program.resize(width, height)
        program.wait_for(f"{width} columns", lambda: row(program, "step ").endswith(tuple("0123456789%")) and row(program, "quincy "))
        program.wait_for(f"lines of {width} columns", lambda: not program.screen.too_wide)
    before = case.version()
    program.wait_for("merges after the link was mended", lambda: case.version() > before + 5)
    program.press("q")
    code = program.wait_for_end()
    expect(code == 3, f"exit code {code}", program)
    expect(program.is_restored(), "the terminal is not restored", program)
    text = program.screen.text()
    expect("the link ashburn - columbus is mended" in text, "the last state of the view is gone", program)
    expect("q stop" not in text, "keys that are no more", program)
    expect(text.rstrip().endswith("stopped; go on with --resume"), "what comes after it", program)


def suspend_and_go_on(case, _):
    program = case.start()
    wait_until_all_train(program)
    program.press("\x1a")  # Ctrl-Z
    _, status = os.waitpid(program.pid, os.WUNTRACED)
    expect(os.WIFSTOPPED(status), "Ctrl-Z does not stop it", program)
    program.wait_for("the terminal given back", program.is_restored)
    os.kill(program.pid, signal.SIGCONT)
    program.wait_for("the view again", lambda: program.screen.alternate and "q stop" in program.screen.text())
    program.press("\x13")  # Ctrl-S
    before = case.version()
    deadline = time.monotonic() + 30
    while case.version() < before + 20:  # nobody reads the terminal meanwhile
        time.sleep(0.1)
        expect(time.monotonic() < deadline, "a terminal that is held holds up the run", program)
    os.kill(program.pid, signal.SIGINT)
    code = program.wait_for_end()
    expect(code == 3, f"exit code {code}", program)
    expect(program.is_restored(), "the terminal is not restored after Ctrl-S and Ctrl-C", program)
    expect("stopped; go on with --resume" in program.screen.text(), "what comes after it", program)


def kill_a_site(case, _):
    program = case.start()
    wait_until_all_train(program)
    program.press("3k")
    program.wait_for_text("quincy was killed, as asked")
    program.wait_for("quincy away", lambda: re.search(r"quincy +away", program.screen.text()))
    program.wait_for("the members without it", lambda: case.events("ashburn", "view.entered")[-1]["num_members"] == 2)
    before = case.version()
    program.wait_for("merges without it", lambda: case.version() > before + 5)
    expect(re.search(r"ashburn +member", program.screen.text()), "the others are no members", program)
    program.press("r")
    program.wait_for_text("site quincy is started again")
    program.wait_for("quincy as a member", lambda: re.search(r"quincy +member", program.screen.text()))
    views = case.events("ashburn", "view.entered")
    expect([view["num_members"] for view in views] == [3, 2, 3], f"the views are {views}", program)
    program.press("q")
    code = program.wait_for_end()
    expect(code == 3, f"exit code {code}", program)
    expect(program.is_restored(), "the terminal is not restored", program)


def stop_without_the_holder(case, _):
    program = case.start()
    wait_until_all_train(program)
    program.press("1k")
    program.wait_for("ashburn away", lambda: re.search(r"ashburn +away", program.screen.text()))
    program.press("q")
    program.wait_for_text("site ashburn, which holds the record, does not run")
    began = time.monotonic()
    code = program.wait_for_end()
    expect(time.monotonic() - began < 15, "the others wait for the store", program)
    expect(code == 1, f"exit code {code}", program)
    expect("ashburn was killed, as asked; the others ended without a checkpoint" in program.screen.text(), "no reason", program)


def stop_with_a_holder_that_comes_back(case, _):
    program = case.start()
    wait_until_all_train(program)
    program.press("1k")
    program.wait_for("ashburn away", lambda: re.search(r"ashburn +away", program.screen.text()))
    program.press("r")
    # That view may be followed by one of all three before it is looked at.
    program.wait_for("a view of the two others", lambda: 2 in [view["num_members"] for view in case.events("quincy", "view.entered")])
    program.press("q")
    code = program.wait_for_end()
    expect(code == 3, f"exit code {code}", program)
    ends = {site: [event.get("complete") for event in case.events(site, "run.finished")] for site in SITES}
    expect(all(end == [False] for end in ends.values()), f"not all have stopped with a checkpoint: {ends}", program)


def fatal_signal(case, _):
    program = case.start()
    wait_until_all_train(program)
    os.kill(program.pid, signal.SIGQUIT)
    code = program.wait_for_end()
    expect(code == -signal.SIGQUIT, f"exit code {code}", program)
    expect(program.is_restored(), "the terminal is not restored", program)


def terminal_that_is_gone(case, _):
    program = case.start()
    wait_until_all_train(program)
    os.close(program.terminal)
    program.terminal = os.open("/dev/null", os.O_RDWR)
    program.gone = True
    deadline = time.monotonic() + 60
    while not program.ended():
        time.sleep(0.05)
        expect(time.monotonic() < deadline, "it has not ended", program)
    expect(program.exit_code == 3, f"exit code {program.exit_code}: the hang-up asks to stop", program)


def plain_lines(case, _):
    for more, environment in ((["--plain"], {}), ([], {"TERM": "dumb"})):
        program = case.start("--fresh", *more, environment=environment)
        code = program.wait_for_end()
        expect(code == 0, f"exit code {code}", program)
        expect("\x1b" not in program.raw, "something that a terminal obeys", program)
        expect(re.search(r"ashburn +is done at step 40", program.screen.text()), "no lines", program)
        expect("the same at all sites" in program.screen.text(), "no table", program)
        program.kill()
    case.program = None


def end_without_colour(case, _):
    program = case.start("--fresh", environment={"NO_COLOR": "1", "LC_ALL": "C"})
    code = program.wait_for_end()
    expect(code == 0, f"exit code {code}", program)
    expect(program.is_restored() and not program.screen.styled, "colours, or a terminal that is not restored", program)
    text = program.screen.text()
    expect(re.search(r"=+ step 40/40  100 %", text), "the last state of the view", program)
    expect(text.index("100 %") < text.index("the same at all sites"), "the table below it", program)
    expect(text.isascii(), "the locale has ASCII only", program)
    expect(termios.tcgetattr(program.terminal)[3] & termios.ECHO, "no echo", program)


CASES = ((keys_resize_and_stop, 100_000), (suspend_and_go_on, 100_000), (kill_a_site, 100_000), (stop_without_the_holder, 100_000),
         (stop_with_a_holder_that_comes_back, 100_000), (fatal_signal, 100_000),
         (terminal_that_is_gone, 100_000), (plain_lines, 40), (end_without_colour, 40))


if __name__ == "__main__":
    sys.exit(run_cases(CASES, Case))
