#include <gtest/gtest.h>

#include "intertie/env/network.h"

namespace intertie::env {
namespace {

TEST(Address, ReadsWhatPeopleWrite) {
  const struct {
    const char* text;
    Address address;
  } cases[] = {
      {"127.0.0.1:7400", {"127.0.0.1", 7400}},   {"columbus.example:7400", {"columbus.example", 7400}},
      {"site-3_b:1", {"site-3_b", 1}},           {"localhost:65535", {"localhost", 65535}},
      {"127.0.0.1:0", {"127.0.0.1", 0}},         {"[::1]:7400", {"::1", 7400}},
      {"[2001:db8::5]:80", {"2001:db8::5", 80}},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_address(c.text);
    ASSERT_TRUE(parsed) << c.text << ": " << parsed.error().message();
    EXPECT_EQ(*parsed, c.address) << c.text;
    EXPECT_EQ(to_string(*parsed), c.text);
  }
}

TEST(Address, RefusesTheRestAndSaysWhy) {
  const struct {
    std::string text;
    const char* why;
  } cases[] = {
      {"", "it is empty"},
      {"columbus", "port is missing"},
      {"columbus:", "port is missing"},
      {":7400", "host is missing"},
      {"columbus:74000", "0 to 65535"},
      {"columbus:-1", "0 to 65535"},
      {"columbus:+1", "0 to 65535"},
      {"columbus:7400 ", "0 to 65535"},
      {"columbus:99999999999999999999", "0 to 65535"},
      {"columbus:7x", "0 to 65535"},
      {"::1:7400", "needs brackets"},
      {"[::1]", "port is missing"},
      {"[::1]7400", "port is missing"},
      {"[::1", "closing bracket"},
      {"[127.0.0.1]:1", "not an IPv6 address"},
      {std::string("[::1\0]:1", 8), "not an IPv6 address"},
      {"256.0.0.1:1", "not an IPv4 address"},
      {"10.0.1:1", "not an IPv4 address"},
      {"a..b:1", "empty part"},
      {".a:1", "empty part"},
      {"a.:1", "empty part"},
      {"a b:1", "character"},
      {"http//a:1", "character"},
      {std::string(64, 'a') + ":1", "longer than 63"},
      {std::string(254, 'a') + ":1", "longer than 253"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_address(c.text);
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().code, ErrorCode::reconfigure);
    EXPECT_NE(parsed.error().what.find(c.why), std::string::npos) << c.text << ": " << parsed.error().message();
    EXPECT_NE(parsed.error().fix.find("host:port"), std::string::npos);
  }
}

TEST(Address, KeepsMessagesShortAndPrintable) {
  const auto parsed = parse_address(std::string(5000, '\x01'));
  ASSERT_FALSE(parsed);
  EXPECT_LT(parsed.error().message().size(), 300u);
  EXPECT_EQ(parsed.error().message().find('\x01'), std::string::npos);
}

}  // namespace
}  // namespace intertie::env
