#include "intertie/members/flush.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace intertie::members {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::ChunkSet;
using wire::ChunkSource;
using wire::FlushReport;
using wire::MemberRecord;
using wire::OpenMerge;
using wire::OrderKind;

constexpr std::uint32_t kChunks = 6;

MemberRecord maker(std::uint16_t site) { return {SiteId{site}, Incarnation{10U + site}}; }

std::vector<MemberRecord> makers(std::initializer_list<std::uint16_t> sites) {
  std::vector<MemberRecord> records;
  for (const std::uint16_t site : sites) records.push_back(maker(site));
  return records;
}

ChunkSet some(std::initializer_list<std::size_t> chunks) {
  ChunkSet set(kChunks);
  for (const std::size_t chunk : chunks) set.add(chunk);
  return set;
}
ChunkSet all_chunks() { return some({0, 1, 2, 3, 4, 5}); }

// A merge made by sites 0 to 3, of which nothing is here.
OpenMerge open_merge(std::uint64_t version) {
  return {.merge = {FragmentId{0}, Version{version}},
          .num_chunks = kChunks,
          .members = makers({0, 1, 2, 3}),
          .set = makers({0, 1, 2, 3}),
          .results = some({}),
          .contributions = {some({}), some({}), some({}), some({})}};
}

OpenMerge with_results(OpenMerge open, const ChunkSet& results) {
  open.results = results;
  return open;
}
OpenMerge with_contribution(OpenMerge open, std::size_t author, const ChunkSet& chunks) {
  open.contributions[author] = chunks;
  return open;
}

FlushReport report_of(std::uint64_t applied, std::vector<OpenMerge> merges, bool ends = false) {
  return {.number = ViewNumber{2}, .applied = Version{applied}, .ends = ends, .merges = std::move(merges)};
}

TEST(Flush, WhereAllHaveAppliedTheSameOnlyTheOpenMergeIsOrdered) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {with_results(open_merge(4), all_chunks()), open_merge(5)})},
                                       {SiteId{2}, report_of(4, {open_merge(5)})}});
  EXPECT_THAT(outcome.survivors, ElementsAre(SiteId{0}, SiteId{2}));
  EXPECT_THAT(outcome.left_behind, IsEmpty());
  EXPECT_EQ(outcome.from_version, Version{6});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].merge.version, Version{5});
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::resum);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 2}));
  EXPECT_EQ(outcome.orders[0].survivors, outcome.survivors);
  EXPECT_THAT(outcome.orders[0].sources, IsEmpty());
}

// Site 3 has died and is a member again, of the merges after this one, while this one is still open.
TEST(Flush, ANewStartOfASiteHasNoPartInWhatTheOneBeforeItWasToMake) {
  const std::map<SiteId, FlushReport> reports = {
      {SiteId{0}, report_of(4, {open_merge(5)})}, {SiteId{1}, report_of(4, {open_merge(5)})}, {SiteId{3}, report_of(4, {})}};
  std::map<SiteId, Incarnation> starts;
  for (const std::uint16_t site : {0, 1, 3}) starts[SiteId{site}] = maker(site).incarnation;
  EXPECT_EQ(decide(reports, starts).orders.at(0).set, makers({0, 1, 3}));
  starts[SiteId{3}] = Incarnation{99};
  const FlushOutcome outcome = decide(reports, starts);
  EXPECT_THAT(outcome.survivors, ElementsAre(SiteId{0}, SiteId{1}, SiteId{3}));
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1}));
  EXPECT_THAT(outcome.orders[0].survivors, ElementsAre(SiteId{0}, SiteId{1}));
}

TEST(Flush, WhatOneHasAppliedAllAdopt) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {open_merge(5)})},
                                       {SiteId{1}, report_of(4, {with_results(open_merge(5), some({0, 1, 2}))})},
                                       {SiteId{3}, report_of(5, {with_results(open_merge(5), all_chunks()), open_merge(6)})}});
  EXPECT_EQ(outcome.from_version, Version{7});
  ASSERT_EQ(outcome.orders.size(), 2U);
  EXPECT_EQ(outcome.orders[0].merge.version, Version{5});
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::adopt);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1, 2, 3})) << "with the dead site's contribution, as it was applied";
  EXPECT_EQ(outcome.orders[1].merge.version, Version{6});
  EXPECT_EQ(outcome.orders[1].kind, OrderKind::resum);
  EXPECT_EQ(outcome.orders[1].set, makers({0, 1, 3}));
}

TEST(Flush, WhatWasAppliedBeatsAnotherSetThatIsWholeToo) {
  OpenMerge other = with_results(open_merge(5), all_chunks());
  other.set = makers({0, 1, 3});
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {other})},
                                       {SiteId{3}, report_of(5, {with_results(open_merge(5), all_chunks()), open_merge(6)})}});
  ASSERT_FALSE(outcome.orders.empty());
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1, 2, 3}));
  EXPECT_THAT(outcome.orders[0].sources, ElementsAre(ChunkSource{SiteId{}, 0, kChunks, SiteId{3}}));
}

TEST(Flush, ResultsOfOneSetThatAreTogetherWholeAreAdopted) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {with_results(open_merge(5), some({0, 1, 4}))})},
                                       {SiteId{1}, report_of(4, {with_results(open_merge(5), some({1, 2, 3}))})},
                                       {SiteId{3}, report_of(4, {with_results(open_merge(5), some({5}))})}});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::adopt);
  EXPECT_THAT(outcome.orders[0].sources,
              ElementsAre(ChunkSource{SiteId{}, 0, 2, SiteId{0}}, ChunkSource{SiteId{}, 2, 4, SiteId{1}},
                          ChunkSource{SiteId{}, 4, 5, SiteId{0}}, ChunkSource{SiteId{}, 5, 6, SiteId{3}}));
}

TEST(Flush, ResultsOfDifferentSetsAreNotMixed) {
  OpenMerge second = with_results(open_merge(5), some({3, 4, 5}));
  second.set = makers({0, 1, 3});
  const FlushOutcome outcome =
      decide({{SiteId{0}, report_of(4, {with_results(open_merge(5), some({0, 1, 2}))})}, {SiteId{1}, report_of(4, {second})}});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::resum);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1}));
}

TEST(Flush, OneChunkThatNobodyHoldsMeansToSumAgain) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {with_results(open_merge(5), some({0, 1, 2}))})},
                                       {SiteId{1}, report_of(4, {with_results(open_merge(5), some({0, 4, 5}))})}});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::resum);
}

TEST(Flush, ADeadSitesContributionCountsIfTheSurvivorsHoldItWhole) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {with_contribution(open_merge(5), 2, some({0, 1, 2, 5}))})},
                                       {SiteId{1}, report_of(4, {with_contribution(open_merge(5), 2, some({3, 4}))})},
                                       {SiteId{3}, report_of(4, {open_merge(5)})}});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::resum);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1, 2, 3})) << "in site order";
  EXPECT_THAT(outcome.orders[0].sources,
              ElementsAre(ChunkSource{SiteId{2}, 0, 3, SiteId{0}}, ChunkSource{SiteId{2}, 3, 5, SiteId{1}},
                          ChunkSource{SiteId{2}, 5, 6, SiteId{0}}));
}

TEST(Flush, ADeadSitesContributionThatLacksAChunkDoesNotCount) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {with_contribution(open_merge(5), 2, some({0, 1, 2, 5}))})},
                                       {SiteId{1}, report_of(4, {with_contribution(open_merge(5), 2, some({3}))})}});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1}));
  EXPECT_THAT(outcome.orders[0].sources, IsEmpty());
}

TEST(Flush, ASurvivorThatHasNotOfferedYetIsWaitedFor) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(4, {with_contribution(open_merge(5), 0, all_chunks())})},
                                       {SiteId{1}, report_of(4, {open_merge(5)})}});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1}));
}

TEST(Flush, WhoeverMissesMoreThanOthersHoldIsLeftBehind) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(6, {with_results(open_merge(6), all_chunks()), open_merge(7)})},
                                       {SiteId{1}, report_of(5, {open_merge(6)})},
                                       {SiteId{3}, report_of(4, {open_merge(5)})}});
  EXPECT_THAT(outcome.survivors, ElementsAre(SiteId{0}, SiteId{1}));
  EXPECT_THAT(outcome.left_behind, ElementsAre(SiteId{3}));
  ASSERT_EQ(outcome.orders.size(), 2U);
  EXPECT_EQ(outcome.orders[1].set, makers({0, 1})) << "not waited for";
  for (const wire::MergeOrder& order : outcome.orders) EXPECT_THAT(order.survivors, ElementsAre(SiteId{0}, SiteId{1}));
}

// A site that came has the rest on its way from its donor, and is not thrown out for it; but if the donor goes too.
TEST(Flush, WhoeverIsFedByOneThatStaysKeepsUp) {
  FlushReport fed = report_of(4, {});
  fed.fed = true;
  fed.donor = SiteId{1};
  const FlushReport up_to_date = report_of(7, {with_results(open_merge(7), all_chunks()), open_merge(8)});
  FlushOutcome outcome = decide({{SiteId{0}, up_to_date}, {SiteId{1}, up_to_date}, {SiteId{3}, fed}});
  EXPECT_THAT(outcome.left_behind, IsEmpty());
  EXPECT_THAT(outcome.survivors, ElementsAre(SiteId{0}, SiteId{1}, SiteId{3}));
  outcome = decide({{SiteId{0}, up_to_date}, {SiteId{2}, up_to_date}, {SiteId{3}, fed}});
  EXPECT_THAT(outcome.left_behind, ElementsAre(SiteId{3}));
  // Its donor may be fed itself.
  FlushReport between = report_of(5, {});
  between.fed = true;
  between.donor = SiteId{0};
  EXPECT_THAT(decide({{SiteId{0}, up_to_date}, {SiteId{1}, between}, {SiteId{3}, fed}}).left_behind, IsEmpty());
  between.donor = SiteId{3};
  EXPECT_THAT(decide({{SiteId{0}, up_to_date}, {SiteId{1}, between}, {SiteId{3}, fed}}).left_behind,
              ElementsAre(SiteId{1}, SiteId{3}))
      << "not by each other";
}

TEST(Flush, AtTheEndNoMergeIsOpen) {
  const FlushOutcome outcome = decide({{SiteId{0}, report_of(6, {with_results(open_merge(6), all_chunks())}, true)},
                                       {SiteId{1}, report_of(5, {with_results(open_merge(6), some({1}))})}});
  EXPECT_EQ(outcome.from_version, Version{7});
  ASSERT_EQ(outcome.orders.size(), 1U);
  EXPECT_EQ(outcome.orders[0].merge.version, Version{6});
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::adopt);
  EXPECT_THAT(decide({{SiteId{0}, report_of(6, {with_results(open_merge(6), all_chunks())}, true)}}).orders, IsEmpty());
}

TEST(Flush, ASetThatAFirstFlushOrderedIsWhatTheSecondOneSees) {
  // The first flush ordered a sum without site 2; then site 3 died, and a survivor already has the result.
  OpenMerge ordered = with_results(open_merge(5), all_chunks());
  ordered.set = makers({0, 1, 3});
  OpenMerge behind = open_merge(5);
  behind.set = ordered.set;
  const FlushOutcome outcome =
      decide({{SiteId{0}, report_of(4, {behind})}, {SiteId{1}, report_of(5, {ordered, open_merge(6)})}});
  ASSERT_EQ(outcome.orders.size(), 2U);
  EXPECT_EQ(outcome.orders[0].kind, OrderKind::adopt);
  EXPECT_EQ(outcome.orders[0].set, makers({0, 1, 3}));
}

bool in_set(const std::vector<MemberRecord>& set, SiteId site) {
  return std::any_of(set.begin(), set.end(), [site](const MemberRecord& member) { return member.site == site; });
}

// Random reports of up to three survivors of four, one version apart at most; the open merge is held at random.
std::map<SiteId, FlushReport> random_reports(std::mt19937& random) {
  const auto draw = [&random](unsigned out_of_eight) {
    ChunkSet set(kChunks);
    for (std::size_t chunk = 0; chunk < kChunks; ++chunk) {
      if (random() % 8 < out_of_eight) set.add(chunk);
    }
    return set;
  };
  std::map<SiteId, FlushReport> reports;
  for (const std::uint16_t site : {0, 1, 3}) {
    OpenMerge open = open_merge(5);
    if (random() % 3 == 0) open.set = makers({0, 1, 3});
    open.results = draw(static_cast<unsigned>(random() % 9));
    for (ChunkSet& contribution : open.contributions) contribution = draw(static_cast<unsigned>(random() % 9));
    reports[SiteId{site}] = report_of(4, {open});
  }
  return reports;
}

TEST(Flush, SourcesCoverEveryChunkOnceAndSayTheTruth) {
  std::mt19937 random(3);
  std::set<std::pair<OrderKind, std::size_t>> seen;
  for (int run = 0; run < 500; ++run) {
    const auto reports = random_reports(random);
    const FlushOutcome outcome = decide(reports);
    ASSERT_EQ(outcome.orders.size(), 1U);
    const wire::MergeOrder& order = outcome.orders[0];
    seen.emplace(order.kind, order.set.size());
    std::map<SiteId, std::vector<int>> covered;  // by author
    for (const ChunkSource& source : order.sources) {
      auto& chunks = covered.try_emplace(source.author, kChunks).first->second;
      const OpenMerge& held = reports.at(source.from).merges[0];
      for (std::uint32_t chunk = source.first; chunk < source.last; ++chunk) {
        ++chunks[chunk];
        const bool truth = order.kind == OrderKind::adopt ? held.set == order.set && held.results.has(chunk)
                                                          : held.contributions[source.author.value].has(chunk);
        EXPECT_TRUE(truth) << "run " << run << ", chunk " << chunk;
      }
    }
    for (const auto& [author, chunks] : covered) EXPECT_THAT(chunks, testing::Each(1)) << "run " << run;
    const bool needs_sources = order.kind == OrderKind::adopt || in_set(order.set, SiteId{2});
    EXPECT_EQ(covered.size(), needs_sources ? 1U : 0U) << "run " << run;
    for (const SiteId survivor : outcome.survivors) EXPECT_TRUE(in_set(order.set, survivor));
  }
  EXPECT_EQ(seen.size(), 4U) << "adopted and summed again, each with and without the dead site";
}

}  // namespace
}  // namespace intertie::members
