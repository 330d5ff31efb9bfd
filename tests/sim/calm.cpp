#include "tests/sim/calm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "tests/sim/endings.h"
#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {

using namespace std::chrono_literals;

namespace {

// Finding out who is there and completing what is open; a copy of the state, which shares its line with merges; ten merges.
// What hangs takes longer, and so does what waits for a person.
Duration longest_without_a_merge(const ToyOptions& options, env::LinkProfile slowest) {
  const double bits = 32.0 * static_cast<double>(options.elements) / slowest.rate.bits_per_second;
  const Duration transfer(static_cast<std::int64_t>(bits * 1e9));
  const Duration merge = options.sync.every * (options.step_time + options.step_jitter) + 4 * transfer + 10 * slowest.delay;
  return 30s + 6 * transfer + 10 * merge;
}

// Of a new view.
bool is_called_for(const std::string& reason) {
  constexpr std::array<const char*, 6> kReasons = {
      " has come", " leaves: ", " has left", "the run begins", "the run goes on from", "all that were left leave"};
  return std::any_of(kReasons.begin(), kReasons.end(),
                     [&reason](const char* each) { return reason.find(each) != std::string::npos; });
}

}  // namespace

Calm::Calm(ToyWorld& world, const Strikes& strikes, env::LinkProfile slowest)
    : world_(world),
      strikes_(strikes),
      bound_(longest_without_a_merge(world.options(), slowest)),
      waits_since_(world.num_sites(), world.world().now()),
      last_(world.world().now()) {}

std::size_t Calm::num_ended() const {
  std::size_t ended = 0;
  for (std::size_t site = 0; site < world_.num_sites(); ++site) ended += world_.outcome(site) ? 1 : 0;
  return ended;
}

// Nobody can change the members where the store's holder has ended; and a start of all needs all.
bool Calm::something_is_due() {
  return !world_.outcome(0) && (num_ended() == 0 || goes_on_without(world_, world_.num_sites()));
}

std::string Calm::look() {
  const std::string problem = look_for_merges();
  return problem.empty() ? look_for_those_who_come() : problem;
}

std::string Calm::look_for_merges() {
  const env::TimePoint now = world_.world().now();
  const std::size_t steps = world_.commits().size() + num_ended();
  if (!has_begun() || steps != num_steps_) {
    num_steps_ = steps;
    last_ = now;
  }
  if (now - last_ <= bound_) return {};
  if (something_is_due()) return fmt::format("no merge for {}, and everything is whole", to_string(bound_));
  last_ = now;
  return {};
}

// Whoever holds the store lets them in. Some copies of the state are given twice.
std::string Calm::look_for_those_who_come() {
  const env::TimePoint now = world_.world().now();
  for (std::size_t site = 0; site < world_.num_sites(); ++site) {
    const sync::Run* run = world_.outcome(site) ? nullptr : world_.run(site);
    const bool waits = run && !(run->state() && run->state()->member.is_member());
    const bool may_come = !world_.outcome(0) && goes_on_without(world_, site);
    if (!has_begun() || !waits || !may_come) waits_since_[site] = now;
    if (now - waits_since_[site] <= 3 * bound_) continue;
    return fmt::format("site {} has not come to the run for {}, and everything is whole", site, to_string(3 * bound_));
  }
  return {};
}

std::string Calm::look_at(const RecordedEvent& recorded) const {
  if (recorded.event.name != "view.entered" || recorded.when < strikes_.quiet_from() + bound_) return {};
  const std::string all = words_in(recorded.event, "reason");
  if (all.empty()) return "everything is whole, and the members change for no reason";
  std::istringstream reasons(all);
  for (std::string reason; std::getline(reasons, reason, ';');) {
    if (!is_called_for(reason)) return fmt::format("everything is whole, and the members change: {}", reason);
  }
  return {};
}

}  // namespace intertie::tests
