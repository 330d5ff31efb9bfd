#include "intertie/data/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "intertie/data/disk_fixture.h"
#include "intertie/env/sim/memory_disk.h"

namespace intertie::data {
namespace {

using env::sim::MemoryDisk;

std::vector<std::uint16_t> count_up(std::uint16_t first, std::size_t count) {
  std::vector<std::uint16_t> tokens(count);
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

// 0 .. 9 in pieces of 3, 1 and 6.
Tokens in_pieces() {
  Tokens tokens = Tokens::own(count_up(0, 3));
  tokens.append(Tokens::own(count_up(3, 1)));
  tokens.append(Tokens::own(count_up(4, 6)));
  return tokens;
}

TEST(Tokens, EveryRangeReadsAsOneSequence) {
  const Tokens tokens = in_pieces();
  ASSERT_EQ(tokens.size(), 10U);
  for (std::uint64_t first = 0; first <= 10; ++first) {
    for (std::uint64_t last = first; last <= 10; ++last) {
      std::vector<std::uint16_t> out(last - first);
      tokens.copy(first, out);
      EXPECT_EQ(out, count_up(static_cast<std::uint16_t>(first), out.size()));
      const Tokens slice = tokens.slice(first, last);
      std::vector<std::uint16_t> again(out.size());
      slice.copy(0, again);
      EXPECT_EQ(again, out);
    }
  }
}

TEST(Tokens, HashAndLargestDoNotDependOnPieces) {
  const Tokens one = Tokens::own(count_up(0, 10));
  Hasher a;
  Hasher b;
  one.add_to(a);
  in_pieces().add_to(b);
  EXPECT_EQ(a.finish(), b.finish());
  EXPECT_EQ(in_pieces().largest(), 9);
  EXPECT_EQ(Tokens().largest(), 0);
}

TEST(Tokens, SlicesKeepTheirMemory) {
  Tokens slice;
  {
    const Tokens all = Tokens::own(count_up(0, 1000));
    slice = all.slice(990, 1000);
  }
  std::vector<std::uint16_t> out(10);
  slice.copy(0, out);
  EXPECT_EQ(out, count_up(990, 10));
}

TEST(Tokens, MapsAFileAndRefusesEmptyAndTruncatedOnes) {
  MemoryDisk disk;
  put_tokens(disk, "a.bin", {1, 2, 300});
  put(disk, "odd.bin", "abc");
  put(disk, "empty.bin", "");
  EXPECT_EQ(Tokens::map(disk, "a.bin")->largest(), 300);
  EXPECT_THAT(Tokens::map(disk, "odd.bin").error().message(), testing::HasSubstr("odd.bin: 3 bytes is an odd size"));
  EXPECT_THAT(Tokens::map(disk, "empty.bin").error().message(), testing::HasSubstr("empty.bin: the file is empty"));
  EXPECT_FALSE(Tokens::map(disk, "missing.bin"));
}

}  // namespace
}  // namespace intertie::data
