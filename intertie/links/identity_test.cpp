#include "intertie/links/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::links {
namespace {

using testing::HasSubstr;

const Identity kOurs{.run = "demo",
                     .self = SiteId{0},
                     .site_names = {"ashburn", "columbus"},
                     .incarnation = Incarnation{1},
                     .agreement = Hash64{1},
                     .agreement_text = "run.seed = 1\ntrain.lr = 0.001\n",
                     .data = Hash64{2}};

wire::Hello good() {
  return {.run = "demo", .site = SiteId{1}, .incarnation = Incarnation{3}, .agreement = Hash64{1}, .data = Hash64{2}};
}

std::string refusal(const wire::Hello& hello, const std::string& certificate = "columbus") {
  const auto checked = check_hello(kOurs, hello, certificate);
  return checked ? "accepted" : checked.error().message();
}

TEST(Hello, FitsOnlyWithEverythingEqual) {
  EXPECT_EQ(refusal(good()), "accepted");
  wire::Hello hello = good();
  hello.protocol = 99;
  EXPECT_THAT(refusal(hello), HasSubstr("protocol version 99"));
  hello = good();
  hello.run = "other";
  EXPECT_THAT(refusal(hello), HasSubstr("run \"other\""));
  hello = good();
  hello.data = Hash64{3};
  EXPECT_THAT(refusal(hello),
              HasSubstr("training data have hash 0000000000000003 at columbus and 0000000000000002 at ashburn"));
  for (const std::uint16_t site : {std::uint16_t{0}, std::uint16_t{2}}) {
    hello = good();
    hello.site = SiteId{site};
    EXPECT_THAT(refusal(hello), HasSubstr("which it cannot be"));
  }
  EXPECT_THAT(refusal(good(), "reno"), HasSubstr("calls itself columbus but its certificate is that of reno"));
}

TEST(Hello, TheFirstKeyThatDiffersIsNamed) {
  wire::Hello hello = good();
  hello.agreement = Hash64{9};
  hello.agreement_text = "run.seed = 1\ntrain.lr = 0.0003\n";
  EXPECT_THAT(refusal(hello), HasSubstr("train.lr is 0.001 at ashburn and 0.0003 at columbus"));
  EXPECT_EQ(first_difference({"a = 1\n", "here"}, {"a = 1\nb = 2\n", "there"}), "b is missing here and 2 there");
  EXPECT_EQ(first_difference({"a = 1\nb = 2\n", "here"}, {"a = 1\n", "there"}), "b is 2 here and missing there");
  const std::string large = "a = " + std::string(100'000, 'x') + "\n";
  EXPECT_LT(first_difference({large, "here"}, {"a = 1\n", "there"}).size(), 300U);
}

}  // namespace
}  // namespace intertie::links
