"""A terminal for tests: a program under a pseudo terminal, and what a person would see of it."""
import codecs
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

CONTROL = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>]")


class Screen:
    """As much of a VT100 as the live view writes: positions, clearing, the alternate screen, styles (passed over)."""

    def __init__(self, width, height):
        self.alternate = False
        self.cursor_hidden = False
        self.styled = False
        self.too_wide = False  # some line of the page was cut off
        self.pages = {False: None, True: None}
        self.left = ""  # half a sequence
        self.resize(width, height)

    def resize(self, width, height):
        self.width, self.height = width, height
        for page in (False, True):
            self.pages[page] = [[" "] * width for _ in range(height)]
        self.row = self.column = 0
        self.scrolled = []

    @property
    def cells(self):
        return self.pages[self.alternate]

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def text(self):
        return "\n".join(([] if self.alternate else self.scrolled) + self.lines())

    def feed(self, text):
        text, self.left = self.left + text, ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                match = CONTROL.match(text, at)
                if not match:
                    self.left = text[at:]
                    return
                self.obey(match.group(1) or "", match.group(2) or "")
                at = match.end()
                continue
            self.put(text[at])
            at += 1

    def obey(self, parameters, letter):
        if letter in ("h", "l") and parameters == "?1049":
            self.alternate = letter == "h"
            self.row = self.column = 0
        if letter in ("h", "l") and parameters == "?25":
            self.cursor_hidden = letter == "l"
        if letter == "H":
            self.too_wide = False
            self.row = self.column = 0
        if letter == "B":
            self.row = min(self.row + 1, self.height - 1)
        if letter == "K":
            self.cells[self.row][self.column:] = [" "] * (self.width - self.column)
        if letter == "J":
            first = 0 if parameters == "2" else self.row
            for row in range(first, self.height):
                self.cells[row] = [" "] * self.width
        if letter == "m":
            self.styled = True

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            if self.row + 1 == self.height:
                self.scrolled.append("".join(self.cells.pop(0)).rstrip())
                self.cells.append([" "] * self.width)
            else:
                self.row += 1
        elif character >= " ":
            if self.column >= self.width:
                if self.alternate:  # it does not wrap there
                    self.too_wide = True
                    return
                self.put("\r")
                self.put("\n")
            self.cells[self.row][self.column] = character
            self.column += 1


class Program:
    """A program as the leader of a session on a terminal of its own."""

    def __init__(self, command, folder, width=100, height=30, environment=None):
        self.screen = Screen(width, height)
        self.raw = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read ends anywhere
        self.exit_code = None
        self.gone = False
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(environment or {})})
        self.resize(width, height)
        self.settings = termios.tcgetattr(self.terminal)

    def resize(self, width, height):
        self.screen.resize(width, height)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def read(self, seconds=0.05):
        ready, _, _ = select.select([] if self.gone else [self.terminal], [], [], seconds)
        if not ready:
            return
        try:
            data = os.read(self.terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.gone = not data
        text = self.decoder.decode(data)
        self.raw += text
        self.screen.feed(text)

    def wait_for(self, what, condition, seconds=40):
        deadline = time.monotonic() + seconds
        while not condition():
            self.read()
            if time.monotonic() > deadline or (self.ended() and self.gone and not condition()):
                raise AssertionError(f"not seen: {what}\nexit code {self.exit_code}\n{self.screen.text()}")

    def wait_for_text(self, text, seconds=40):
        self.wait_for(repr(text), lambda: text in self.screen.text(), seconds)

    def ended(self):
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code is not None

    def wait_for_end(self, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.ended() or not self.gone:
            if self.ended() and time.monotonic() > deadline - seconds + 1:
                self.gone = True  # nobody else has the terminal
            self.read()
            if time.monotonic() > deadline:
                raise AssertionError(f"it has not ended\n{self.screen.text()}")
        return self.exit_code

    def is_restored(self):
        settings = termios.tcgetattr(self.terminal)
        return settings[3] == self.settings[3] and not self.screen.alternate and not self.screen.cursor_hidden

    def kill(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)
