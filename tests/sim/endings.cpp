#include "tests/sim/endings.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::tests {
namespace {

// A site has trained to the end, and tells the others.
bool somebody_is_done(const ToyWorld& world) {
  return std::any_of(world.events().begin(), world.events().end(), [](const RecordedEvent& recorded) {
    const auto complete = std::pair<std::string, Event::Value>("complete", true);
    const auto& fields = recorded.event.fields;
    return recorded.event.name == "run.finished" && std::find(fields.begin(), fields.end(), complete) != fields.end();
  });
}

// Where the last members leave at once, they stop the run.
bool stops(const ToyWorld& world, const Strikes& strikes) {
  return strikes.asked_to_stop() ||
         std::any_of(world.events().begin(), world.events().end(), [](const RecordedEvent& recorded) {
           const auto stop = std::pair<std::string, Event::Value>("reason", "all that were left leave");
           const auto& fields = recorded.event.fields;
           return std::find(fields.begin(), fields.end(), stop) != fields.end();
         });
}

// By docs/protocol.md rules 17, 18, 21 and 22.
bool is_promised(ToyWorld& world, const Strikes& strikes, std::size_t site, ErrorCode code) {
  const bool goes_on = goes_on_without(world, site);
  switch (code) {
    case ErrorCode::give_up:  // sites differ, or one says what makes no sense
    case ErrorCode::rejoin:   // comes back by itself
      return false;
    case ErrorCode::retry:  // nobody is there to start with, or those that were have ended
      return !goes_on || somebody_is_done(world) || stops(world, strikes);
    case ErrorCode::cancelled:  // who is asked to end before the run has begun takes the others with it
      return !goes_on || strikes.asked_to_end(site) || (strikes.anybody_asked_to_end() && !strikes.run_has_begun());
    case ErrorCode::reconfigure:  // a site died before the run had begun, and was started with --resume
      return !goes_on && world.commits().empty();
    case ErrorCode::store_away:  // whoever holds it has ended; it is never down for so long
      return world.outcome(0).has_value();
  }
  return false;
}

bool is_promised(const ToyWorld& world, const Strikes& strikes, std::size_t site, const sync::Outcome& outcome) {
  if (!outcome.stopped || strikes.asked_to_end(site)) return true;
  return !outcome.left && stops(world, strikes);
}

}  // namespace

bool goes_on_without(ToyWorld& world, std::size_t site) {
  for (std::size_t other = 0; other < world.num_sites(); ++other) {
    const sync::Run* run = world.outcome(other) ? nullptr : world.run(other);
    if (other != site && run && run->state() && run->state()->member.is_member()) return true;
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
