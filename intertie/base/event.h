// Structured events: what happened, with named fields. Emitted by the loops that perform actions, never inside state
// machines; consumed by status (JSON lines, console). The fields of every event are listed in docs/events.md.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace intertie {

struct Event {
  using Value = std::variant<bool, std::int64_t, double, std::string>;
  std::string name;  // "merge.committed"
  std::vector<std::pair<std::string, Value>> fields;
};

// Thread: any; implementations queue.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void record(Event event) = 0;
};

}  // namespace intertie
