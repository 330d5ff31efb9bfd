#include "tests/sim/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {
namespace {

bool has(const std::vector<SiteId>& sites, SiteId site) { return std::find(sites.begin(), sites.end(), site) != sites.end(); }

bool has(const std::vector<wire::MemberRecord>& members, const wire::MemberRecord& member) {
  return std::find(members.begin(), members.end(), member) != members.end();
}

std::vector<SiteId> sites_of(const std::vector<wire::MemberRecord>& members) {
  std::vector<SiteId> sites;
  for (const wire::MemberRecord& member : members) sites.push_back(member.site);
  return sites;
}

}  // namespace

History::History(const ToyOptions& options, const ToyWorld& world) {
  take_views(world);
  take_commits(world);
  if (problem_.empty()) follow(options);
  if (problem_.empty()) check_ends(world);
  if (problem_.empty()) check_losses(world);
  check_measurements(options, world);
}

void History::take_views(const ToyWorld& world) {
  for (const RecordedEvent& recorded : world.events()) {
    if (recorded.event.name != "view.entered") continue;
    View view;
    view.restart = recorded.restart;
    view.members = recorded.members;
    for (const auto& [name, value] : recorded.event.fields) {
      if (name == "view") view.number = static_cast<std::uint64_t>(std::get<std::int64_t>(value));
      if (name == "from_version") view.from = Version{static_cast<std::uint64_t>(std::get<std::int64_t>(value))};
    }
    const auto known = views_.find(view.number);
    if (known == views_.end()) {
      views_.emplace(view.number, view);
    } else if (known->second.members != view.members || known->second.from != view.from) {
      fail(fmt::format("two memberships of view {}", view.number));
    }
  }
}

// Whether the site is not among those who go on after `version`: one of the views that begin next is without it, though
// that may have a new start of it.
bool History::left_behind(const wire::MemberRecord& site, Restart restart, Version version) const {
  std::optional<Version> next;
  for (const auto& [number, view] : views_) {
    if (view.restart == restart && view.from > version) next = std::min(next.value_or(view.from), view.from);
  }
  return next && std::any_of(views_.begin(), views_.end(), [&](const auto& entry) {
           const View& view = entry.second;
           return view.restart == restart && view.from == *next && !has(view.members, site);
         });
}

void History::take_commits(const ToyWorld& world) {
  std::vector<Commit> alone;
  for (const Commit& commit : world.commits()) {
    if (commit.in_flush) {
      fail(fmt::format("site {} applied version {} after it had reported what it holds", commit.site, commit.version.value));
    }
    // What a site committed that the others went on without has no say.
    if (left_behind(commit.by, commit.restart, commit.version)) {
      alone.push_back(commit);
      continue;
    }
    const auto [known, is_new] = agreed_.emplace(Key{commit.restart, commit.version}, commit);
    if (is_new) {
      ++num_merges_;
      check_members(commit);
    } else if (known->second.set != commit.set) {
      fail(fmt::format("two sets of version {}: at sites {} and {}", commit.version.value, known->second.site, commit.site));
    } else if (known->second.parameters != commit.parameters) {
      fail(fmt::format("other parameters after version {} at sites {} and {}", commit.version.value, known->second.site,
                       commit.site));
    }
  }
  // Unless whoever goes on got it from there.
  for (const Commit& commit : alone) num_merges_ += agreed_.emplace(Key{commit.restart, commit.version}, commit).second ? 1 : 0;
}

// Whoever is a member afterwards has its contribution in the version.
void History::check_members(const Commit& commit) {
  for (const wire::MemberRecord& member : commit.makers) {
    if (has(commit.set, member.site) || left_behind(member, commit.restart, commit.version)) continue;
    fail(fmt::format("version {} lacks the contribution of site {}, which goes on", commit.version.value, member.site.value));
  }
}

// Every value is that of the plain reference with the same members and sets. A restart goes on from a version of an earlier
// one.
void History::follow(const ToyOptions& options) {
  const Reference reference(options);
  std::map<Version, ReferenceState> states = {{Version{0}, reference.initial()}};
  for (const auto& [key, commit] : agreed_) {
    const auto before = states.find(Version{commit.version.value - 1});
    if (before == states.end()) return fail(fmt::format("version {} follows nothing", commit.version.value));
    ReferenceState after = reference.next(before->second, sites_of(commit.makers), commit.set);
    if (hash_bytes(std::as_bytes(std::span(after.anchor))) != commit.parameters) {
      return fail(fmt::format("version {} at site {} is not what the reference has", commit.version.value, commit.site));
    }
    states[commit.version] = std::move(after);
  }
}

// Whoever's work is in no merge is named, and nobody else.
void History::check_losses(const ToyWorld& world) {
  using Loss = std::tuple<Restart, std::int64_t, std::string>;  // of a version's maker
  std::set<Loss> told, due;
  for (const RecordedEvent& recorded : world.events()) {
    if (recorded.event.name != "samples.lost") continue;
    const auto version = static_cast<std::int64_t>(number_in(recorded.event, "version"));
    told.emplace(recorded.restart, version, words_in(recorded.event, "peer"));
  }
  for (const auto& [key, commit] : agreed_) {
    for (const wire::MemberRecord& maker : commit.makers) {
      if (has(commit.set, maker.site)) continue;
      due.emplace(key.first, static_cast<std::int64_t>(key.second.value), world.name(maker.site.value));
    }
  }
  const auto first_of = [](const std::set<Loss>& all, const std::set<Loss>& without) -> const Loss* {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Loss& loss) { return !without.contains(loss); });
    return found == all.end() ? nullptr : &*found;
  };
  if (const Loss* loss = first_of(due, told))
    fail(fmt::format("nobody says that version {} is without the work of {}", std::get<1>(*loss), std::get<2>(*loss)));
  if (const Loss* loss = first_of(told, due))
    fail(fmt::format("version {} is said to be without the work of {}, which it has", std::get<1>(*loss), std::get<2>(*loss)));
}

// A rate that is measured is near that of the line, but for what buffers take at once.
void History::check_measurements(const ToyOptions& options, const ToyWorld& world) {
  for (const RecordedEvent& recorded : world.events()) {
    if (recorded.event.name != "link.measured") continue;
    for (const auto& [name, value] : recorded.event.fields) {
      const bool is_rate = name == "mbit_per_second";
      if (!is_rate || std::isnan(std::get<double>(value))) continue;
      const double rate = std::get<double>(value) * 1e6;
      if (rate >= 0 && rate <= 100 * options.link.rate.bits_per_second) continue;
      fail(fmt::format("a rate of {} Mbit/s over a line of {}", rate / 1e6, to_string(options.link.rate)));
    }
  }
}

void History::check_ends(const ToyWorld& world) {
  for (std::size_t site = 0; site < world.num_sites(); ++site) {
    const auto& outcome = world.outcome(site);
    if (!outcome || !*outcome || (*outcome)->stopped) continue;
    const Hash64 last = agreed_.empty() ? (*outcome)->parameters : agreed_.rbegin()->second.parameters;
    if ((*outcome)->parameters != last) fail(fmt::format("site {} ends with other parameters than the run", site));
  }
}

}  // namespace intertie::tests
