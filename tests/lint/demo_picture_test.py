#!/usr/bin/env python3
"""tools/docs/demo_picture.py draws what a run's logs hold, and says in one line what they lack."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OPENED = {"event": "log.opened", "site": "a"}
STARTED = {"event": "run.started", "run": "r", "method": "diloco", "num_sites": 1, "num_parameters": 5, "num_steps": 20,
           "emulated": False}
PROGRESS = [{"event": "progress", "step": step, "loss": 2.5 - step / 10} for step in (5, 10, 20)]
EVALUATION = {"event": "evaluation", "step": 10, "loss": 1.9}


class DemoPictureTest(unittest.TestCase):
    def draw(self, events):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "run", "a"))
            with open(os.path.join(folder, "run", "a", "events.jsonl"), "w", encoding="utf-8") as log:
                log.write("".join(json.dumps(event) + "\n" for event in events) + '{"half')
            command = [sys.executable, os.path.join(ROOT, "tools", "docs", "demo_picture.py"), "run", "out.svg"]
            done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            picture = os.path.join(folder, "out.svg")
            if not os.path.exists(picture):
                return done.returncode, done.stdout, ""
            with open(picture, encoding="utf-8") as file:
                return done.returncode, done.stdout, file.read()

    def test_draws_a_run(self):
        status, output, picture = self.draw([OPENED, STARTED, *PROGRESS, EVALUATION])
        self.assertEqual((status, output), (0, ""))
        self.assertIn("held-out text", picture)

    def test_draws_a_run_without_evaluations(self):
        status, output, picture = self.draw([OPENED, STARTED, *PROGRESS])
        self.assertEqual((status, output), (0, ""))
        self.assertIn("polyline", picture)
        self.assertNotIn("held-out text", picture)

    def test_says_what_is_missing_in_one_line(self):
        for events, words in (([OPENED, STARTED], "the logs name no loss"), ([OPENED], "of a run that began"),
                              ([], "of a run that began")):
            status, output, picture = self.draw(events)
            self.assertEqual((status, picture), (1, ""))
            self.assertIn(words, output)
            self.assertEqual(output.count("\n"), 1, output)


if __name__ == "__main__":
    unittest.main()
