// LiveKeys: what keys mean in the live view of a local run. A site is chosen by its digit, the arrows or Tab; then a letter
// says what shall become of it. Pure but for its own state; main's thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/site/launch_request.h"
#include "intertie/status/live_model.h"
#include "intertie/status/live_view.h"

namespace intertie::cli {

class LiveKeys {
 public:
  explicit LiveKeys(std::vector<std::string> site_names) : names_(std::move(site_names)) {}

  // What the bytes of the terminal ask for, in their order. Bytes that mean nothing are passed over.
  std::vector<site::LaunchRequest> press(std::string_view bytes, const status::LiveModel& model);
  status::LiveFoot foot() const;

 private:
  enum class Key { other, digit, next, previous, escape, letter };
  struct Pressed {
    Key key = Key::other;
    char letter = 0;
    std::size_t digit = 0;  // from 0 on
  };
  static Pressed take_key(std::string_view& bytes);
  void choose(const Pressed& pressed);
  site::LaunchRequest cut_or_mend(std::size_t other, const status::LiveModel& model) const;

  std::vector<std::string> names_;
  std::size_t chosen_ = 0;
  bool asks_for_other_ = false;  // the other end of the link
};

}  // namespace intertie::cli
