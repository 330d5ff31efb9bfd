#include "intertie/cli/live_keys.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::cli {
namespace {

using site::LaunchRequest;
using Kind = LaunchRequest::Kind;

// What follows ESC [ or ESC O, up to its last byte: parameters, then a letter or a tilde.
std::string_view take_sequence(std::string_view& bytes) {
  std::size_t end = 2;
  while (end < bytes.size() && (bytes[end] < '@' || bytes[end] > '~')) ++end;
  end = std::min(end + 1, bytes.size());
  const std::string_view sequence = bytes.substr(0, end);
  bytes.remove_prefix(end);
  return sequence;
}

}  // namespace

LiveKeys::Pressed LiveKeys::take_key(std::string_view& bytes) {
  if (bytes.size() > 1 && bytes[0] == '\x1b' && (bytes[1] == '[' || bytes[1] == 'O')) {
    const char last = take_sequence(bytes).back();
    return {.key = last == 'B' ? Key::next : last == 'A' ? Key::previous : Key::other};
  }
  const char c = bytes.front();
  bytes.remove_prefix(1);
  if (c == '\x1b') return {.key = Key::escape};
  if (c == '\t') return {.key = Key::next};
  if (c >= '1' && c <= '9') return {.key = Key::digit, .digit = static_cast<std::size_t>(c - '1')};
  return {.key = Key::letter, .letter = c};
}

void LiveKeys::choose(const Pressed& pressed) {
  const std::size_t count = names_.size();
  if (pressed.key == Key::digit && pressed.digit < count) chosen_ = pressed.digit;
  if (pressed.key == Key::next) chosen_ = (chosen_ + 1) % count;
  if (pressed.key == Key::previous) chosen_ = (chosen_ + count - 1) % count;
}

LaunchRequest LiveKeys::cut_or_mend(std::size_t other, const status::LiveModel& model) const {
  const bool cut = model.link(chosen_, other).cut_on_purpose;
  return {.kind = cut ? Kind::mend : Kind::cut, .site = chosen_, .other = other};
}

std::vector<LaunchRequest> LiveKeys::press(std::string_view bytes, const status::LiveModel& model) {
  std::vector<LaunchRequest> requests;
  while (!bytes.empty()) {
    const Pressed pressed = take_key(bytes);
    if (asks_for_other_) {
      const bool answered = pressed.key == Key::digit && pressed.digit < names_.size() && pressed.digit != chosen_;
      if (answered) requests.push_back(cut_or_mend(pressed.digit, model));
      if (answered || pressed.key == Key::escape || pressed.letter == 'c') asks_for_other_ = false;
      if (pressed.letter != 'q') continue;
    }
    if (pressed.letter == 'q') requests.push_back({.kind = Kind::stop});
    if (names_.size() < 2) continue;  // without its only site there is no run
    choose(pressed);
    if (pressed.letter == 'k') requests.push_back({.kind = Kind::kill, .site = chosen_});
    if (pressed.letter == 'r') requests.push_back({.kind = Kind::restore, .site = chosen_});
    if (pressed.letter == 'c' && names_.size() == 2) requests.push_back(cut_or_mend(1 - chosen_, model));
    if (pressed.letter == 'c') asks_for_other_ = names_.size() > 2;
  }
  return requests;
}

status::LiveFoot LiveKeys::foot() const {
  status::LiveFoot foot;
  if (names_.size() > 1) foot.chosen = chosen_;
  if (asks_for_other_) {
    foot.question = fmt::format("cut or mend the link of {} with", names_[chosen_]);
    for (std::size_t i = 0; i < std::min<std::size_t>(9, names_.size()); ++i) {
      if (i != chosen_) foot.keys.emplace_back(fmt::format("{}", i + 1), names_[i]);
    }
    foot.keys.emplace_back("Esc", "never mind");
    return foot;
  }
  if (names_.size() > 1) {
    foot.keys = {{fmt::format("1-{}", std::min<std::size_t>(9, names_.size())), "select"},
                 {"k", "kill"},
                 {"r", "bring back"},
                 {"c", "cut/mend link"}};
  }
  foot.keys.emplace_back("q", "stop");
  return foot;
}

}  // namespace intertie::cli
