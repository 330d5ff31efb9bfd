// The executions of one merge at all its members, in one place; what they send is delivered in an order that a seed decides.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "intertie/reduce/contributions_fixture.h"

namespace intertie::reduce {

class Executions : public Contributions {
 public:
  struct InFlight {
    SiteId from;
    Send send;
  };

  Executions(Case c, unsigned seed) : Contributions(std::move(c), seed) {
    schedule_ = make_schedule({case_.reduction, case_.members, case_.elements, case_.bucket_blocks});
    for (const SiteId site : case_.members) {
      const Execution::Settings settings{.merge = kMerge,
                                         .self = site,
                                         .incarnation = incarnation_of(site),
                                         .num_sites = static_cast<std::uint16_t>(case_.members.back().value + 1),
                                         .contribution_encoding = case_.encoding,
                                         .result_encoding = case_.encoding};
      sites_[site] =
          std::make_unique<Execution>(settings, schedule_, set_of(case_.members), std::vector<float>(case_.elements, -1.0F));
    }
  }

  Execution& at(std::uint16_t site) { return *sites_.at(SiteId{site}); }
  std::size_t num_slots() const { return sites_.begin()->second->slots().size(); }

  void offer(SiteId site, std::size_t slot) {
    const ElementRange range = elements_of(sites_.at(site)->slots()[slot].blocks, case_.elements);
    act(site, [&](Sends& sends) { sites_.at(site)->offer(slot, Contribution{1}, encoded(site, range), sends); });
  }
  void offer_all(std::uint16_t site) {
    for (std::size_t slot = 0; slot < num_slots(); ++slot) offer(SiteId{site}, slot);
  }

  // One of what is in flight, chosen at random.
  void deliver_one() {
    std::swap(in_flight_[random_.below(in_flight_.size())], in_flight_.back());
    const InFlight next = std::move(in_flight_.back());
    in_flight_.pop_back();
    const auto* chunk = std::get_if<wire::Chunk>(&next.send.message);
    if (chunk) bytes_sent_ += chunk->payload.size();
    for (int copy = 0; copy < (duplicate_everything_ ? 2 : 1); ++copy) {
      act(next.send.to, [&](Sends& sends) {
        Execution& to = *sites_.at(next.send.to);
        const Result<void> taken =
            chunk ? to.receive(*chunk, sends) : to.serve(next.from, std::get<wire::ChunkRequest>(next.send.message), sends);
        ASSERT_TRUE(taken) << taken.error().message();
      });
    }
  }
  void deliver_all() {
    while (!in_flight_.empty()) deliver_one();
  }
  // What it has sent, or what is on its way to it, is lost, and nothing comes of it any more.
  void kill(std::uint16_t site) {
    dead_.insert(SiteId{site});
    lose_unless([site](const InFlight& each) { return each.from != SiteId{site} && each.send.to != SiteId{site}; });
  }
  template <class Keep>
  void lose_unless(Keep keep) {
    std::erase_if(in_flight_, [&](const InFlight& each) { return !keep(each); });
  }
  // At all who complete the merge.
  void order(const wire::MergeOrder& order) {
    for (const SiteId site : order.survivors) order_at(site, order);
  }
  void order_at(SiteId site, const wire::MergeOrder& order) {
    std::vector<SiteId> sites;
    for (const wire::MemberRecord& member : order.set) sites.push_back(member.site);
    act(site, [&](Sends& sends) { sites_.at(site)->order(order, set_of(sites), sends); });
  }

  wire::Schedule schedule_;
  std::map<SiteId, std::unique_ptr<Execution>> sites_;
  std::vector<InFlight> in_flight_;
  std::set<SiteId> dead_;
  std::size_t bytes_sent_ = 0;
  bool duplicate_everything_ = false;

 private:
  template <class Act>
  void act(SiteId site, Act action) {
    Sends sends;
    action(sends);
    for (Send& send : sends) {
      ASSERT_NE(send.to, site);
      if (!dead_.contains(site) && !dead_.contains(send.to)) in_flight_.push_back({site, std::move(send)});
    }
  }
};

}  // namespace intertie::reduce
