#include "intertie/base/hash.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "intertie/base/encoding.h"
#include "intertie/base/ids.h"
#include "intertie/base/shared_bytes.h"

namespace intertie {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST(Hash, IsXxh3) {
  // From xxHash's own tools: the 64-bit XXH3, seed 0.
  EXPECT_EQ(to_string(hash_text("")), "2d06800538d394c2");
  EXPECT_EQ(hash_text("intertie"), hash_bytes(bytes_of("intertie")));
  EXPECT_EQ(to_string(Hash64{0xff}), "00000000000000ff");
}

TEST(Hash, IsReadFromItsDigitsOnly) {
  EXPECT_EQ(parse_hash(to_string(Hash64{0xab12})), Hash64{0xab12});
  EXPECT_EQ(parse_hash("ffffffffffffffff"), Hash64{~std::uint64_t{0}});
  for (const char* text : {"", "12", "12xyz67890123456", "-000000000000001", "00000000000000001", " 000000000000001"}) {
    EXPECT_FALSE(parse_hash(text)) << text;
  }
}

TEST(Hash, InPiecesIsTheSameAsAtOnce) {
  const std::string text(10'000, 'x');
  for (const std::size_t piece : {1U, 7U, 240U, 241U, 1024U, 9999U}) {
    Hasher hasher;
    for (std::size_t at = 0; at < text.size(); at += piece) hasher.add(bytes_of(text.substr(at, piece)));
    EXPECT_EQ(hasher.finish(), hash_text(text)) << piece;
  }
}

TEST(Encoding, NamesAreReadBack) {
  for (const Encoding encoding : kEncodings) EXPECT_EQ(encoding_from(to_string(encoding)), encoding);
  EXPECT_FALSE(encoding_from("fp3"));
}

TEST(Ids, AreOrderedAndPrintable) {
  EXPECT_LT(Version{1}, Version{2});
  EXPECT_EQ(Version{1}.next(), Version{2});
  std::ostringstream text;
  text << MergeId{FragmentId{3}, Version{7}} << " " << Lane{65};
  EXPECT_EQ(text.str(), "3.7 65") << "numbers, not characters";
  EXPECT_LT((MergeId{FragmentId{1}, Version{9}}), (MergeId{FragmentId{2}, Version{0}}));
}

TEST(SharedBytes, SlicesKeepTheWholeAlive) {
  SharedBytes tail;
  {
    const SharedBytes whole(std::vector<std::byte>{std::byte{1}, std::byte{2}, std::byte{3}});
    tail = whole.slice(1, 2);
  }
  EXPECT_EQ(tail.size(), 2U);
  EXPECT_EQ(tail.view()[1], std::byte{3});
  EXPECT_TRUE(SharedBytes().empty());
}

}  // namespace
}  // namespace intertie
