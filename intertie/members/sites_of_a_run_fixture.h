// The sites of a run, each with its member; which of them live, and who hears whom.
#pragma once

#include <memory>
#include <set>

#include "intertie/members/member.h"

namespace intertie::members {

inline std::vector<SiteId> sites_numbered(std::initializer_list<std::uint16_t> numbers) {
  std::vector<SiteId> sites;
  for (const std::uint16_t number : numbers) sites.push_back(SiteId{number});
  return sites;
}

class SitesOfARun {
 public:
  struct Site {
    Incarnation incarnation;
    std::unique_ptr<Member> member;
    wire::Ready ready;
    std::vector<Action> done;
    wire::FlushReport report = {.number = {}, .applied = Version{4}, .ends = false, .merges = {}};  // what it says in a flush
    bool reports = true;
    bool dead = false;
    ViewNumber said_view;  // when it connected
  };

  SitesOfARun(std::size_t num, std::optional<StoreState> store) : stored(std::move(store)), sites(num) {
    for (std::uint16_t i = 0; i < num; ++i) start(i, Incarnation{10U + i});
  }
  SitesOfARun(const SitesOfARun&) = delete;
  SitesOfARun& operator=(const SitesOfARun&) = delete;

  Member& member(std::uint16_t site) { return *sites[site].member; }
  void cut(std::uint16_t a, std::uint16_t b) { cuts.insert(std::minmax(a, b)); }

  // Of what it did, what is a T.
  template <class T>
  std::vector<T> all(std::uint16_t site) const {
    std::vector<T> found;
    for (const Action& action : sites[site].done) {
      if (const T* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
  std::string failure(std::uint16_t site) const {
    const auto failures = all<Fail>(site);
    return failures.empty() ? "none" : failures[0].error.message();
  }

  std::optional<StoreState> stored;  // as it was saved last
  std::vector<Site> sites;
  std::set<std::pair<std::uint16_t, std::uint16_t>> cuts;
  std::set<SiteId> not_heard_yet;  // by anybody, in their present starts

 protected:
  void start(std::uint16_t site, Incarnation incarnation) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < sites.size(); ++i) names.push_back("site" + std::to_string(i));
    const auto direct = [this](SiteId a, SiteId b) {
      return !sites[a.value].dead && !sites[b.value].dead && !cuts.contains(std::minmax(a.value, b.value));
    };
    const auto heard = [this, direct](SiteId a, SiteId b) {
      return direct(a, b) && !not_heard_yet.contains(a) && !not_heard_yet.contains(b);
    };
    const Surroundings surroundings{.direct = direct,
                                    .heard = heard,
                                    .reaches = [this](SiteId to) { return !sites[to.value].dead; },
                                    .incarnation = [this](SiteId of) { return sites[of.value].incarnation; },
                                    .view_of = [this](SiteId of) { return sites[of.value].said_view; }};
    const auto schedule = [](const std::vector<SiteId>& members) {
      wire::Schedule made;
      for (const SiteId owner : members) made.pieces.push_back({{}, owner});
      return made;
    };
    sites[site].incarnation = incarnation;
    sites[site].member = std::make_unique<Member>(Member::Settings{.run = "test",
                                                                   .self = SiteId{site},
                                                                   .site_names = names,
                                                                   .incarnation = incarnation,
                                                                   .schedule = schedule,
                                                                   .store = site == 0 ? stored : std::nullopt,
                                                                   .surroundings = surroundings});
  }
};

}  // namespace intertie::members
