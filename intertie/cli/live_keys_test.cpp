#include "intertie/cli/live_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::cli {
namespace {

using Kind = site::LaunchRequest::Kind;
using site::LaunchRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::vector<std::string> kThree = {"ashburn", "columbus", "quincy"};

class LiveKeysTest : public ::testing::Test {
 protected:
  std::vector<LaunchRequest> press(std::string_view bytes) { return keys_.press(bytes, model_); }
  LiveKeys keys_{kThree};
  status::LiveModel model_{kThree};
};

TEST_F(LiveKeysTest, ASiteIsChosenThenKilledAndBroughtBack) {
  EXPECT_THAT(press("k"), ElementsAre(LaunchRequest{Kind::kill, 0, 0}));
  EXPECT_THAT(press("3"), IsEmpty());
  EXPECT_EQ(keys_.foot().chosen, 2U);
  EXPECT_THAT(press("kr"), ElementsAre(LaunchRequest{Kind::kill, 2, 0}, LaunchRequest{Kind::restore, 2, 0}));
  EXPECT_THAT(press("9x4\xff "), IsEmpty()) << "what means nothing";
  EXPECT_EQ(keys_.foot().chosen, 2U);
}

TEST_F(LiveKeysTest, ArrowsAndTabChooseToo) {
  press("\x1b[B");
  EXPECT_EQ(keys_.foot().chosen, 1U);
  press("\x1b[A\x1bOA");
  EXPECT_EQ(keys_.foot().chosen, 2U);
  press("\t");
  EXPECT_EQ(keys_.foot().chosen, 0U);
  EXPECT_THAT(press("\x1b[1;5Ck"), ElementsAre(LaunchRequest{Kind::kill, 0, 0})) << "an arrow with Ctrl is no letter";
  EXPECT_THAT(press("\x1b[15~"), IsEmpty());
  EXPECT_THAT(press("\x1b["), IsEmpty()) << "half of one";
}

TEST_F(LiveKeysTest, ALinkHasTwoEnds) {
  EXPECT_THAT(press("2c"), IsEmpty());
  EXPECT_EQ(keys_.foot().question, "cut or mend the link of columbus with");
  EXPECT_THAT(keys_.foot().keys, ElementsAre(Pair("1", "ashburn"), Pair("3", "quincy"), Pair("Esc", "never mind")));
  EXPECT_THAT(press("k2"), IsEmpty()) << "it waits for the other end";
  EXPECT_THAT(press("3"), ElementsAre(LaunchRequest{Kind::cut, 1, 2}));
  EXPECT_EQ(keys_.foot().question, "");
  EXPECT_EQ(keys_.foot().chosen, 1U) << "the other end was not chosen";
  model_.set_cut(1, 2, true);
  EXPECT_THAT(press("c3"), ElementsAre(LaunchRequest{Kind::mend, 1, 2}));
  EXPECT_THAT(press("c\x1b"), IsEmpty());
  EXPECT_EQ(keys_.foot().question, "");
  EXPECT_THAT(press("cck"), ElementsAre(LaunchRequest{Kind::kill, 1, 0})) << "never mind, once more";
}

TEST_F(LiveKeysTest, StopWorksAlways) {
  EXPECT_THAT(press("q"), ElementsAre(LaunchRequest{Kind::stop, 0, 0}));
  EXPECT_THAT(press("cq"), ElementsAre(LaunchRequest{Kind::stop, 0, 0}));
}

TEST(LiveKeys, TwoSitesHaveOneLink) {
  LiveKeys keys({"ashburn", "columbus"});
  const status::LiveModel model({"ashburn", "columbus"});
  EXPECT_THAT(keys.press("2c", model), ElementsAre(LaunchRequest{Kind::cut, 1, 0}));
}

TEST(LiveKeys, OneSiteCanOnlyBeStopped) {
  LiveKeys keys({"ashburn"});
  EXPECT_THAT(keys.press("ckr1\t", status::LiveModel({"ashburn"})), IsEmpty());
  EXPECT_THAT(keys.press("q", status::LiveModel({"ashburn"})), ElementsAre(LaunchRequest{Kind::stop, 0, 0}));
  EXPECT_THAT(keys.foot().keys, ElementsAre(Pair("q", "stop")));
  EXPECT_FALSE(keys.foot().chosen);
}

}  // namespace
}  // namespace intertie::cli
