#include "intertie/site/visitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/site/visits_fixture.h"

namespace intertie::site {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const env::Address kNobody{"a", 1};

TEST_F(Visits, WhoIsNotThereIsTriedAtEveryAddressAndThenSaidToBeAway) {
  open();
  const Guest& nobody = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {kNobody}});
  ASSERT_EQ(nobody.away.size(), 1U);
  EXPECT_EQ(nobody.away[0].code, ErrorCode::retry);
  EXPECT_THAT(nobody.away[0].message(), HasSubstr("a:1"));
  const Guest& second = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {kNobody, kAddress}});
  EXPECT_EQ(second.admissions.size(), 1U);
  EXPECT_THAT(second.away, IsEmpty());
}

TEST_F(Visits, AnySiteWillDoWhereNoneIsNamed) {
  open();
  EXPECT_EQ(visit("viewer", {.run = "r"}, {.site = "", .addresses = {kAddress}}).admissions.size(), 1U);
  const Guest& other = visit("viewer", {.run = "r"}, {.site = "b", .addresses = {kAddress}});
  ASSERT_EQ(other.away.size(), 1U);
  EXPECT_EQ(other.away[0].code, ErrorCode::reconfigure);
}

TEST_F(Visits, OneThatComesAgainIsToldAgain) {
  open();
  const Guest& guest = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {kNobody, kAddress}, .retry_every = 1s});
  ASSERT_EQ(guest.admissions.size(), 1U);
  world_.break_connections("a", "laptop");
  world_.run_for(500ms);
  EXPECT_EQ(guest.away.size(), 1U);
  world_.run_for(2s);
  EXPECT_EQ(guest.admissions.size(), 2U);
  EXPECT_EQ(guest.away.size(), 1U) << "it comes to the address where the site was";
  EXPECT_EQ(guest.times_caught_up, 2);
}

TEST_F(Visits, OneWithoutAnAddressIsAwayUntilThereIsOne) {
  open();
  const Guest& guest = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {}, .retry_every = 1s});
  ASSERT_GE(guest.away.size(), 1U);
  EXPECT_EQ(guest.away[0].message(),
            "site a: has no address in the run file, and its folder on this machine, if there is one, names none");
  guest.visitor->set_addresses({kAddress});
  world_.run_for(2s);
  EXPECT_EQ(guest.admissions.size(), 1U);
}

TEST_F(Visits, OneThatHasComeBackElsewhereIsFoundThere) {
  open();
  const Guest& guest = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {kNobody, kNobody}, .retry_every = 1s});
  guest.visitor->set_addresses({kNobody, kAddress});
  world_.run_for(2s);
  EXPECT_EQ(guest.admissions.size(), 1U);
  guest.visitor->set_addresses({});
  world_.break_connections("a", "laptop");
  world_.run_for(3s);
  EXPECT_EQ(guest.admissions.size(), 2U) << "it is known where it was";
}

TEST_F(Visits, ASilentSiteIsAway) {
  open();
  const Guest& guest = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {kAddress}, .silence = 5s});
  world_.run_for(1min);
  EXPECT_THAT(guest.away, IsEmpty()) << "it beats";
  world_.cut("a", "laptop");
  world_.run_for(6s);
  ASSERT_EQ(guest.away.size(), 1U);
  EXPECT_EQ(guest.away[0].message(), "site a (a:7400), phase visit: no word from it");
}

TEST_F(Visits, OneThatAnswersNothingIsAway) {
  std::unique_ptr<env::Connection> taken;
  auto listener = site_.network().listen(
      kAddress, [&taken](std::unique_ptr<env::Connection> connection) { taken = std::move(connection); }, [](const Error&) {});
  ASSERT_TRUE(listener);
  const Guest& guest = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {kAddress}, .attempt_deadline = 3s});
  world_.run_for(5s);
  ASSERT_EQ(guest.away.size(), 1U);
  EXPECT_THAT(guest.away[0].message(), HasSubstr("no word from it"));
}

TEST_F(Visits, ASiteThatSaysWhatNoVisitorIsToldIsLeft) {
  std::unique_ptr<links::Stream> stream;
  auto listener = site_.network().listen(
      kAddress,
      [&stream](std::unique_ptr<env::Connection> connection) {
        stream = std::make_unique<links::Stream>(std::move(connection), links::Stream::Handlers{});
        stream->send(wire::EventLines{"{}\n", true});  // before any admission
      },
      [](const Error&) {});
  ASSERT_TRUE(listener);
  const Guest& guest = visit("viewer");
  ASSERT_EQ(guest.away.size(), 1U);
  EXPECT_THAT(guest.away[0].message(), HasSubstr("the site says what no visitor is told"));
  EXPECT_EQ(guest.lines, "");
}

TEST_F(Visits, NobodyIsToldAfterTheVisitor) {
  open();
  Guest& guest = visit("viewer", {.run = "r"}, {.site = "a", .addresses = {kNobody}, .retry_every = 1s});
  guest.visitor.reset();
  world_.run_for(5s);
  EXPECT_EQ(guest.away.size(), 1U);
}

}  // namespace
}  // namespace intertie::site
