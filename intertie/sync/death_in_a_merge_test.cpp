// One merge at four sites of which one or two die, whenever it may be: executions as reduce/ makes them, ordered by what
// members/ decides from their reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "intertie/members/flush.h"
#include "intertie/reduce/executions_fixture.h"

namespace intertie::sync {
namespace {

using reduce::Executions;
using wire::OrderKind;

class DyingSites {
 public:
  DyingSites(const Executions::Case& c, unsigned seed, int deaths) : world_(c, seed), random_(seed), deaths_left_(deaths) {
    alive_.insert(c.members.begin(), c.members.end());
    for (const SiteId site : c.members) {
      for (std::size_t slot = 0; slot < world_.num_slots(); ++slot) offers_.emplace_back(site, slot);
    }
    std::shuffle(offers_.begin(), offers_.end(), random_);
    dies_at_ = random_() % (8 * offers_.size());
  }

  void run() {
    for (std::size_t step = 0; step < 100'000 && !done(); ++step) {
      if (deaths_left_ > 0 && step >= dies_at_) {
        die();
        dies_at_ = step + random_() % (2 * offers_.size() + 10);
      }
      act();
      for (const SiteId site : alive_) apply_if_it_may(site);
    }
  }
  void check() {
    ASSERT_TRUE(done());
    const SiteId first = *alive_.begin();
    ASSERT_TRUE(applied_.contains(first)) << "site " << first;
    for (const SiteId site : alive_) {
      ASSERT_TRUE(applied_.contains(site)) << "site " << site;
      EXPECT_EQ(applied_[site].set, applied_[first].set) << "site " << site;
      EXPECT_TRUE(reduce::same_bits(applied_[site].result, applied_[first].result)) << "site " << site;
    }
    EXPECT_TRUE(reduce::same_bits(applied_[first].result, world_.expected(applied_[first].set)));
    for (const SiteId site : alive_) EXPECT_THAT(applied_[first].set, testing::Contains(site)) << "what it trained is lost";
  }
  // What the orders were: their kind, and whether a dead site's contribution was in the set.
  const std::set<std::pair<OrderKind, bool>>& seen() const { return seen_; }

 private:
  struct Applied {
    std::vector<SiteId> set;
    std::vector<float> result;
  };

  bool done() const { return deaths_left_ == 0 && !flushes_ && offers_.empty() && world_.in_flight_.empty() && views_.empty(); }
  void act() {
    switch (random_() % 6) {
      case 0:
      case 1: offer(); break;
      case 2: report(); break;
      case 3: take_view(); break;
      default:
        if (!world_.in_flight_.empty()) world_.deliver_one();
    }
  }
  void offer() {
    if (offers_.empty()) return;
    const auto [site, slot] = offers_.back();
    offers_.pop_back();
    if (!applied_.contains(site)) world_.offer(site, slot);
  }
  void apply_if_it_may(SiteId site) {
    reduce::Execution& execution = world_.at(site.value);
    if (reporting_.contains(site) || applied_.contains(site) || !execution.committed()) return;
    Applied applied{{}, std::vector<float>(execution.result().begin(), execution.result().end())};
    for (const reduce::SetMember& member : execution.set()) applied.set.push_back(member.site);
    applied_[site] = std::move(applied);
    execution.forget_contributions();
  }

  // Some of what it had sent still arrives.
  void die() {
    --deaths_left_;
    auto chosen = alive_.begin();
    std::advance(chosen, random_() % alive_.size());
    const SiteId dead = *chosen;
    alive_.erase(chosen);
    world_.dead_.insert(dead);
    world_.lose_unless(
        [&](const Executions::InFlight& each) { return each.send.to != dead && (each.from != dead || random_() % 2 == 0); });
    std::erase_if(offers_, [dead](const auto& each) { return each.first == dead; });
    views_.erase(dead);
    flushes_ = true;
    reports_.clear();
  }
  // At a site chosen at random that has not reported since the last death, and has seen every view of before.
  void report() {
    if (!flushes_) return;
    auto chosen = alive_.begin();
    std::advance(chosen, random_() % alive_.size());
    const SiteId site = *chosen;
    if (reports_.contains(site) || views_.contains(site)) return;
    reporting_.insert(site);
    const Version version = Executions::kMerge.version;
    reports_[site] = {.number = {},
                      .applied = applied_.contains(site) ? version : Version{version.value - 1},
                      .ends = false,
                      .merges = {world_.at(site.value).holdings()}};
    if (reports_.size() == alive_.size()) decide();
  }
  void decide() {
    const members::FlushOutcome outcome = members::decide(reports_);
    ASSERT_TRUE(outcome.left_behind.empty());
    flushes_ = false;
    for (const SiteId site : alive_) views_[site].push_back(outcome.orders);
    for (const wire::MergeOrder& order : outcome.orders) {
      seen_.emplace(order.kind, order.set.size() > order.survivors.size());
    }
  }
  // The view comes to a site chosen at random: nothing of the dead does any more.
  void take_view() {
    if (views_.empty()) return;
    auto chosen = views_.begin();
    std::advance(chosen, random_() % views_.size());
    const SiteId site = chosen->first;
    const std::vector<wire::MergeOrder> orders = chosen->second.front();
    chosen->second.erase(chosen->second.begin());
    if (chosen->second.empty()) views_.erase(chosen);
    world_.lose_unless([&](const Executions::InFlight& each) { return each.send.to != site || alive_.contains(each.from); });
    reporting_.erase(site);
    for (const wire::MergeOrder& order : orders) {
      if (!applied_.contains(site)) world_.order_at(site, order);
    }
  }

  Executions world_;
  std::mt19937 random_;
  int deaths_left_;
  std::size_t dies_at_ = 0;
  std::set<SiteId> alive_;
  std::vector<std::pair<SiteId, std::size_t>> offers_;
  bool flushes_ = false;
  std::set<SiteId> reporting_;  // and without a view since: they apply nothing
  std::map<SiteId, wire::FlushReport> reports_;
  std::map<SiteId, std::vector<std::vector<wire::MergeOrder>>> views_;  // on their way
  std::map<SiteId, Applied> applied_;
  std::set<std::pair<OrderKind, bool>> seen_;
};

void try_seeds(wire::Reduction reduction, int deaths) {
  const Executions::Case c{reduction, reduce::sites_numbered({0, 1, 3, 6}), 5 * kBlockElements + 5, Encoding::bf16, 3};
  std::set<std::pair<OrderKind, bool>> seen;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    DyingSites sites(c, seed, deaths);
    sites.run();
    sites.check();
    if (testing::Test::HasFailure()) return;
    seen.insert(sites.seen().begin(), sites.seen().end());
  }
  EXPECT_TRUE(seen.contains({OrderKind::adopt, true}));
  EXPECT_TRUE(seen.contains({OrderKind::resum, false}));
  // Of an owner, its own part of its contribution is nowhere else.
  EXPECT_EQ(seen.contains({OrderKind::resum, true}), reduction == wire::Reduction::gather);
}

TEST(DeathInAMerge, SurvivorsOfOwnersGetTheSameBits) { try_seeds(wire::Reduction::owners, 1); }
TEST(DeathInAMerge, SurvivorsOfAGatherGetTheSameBits) { try_seeds(wire::Reduction::gather, 1); }
TEST(DeathInAMerge, SurvivorsOfTwoDeathsAmongOwnersGetTheSameBits) { try_seeds(wire::Reduction::owners, 2); }
TEST(DeathInAMerge, SurvivorsOfTwoDeathsInAGatherGetTheSameBits) { try_seeds(wire::Reduction::gather, 2); }

}  // namespace
}  // namespace intertie::sync
