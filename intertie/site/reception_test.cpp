#include "intertie/site/reception.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/site/visits_fixture.h"

namespace intertie::site {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::Errand;

std::string verdict(const std::string& role, const wire::Visit& visit, bool may_leave = true) {
  const Result<void> checked = check_visit({.run = "r", .site = "a", .may_leave = may_leave}, role, visit);
  return checked ? "welcome" : checked.error().message();
}

TEST(CheckVisit, TheCertificateSaysWhatAVisitorMayDo) {
  for (const char* role : {"viewer", "operator"}) EXPECT_EQ(verdict(role, {.run = "r"}), "welcome");
  for (const Errand errand : {Errand::stop, Errand::leave}) {
    EXPECT_EQ(verdict("operator", {.run = "r", .errand = errand}), "welcome");
    for (const char* role : {"viewer", "site", "", "Operator"}) {
      EXPECT_THAT(verdict(role, {.run = "r", .errand = errand}),
                  AllOf(HasSubstr("may look at the run, and not "), HasSubstr("; use the operator's certificate")));
    }
  }
}

TEST(CheckVisit, TheHolderOfTheStoreCannotLeave) {
  EXPECT_EQ(verdict("operator", {.run = "r", .errand = Errand::leave}, false),
            "site a holds the record of who is a member and cannot leave; 'intertie stop' stops the whole run");
  EXPECT_EQ(verdict("operator", {.run = "r", .errand = Errand::stop}, false), "welcome");
}

TEST(CheckVisit, AnotherRunOrVersionIsRefusedInFewWords) {
  EXPECT_THAT(verdict("operator", {.protocol = 1, .run = "r"}),
              HasSubstr(fmt::format("speaks protocol version 1, site a version {}; use", wire::kProtocolVersion)));
  const std::string long_name(wire::kMaxText, 'x');
  EXPECT_THAT(verdict("operator", {.run = long_name}),
              AllOf(HasSubstr("and site a belongs to run \"r\""), testing::SizeIs(testing::Lt(300U))));
}

TEST(TidingsOf, SayWhatHasBecomeOfIt) {
  const auto words = [](Errand errand, const Result<sync::Outcome>& outcome) {
    const wire::Tidings tidings = tidings_of(outcome, errand, "a");
    EXPECT_TRUE(tidings.final);
    return (tidings.achieved ? "achieved: " : "not achieved: ") + tidings.words.text();
  };
  for (const Errand errand : {Errand::stop, Errand::leave}) {
    EXPECT_EQ(words(errand, sync::Outcome{.stopped = true, .version = Version{7}}),
              "achieved: the run has stopped at version 7, with a checkpoint");
    EXPECT_EQ(words(errand, sync::Outcome{.version = Version{9}}),
              "achieved: the run came to its end, at version 9, before that");
  }
  const sync::Outcome left{.stopped = true, .left = true, .version = Version{7}};
  EXPECT_EQ(words(Errand::leave, left), "achieved: site a has left at version 7, with a checkpoint; the others go on");
  EXPECT_EQ(words(Errand::stop, left),
            "not achieved: the run is not stopped, as far as site a knows, which has left at version 7");
  const auto error = [](ErrorCode code) { return Error{.code = code, .where = {}, .what = "gone", .fix = {}, .cause = {}}; };
  EXPECT_EQ(words(Errand::leave, error(ErrorCode::cancelled)),
            "achieved: site a is out of the run; it has written no checkpoint");
  EXPECT_EQ(words(Errand::leave, error(ErrorCode::retry)), "not achieved: site a has failed: gone");
  for (const ErrorCode code : {ErrorCode::cancelled, ErrorCode::retry}) {
    EXPECT_EQ(words(Errand::stop, error(code)),
              "not achieved: the run is not stopped, as far as site a knows, which has ended: gone");
  }
}

TEST_F(Visits, AViewerIsToldWhatHappenedAndWhatHappens) {
  open();
  happens("run.started");
  happens("warning", {{"message", std::string("hot")}});
  world_.run_for(1s);
  const Guest& guest = visit("viewer");
  ASSERT_EQ(guest.admissions.size(), 1U);
  EXPECT_EQ(guest.admissions[0].site, "a");
  EXPECT_GE(guest.admissions[0].age, 1'000'000'000U);
  EXPECT_EQ(guest.times_caught_up, 1);
  EXPECT_THAT(guest.lines, AllOf(HasSubstr("\"run.started\""), HasSubstr("\"message\":\"hot\"}\n")));
  happens("store.away");
  world_.run_for(10min);
  EXPECT_THAT(guest.lines, HasSubstr("\"store.away\"")) << "it answers the beats, and so stays";
  EXPECT_THAT(guest.away, IsEmpty());
  EXPECT_THAT(recorded_.events, IsEmpty());
}

// A site opens its text and its model before anybody can visit it.
TEST_F(Visits, TheAgeOfASiteCountsFromWhereItsEventsDo) {
  ReceptionSettings began_before = settings();
  began_before.began = site_.loop().now();
  world_.run_for(1min);
  open(began_before);
  const Guest& guest = visit("viewer");
  ASSERT_EQ(guest.admissions.size(), 1U);
  EXPECT_GE(Duration(guest.admissions[0].age), 1min);
  EXPECT_LE(Duration(guest.admissions[0].age), 1min + 1s);
}

TEST_F(Visits, AStoryLongerThanAMessageComesWhole) {
  open();
  for (int i = 0; i < 100; ++i) happens("warning", {{"message", std::string(2000, 'w') + std::to_string(i)}});
  const Guest& guest = visit("viewer");
  EXPECT_EQ(std::count(guest.lines.begin(), guest.lines.end(), '\n'), 100);
  EXPECT_EQ(guest.times_caught_up, 1);
  EXPECT_THAT(guest.lines, HasSubstr("w99\""));
}

TEST_F(Visits, AnOperatorStopsTheRunAndIsToldHowItEnds) {
  open();
  const Guest& guest = visit("operator", Errand::stop);
  EXPECT_THAT(asked_, ElementsAre("stop: operator (10.0.0.9:50000): because"));
  happens("run.stopping", {{"step", std::int64_t{30}}, {"version", std::int64_t{6}}, {"reason", std::string("because")}});
  bool closed = false;
  site_.loop().post(
      [&] { reception_->end(sync::Outcome{.stopped = true, .version = Version{6}}, [&closed] { closed = true; }); });
  world_.run_for(1s);
  ASSERT_EQ(guest.tidings.size(), 3U);
  EXPECT_THAT(guest.tidings[1].words.text(), HasSubstr("version 6"));
  EXPECT_FALSE(guest.tidings[1].final);
  EXPECT_TRUE(guest.tidings[2].final && guest.tidings[2].achieved);
  EXPECT_TRUE(closed);
  EXPECT_EQ(guest.lines, "") << "it did not ask for them";
}

TEST_F(Visits, AnOperatorTakesTheSiteOut) {
  open();
  visit("operator", Errand::leave);
  EXPECT_THAT(asked_, ElementsAre("leave: operator (10.0.0.9:50000): because"));
}

TEST_F(Visits, AViewerWhoAsksToStopIsRefusedAndRecorded) {
  open();
  const Guest& viewer = visit("viewer", Errand::stop);
  ASSERT_EQ(viewer.away.size(), 1U);
  EXPECT_EQ(viewer.away[0].message(),
            "site a (a:7400), phase visit: refused: a viewer may look at the run, and not stop the run; use the operator's "
            "certificate (operator.pem and operator.key, which 'intertie ca' makes)");
  EXPECT_EQ(viewer.away[0].code, ErrorCode::reconfigure);
  EXPECT_THAT(asked_, IsEmpty());
  ASSERT_EQ(recorded_.events.size(), 1U);
  EXPECT_EQ(recorded_.events[0].name, "connection.refused");
  EXPECT_THAT(refusals()[0], HasSubstr("viewer (10.0.0.9:50000), phase visit: refused: a viewer may look"));
}

TEST_F(Visits, RefusalsAreRecordedOnceASecondAtMost) {
  open();
  for (int i = 0; i < 3; ++i) {
    role_ = "viewer";
    Guest& guest = *guests_.emplace_back(std::make_unique<Guest>());
    guest.visitor = std::make_unique<Visitor>(
        Visitor::Services{laptop_.loop(), laptop_.network()}, Visitor::Target{.site = "a", .addresses = {kAddress}},
        wire::Visit{.run = "other"},
        Visitor::Handlers{[](const auto&) {}, [](const auto&) {}, [](const auto&) {}, [](const auto&) {}});
    guest.visitor->begin();
  }
  world_.run_for(2s);
  visit("viewer", Errand::stop);
  ASSERT_EQ(recorded_.events.size(), 2U);
  EXPECT_THAT(refusals()[1], HasSubstr("(and 2 more)"));
}

TEST_F(Visits, ViewersBeyondTheMostAreTurnedAwayAndKeepNoOperatorOut) {
  ReceptionSettings few = settings();
  few.most_viewers = 2;
  open(few);
  EXPECT_EQ(visit("viewer").admissions.size(), 1U);
  EXPECT_EQ(visit("viewer").admissions.size(), 1U);
  const Guest& third = visit("viewer");
  EXPECT_THAT(third.admissions, IsEmpty());
  ASSERT_EQ(third.away.size(), 1U);
  EXPECT_THAT(third.away[0].message(), HasSubstr("2 visitors with the role of viewer are here already; come again when"));
  EXPECT_EQ(third.away[0].code, ErrorCode::retry);
  EXPECT_EQ(visit("operator", Errand::stop).admissions.size(), 1U);
  guests_.front()->visitor.reset();
  world_.run_for(1s);
  EXPECT_EQ(visit("viewer").admissions.size(), 1U);
}

TEST_F(Visits, WhoeverIsNoVisitorIsNotHeard) {
  open();
  for (const char* role : {"site", "authority", ""}) {
    const Guest& guest = visit(role, Errand::stop);
    EXPECT_THAT(guest.admissions, IsEmpty()) << role;
    EXPECT_EQ(guest.away.size(), 1U) << role;
  }
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(Visits, OneThatIsGoneWithoutAWordIsForgotten) {
  ReceptionSettings one = settings();
  one.most_viewers = 1;
  open(one);
  EXPECT_EQ(visit("viewer").admissions.size(), 1U);
  world_.cut("a", "laptop");
  world_.run_for(30s);
  world_.mend("a", "laptop");
  guests_.front()->visitor.reset();
  EXPECT_EQ(visit("viewer").admissions.size(), 1U) << "its place was still taken";
}

// What no program of ours does: words of a visitor's own choice.
class RawVisits : public Visits {
 protected:
  void dial(const std::string& role) {
    role_ = role;
    laptop_.network().connect({kAddress, "a", 5s}, [this](Result<std::unique_ptr<env::Connection>> connection) {
      ASSERT_TRUE(connection);
      stream_ = std::make_unique<links::Stream>(
          std::move(*connection),
          links::Stream::Handlers{.message = [this](const wire::Message& message) { heard_.push_back(message); },
                                  .drained = {},
                                  .closed = [this](const Error&) { closed_ = true; }});
    });
    world_.run_for(1s);
    ASSERT_TRUE(stream_);
  }
  void say(const wire::Message& message) {
    stream_->send(message);
    world_.run_for(1s);
  }
  std::string refusal() const {
    for (const wire::Message& message : heard_) {
      if (const auto* refusal = std::get_if<wire::Refusal>(&message)) return refusal->reason.text();
    }
    return "none";
  }

  std::unique_ptr<links::Stream> stream_;
  std::vector<wire::Message> heard_;
  bool closed_ = false;
};

TEST_F(RawVisits, WhoSaysNothingIsForgotten) {
  open();
  dial("operator");
  world_.run_for(20s);
  EXPECT_TRUE(closed_);
}

TEST_F(RawVisits, WhatASiteSaysIsNoWordOfAVisitor) {
  open();
  dial("operator");
  say(wire::Hello{.run = "r"});
  EXPECT_THAT(refusal(), HasSubstr("a visitor says once what it wants"));
  EXPECT_TRUE(closed_);
}

TEST_F(RawVisits, AskingTwiceIsOnceTooOften) {
  open();
  dial("operator");
  say(wire::Visit{.run = "r", .errand = Errand::stop});
  say(wire::Visit{.run = "r", .errand = Errand::leave});
  EXPECT_THAT(refusal(), HasSubstr("a visitor says once"));
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(RawVisits, WhoAnswersMoreThanWasAskedIsDismissed) {
  open();
  dial("viewer");
  say(wire::Visit{.run = "r"});
  for (int i = 0; i < 100; ++i) stream_->send(wire::Heartbeat{});
  world_.run_for(1s);
  EXPECT_THAT(refusal(), HasSubstr("a visitor says once"));
}

TEST_F(RawVisits, ALongFrameClosesTheConnection) {
  open();
  dial("viewer");
  say(wire::Visit{.run = "r"});
  say(wire::Hearing{.rows = std::vector<wire::HearingRow>(20'000)});
  EXPECT_TRUE(closed_);
  EXPECT_EQ(refusal(), "none");
}

// 1 Mbit/s, and a site that records more.
class SlowVisits : public Visits {
 protected:
  SlowVisits() : Visits({BitRate{1e6}, 20ms}) {}
};

TEST_F(SlowVisits, WhoReadsTooSlowlyIsDismissedWithWords) {
  ReceptionSettings tight = settings();
  tight.most_unsent = Bytes{20'000};
  tight.last_words = 10s;
  open(tight);
  const Guest& guest = visit("viewer");
  for (int i = 0; i < 100; ++i) happens("warning", {{"message", std::string(1000, 'w')}});
  world_.run_for(10s);
  ASSERT_EQ(guest.away.size(), 1U);
  EXPECT_THAT(guest.away[0].message(), HasSubstr("refused: the visitor reads too slowly; come again over a faster link"));
  EXPECT_LT(guest.lines.size(), 60'000U) << "what was queued is bounded";
  EXPECT_THAT(refusals(), ElementsAre(HasSubstr("the visitor reads too slowly")));
}

TEST_F(Visits, TheEndWaitsForNobodyWhoTakesNothing) {
  open();
  const Guest& guest = visit("operator", Errand::stop);
  world_.cut("a", "laptop");
  std::optional<env::TimePoint> closed;
  const env::TimePoint ends = world_.now();
  site_.loop().post([&] { reception_->end(sync::Outcome{.stopped = true}, [&] { closed = world_.now(); }); });
  world_.run_for(10s);
  ASSERT_TRUE(closed);
  EXPECT_LE(*closed - ends, 1100ms);
  EXPECT_EQ(guest.tidings.size(), 1U);
}

TEST_F(Visits, WithNobodyThereTheEndIsAtOnce) {
  open();
  bool closed = false;
  site_.loop().post([&] { reception_->end(sync::Outcome{}, [&closed] { closed = true; }); });
  world_.run_for(1ms);
  EXPECT_TRUE(closed);
  EXPECT_THAT(visit("viewer").admissions, IsEmpty()) << "nobody is let in any more";
}

}  // namespace
}  // namespace intertie::site
