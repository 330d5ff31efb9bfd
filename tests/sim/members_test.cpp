// Members and links that change while a run goes on: the named cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/history.h"
#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct Setting {
  sync::Method method;
  std::string reduction;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  return out << (setting.method == sync::Method::diloco ? "diloco" : "synchronous") << "/" << setting.reduction;
}

class Members : public testing::TestWithParam<Setting> {
 protected:
  ToyOptions options(std::size_t num_sites, std::uint64_t steps = 400) const {
    ToyOptions made = distant_sites(num_sites, steps);
    made.sync.method = GetParam().method;
    made.sync.reduction = GetParam().reduction;
    return made;
  }
  // All sites have come to the same end, and everything that docs/protocol.md promises held on the way.
  static void expect_a_good_end(const ToyOptions& options, const ToyWorld& world) {
    for (std::size_t site = 0; site < world.num_sites(); ++site) EXPECT_EQ(end_of(world, site), "ok") << "site " << site;
    EXPECT_EQ(History(options, world).problem(), "");
  }
};

// The view names a start that nobody has told the other of; whatever is sent to it has to arrive. When the beats come decides
// who learns of whom first.
TEST_P(Members, TheRunBeginsBeforeTwoOfItsMembersHaveHeardOfEachOther) {
  for (const auto phase : {0ms, 50ms, 100ms, 150ms, 200ms}) {
    ToyOptions made = options(3, 20);
    made.step_time = 1ms;
    ToyWorld world(made);
    world.start(0);
    world.start(1);
    world.world().run_for(1s + phase);
    for (const auto& [from, to] : {std::pair("site1", "site2"), std::pair("site2", "site1")}) {
      world.world().set_link(from, to, {made.link.rate, 1s});
    }
    world.start(2);
    ASSERT_TRUE(world.run_to_end(2min)) << phase.count();
    expect_a_good_end(made, world);
  }
}

TEST_P(Members, ASiteThatDiesIsLeftBehindWithinThreeSecondsAndComesBack) {
  const ToyOptions made = options(3);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  const env::TimePoint death = world.world().now();
  world.kill(1);
  world.world().run_for(6s);
  const auto views = events_named(world, "view.entered");
  ASSERT_EQ(views.size(), 5U);  // three at the start, two of those who stay
  EXPECT_LE(views.back().when - death, 3s);
  EXPECT_EQ(words_in(views.back().event, "members"), "site0, site2");
  world.start(1, true);
  const env::TimePoint again = world.world().now();
  ASSERT_TRUE(world.run_to_end());
  expect_a_good_end(made, world);
  for (const RecordedEvent& order : events_named(world, "merge.ordered")) {
    const bool concerns_somebody = words_in(order.event, "without") + words_in(order.event, "saved") == "site1";
    EXPECT_EQ(concerns_somebody, order.when < again) << "a return takes nothing from anybody";
  }
  EXPECT_EQ(words_in(events_named(world, "view.entered").back().event, "members"), "site0, site1, site2");
  EXPECT_EQ(events_named(world, "join.finished").size(), 1U);
}

TEST_P(Members, ACutLinkIsRelayedAndExpelsNobody) {
  for (const auto& [a, b] : {std::pair(0, 1), std::pair(0, 2), std::pair(1, 2)}) {
    const ToyOptions made = options(3);
    ToyWorld world(made);
    const std::string first = world.name(static_cast<std::size_t>(a));
    const std::string second = world.name(static_cast<std::size_t>(b));
    world.start_all();
    world.world().run_for(5s);
    world.world().cut(first, second);
    const std::size_t before = world.commits().size();
    world.world().run_for(8s);
    EXPECT_GT(world.commits().size(), before + 6) << "the run stands still";
    const auto changes = events_named(world, "link.changed");
    EXPECT_TRUE(
        std::any_of(changes.begin(), changes.end(), [](const auto& e) { return words_in(e.event, "state") == "relayed"; }));
    world.world().mend(first, second);
    world.world().run_for(5s);
    EXPECT_EQ(words_in(events_named(world, "link.changed").back().event, "state"), "direct");
    EXPECT_EQ(words_in(events_named(world, "link.changed").back().event, "message"), "") << "what ended it is over";
    const std::size_t num_changes = events_named(world, "link.changed").size();
    ASSERT_TRUE(world.run_to_end());
    expect_a_good_end(made, world);
    EXPECT_EQ(events_named(world, "link.changed").size(), num_changes) << "that others end is none";
    EXPECT_EQ(events_named(world, "view.entered").size(), 3U) << "nobody has to go";
  }
}

TEST_P(Members, AOneWayCutIsRelayedAndExpelsNobody) {
  const ToyOptions made = options(3);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  world.world().cut_one_way("site2", "site1");
  world.world().run_for(10s);
  world.world().mend("site2", "site1");
  ASSERT_TRUE(world.run_to_end());
  expect_a_good_end(made, world);
  EXPECT_EQ(events_named(world, "view.entered").size(), 3U);
}

// Four seconds are more than a site may be silent; when it is back it learns that the others went on.
TEST_P(Members, ASiteThatWasCutOffIsFencedAndComesBackAsANewStart) {
  for (const Duration time : {Duration(4s), Duration(60s)}) {
    const ToyOptions made = options(3, 1500);
    ToyWorld world(made);
    world.let_sites_rejoin();
    world.start_all();
    world.world().run_for(5s);
    cut_off(world, 1);
    world.world().run_for(time);
    mend_all_of(world, 1);
    ASSERT_TRUE(world.run_to_end());
    expect_a_good_end(made, world);
    EXPECT_EQ(world.life(1), 2U);
    EXPECT_EQ(events_named(world, "join.finished").size(), 1U);
    EXPECT_EQ(events_named(world, "site.fenced").size(), 1U) << "whether a view says so, or the hello is refused";
  }
}

TEST_P(Members, OfTwoSitesTheOneWithTheStoreGoesOnAlone) {
  const ToyOptions made = options(2);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  world.kill(1);
  world.world().run_for(8s);
  EXPECT_EQ(words_in(events_named(world, "view.entered").back().event, "members"), "site0");
  world.start(1, true);
  ASSERT_TRUE(world.run_to_end());
  expect_a_good_end(made, world);
}

TEST_P(Members, WithoutTheStoreTheOtherWaitsAndGoesOnWhenItIsBack) {
  const ToyOptions made = options(2);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  world.kill(0);
  world.world().run_for(20s);
  EXPECT_EQ(end_of(world, 1), "still running");
  ASSERT_FALSE(events_named(world, "store.away").empty());
  world.start(0, true);
  ASSERT_TRUE(world.run_to_end());
  expect_a_good_end(made, world);
  EXPECT_FALSE(events_named(world, "store.back").empty());
}

TEST_P(Members, WithoutTheStoreForLongTheOtherEndsAndSaysWhy) {
  ToyWorld world(options(2));
  world.start_all();
  world.world().run_for(5s);
  world.kill(0);
  ASSERT_TRUE(world.run_to_end(11min));
  ASSERT_FALSE(*world.outcome(1));
  EXPECT_EQ(world.outcome(1)->error().code, ErrorCode::store_away);
  EXPECT_THAT(end_of(world, 1), testing::AllOf(HasSubstr("site site0"), HasSubstr("holds the store, and was away for 10 min")));
}

TEST_P(Members, ASecondSiteThatDiesDuringTheFlushRestartsIt) {
  const ToyOptions made = options(4);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  world.kill(2);
  // The holder asks; the answer of site 3 does not come.
  ASSERT_TRUE(world.world().run_until([&] { return world.run(1)->state()->flushing.has_value(); }, 10s));
  world.kill(3);
  world.world().run_for(8s);
  EXPECT_EQ(words_in(events_named(world, "view.entered").back().event, "members"), "site0, site1");
  world.start(2, true);
  world.start(3, true);
  ASSERT_TRUE(world.run_to_end());
  expect_a_good_end(made, world);
}

TEST_P(Members, ASiteThatLeavesTakesItsContributionToTheEndAndTheOthersGoOn) {
  const ToyOptions made = options(3);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  world.run(2)->request_leave("lunch");
  ASSERT_TRUE(world.world().run_until([&] { return world.outcome(2).has_value(); }, 10s));
  ASSERT_TRUE(*world.outcome(2));
  EXPECT_TRUE(world.outcome(2)->value().left);
  EXPECT_TRUE(events_named(world, "samples.lost").empty());
  world.start(2, true);
  ASSERT_TRUE(world.run_to_end());
  expect_a_good_end(made, world);
}

// Whoever leaves holds no one up longer than a site that stays; whoever comes, no longer than one interval between merges.
TEST_P(Members, AReturnHoldsNobodyUp) {
  const ToyOptions made = options(3, 1500);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  world.kill(1);
  world.world().run_for(10s);
  world.start(1, true);
  const env::TimePoint from = world.world().now();
  ASSERT_TRUE(world.world().run_until([&] { return events_named(world, "view.entered").size() > 7; }, 1min));
  std::optional<env::TimePoint> last;
  Duration longest{0};
  for (const RecordedEvent& each : events_named(world, "merge.committed")) {
    if (each.site != 0 || each.when < from) continue;
    if (last) longest = std::max(longest, each.when - *last);
    last = each.when;
  }
  const Duration interval =
      (made.sync.method == sync::Method::diloco ? made.sync.every : 1) * made.step_time + 8 * made.link.delay;
  EXPECT_LE(longest, 2 * interval);
}

TEST_P(Members, TheRunStopsAndGoesOnWithThoseWhoWereThere) {
  const ToyOptions made = options(3);
  ToyWorld world(made);
  world.start_all();
  world.world().run_for(5s);
  world.kill(1);
  world.world().run_for(6s);
  world.run(2)->request_stop("enough");
  ASSERT_TRUE(world.run_to_end());
  EXPECT_EQ(end_of(world, 0), "stopped");
  world.start_all(true);  // site 1 comes to the run as one that was away
  ASSERT_TRUE(world.run_to_end());
  expect_a_good_end(made, world);
}

// Asked before it is a member: it sees that the others wait for it, and what stops the run is agreed on with them.
TEST_P(Members, AHolderThatIsAskedToStopWhileItComesBackStopsTheRun) {
  ToyWorld world(options(3));
  world.start_all();
  world.world().run_for(5s);
  world.kill(0);
  world.world().run_for(2s);
  world.start(0, true);
  world.world().run_for(700ms);
  ASSERT_FALSE(world.run(0)->state()) << "it is a member already";
  world.run(0)->request_stop("enough");
  ASSERT_TRUE(world.run_to_end());
  for (const std::size_t site : {0U, 1U, 2U}) {
    ASSERT_EQ(end_of(world, site), "stopped") << site;
    EXPECT_EQ((*world.outcome(site))->version, (*world.outcome(0))->version);
    EXPECT_EQ((*world.outcome(site))->parameters, (*world.outcome(0))->parameters);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, Members,
                         testing::Values(Setting{sync::Method::diloco, "owners"}, Setting{sync::Method::diloco, "gather"},
                                         Setting{sync::Method::synchronous, "owners"},
                                         Setting{sync::Method::synchronous, "gather"}));

// Of the last event of that name which the site recorded.
double figure(const ToyWorld& world, std::size_t site, const std::string& event, const std::string& field) {
  double found = 0;
  for (const RecordedEvent& each : events_named(world, event)) {
    if (each.site == site) found = number_in(each.event, field);
  }
  return found;
}

TEST(EventsOfAReturn, TellOfAllThatTheProgramHasDone) {
  const ToyOptions made = distant_sites(3);
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(5s);
  cut_off(world, 1);
  world.world().run_for(6s);
  mend_all_of(world, 1);
  ASSERT_TRUE(world.run_to_end());
  ASSERT_EQ(world.life(1), 2U);
  const auto at_end = [&world](const char* field) { return figure(world, 1, "run.finished", field); };
  EXPECT_NEAR(at_end("seconds"), figure(world, 0, "run.finished", "seconds"), 1) << "they began together";
  for (const char* share : {"computing_share", "waiting_share", "encoding_share"}) EXPECT_GE(at_end(share), 0) << share;
  EXPECT_LE(at_end("computing_share") + at_end("waiting_share") + at_end("encoding_share"), 1);
  const double steps = at_end("tokens_per_second") * at_end("seconds") / (made.batch_sizes[1] * made.sequence_length);
  EXPECT_NEAR(at_end("computing_share") * at_end("seconds"), steps * seconds_of(made.step_time + made.step_jitter / 2),
              0.1 * steps * seconds_of(made.step_time));
  double sent = 0;
  for (const RecordedEvent& each : events_named(world, "link.measured")) {
    if (each.site != 1 || words_in(each.event, "peer") != "site0") continue;
    EXPECT_GE(number_in(each.event, "bytes_sent"), sent) << "the return began it anew";
    sent = number_in(each.event, "bytes_sent");
  }
  EXPECT_GE(at_end("bytes_sent"), sent);
}

// It stood still; the word that it is out came over its connections, said before the members entered the view.
TEST(EventsOfAReturn, NameTheViewThatTheSiteIsNotIn) {
  ToyWorld world(distant_sites(3));
  world.adjust = [](std::size_t, sync::RunSettings& settings) { settings.lost_after = 2s; };  // before a silent link is dropped
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(5s);
  world.world().pause("site1", 2800ms);
  ASSERT_TRUE(world.run_to_end());
  ASSERT_EQ(events_named(world, "site.fenced").size(), 1U);
  EXPECT_EQ(figure(world, 1, "site.fenced", "view"), 2);
}

// What it waited for its copy is a part of its time.
TEST(EventsOfAReturn, OfASiteThatFetchesForLongHaveSharesOfOneTime) {
  ToyWorld world(distant_sites(3));
  for (const char* donor : {"site0", "site2"}) world.world().set_link(donor, "site1", {BitRate{1e5}, 40ms});
  world.start_all();
  world.world().run_for(5s);
  world.kill(1);
  world.world().run_for(10s);
  world.start(1, true);
  ASSERT_TRUE(world.world().run_until([&] { return !events_named(world, "join.finished").empty(); }, 1min));
  world.run(0)->request_stop("enough");
  ASSERT_TRUE(world.run_to_end());
  const auto at_end = [&world](const char* field) { return figure(world, 1, "run.finished", field); };
  EXPECT_GT(at_end("waiting_share"), 0.5);
  EXPECT_LE(at_end("computing_share") + at_end("waiting_share") + at_end("encoding_share"), 1);
}

// The line is cut while a holder that came back asks the only member what it holds.
TEST(TheStoresHolder, ThatComesBackWaitsAgainForAMemberThatFallsSilent) {
  ToyOptions made = distant_sites(2, 3000);
  made.train.checkpoint_every = {.count = 100, .steps = true};
  ToyWorld world(made);
  world.let_sites_rejoin();
  world.start_all();
  world.world().run_for(3s);
  world.kill(1);
  const std::size_t before = events_named(world, "checkpoint.complete").size();
  ASSERT_TRUE(world.world().run_until([&] { return events_named(world, "checkpoint.complete").size() > before; }, 2min));
  world.start(1, true);
  ASSERT_TRUE(world.world().run_until([&] { return world.run(1)->state() && world.run(1)->state()->member.is_member(); }, 30s));
  world.world().run_for(4s);
  world.kill(0);
  world.world().run_for(3s);
  world.start(0, true);
  ASSERT_TRUE(world.world().run_until([&] { return world.run(1)->state()->flushing.has_value(); }, 10s));
  world.world().cut("site0", "site1");
  world.world().run_for(5s);
  world.world().mend("site0", "site1");
  world.world().run_for(20s);
  EXPECT_EQ(world.life(1), 2U) << "the member whose state is the run's was thrown out";
  EXPECT_TRUE(events_named(world, "run.resumed").empty()) << "the run began again from an old checkpoint";
}

// A run of three of whom one dies, and comes back at `back`.
struct LateReturn {
  ToyWorld world;
  explicit LateReturn(std::optional<Duration> back)
      : world([] {
          ToyOptions made = distant_sites(3, 120);
          made.elements = 40000;
          return made;
        }()) {
    for (const char* donor : {"site0", "site1"}) world.world().set_link(donor, "site2", {BitRate{10e6}, 40ms});
    world.start_all();
    world.world().run_for(2s);
    world.kill(2);
    if (back) world.world().run_for(*back - 2s);
    if (back) world.start(2, true);
    began = world.world().now() - (back ? *back : Duration(2s));
    const auto over = [&](std::size_t site) { return world.outcome(site).has_value(); };
    EXPECT_TRUE(world.world().run_until([&] { return over(0) && over(1) && (!back || over(2)); }, 5min));
  }
  env::TimePoint began;
  Duration took() { return world.world().now() - began; }
};

// A result that was given travels more slowly than the words that its donor is done.
TEST(LastMoments, ASiteThatComesBackThenEndsWithWhatTheOthersHave) {
  const Duration end = LateReturn(std::nullopt).took();
  int num_came = 0;
  for (Duration before = 900ms; before < 1900ms; before += 50ms) {
    LateReturn late(end - before);
    const auto& outcome = late.world.outcome(2);
    if (!*outcome) continue;  // it came too late
    ++num_came;
    EXPECT_FALSE((*outcome)->stopped) << to_string(before) << " before the end: at version " << (*outcome)->version;
    EXPECT_EQ((*outcome)->parameters, (*late.world.outcome(0))->parameters) << to_string(before) << " before the end";
  }
  EXPECT_GT(num_came, 5);
}

// Whose work is in no merge is said, whoever else died with it.
TEST(LostSamples, AreToldWhenTheStoresHolderDiesToo) {
  int cases = 0;
  for (int ms = 0; ms < 600; ms += 120) {
    ToyOptions made = distant_sites(3);
    made.sync.reduction = "gather";
    made.elements = 40000;
    ToyWorld world(made);
    world.world().set_link("site2", "site1", {BitRate{3e6}, 40ms});
    world.world().set_link("site2", "site0", {BitRate{3e6}, 40ms});
    world.start_all();
    world.world().run_for(5s + std::chrono::milliseconds(ms));
    world.kill(0);
    world.kill(2);
    world.world().run_for(5s);
    world.start(0, true);
    world.world().run_for(10s);
    for (const RecordedEvent& order : events_named(world, "merge.ordered")) {
      if (words_in(order.event, "without").find("site2") == std::string::npos) continue;
      ++cases;
      bool said = false;
      for (const RecordedEvent& lost : events_named(world, "samples.lost")) {
        said = said || (words_in(lost.event, "peer") == "site2" &&
                        number_in(lost.event, "version") == number_in(order.event, "version"));
      }
      EXPECT_TRUE(said) << ms << " ms: version " << number_in(order.event, "version") << " " << words_in(order.event, "order")
                        << " of " << words_in(order.event, "set") << ", without " << words_in(order.event, "without");
    }
  }
  EXPECT_GT(cases, 0);
}

// What a site has sent to another, before there is anything of a merge to send.
TEST(WarmUpOfLinks, SitesThatBecomeMembersBesideEachOtherWarmTheirLinksUp) {
  ToyOptions made = distant_sites(3);
  made.elements = 400'000;
  made.step_time = 20s;
  ToyWorld world(made);
  world.let_sites_rejoin();
  const auto sent = [&world](std::size_t from, std::uint16_t to) {
    return world.run(from)->state()->mesh.link(SiteId{to})->bytes_sent().value;
  };
  world.start_all();
  ASSERT_TRUE(world.world().run_until([&] { return events_named(world, "view.entered").size() == 3; }, 10s));
  world.world().run_for(5s);
  for (const auto& [from, to] : {std::pair(0, 1), std::pair(1, 0), std::pair(2, 1)}) {
    EXPECT_GE(sent(static_cast<std::size_t>(from), static_cast<std::uint16_t>(to)), made.elements) << from << " to " << to;
    EXPECT_LT(sent(static_cast<std::size_t>(from), static_cast<std::uint16_t>(to)), 2 * made.elements) << from << " to " << to;
  }
}

}  // namespace
}  // namespace intertie::tests
