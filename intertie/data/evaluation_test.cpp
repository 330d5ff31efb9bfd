#include "intertie/data/evaluation.h"

#include <gtest/gtest.h>

#include <set>

#include "intertie/data/positions_fixture.h"

namespace intertie::data {
namespace {

TEST(EvaluationWindows, TheWholeSplitComesInOrderWithAShortLastBatch) {
  const auto windows = EvaluationWindows::make(positions(100), 8, 5, 0, 1).value();
  ASSERT_EQ(windows.num_batches(), 3U);  // 12 windows
  int next = 0;
  int sequences = 0;
  for (std::uint64_t i = 0; i < windows.num_batches(); ++i) {
    const Batch batch = windows.batch(i);
    sequences += batch.sequences;
    for (int row = 0; row < batch.sequences; ++row, next += 8) {
      EXPECT_EQ(batch.tokens[static_cast<std::size_t>(row) * 9], next);
    }
  }
  EXPECT_EQ(sequences, 12);
}

TEST(EvaluationWindows, DrawnWindowsAreDistinctAndStayTheSame) {
  const auto windows = EvaluationWindows::make(positions(1000), 8, 5, 4, 1).value();
  ASSERT_EQ(windows.num_batches(), 4U);
  std::set<std::uint16_t> starts;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const Batch batch = windows.batch(i);
    EXPECT_EQ(batch.tokens, windows.batch(i).tokens);
    for (std::size_t row = 0; row < 5; ++row) starts.insert(batch.tokens[row * 9]);
  }
  EXPECT_EQ(starts.size(), 20U);
}

TEST(EvaluationWindows, AskingForMoreThanThereIsGivesTheWholeSplit) {
  EXPECT_EQ(EvaluationWindows::make(positions(100), 8, 5, 100, 1)->num_batches(), 3U);
}

TEST(EvaluationWindows, RefusesASplitShorterThanASample) {
  EXPECT_FALSE(EvaluationWindows::make(positions(8), 8, 5, 0, 1));
  EXPECT_FALSE(EvaluationWindows::make(Tokens(), 8, 5, 0, 1));
}

}  // namespace
}  // namespace intertie::data
