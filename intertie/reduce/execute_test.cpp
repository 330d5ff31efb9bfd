#include "intertie/reduce/execute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>

#include "intertie/codec/codec.h"

namespace intertie::reduce {
namespace {

using wire::Reduction;

struct Case {
  Reduction reduction;
  std::uint16_t sites;
  std::uint64_t elements;
  Encoding encoding;
  std::uint32_t bucket_blocks;
};

// All sites of a merge in one place; chunks are delivered in an order that `random` decides.
class World {
 public:
  World(const Case& c, unsigned seed) : case_(c), random_(seed) {
    schedule_ = make_schedule({c.reduction, c.sites, c.elements, c.bucket_blocks});
    for (std::uint16_t i = 0; i < c.sites; ++i) {
      values_.push_back(draw(c.elements));
      results_.emplace_back(c.elements, -1.0F);
      set_.push_back({SiteId{i}, Incarnation{1}, Contribution{1}, static_cast<float>(i + 1) / 10});
    }
    for (std::uint16_t i = 0; i < c.sites; ++i) {
      sites_.push_back(std::make_unique<Execution>(Execution::Settings{.merge = kMerge,
                                                                       .self = SiteId{i},
                                                                       .incarnation = Incarnation{1},
                                                                       .num_sites = c.sites,
                                                                       .contribution_encoding = c.encoding,
                                                                       .result_encoding = c.encoding},
                                                   schedule_, results_[i]));
    }
  }

  void run() {
    std::vector<std::pair<std::uint16_t, std::size_t>> steps;  // (site, slot to offer), or slot = presume
    const std::size_t slots = sites_[0]->slots().size();
    for (std::uint16_t i = 0; i < case_.sites; ++i) {
      for (std::size_t slot = 0; slot <= slots; ++slot) steps.emplace_back(i, slot);
    }
    std::shuffle(steps.begin(), steps.end(), random_);
    while (!steps.empty() || !in_flight_.empty()) {
      const bool act = !steps.empty() && (in_flight_.empty() || random_() % 2 == 0);
      Sends sends;
      if (act) {
        const auto [site, slot] = steps.back();
        steps.pop_back();
        slot == slots ? presume(site, sends) : offer(site, slot, sends);
      } else {
        deliver(sends);
      }
      in_flight_.insert(in_flight_.end(), sends.begin(), sends.end());
    }
  }

  std::vector<float> expected() const {
    std::vector<float> sum(case_.elements);
    std::vector<float> decoded(case_.elements);
    for (std::size_t i = 0; i < set_.size(); ++i) {
      std::vector<std::byte> bytes(codec::encoded_size(case_.encoding, case_.elements));
      codec::encode(case_.encoding, values_[i], bytes);
      codec::decode(case_.encoding, bytes, decoded);
      for (std::size_t k = 0; k < sum.size(); ++k) {
        const float product = set_[i].weight * decoded[k];
        sum[k] = i == 0 ? product : sum[k] + product;
      }
    }
    if (case_.reduction == Reduction::owners) {
      std::vector<std::byte> bytes(codec::encoded_size(case_.encoding, case_.elements));
      codec::encode(case_.encoding, sum, bytes);
      codec::decode(case_.encoding, bytes, sum);
    }
    return sum;
  }

  Case case_;
  std::mt19937 random_;
  wire::Schedule schedule_;
  std::vector<std::vector<float>> values_;
  std::vector<std::vector<float>> results_;
  std::vector<SetMember> set_;
  std::vector<std::unique_ptr<Execution>> sites_;
  std::vector<Send> in_flight_;
  std::size_t bytes_sent_ = 0;
  bool duplicate_everything_ = false;
  static constexpr MergeId kMerge{FragmentId{0}, Version{7}};

 private:
  std::vector<float> draw(std::uint64_t elements) {
    std::normal_distribution<float> normal;
    std::vector<float> values(elements);
    for (float& value : values) value = normal(random_);
    return values;
  }
  void presume(std::uint16_t site, Sends& sends) { ASSERT_TRUE(sites_[site]->presume(set_, sends)); }
  void offer(std::uint16_t site, std::size_t slot, Sends& sends) {
    const ElementRange range = elements_of(sites_[site]->slots()[slot].blocks, case_.elements);
    std::vector<std::byte> bytes(codec::encoded_size(case_.encoding, range.size()));
    codec::encode(case_.encoding, std::span(values_[site]).subspan(range.first, range.size()), bytes);
    sites_[site]->offer(slot, Contribution{1}, SharedBytes(std::move(bytes)), sends);
  }
  void deliver(Sends& sends) {
    std::swap(in_flight_[random_() % in_flight_.size()], in_flight_.back());
    const Send send = in_flight_.back();
    in_flight_.pop_back();
    bytes_sent_ += send.chunk.payload.size();
    for (int copy = 0; copy < (duplicate_everything_ ? 2 : 1); ++copy) {
      const auto received = sites_[send.to.value]->receive(send.chunk, sends);
      ASSERT_TRUE(received) << received.error().message();
    }
  }
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class ExecutionCases : public testing::TestWithParam<Case> {};

TEST_P(ExecutionCases, EverySiteGetsTheBitsOfTheSumInSiteOrderWhateverTheOrderOfArrival) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    World world(GetParam(), seed);
    world.run();
    for (std::uint16_t i = 0; i < world.case_.sites; ++i) {
      EXPECT_TRUE(world.sites_[i]->committed());
      EXPECT_TRUE(same_bits(world.results_[i], world.expected())) << "site " << i << ", seed " << seed;
    }
  }
}

TEST_P(ExecutionCases, SendsExactlyTheBytesThatTheCostTableSays) {
  World world(GetParam(), 3);
  world.run();
  const double size = static_cast<double>(codec::encoded_size(world.case_.encoding, 1));
  const Cost cost = predict(world.schedule_, world.case_.sites, {size, size}, {});
  // Shares are whole blocks, so a single site may be off by a block; the total of all sites is not.
  EXPECT_NEAR(static_cast<double>(world.bytes_sent_), static_cast<double>(cost.sent_per_site.value) * world.case_.sites,
              world.case_.sites);
}

TEST_P(ExecutionCases, DuplicatesAreDroppedAndCounted) {
  World world(GetParam(), 5);
  world.duplicate_everything_ = true;
  world.run();
  std::uint64_t duplicates = 0;
  for (const auto& site : world.sites_) duplicates += site->num_duplicates();
  EXPECT_EQ(duplicates > 0, world.case_.sites > 1);
  EXPECT_TRUE(same_bits(world.results_[0], world.expected()));
}

constexpr std::uint64_t kElements = 100 * kBlockElements + 123;
INSTANTIATE_TEST_SUITE_P(Execution, ExecutionCases,
                         testing::Values(Case{Reduction::gather, 1, kElements, Encoding::f32, 0},
                                         Case{Reduction::gather, 2, kElements, Encoding::f32, 0},
                                         Case{Reduction::gather, 3, kElements, Encoding::bf16, 0},
                                         Case{Reduction::owners, 3, kElements, Encoding::f32, 0},
                                         Case{Reduction::owners, 4, kElements, Encoding::bf16, 20},
                                         Case{Reduction::owners, 5, 3 * kBlockElements, Encoding::f32, 0}));

class ExecutionMisfits : public testing::Test {
 protected:
  ExecutionMisfits() : world({Reduction::owners, 3, kElements, Encoding::f32, 0}, 1) {
    Sends sends;
    const SiteId owner = world.sites_[0]->slots()[0].owner;
    EXPECT_EQ(owner, SiteId{0});
    const std::size_t size = codec::encoded_size(Encoding::f32, kChunkBlocks * kBlockElements);
    good = {.kind = wire::ChunkKind::contribution,
            .merge = World::kMerge,
            .site = SiteId{1},
            .incarnation = Incarnation{1},
            .contribution = Contribution{1},
            .blocks = {0, kChunkBlocks},
            .payload = SharedBytes(std::vector<std::byte>(size))};
  }
  std::string refusal(const wire::Chunk& chunk, std::uint16_t at = 0) {
    Sends sends;
    const auto result = world.sites_[at]->receive(chunk, sends);
    return result ? "accepted" : result.error().message();
  }
  World world;
  wire::Chunk good;
};

TEST_F(ExecutionMisfits, WhatDoesNotFitIsRefused) {
  EXPECT_EQ(refusal(good), "accepted");
  wire::Chunk chunk = good;
  chunk.merge.version = Version{8};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("another merge"));
  chunk = good;
  chunk.restart = Restart{1};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("another merge or restart"));
  chunk = good;
  chunk.site = SiteId{0};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("no say"));
  chunk = good;
  chunk.site = SiteId{9};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("no say"));
  chunk = good;
  chunk.blocks = {1, kChunkBlocks};
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("no chunk of the schedule"));
  chunk = good;
  chunk.encoding = Encoding::bf16;
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("unexpected encoding bf16"));
  chunk = good;
  chunk.payload = chunk.payload.slice(0, 100);
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("another size"));
  EXPECT_THAT(refusal(good, 2), testing::HasSubstr("another site sums"));
  chunk = good;
  chunk.kind = wire::ChunkKind::result;
  EXPECT_THAT(refusal(chunk), testing::HasSubstr("does not own"));
}

TEST_F(ExecutionMisfits, AResultOfAnotherSetIsRefused) {
  Sends sends;
  wire::Chunk chunk = good;
  chunk.kind = wire::ChunkKind::result;
  chunk.site = SiteId{0};
  chunk.set = Hash64{42};
  EXPECT_EQ(refusal(chunk, 2), "accepted") << "held until the set is known";
  const auto presumed = world.sites_[2]->presume(world.set_, sends);
  ASSERT_FALSE(presumed);
  EXPECT_THAT(presumed.error().message(), testing::HasSubstr("is the sum of set 000000000000002a"));
}

TEST_F(ExecutionMisfits, SaysWhomItWaitsFor) {
  EXPECT_GT(world.sites_[0]->num_missing_from(SiteId{1}), 0U);
  world.run();
  EXPECT_EQ(world.sites_[0]->num_missing_from(SiteId{1}), 0U);
}

}  // namespace
}  // namespace intertie::reduce
