#include "tests/sim/endings.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::tests {
namespace {

using Field = std::pair<std::string, Event::Value>;

bool carries(const Event& event, const Field& field) {
  return std::find(event.fields.begin(), event.fields.end(), field) != event.fields.end();
}

template <class Condition>
bool anything_recorded(const ToyWorld& world, Condition condition) {
  return std::any_of(world.events().begin(), world.events().end(), condition);
}

// A site has trained to the end, and tells the others.
bool somebody_is_done(const ToyWorld& world) {
  return anything_recorded(world, [](const RecordedEvent& recorded) {
    return recorded.event.name == "run.finished" && carries(recorded.event, Field("complete", true));
  });
}

// Where the last members leave at once, they stop the run.
bool wants_to_stop(const ToyWorld& world, const Strikes& strikes) {
  return strikes.asked_to_stop() || anything_recorded(world, [](const RecordedEvent& recorded) {
           return carries(recorded.event, Field("reason", std::string("all that were left leave")));
         });
}

// That version of that start of the run is the one at which all were told to stop, because somebody wanted it.
bool is_ordered(const ToyWorld& world, const Strikes& strikes, Restart restart, Version version) {
  const Field at("version", static_cast<std::int64_t>(version.value));
  return wants_to_stop(world, strikes) && anything_recorded(world, [&](const RecordedEvent& recorded) {
           return recorded.event.name == "run.stopping" && recorded.restart == restart && carries(recorded.event, at);
         });
}

// Who follows a member at which the run has stopped finds nobody to get the rest from.
bool has_stopped_elsewhere(ToyWorld& world, const Strikes& strikes, std::size_t site) {
  for (std::size_t other = 0; other < world.num_sites(); ++other) {
    const sync::Run* run = other == site ? nullptr : world.run(other);
    if (!run || !run->state()) continue;
    const sync::SiteState& state = *run->state();
    if (is_ordered(world, strikes, state.restart, state.version())) return true;
  }
  return false;
}

// By docs/protocol.md rules 17, 18, 21 and 22.
bool is_promised(ToyWorld& world, const Strikes& strikes, std::size_t site, ErrorCode code) {
  const bool goes_on = goes_on_without(world, site);
  switch (code) {
    case ErrorCode::give_up:  // sites differ, or one says what makes no sense
    case ErrorCode::rejoin:   // comes back by itself
      return false;
    case ErrorCode::retry:  // nobody is there to start with, or those that were have ended
      return !goes_on || somebody_is_done(world) || has_stopped_elsewhere(world, strikes, site);
    case ErrorCode::cancelled:  // who is asked to stop the run before it has begun takes the others with it
      return strikes.asked_to_end(site) || (strikes.asked_to_stop() && (!goes_on || !strikes.run_has_begun()));
    case ErrorCode::reconfigure:  // a site died before the run had begun, and was started with --resume
      return !goes_on && world.commits().empty();
    case ErrorCode::store_away:  // whoever holds it has ended; it is never down for so long
      return world.outcome(0).has_value();
  }
  return false;
}

// One that leaves was asked to; else all stop at one version.
bool is_promised(ToyWorld& world, const Strikes& strikes, std::size_t site, const sync::Outcome& outcome) {
  if (!outcome.stopped) return true;
  if (outcome.left) return strikes.asked_to_leave(site);
  return is_ordered(world, strikes, world.run(site)->state()->restart, outcome.version);
}

}  // namespace

// One that was taken out of the members and has not heard of it yet does not.
bool goes_on_without(ToyWorld& world, std::size_t site) {
  const std::vector<wire::MemberRecord>& members = world.newest_members();
  for (std::size_t other = 0; other < world.num_sites(); ++other) {
    const sync::Run* run = world.outcome(other) ? nullptr : world.run(other);
    if (other == site || !run || !run->state() || !run->state()->member.is_member()) continue;
    const wire::MemberRecord record{run->state()->self, run->state()->incarnation};
    if (std::find(members.begin(), members.end(), record) != members.end()) return true;
  }
  return false;
}

std::string what_ends_it(ToyWorld& world, const Strikes& strikes, std::size_t site) {
  const Result<sync::Outcome>& outcome = *world.outcome(site);
  if (outcome && is_promised(world, strikes, site, *outcome)) return {};
  if (!outcome && is_promised(world, strikes, site, outcome.error().code)) return {};
  return fmt::format("site {} ended by itself{}: {}", site, goes_on_without(world, site) ? ", and the run goes on" : "",
                     outcome ? std::string("stopped") : outcome.error().message());
}

}  // namespace intertie::tests
