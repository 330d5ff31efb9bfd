#include "intertie/site/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace intertie::site {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const env::TimePoint kStart{};

constexpr SiteEnd kDone{.exit_code = 0, .signal = 0};
constexpr SiteEnd kStopped{.exit_code = 3, .signal = 0};
constexpr SiteEnd kKilled{.exit_code = 0, .signal = SIGKILL};
constexpr SiteEnd kLostOthers{.exit_code = 4, .signal = 0};

Launch three() { return Launch({"ashburn", "columbus", "quincy"}); }
Launch three_that_began() {
  Launch launch = three();
  launch.begun();
  return launch;
}

LaunchAction say(const std::string& line) { return Say{line}; }
LaunchActions ask(Launch& launch, LaunchRequest::Kind kind, std::size_t site = 0, std::size_t other = 0) {
  return launch.requested({.kind = kind, .site = site, .other = other}, kStart);
}
using Kind = LaunchRequest::Kind;

TEST(Launch, AllEndWell) {
  Launch launch = three();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(launch.ended(i, {}, kStart), IsEmpty());
  EXPECT_TRUE(launch.all_ended());
  EXPECT_EQ(launch.outcome().code, ExitCode::done);
  EXPECT_EQ(launch.outcome().message, "");
}

TEST(Launch, TheFirstRequestAsksTheHolderTheSecondKills) {
  Launch launch = three();
  EXPECT_THAT(launch.stop_requested(kStart), ElementsAre(testing::An<LaunchAction>(), LaunchAction(SendSignal{0, SIGINT})));
  EXPECT_THAT(launch.stop_requested(kStart),
              ElementsAre(LaunchAction(SendSignal{0, SIGKILL}), LaunchAction(SendSignal{1, SIGKILL}),
                          LaunchAction(SendSignal{2, SIGKILL})));
  for (std::size_t i = 0; i < 3; ++i) launch.ended(i, {.exit_code = 0, .signal = SIGKILL}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "ended at once, as asked; no checkpoint was written");
}

TEST(Launch, StoppedByRequest) {
  Launch launch = three();
  launch.stop_requested(kStart);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(launch.ended(i, {.exit_code = 3, .signal = 0}, kStart), IsEmpty());
  EXPECT_EQ(launch.outcome().code, ExitCode::stopped);
  EXPECT_EQ(launch.outcome().message, "");
}

TEST(Launch, ARequestThatCameTooLateLeavesARunThatIsDone) {
  Launch launch = three();
  launch.stop_requested(kStart);
  for (std::size_t i = 0; i < 3; ++i) launch.ended(i, {.exit_code = 0, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::done);
}

TEST(Launch, AFailureEndsTheOthersStepByStep) {
  Launch launch = three();
  EXPECT_THAT(launch.ended(1, {.exit_code = 1, .signal = 0}, kStart),
              ElementsAre(LaunchAction(SendSignal{0, SIGINT}), LaunchAction(SendSignal{2, SIGINT})));
  EXPECT_THAT(launch.time_passed(kStart + std::chrono::seconds(1)), IsEmpty());
  launch.ended(0, {.exit_code = 4, .signal = 0}, kStart);
  env::TimePoint later = launch.deadline();
  EXPECT_THAT(launch.time_passed(later), ElementsAre(LaunchAction(SendSignal{2, SIGTERM})));
  later = launch.deadline();
  EXPECT_THAT(launch.time_passed(later), ElementsAre(LaunchAction(SendSignal{2, SIGKILL})));
  launch.ended(2, {.exit_code = 0, .signal = SIGKILL}, later);
  EXPECT_TRUE(launch.all_ended());
}

TEST(Launch, AfterOneEndedWellTheOthersHaveABound) {
  Launch launch = three();
  EXPECT_THAT(launch.ended(0, {}, kStart), IsEmpty());
  EXPECT_EQ(launch.deadline(), kStart + Launch::kEndWait);
  EXPECT_THAT(launch.time_passed(launch.deadline()),
              ElementsAre(testing::An<LaunchAction>(), testing::An<LaunchAction>(), LaunchAction(SendSignal{1, SIGINT}),
                          LaunchAction(SendSignal{2, SIGINT})));
}

TEST(Launch, TheCauseIsReportedNotItsEchoes) {
  Launch launch = three();
  launch.failed_because(0, "lost columbus");
  launch.failed_because(1, "run.toml:3: unknown key");
  launch.failed_because(2, "lost columbus");
  launch.ended(0, {.exit_code = 4, .signal = 0}, kStart);
  launch.ended(2, {.exit_code = 4, .signal = 0}, kStart);
  launch.ended(1, {.exit_code = 2, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::input);
  EXPECT_EQ(launch.outcome().message, "site columbus: run.toml:3: unknown key");
}

TEST(Launch, ADeathThatTheLauncherAskedForIsNotTheCause) {
  Launch launch = three();
  launch.failed_because(0, "no space left");
  launch.ended(0, {.exit_code = 1, .signal = 0}, kStart);
  launch.ended(1, {.exit_code = 0, .signal = SIGINT}, kStart);
  launch.ended(2, {.exit_code = 4, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_THAT(launch.outcome().message, testing::HasSubstr("no space left"));
}

TEST(Launch, ADeathIsNamed) {
  Launch launch = three();
  launch.ended(2, {.exit_code = 0, .signal = SIGSEGV}, kStart);
  launch.failed_because(0, "lost quincy");
  launch.ended(0, {.exit_code = 4, .signal = 0}, kStart);
  launch.ended(1, {.exit_code = 4, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "site quincy died of signal 11");
}

TEST(Launch, OnceTheRunHasBegunADeathDoesNotEndTheOthers) {
  Launch launch = three_that_began();
  launch.failed_because(1, "no space left");
  EXPECT_THAT(launch.ended(1, {.exit_code = 1, .signal = 0}, kStart),
              ElementsAre(say("site columbus: no space left; the others go on")));
  EXPECT_THAT(launch.ended(2, {.exit_code = 0, .signal = SIGSEGV}, kStart),
              ElementsAre(say("site quincy died of signal 11; the others go on")));
  EXPECT_EQ(launch.deadline(), env::TimePoint::max());
  EXPECT_THAT(launch.ended(0, kDone, kStart), IsEmpty());
  EXPECT_EQ(launch.fate(0), "");
  EXPECT_EQ(launch.fate(1), "failed");
  EXPECT_EQ(launch.fate(2), "died of signal 11");
  EXPECT_EQ(launch.outcome().code, ExitCode::done) << "what becomes of the run is what becomes of those who finish";
  EXPECT_EQ(launch.outcome().message, "");
}

TEST(Launch, OneThatFailsAfterTheOthersFinishedIsNamed) {
  Launch launch = three_that_began();
  launch.ended(0, {.exit_code = 3, .signal = 0}, kStart);
  launch.ended(1, {.exit_code = 3, .signal = 0}, kStart);
  EXPECT_THAT(launch.ended(2, {.exit_code = 1, .signal = 0}, kStart), ElementsAre(say("site quincy ended with exit code 1")));
  EXPECT_EQ(launch.outcome().code, ExitCode::stopped);
}

TEST(Launch, WhereNobodyFinishesTheDeathExplainsIt) {
  Launch launch = three_that_began();
  launch.failed_because(0, "lost quincy");
  launch.ended(2, {.exit_code = 0, .signal = SIGSEGV}, kStart);
  launch.ended(0, kLostOthers, kStart);
  EXPECT_THAT(launch.ended(1, kLostOthers, kStart), IsEmpty());
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "site quincy died of signal 11");
}

TEST(Launch, AFailureAfterARequestToStopEndsTheOthers) {
  Launch launch = three_that_began();
  launch.stop_requested(kStart);
  EXPECT_THAT(launch.ended(0, {.exit_code = 1, .signal = 0}, kStart),
              ElementsAre(LaunchAction(SendSignal{1, SIGINT}), LaunchAction(SendSignal{2, SIGINT})));
  for (const std::size_t site : {1, 2}) launch.ended(site, {.exit_code = 3, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed) << "the others stopped because of it";
}

TEST(Launch, ASiteThatIsAskedTwiceAndEndsWithoutAWordIsNotTheCause) {
  Launch launch = three_that_began();
  launch.stop_requested(kStart);
  launch.failed_because(1, "lost ashburn");
  launch.ended(1, kLostOthers, kStart);
  launch.ended(0, {.exit_code = 1, .signal = 0}, kStart);
  launch.ended(2, {.exit_code = 1, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::unreachable);
  EXPECT_EQ(launch.outcome().message, "site columbus: lost ashburn");
}

const char* const kNoCheckpoint =
    "site ashburn, which holds the record, does not run: no checkpoint can be agreed on, and all end";

TEST(Launch, AStopWithoutTheHolderEndsTheOthersStepByStep) {
  Launch launch = three_that_began();
  ask(launch, Kind::kill, 0);
  launch.ended(0, kKilled, kStart);
  EXPECT_THAT(ask(launch, Kind::stop),
              ElementsAre(say(kNoCheckpoint), LaunchAction(SendSignal{1, SIGINT}), LaunchAction(SendSignal{2, SIGINT})));
  EXPECT_EQ(launch.deadline(), kStart + Launch::kAskWait);
  EXPECT_THAT(launch.time_passed(launch.deadline()),
              ElementsAre(LaunchAction(SendSignal{1, SIGTERM}), LaunchAction(SendSignal{2, SIGTERM})));
  for (const std::size_t site : {1, 2}) launch.ended(site, {.exit_code = 1, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "site ashburn was killed, as asked; the others ended without a checkpoint");
}

TEST(Launch, TheHolderIsKilledAfterARequestToStop) {
  Launch launch = three_that_began();
  ask(launch, Kind::stop);
  ask(launch, Kind::kill, 0);
  EXPECT_THAT(launch.ended(0, kKilled, kStart),
              ElementsAre(say(kNoCheckpoint), LaunchAction(SendSignal{1, SIGINT}), LaunchAction(SendSignal{2, SIGINT})));
}

TEST(Launch, AHolderThatCameBackStopsTheRun) {
  Launch launch = three_that_began();
  ask(launch, Kind::kill, 0);
  launch.ended(0, kKilled, kStart);
  ask(launch, Kind::restore, 0);
  EXPECT_THAT(ask(launch, Kind::stop), ElementsAre(testing::An<LaunchAction>(), LaunchAction(SendSignal{0, SIGINT})));
  for (std::size_t i = 0; i < 3; ++i) launch.ended(i, kStopped, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::stopped);
  EXPECT_EQ(launch.outcome().message, "");
}

TEST(Launch, ASiteIsKilledAndComesBack) {
  Launch launch = three();
  EXPECT_THAT(ask(launch, Kind::restore, 2), ElementsAre(say("site quincy runs")));
  EXPECT_THAT(ask(launch, Kind::kill, 2), ElementsAre(LaunchAction(SendSignal{2, SIGKILL})));
  EXPECT_THAT(launch.ended(2, kKilled, kStart), ElementsAre(say("site quincy was killed, as asked; the others go on")))
      << "before the run began, too";
  EXPECT_FALSE(launch.runs(2));
  EXPECT_EQ(launch.fate(2), "killed");
  EXPECT_EQ(launch.fate(1), "");
  EXPECT_THAT(ask(launch, Kind::kill, 2), ElementsAre(say("site quincy does not run")));
  EXPECT_THAT(ask(launch, Kind::restore, 2), ElementsAre(say("site quincy is started again"), LaunchAction(StartAgain{2, {}})));
  EXPECT_TRUE(launch.runs(2));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(launch.all_ended());
    launch.ended(i, kDone, kStart);
  }
  EXPECT_TRUE(launch.all_ended());
  EXPECT_EQ(launch.outcome().code, ExitCode::done);
}

TEST(Launch, ASiteLeavesAndComesBack) {
  Launch launch = three_that_began();
  EXPECT_THAT(ask(launch, Kind::leave, 2),
              ElementsAre(say("site quincy is asked to leave"), LaunchAction(Tell{2, {ControlLine::Kind::leave, {}}})));
  EXPECT_THAT(ask(launch, Kind::leave, 2), ElementsAre(say("site quincy was asked to leave already")));
  EXPECT_THAT(launch.ended(2, kStopped, kStart), ElementsAre(say("site quincy has left; the others go on")));
  EXPECT_EQ(launch.fate(2), "left");
  EXPECT_EQ(launch.deadline(), env::TimePoint::max()) << "nobody has to end because of it";
  EXPECT_THAT(ask(launch, Kind::leave, 2), ElementsAre(say("site quincy does not run")));
  EXPECT_THAT(ask(launch, Kind::restore, 2), ElementsAre(say("site quincy is started again"), LaunchAction(StartAgain{2, {}})));
  EXPECT_EQ(launch.fate(2), "");
  for (std::size_t i = 0; i < 3; ++i) launch.ended(i, kDone, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::done);
}

TEST(Launch, ASiteThatWasAskedToLeaveByAVisitorDoesNotEndTheRun) {
  Launch launch = three_that_began();
  launch.leaving(1);
  EXPECT_THAT(launch.ended(1, kStopped, kStart), ElementsAre(say("site columbus has left; the others go on")));
  EXPECT_EQ(launch.deadline(), env::TimePoint::max());
}

TEST(Launch, WhatBecomesOfTheRunIsNotUpToOneThatLeft) {
  for (const SiteEnd& end : {kDone, kLostOthers}) {
    Launch launch = three_that_began();
    ask(launch, Kind::leave, 1);
    launch.ended(1, kStopped, kStart);
    for (const std::size_t site : {0, 2}) launch.ended(site, end, kStart);
    EXPECT_EQ(launch.outcome().code, end.exit_code == 0 ? ExitCode::done : ExitCode::unreachable);
  }
}

TEST(Launch, TheFirstSiteDoesNotLeaveItStopsTheRun) {
  Launch launch = three_that_began();
  EXPECT_THAT(ask(launch, Kind::leave, 0), testing::Contains(LaunchAction(SendSignal{0, SIGINT})));
  for (std::size_t i = 0; i < 3; ++i) launch.ended(i, kStopped, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::stopped);
}

TEST(Launch, WhereTheOthersCannotGoOnTheKillIsNamed) {
  Launch launch = three_that_began();
  ask(launch, Kind::kill, 1);
  launch.ended(1, kKilled, kStart);
  launch.failed_because(0, "lost columbus");
  launch.ended(0, kLostOthers, kStart);
  launch.ended(2, kLostOthers, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "site columbus was killed, as asked");
}

TEST(Launch, NobodyComesBackToARunThatEnds) {
  Launch launch = three_that_began();
  ask(launch, Kind::kill, 2);
  launch.ended(2, kKilled, kStart);
  launch.ended(0, kDone, kStart);
  EXPECT_THAT(ask(launch, Kind::restore, 2), ElementsAre(say("the run is ending: nobody comes back")));
  Launch other = three_that_began();
  ask(other, Kind::kill, 2);
  other.ended(2, kKilled, kStart);
  ask(other, Kind::stop);
  EXPECT_THAT(ask(other, Kind::restore, 2), ElementsAre(say("the run is ending: nobody comes back")));
}

TEST(Launch, BothEndsOfALinkAreTold) {
  Launch launch = three();
  EXPECT_THAT(ask(launch, Kind::cut, 2, 0),
              ElementsAre(say("the link ashburn - quincy is cut"), LaunchAction(Tell{0, {ControlLine::Kind::cut, "quincy"}}),
                          LaunchAction(Tell{2, {ControlLine::Kind::cut, "ashburn"}})));
  EXPECT_TRUE(launch.is_cut(0, 2) && launch.is_cut(2, 0));
  EXPECT_FALSE(launch.is_cut(0, 1));
  EXPECT_THAT(ask(launch, Kind::cut, 0, 2), ElementsAre(say("the link ashburn - quincy is cut already")));
  EXPECT_THAT(ask(launch, Kind::mend, 0, 2), ElementsAre(say("the link ashburn - quincy is mended"),
                                                         LaunchAction(Tell{0, {ControlLine::Kind::mend, "quincy"}}),
                                                         LaunchAction(Tell{2, {ControlLine::Kind::mend, "ashburn"}})));
  EXPECT_THAT(ask(launch, Kind::mend, 0, 2), ElementsAre(say("the link ashburn - quincy is whole")));
}

TEST(Launch, ASiteComesBackBehindTheLinksThatAreCut) {
  Launch launch = three_that_began();
  ask(launch, Kind::kill, 2);
  launch.ended(2, kKilled, kStart);
  EXPECT_THAT(ask(launch, Kind::cut, 2, 0), testing::SizeIs(2)) << "it is not there to be told";
  ask(launch, Kind::cut, 0, 1);
  EXPECT_THAT(ask(launch, Kind::restore, 2), testing::Contains(LaunchAction(StartAgain{2, {"ashburn"}})));
}

TEST(Launch, AKeyStopsTheRunAndDoesNotKillIt) {
  Launch launch = three_that_began();
  EXPECT_THAT(ask(launch, Kind::stop), testing::Contains(LaunchAction(SendSignal{0, SIGINT})));
  EXPECT_THAT(ask(launch, Kind::stop), ElementsAre(say("it is stopping; Ctrl-C ends everything at once")));
  EXPECT_THAT(launch.stop_requested(kStart), testing::Contains(LaunchAction(SendSignal{2, SIGKILL})));
}

TEST(Launch, ASiteThatHangsAfterTheOthersFinishedIsEndedAndChangesNothing) {
  Launch launch = three_that_began();
  launch.ended(0, kDone, kStart);
  launch.ended(1, kDone, kStart);
  EXPECT_THAT(launch.time_passed(launch.deadline()),
              ElementsAre(say("site quincy has not ended as the others have, and is asked to stop"),
                          LaunchAction(SendSignal{2, SIGINT})));
  launch.time_passed(launch.deadline());
  launch.time_passed(launch.deadline());
  EXPECT_THAT(launch.ended(2, kKilled, kStart), IsEmpty());
  EXPECT_EQ(launch.outcome().code, ExitCode::done);
}

TEST(Launch, AnExitCodeThatNobodyKnows) {
  Launch launch({"local"});
  launch.ended(0, {.exit_code = 127, .signal = 0}, kStart);
  EXPECT_EQ(launch.outcome().code, ExitCode::failed);
  EXPECT_EQ(launch.outcome().message, "site local ended with exit code 127");
}

TEST(ExitCodes, AreReadBack) {
  EXPECT_EQ(exit_code_from(4), ExitCode::unreachable);
  for (const int code : {-1, 77, 127}) EXPECT_EQ(exit_code_from(code), ExitCode::failed);
}

TEST(ExitCodes, FollowTheErrorsCode) {
  EXPECT_EQ(exit_code_of({ErrorCode::reconfigure, "", "", "", nullptr}), ExitCode::input);
  EXPECT_EQ(exit_code_of({ErrorCode::retry, "", "", "", nullptr}), ExitCode::unreachable);
  EXPECT_EQ(exit_code_of({ErrorCode::cancelled, "", "", "", nullptr}), ExitCode::stopped);
  EXPECT_EQ(exit_code_of({ErrorCode::give_up, "", "", "", nullptr}), ExitCode::failed);
}

}  // namespace
}  // namespace intertie::site
