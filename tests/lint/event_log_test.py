"""Event logs as tests and benches of real runs read them, while they are written."""
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "runs"))

from event_log import EventLog  # noqa: E402


def line(name, second, **fields):
    return json.dumps({"time": f"2026-11-22T10:00:{second:02}.500Z", "event": name, **fields}) + "\n"


class EventLogTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "events.jsonl")
        self.log = EventLog(self.path)

    def append(self, text):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text)

    def names(self):
        return [event["event"] for event in self.log.look()]

    def test_reads_what_is_new_in_whole_lines(self):
        self.assertEqual(self.names(), [])
        half = line("merge.committed", 2)
        self.append(line("run.started", 1) + half[:20])
        self.assertEqual(self.names(), ["run.started"])
        self.append(half[20:])
        self.assertEqual(self.names(), ["run.started", "merge.committed"])

    def test_a_log_in_the_place_of_another_is_read_anew(self):
        self.append(line("run.started", 1) + line("merge.committed", 2))
        self.assertEqual(len(self.names()), 2)
        os.rename(self.path, self.path + ".old")
        self.assertEqual(len(self.names()), 2)
        self.append(line("run.resumed", 3))
        self.assertEqual(self.names(), ["run.resumed"])

    def test_finds_by_name_span_and_fields(self):
        self.append("".join(line("merge.committed", second, version=second) for second in range(5)) + line("warning", 2))
        second = self.log.find("warning")[0]["at"]
        self.assertEqual([event["version"] for event in self.log.find("merge.committed", second)], [2, 3, 4])
        self.assertEqual([event["version"] for event in self.log.find("merge.committed", 0, second)], [0, 1])
        self.assertEqual(len(self.log.find(version=3)), 1)
        self.assertEqual(self.log.find("merge.committed", version=9), [])


if __name__ == "__main__":
    unittest.main()
