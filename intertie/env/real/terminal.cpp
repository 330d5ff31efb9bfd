#include "intertie/env/real/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace intertie::env::real {
namespace {

// Alternate screen, no cursor, no line wrap; and back. xterm's, which every terminal of today obeys.
constexpr std::string_view kTake = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kGiveBack = "\x1b[?7h\x1b[?25h\x1b[?1049l";

constexpr std::array<int, 9> kDeadly = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// What a signal handler needs to restore the terminal: it is given nothing else.
struct Restore {
  volatile std::sig_atomic_t held = 0;
  bool have_settings = false;
  termios settings{};  // as they were
  std::array<struct sigaction, kDeadly.size()> handlers{};
};
Restore restore;

// Async-signal-safe calls only. A terminal that was stopped by Ctrl-S is let go first: it would keep the rest from it. (TCOON
// alone starts only what TCOOFF has stopped.)
void restore_settings() {
  ::tcflow(STDOUT_FILENO, TCOOFF);
  ::tcflow(STDOUT_FILENO, TCOON);
  if (restore.have_settings) ::tcsetattr(STDIN_FILENO, TCSANOW, &restore.settings);
}

void die_of(int signal) {
  if (restore.held != 0) {
    restore_settings();
    [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, kGiveBack.data(), kGiveBack.size());
  }
  ::raise(signal);  // whose handler is the system's again
}

void catch_deadly_signals() {
  struct sigaction action {};
  action.sa_handler = die_of;
  action.sa_flags = SA_RESETHAND | SA_NODEFER;
  for (std::size_t i = 0; i < kDeadly.size(); ++i) {
    ::sigaction(kDeadly[i], nullptr, &restore.handlers[i]);
    if (restore.handlers[i].sa_handler == SIG_DFL) ::sigaction(kDeadly[i], &action, nullptr);
  }
}

void leave_signals() {
  for (std::size_t i = 0; i < kDeadly.size(); ++i) ::sigaction(kDeadly[i], &restore.handlers[i], nullptr);
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(environment(name));
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

std::unique_ptr<Terminal> Terminal::open() {
  const std::string_view kind = environment("TERM");
  if (::isatty(STDOUT_FILENO) != 1 || kind.empty() || kind == "dumb") return nullptr;
  const Traits traits{.colour = environment("NO_COLOR").empty(), .unicode = locale_is_utf8()};
  return std::unique_ptr<Terminal>(new Terminal(traits, ::isatty(STDIN_FILENO) == 1 ? STDIN_FILENO : -1));
}

Terminal::Terminal(Traits traits, int keys)
    : traits_(traits),
      keys_(keys),
      out_(STDOUT_FILENO, {.notice = {}, .capacity = Bytes{64 * 1024}, .patience = std::chrono::milliseconds(500)}) {
  restore.have_settings = keys_ >= 0 && ::tcgetattr(keys_, &restore.settings) == 0;
  catch_deadly_signals();
}

Terminal::~Terminal() {
  if (!left_) leave({});
}

Terminal::Size Terminal::size() const {
  winsize now{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_col == 0 || now.ws_row == 0) return {};
  return {.width = now.ws_col, .height = now.ws_row};
}

std::string Terminal::read_keys() {
  std::array<char, 256> buffer{};
  if (keys() < 0) return {};
  const ssize_t size = ::read(keys_, buffer.data(), buffer.size());
  // One that has no key now says 0 (VMIN is 0), and so does one that is gone, again and again.
  pollfd state{.fd = keys_, .events = POLLIN, .revents = 0};
  if (size <= 0 && ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) keys_ = -1;
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

void Terminal::draw(const std::vector<std::string>& lines) {
  if (!held_ && in_foreground()) take();
  if (!held_) return;
  // Each line is cleared before it is written: after a line of full width the cursor stands on its last character.
  std::string page = "\x1b[H";
  for (const std::string& line : lines) page += "\x1b[K" + line + "\x1b[B\r";
  if (std::cmp_less(lines.size(), size().height)) page += "\x1b[J";
  out_.write(std::move(page), TextOutput::Importance::progress);
}

void Terminal::suspend() {
  give_back();
  out_.finish();
  ::kill(::getpid(), SIGSTOP);
}

void Terminal::leave(const std::vector<std::string>& lines) {
  left_ = true;
  give_back();
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  out_.write(std::move(text));
  out_.finish();
  leave_signals();
}

bool Terminal::in_foreground() const { return ::tcgetpgrp(STDOUT_FILENO) == ::getpgrp(); }

void Terminal::take() {
  held_ = true;
  restore.held = 1;
  if (restore.have_settings) {
    termios raw = restore.settings;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // signals stay: Ctrl-C, Ctrl-Z
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  out_.write(std::string(kTake));
}

void Terminal::give_back() {
  if (!std::exchange(held_, false)) return;
  if (in_foreground()) restore_settings();
  restore.held = 0;
  out_.write(std::string(kGiveBack));
}

}  // namespace intertie::env::real
