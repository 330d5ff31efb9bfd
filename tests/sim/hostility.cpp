#include "tests/sim/hostility.h"

#include <algorithm>
#include <array>
#include <map>

namespace intertie::tests {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kLarge = 80000;  // elements
constexpr Duration kLook = 5ms;          // how often a flush is looked for

}  // namespace

void harden(ToyOptions& options, env::Random& random) {
  const bool is_slow = random.below(3) == 0;
  const bool is_large = random.below(6) == 0;
  if (is_slow) options.step_time = std::chrono::milliseconds(1000 + random.below(3000));
  if (is_large) options.elements = kLarge + random.below(2 * kLarge);
  if (is_large) options.link.rate = BitRate{1e6 * static_cast<double>(2 + random.below(12))};
  if (is_slow || is_large) options.train.tokens.count = 20 + random.below(30);
}

Hostility::Hostility(ToyWorld& world, Strikes& strikes, env::Random& random)
    : world_(world),
      strikes_(strikes),
      random_(random),
      was_flushing_(world.num_sites()),
      slowest_line_(world.options().link) {}

void Hostility::begin() {
  if (random_.below(4) == 0 && world_.options().elements < kLarge) slow_down_one_line();
  look_for_flushes();
}

void Hostility::slow_down_one_line() {
  const std::size_t a = strikes_.any();
  const std::size_t b = strikes_.another_than(a);
  const env::LinkProfile slow{BitRate{2e5 + random_.uniform() * 1e6}, Duration(std::chrono::milliseconds(random_.below(400)))};
  slowest_line_ = {slow.rate, std::max(slow.delay, slowest_line_.delay)};
  world_.world().set_link(world_.name(a), world_.name(b), slow);
  if (random_.below(2) == 0) world_.world().set_link(world_.name(b), world_.name(a), slow);
}

// ---- faults now ----

void Hostility::strike() {
  const std::size_t a = strikes_.any();
  const std::size_t b = strikes_.another_than(a);
  const std::uint64_t dice = random_.below(100);
  if (dice < 12) return strikes_.pause(a);
  if (dice < 20) return strikes_.break_all(a);
  if (dice < 26) {
    strikes_.pause(a);
    return strikes_.kill(b);
  }
  if (dice < 60) arm();
  strikes_.one();
}

// ---- faults at their moment ----

void Hostility::arm() {
  constexpr std::array kMoments = {Moment::flush_begins,  Moment::flush_begins,      Moment::join_began,
                                   Moment::join_began,    Moment::join_finished,     Moment::view_entered,
                                   Moment::merge_ordered, Moment::checkpoint_written};
  constexpr std::array kVictims = {Victim::the_site, Victim::any, Victim::holder, Victim::next};
  const Moment moment = kMoments.at(random_.below(kMoments.size()));
  const Victim victim = kVictims.at(random_.below(kVictims.size()));
  const std::uint64_t ms = random_.below(200);
  armed_.push_back({moment, victim, std::chrono::milliseconds(ms < 60 ? 0 : ms)});
}

// A site records when it has answered, not when it is asked, and until it answers things may go wrong.
void Hostility::look_for_flushes() {
  world_.world().at(world_.world().now() + kLook, [this] {
    if (ended_) return;
    for (std::size_t site = 0; site < world_.num_sites(); ++site) {
      const sync::Run* run = strikes_.is_down(site) ? nullptr : world_.run(site);
      const bool flushes = run && run->state() && run->state()->flushing;
      const bool begins = flushes && !was_flushing_[site];
      was_flushing_[site] = flushes;
      if (begins) comes(Moment::flush_begins, site);
    }
    look_for_flushes();
  });
}

void Hostility::note(const RecordedEvent& recorded) {
  static const std::map<std::string, Moment> kMoments = {{"join.began", Moment::join_began},
                                                         {"join.finished", Moment::join_finished},
                                                         {"view.entered", Moment::view_entered},
                                                         {"merge.ordered", Moment::merge_ordered},
                                                         {"checkpoint.written", Moment::checkpoint_written}};
  const auto moment = kMoments.find(recorded.event.name);
  if (moment != kMoments.end() && !ended_) comes(moment->second, recorded.site);
}

// Nothing is done at once: the site is in the middle of something.
void Hostility::comes(Moment moment, std::size_t site) {
  const auto armed = std::find_if(armed_.begin(), armed_.end(), [moment](const Armed& each) { return each.moment == moment; });
  if (armed == armed_.end()) return;
  const Armed strikes = *armed;
  armed_.erase(armed);
  ++num_armed_strikes_;
  const std::size_t victim = victim_of(strikes.victim, site);
  const std::uint64_t dice = random_.below(10);
  strikes_.later(strikes.after, [this, victim, dice] {
    if (!ended_) hit(victim, dice);
  });
}

std::size_t Hostility::victim_of(Victim victim, std::size_t site) {
  switch (victim) {
    case Victim::the_site: return site;
    case Victim::any: return strikes_.any();
    case Victim::holder: return 0;
    case Victim::next: return (site + 1) % world_.num_sites();
  }
  return site;
}

void Hostility::hit(std::size_t victim, std::uint64_t dice) {
  if (dice < 6) return strikes_.kill(victim);
  if (dice < 7) return strikes_.pause(victim);
  if (dice < 8) return strikes_.leave(victim);
  if (dice < 9) return strikes_.isolate(victim);
  strikes_.break_all(victim);
}

}  // namespace intertie::tests
