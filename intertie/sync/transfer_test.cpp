#include "intertie/sync/transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "intertie/base/hash.h"

namespace intertie::sync {
namespace {

using testing::HasSubstr;

constexpr SiteId kDonor{2};
constexpr std::uint64_t kResultElements = 100;

std::vector<float> ramp(std::size_t size, float first) {
  std::vector<float> values(size);
  std::iota(values.begin(), values.end(), first);
  return values;
}

// A donor's state after version 7: two arrays, of which the second is empty at some methods.
struct Donor {
  wire::StateBegin begin() const {
    wire::StateBegin begin{.number = 3, .restart = Restart{1}, .progress = {.version = Version{7}}, .arrays = {}};
    for (const ArrayCopy& copy : copies()) {
      begin.arrays.push_back({copy.name, copy.bytes.size() / sizeof(float), copy.hash});
    }
    begin.number = number;
    return begin;
  }
  std::vector<ArrayCopy> copies() const { return {copy_of("parameters", parameters), copy_of("momentum", momentum)}; }
  std::vector<wire::StatePart> parts() const {
    std::vector<wire::StatePart> all;
    const std::vector<ArrayCopy> arrays = copies();
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      const auto array = static_cast<std::uint16_t>(i);
      for (auto& part : parts_of(arrays[i], {.number = number, .version = Version{7}, .array = array, .payload = {}})) {
        all.push_back(part);
      }
    }
    return all;
  }
  std::uint64_t number = 3;
  std::vector<float> parameters = ramp(600'000, 1);  // three parts
  std::vector<float> momentum = ramp(50, -7);
};

std::vector<wire::StatePart> result_parts(std::uint64_t number, std::uint64_t version, float first) {
  return parts_of(copy_of("result", ramp(kResultElements, first)),
                  {.number = number, .version = Version{version}, .array = 2, .payload = {}});
}

wire::Replay replay_of(std::uint64_t number, std::uint64_t version) {
  return {number, {.version = Version{version}, .step = version * 5, .next_sample = 0, .tokens = 0}};
}

class Transfer : public testing::Test {
 protected:
  template <class T>
  std::string take(const T& message, SiteId from = kDonor) {
    const Result<void> taken = fetch.take(from, message);
    return taken ? "taken" : taken.error().message();
  }
  void take_state() {
    ASSERT_EQ(take(donor.begin()), "taken");
    for (const wire::StatePart& part : donor.parts()) ASSERT_EQ(take(part), "taken");
  }

  Donor donor;
  std::vector<float> parameters = std::vector<float>(600'000);
  std::vector<float> momentum = std::vector<float>(50);
  Fetch fetch{{{"parameters", parameters}, {"momentum", momentum}}, kResultElements};
};

TEST_F(Transfer, ACopyIsTheBytesAsTheyWereAndTheirHash) {
  std::vector<float> values = ramp(5, 1);
  const ArrayCopy copy = copy_of("parameters", values);
  EXPECT_EQ(copy.hash, hash_bytes(std::as_bytes(std::span(values))));
  values[0] = 99;
  EXPECT_EQ(std::memcmp(copy.bytes.view().data(), ramp(5, 1).data(), 5 * sizeof(float)), 0);
  EXPECT_EQ(copy.bytes.size(), 5 * sizeof(float));
}

TEST_F(Transfer, PartsFollowEachOtherAndFitIntoFrames) {
  const std::vector<wire::StatePart> parts =
      parts_of(donor.copies()[0], {.number = 9, .version = Version{7}, .array = 4, .payload = {}});
  ASSERT_EQ(parts.size(), 3U);
  std::uint64_t next = 0;
  for (const wire::StatePart& part : parts) {
    EXPECT_EQ(part.first, next);
    EXPECT_EQ(part.array, 4U);
    EXPECT_EQ(part.number, 9U);
    EXPECT_LE(part.payload.size(), 1U << 20);
    next += part.payload.size() / sizeof(float);
  }
  EXPECT_EQ(next, 600'000U);
  EXPECT_TRUE(parts_of(copy_of("none", {}), {}).empty());
}

TEST_F(Transfer, WhatIsSentArrivesBitForBit) {
  EXPECT_FALSE(fetch.begun());
  EXPECT_FALSE(fetch.whole());
  ASSERT_EQ(take(donor.begin()), "taken");
  EXPECT_TRUE(fetch.begun());
  EXPECT_EQ(fetch.donor(), kDonor);
  EXPECT_EQ(fetch.begin().progress.version, Version{7});
  const std::vector<wire::StatePart> parts = donor.parts();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_FALSE(fetch.whole()) << i << " parts";
    ASSERT_EQ(take(parts[i]), "taken");
  }
  EXPECT_TRUE(fetch.whole());
  EXPECT_EQ(fetch.values()[0], donor.parameters);
  EXPECT_EQ(fetch.values()[1], donor.momentum);
  EXPECT_TRUE(fetch.check_hashes());
  EXPECT_EQ(fetch.bytes(), 600'050U * sizeof(float));
  EXPECT_EQ(parameters[1], 0.0F) << "this site's own arrays are not touched meanwhile";
}

TEST_F(Transfer, ValuesThatAreNotWhatTheHashSaysAreRefused) {
  wire::StateBegin begin = donor.begin();
  begin.arrays[1].hash = Hash64{1};
  ASSERT_EQ(take(begin), "taken");
  for (const wire::StatePart& part : donor.parts()) ASSERT_EQ(take(part), "taken");
  ASSERT_TRUE(fetch.whole());
  const Result<void> checked = fetch.check_hashes();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message(), HasSubstr("its momentum did not arrive as it was sent"));
}

TEST_F(Transfer, AStateOfAnotherModelIsRefusedBeforeAnythingIsAllocated) {
  wire::StateBegin other = donor.begin();
  other.arrays[0].elements = 1ULL << 60;
  EXPECT_THAT(take(other), HasSubstr("another model or method"));
  other = donor.begin();
  other.arrays[1].name = "second_moment";
  EXPECT_THAT(take(other), HasSubstr("another model or method"));
  other = donor.begin();
  other.arrays.pop_back();
  EXPECT_THAT(take(other), HasSubstr("another model or method"));
  EXPECT_FALSE(fetch.begun());
}

TEST_F(Transfer, PartsThatDoNotFitAreRefused) {
  ASSERT_EQ(take(donor.begin()), "taken");
  const std::vector<wire::StatePart> parts = donor.parts();
  EXPECT_THAT(take(parts[1]), HasSubstr("does not follow the one before"));
  ASSERT_EQ(take(parts[0]), "taken");
  EXPECT_THAT(take(parts[0]), HasSubstr("does not follow")) << "the session has dropped what came twice";
  wire::StatePart part = parts[3];
  part.payload = part.payload.slice(0, 7);
  EXPECT_THAT(take(part), HasSubstr("does not follow")) << "half a float";
  part = parts[3];
  part.version = Version{8};
  EXPECT_THAT(take(part), HasSubstr("another version's state"));
  ASSERT_EQ(take(parts[3]), "taken");
  part = parts[3];
  part.first = 50;
  EXPECT_THAT(take(part), HasSubstr("does not follow")) << "beyond the array's end";
}

TEST_F(Transfer, ResultsThatFollowAreHandedOutInOrder) {
  take_state();
  EXPECT_FALSE(fetch.has_after(Version{7}));
  for (const auto& part : result_parts(3, 8, 10)) ASSERT_EQ(take(part), "taken");
  EXPECT_FALSE(fetch.has_after(Version{7})) << "where the run stands after it is not said yet";
  ASSERT_EQ(take(replay_of(3, 8)), "taken");
  for (const auto& part : result_parts(3, 9, 20)) ASSERT_EQ(take(part), "taken");
  ASSERT_EQ(take(replay_of(3, 9)), "taken");
  ASSERT_TRUE(fetch.has_after(Version{7}));
  const Fetch::Step eighth = fetch.take_after(Version{7});
  EXPECT_EQ(eighth.after.step, 40U);
  EXPECT_EQ(eighth.result, ramp(kResultElements, 10));
  EXPECT_FALSE(fetch.has_after(Version{7})) << "once";
  ASSERT_TRUE(fetch.has_after(Version{8}));
  EXPECT_EQ(fetch.take_after(Version{8}).result, ramp(kResultElements, 20));
}

TEST_F(Transfer, AResultMayComeBeforeTheStateIsWholeAndMayLackItsLastPart) {
  ASSERT_EQ(take(donor.begin()), "taken");
  for (const auto& part : result_parts(3, 8, 10)) ASSERT_EQ(take(part), "taken");
  ASSERT_EQ(take(replay_of(3, 8)), "taken");
  for (const auto& part : donor.parts()) ASSERT_EQ(take(part), "taken");
  EXPECT_TRUE(fetch.whole());
  EXPECT_TRUE(fetch.has_after(Version{7}));
  wire::StatePart half = result_parts(3, 9, 20)[0];
  half.payload = half.payload.slice(0, 40);
  ASSERT_EQ(take(half), "taken");
  ASSERT_EQ(take(replay_of(3, 9)), "taken");
  EXPECT_FALSE(fetch.has_after(Version{8}));
}

TEST_F(Transfer, ResultsThatWereNotDueAreRefused) {
  take_state();
  EXPECT_THAT(take(result_parts(3, 7, 0)[0]), HasSubstr("not due")) << "it is in the state";
  wire::StatePart part = result_parts(3, 8, 0)[0];
  part.array = 3;
  EXPECT_THAT(take(part), HasSubstr("not due"));
  part = result_parts(3, 8, 0)[0];
  part.payload = SharedBytes(std::vector<std::byte>((kResultElements + 1) * sizeof(float)));
  EXPECT_THAT(take(part), HasSubstr("does not follow"));
}

TEST_F(Transfer, WhatBelongsToNoDonationOfNowIsIgnored) {
  EXPECT_EQ(take(donor.parts()[0]), "taken");
  EXPECT_EQ(take(replay_of(3, 8)), "taken");
  EXPECT_EQ(fetch.bytes(), 0U) << "nothing has begun";
  take_state();
  const std::uint64_t before = fetch.bytes();
  EXPECT_EQ(take(result_parts(3, 8, 0)[0], SiteId{1}), "taken") << "from another site";
  EXPECT_EQ(take(result_parts(2, 8, 0)[0]), "taken") << "of another donation";
  EXPECT_EQ(take(replay_of(2, 8)), "taken");
  EXPECT_EQ(fetch.bytes(), before);
  EXPECT_FALSE(fetch.has_after(Version{7}));
}

TEST_F(Transfer, ASecondBeginReplacesTheFirst) {
  ASSERT_EQ(take(donor.begin()), "taken");
  const std::vector<wire::StatePart> first = donor.parts();
  ASSERT_EQ(take(first[0]), "taken");
  for (const auto& part : result_parts(3, 8, 10)) ASSERT_EQ(take(part), "taken");
  ASSERT_EQ(take(replay_of(3, 8)), "taken");
  Donor second;
  second.number = 1;
  second.parameters = ramp(600'000, 5);
  ASSERT_EQ(take(second.begin(), SiteId{0}), "taken");
  EXPECT_EQ(fetch.donor(), SiteId{0});
  EXPECT_FALSE(fetch.has_after(Version{7})) << "the first one's result";
  ASSERT_EQ(take(first[1]), "taken") << "too late, and of no consequence";
  for (const wire::StatePart& part : second.parts()) ASSERT_EQ(take(part, SiteId{0}), "taken");
  ASSERT_TRUE(fetch.whole());
  EXPECT_EQ(fetch.values()[0], second.parameters);
  EXPECT_TRUE(fetch.check_hashes());
}

}  // namespace
}  // namespace intertie::sync
