// What the named cases of disturbed runs share: a run that is long enough to disturb, and what its sites said and came to.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/toy_world.h"

namespace intertie::tests {

// Sites of 2 sequences each, 40 ms from each other, with steps of 60 ms and several buckets a merge.
inline ToyOptions distant_sites(std::size_t num_sites, std::uint64_t steps = 400) {
  ToyOptions made = toy_options(steps);
  made.sync.bucket_mib = 0.05;
  made.batch_sizes.assign(num_sites, 2);
  made.elements = 9000;
  made.link.delay = std::chrono::milliseconds(40);
  made.step_time = std::chrono::milliseconds(60);
  return made;
}

// Its links to all others, both ways.
inline void cut_off(ToyWorld& world, std::size_t site) {
  for (std::size_t other = 0; other < world.num_sites(); ++other) {
    if (other != site) world.world().cut(world.name(site), world.name(other));
  }
}
inline void mend_all_of(ToyWorld& world, std::size_t site) {
  for (std::size_t other = 0; other < world.num_sites(); ++other) {
    if (other != site) world.world().mend(world.name(site), world.name(other));
  }
}

// "still running", "ok", "stopped" or the message of the error.
inline std::string end_of(const ToyWorld& world, std::size_t site) {
  const auto& outcome = world.outcome(site);
  if (!outcome) return "still running";
  return *outcome ? ((*outcome)->stopped ? "stopped" : "ok") : outcome->error().message();
}

inline std::vector<RecordedEvent> events_named(const ToyWorld& world, const std::string& name) {
  std::vector<RecordedEvent> found;
  for (const RecordedEvent& each : world.events()) {
    if (each.event.name == name) found.push_back(each);
  }
  return found;
}

// Empty: it has no such field.
inline std::string words_in(const Event& event, const std::string& field) {
  for (const auto& [name, value] : event.fields) {
    if (name == field) return std::get<std::string>(value);
  }
  return {};
}

// 0: it has no such field.
inline double number_in(const Event& event, const std::string& field) {
  for (const auto& [name, value] : event.fields) {
    if (name != field) continue;
    const auto* whole = std::get_if<std::int64_t>(&value);
    return whole ? static_cast<double>(*whole) : std::get<double>(value);
  }
  return 0;
}

// Why the members of the run changed, as site 0 was told, each with " | " behind it.
inline std::string reasons(const ToyWorld& world) {
  std::string all;
  for (const RecordedEvent& each : events_named(world, "view.entered")) {
    if (each.site == 0) all += words_in(each.event, "reason") + " | ";
  }
  return all;
}

}  // namespace intertie::tests
