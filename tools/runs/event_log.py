"""The event log of a site (docs/events.md), read while the site writes it: what tests and benches of real runs look at."""
import json
import os
from datetime import datetime


class EventLog:
    """Each event is as it was written, and has its moment besides, in seconds since the epoch, as `at`."""

    def __init__(self, path):
        self.path = path
        self.file, self.read, self.events = None, 0, []

    def look(self):
        """All events so far. Reads what is new: whole lines; of a log that took the place of another (--fresh), everything."""
        try:
            with open(self.path, "rb") as log:
                if os.fstat(log.fileno()).st_ino != self.file:
                    self.file, self.read, self.events = os.fstat(log.fileno()).st_ino, 0, []
                log.seek(self.read)
                new = log.read()
        except FileNotFoundError:
            return self.events
        whole = new[:new.rfind(b"\n") + 1]
        self.read += len(whole)
        for line in whole.decode().splitlines():
            event = json.loads(line)
            event["at"] = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
            self.events.append(event)
        return self.events

    def find(self, name=None, after=0.0, before=float("inf"), **fields):
        """Those of a name and span with these fields."""
        return [event for event in self.look()
                if name in (None, event["event"]) and after <= event["at"] < before
                and all(event.get(field) == value for field, value in fields.items())]
