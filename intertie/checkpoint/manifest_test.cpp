#include "intertie/checkpoint/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::checkpoint {
namespace {

using ::testing::HasSubstr;

Manifest example() {
  return {.run = "three-states",
          .site = "ashburn",
          .version = {12},
          .restart = {1},
          .step = 360,
          .tokens = 276'480,
          .next_sample = 4320,
          .agreement = {0x0123456789abcdef},
          .data = {0xfedcba9876543210},
          .threads = 2,
          .more = {{"method", "diloco"}},
          .files = {{"state.safetensors", {.size = 4096, .hash = {0xff}}}}};
}

const char* const kExample = R"({
  "format": 1,
  "run": "three-states",
  "site": "ashburn",
  "version": 12,
  "restart": 1,
  "step": 360,
  "tokens": 276480,
  "next_sample": 4320,
  "agreement": "0123456789abcdef",
  "data": "fedcba9876543210",
  "threads": 2,
  "more": {
    "method": "diloco"
  },
  "files": {
    "state.safetensors": {
      "size": 4096,
      "hash": "00000000000000ff"
    }
  }
}
)";

Result<Manifest> parse(const std::string& text) { return parse_manifest(std::as_bytes(std::span(text))); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, IsReadableJson) { EXPECT_EQ(to_json(example()), kExample); }

TEST(Manifest, ReadsWhatItWrote) {
  Manifest manifest = example();
  manifest.tokens = UINT64_MAX;
  manifest.more["odd \"key\"\n"] = "\t\\";
  const auto read = parse(to_json(manifest));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(to_json(*read), to_json(manifest));
  EXPECT_EQ(read->tokens, UINT64_MAX);
  EXPECT_EQ(read->version, Version{12});
  EXPECT_EQ(read->agreement, Hash64{0x0123456789abcdef});
  EXPECT_EQ(read->more, manifest.more);
}

TEST(Manifest, TextThatIsNoUtf8DoesNotStopTheWriting) {
  Manifest manifest = example();
  manifest.run = "\xff";
  EXPECT_TRUE(parse(to_json(manifest)));
}

TEST(Manifest, NamesWhatIsWrong) {
  struct Row {
    const char *from, *to, *what;
  };
  const std::vector<Row> table = {
      {"\"format\": 1", "\"format\": 2", "another version of Intertie"},
      {"\"format\": 1,", "", "\"format\""},
      {"\"run\": \"three-states\"", "\"run\": 3", "\"run\""},
      {"\"version\": 12", "\"version\": -12", "\"version\""},
      {"\"version\": 12", "\"version\": 12.0", "\"version\""},
      {"\"restart\": 1", "\"restart\": 4294967296", "\"restart\""},
      {"\"tokens\": 276480", "\"tokens\": 18446744073709551616", "\"tokens\""},
      {"\"threads\": 2", "\"threads\": 2147483648", "\"threads\""},
      {"\"0123456789abcdef\"", "\"0123456789abcde\"", "\"agreement\""},
      {"\"fedcba9876543210\"", "\"fedcba987654321x\"", "\"data\""},
      {"\"diloco\"", "1", "\"more\""},
      {"\"diloco\"", "{}", "\"more\""},
      {"\"size\": 4096,", "", "\"size\""},
      {"\"00000000000000ff\"", "255", "\"hash\""},
      {"state.safetensors", "../state", "\"files\""},
      {"state.safetensors", "..", "\"files\""},
      {"\"hash\": \"00000000000000ff\"", "\"hash\": {\"a\": 1}", "\"hash\""},
  };
  for (const Row& row : table) {
    const auto read = parse(replaced(kExample, row.from, row.to));
    ASSERT_FALSE(read) << row.to;
    EXPECT_THAT(read.error().what, HasSubstr(row.what)) << row.to;
  }
}

TEST(Manifest, RefusesWhatIsNoManifest) {
  for (const std::string& text : {std::string(), std::string("[]"), std::string("{"), std::string(100'000, '['),
                                  std::string((std::size_t{16} << 20U) + 1, ' '), std::string("\xff\xfe", 2)}) {
    EXPECT_FALSE(parse(text)) << text.substr(0, 10);
  }
}

}  // namespace
}  // namespace intertie::checkpoint
