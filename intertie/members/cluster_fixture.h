// The members of a run in one place: what they send each other arrives in order, and what else they do is collected.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "intertie/members/sites_of_a_run_fixture.h"

namespace intertie::members {

class Cluster : public SitesOfARun {
 public:
  struct InFlight {
    SiteId from;
    Incarnation incarnation;
    SiteId to;
    wire::Message message;
  };

  explicit Cluster(std::size_t num, std::optional<StoreState> store = {}) : SitesOfARun(num, std::move(store)) {}

  // The site dies; what it had sent is lost with it.
  void kill(std::uint16_t site) {
    sites[site].dead = true;
    std::erase_if(in_flight, [site](const InFlight& each) { return each.from == SiteId{site} || each.to == SiteId{site}; });
  }
  // It comes back as a new start, the holder with what it had saved last.
  void come_back(std::uint16_t site) {
    kill(site);
    sites[site].dead = false;
    sites[site].said_view = {};
    start(site, Incarnation{sites[site].incarnation.value + 100});
  }

  void all_ready() {
    for (std::uint16_t i = 0; i < sites.size(); ++i) say_ready(i);
  }
  void say_ready(std::uint16_t site) { perform(site, member(site).ready(sites[site].ready)); }
  void beat(Duration passed = std::chrono::milliseconds(250)) {
    now += passed;
    for (std::uint16_t i = 0; i < sites.size(); ++i) {
      if (!sites[i].dead) perform(i, member(i).beat(now));
    }
  }

  void perform(std::uint16_t site, Actions actions) {
    take(site, std::move(actions));
    if (!hold_messages) deliver();
  }
  void deliver() {
    hold_messages = false;
    while (!in_flight.empty()) deliver_one();
  }
  void deliver_one() {
    const InFlight next = std::move(in_flight.front());
    in_flight.pop_front();
    if (sites[next.to.value].dead) return;
    take(next.to.value, member(next.to.value).receive(next.from, next.incarnation, next.message));
  }

  wire::View last_view(std::uint16_t site) const {
    const auto views = all<EnterView>(site);
    EXPECT_FALSE(views.empty()) << "site " << site << " never entered a view";
    return views.empty() ? wire::View() : views.back().view;
  }
  std::vector<SiteId> members_at(std::uint16_t site) const {
    std::vector<SiteId> members;
    for (const wire::MemberRecord& record : last_view(site).members) members.push_back(record.site);
    return members;
  }

  std::deque<InFlight> in_flight;
  bool hold_messages = false;
  env::TimePoint now = env::TimePoint{} + std::chrono::hours(1);

 private:
  void take(std::uint16_t site, Actions actions) {
    for (Action& action : actions) {
      if (const auto* send = std::get_if<SendTo>(&action)) {
        for (const SiteId to : send->to) {
          EXPECT_NE(to, SiteId{site}) << "nobody sends to itself";
          in_flight.push_back({SiteId{site}, sites[site].incarnation, to, send->message});
        }
        continue;
      }
      sites[site].done.push_back(action);
      if (const auto* persist = std::get_if<Persist>(&action)) stored = persist->state;
      const auto* report = std::get_if<ReportFor>(&action);
      if (!report || !sites[site].reports) continue;
      wire::FlushReport said = sites[site].report;
      said.number = report->number;
      take(site, member(site).report(said));
    }
  }
};

}  // namespace intertie::members
