// What a stop or a leave excuses of the ends of sites, and what it does not.
#include "tests/sim/endings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class EndingsOfSites : public testing::Test {
 protected:
  EndingsOfSites() : random_(1), world_(distant_sites(3, 8000)), strikes_(world_, random_) {
    world_.let_sites_rejoin();
    world_.on_end = [this](std::size_t site) { problems_ += what_ends_it(world_, strikes_, site); };
    world_.start_all();
    world_.world().run_for(5s);
  }

  // A stop that is asked for at a site that has not come to the run ends that site, and nobody else.
  void ask_for_a_stop_that_nobody_hears_of() {
    world_.kill(2);
    world_.world().run_for(5s);
    cut_off(world_, 2);
    strikes_.start(2);
    world_.world().run_for(200ms);
    strikes_.stop(2);
    world_.world().run_for(5s);
    EXPECT_THAT(end_of(world_, 2), HasSubstr("stopped: the workload"));
    EXPECT_EQ(problems_, "");
  }

  env::Random random_;
  ToyWorld world_;
  Strikes strikes_;
  std::string problems_;
};

TEST_F(EndingsOfSites, AllStopAtTheVersionThatWasOrdered) {
  strikes_.stop(0);
  ASSERT_TRUE(world_.run_to_end());
  EXPECT_EQ(end_of(world_, 1), "stopped");
  EXPECT_EQ(problems_, "");
}

TEST_F(EndingsOfSites, ASiteLeavesThatWasAskedTo) {
  strikes_.leave(1);
  world_.world().run_for(3s);
  EXPECT_EQ(problems_, "");
  world_.run(2)->request_leave("by itself");
  world_.world().run_for(3s);
  EXPECT_THAT(problems_, HasSubstr("site 2 ended by itself, and the run goes on"));
}

// It was taken out of the members, and has not heard of it.
TEST_F(EndingsOfSites, WhoeverIsCutOffDoesNotGoOn) {
  cut_off(world_, 2);
  world_.world().run_for(2s);
  EXPECT_TRUE(goes_on_without(world_, 0));
  world_.kill(1);
  world_.world().run_for(5s);
  ASSERT_TRUE(world_.run(2)->state()->member.is_member()) << "as far as it knows";
  EXPECT_FALSE(goes_on_without(world_, 0));
}

TEST_F(EndingsOfSites, AStopDoesNotExcuseASiteThatFindsNobodyLaterOn) {
  ask_for_a_stop_that_nobody_hears_of();
  world_.start(2, true);  // still cut off
  world_.world().run_for(150s);
  ASSERT_FALSE(world_.outcome(0)) << "the run is too short for this";
  EXPECT_THAT(problems_, HasSubstr("site 2 ended by itself, and the run goes on"));
}

}  // namespace
}  // namespace intertie::tests
