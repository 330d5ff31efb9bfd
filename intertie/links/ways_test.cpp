// Meshes on virtual time whose merges take planned ways over relays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "intertie/env/sim/sim_world.h"
#include "intertie/links/mesh.h"

namespace intertie::links {
namespace {

using namespace std::chrono_literals;

constexpr SiteId kA{0}, kB{1}, kC{2}, kD{3};
constexpr std::size_t kPayload = 100'000;

class FourSites : public testing::Test {
 protected:
  struct Place {
    std::unique_ptr<Mesh> mesh;
    std::map<std::uint64_t, int> got;  // how often which number came
  };

  void start() {
    for (std::uint16_t i = 0; i < names.size(); ++i) start(SiteId{i});
    ASSERT_TRUE(world.run_until(
        [this] { return std::ranges::all_of(names, [this](const auto& name) { return joined(name); }); }, 1min));
    world.run_for(2s);  // until everybody knows who hears whom
  }
  bool joined(const std::string& name) {
    const auto self = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    for (std::uint16_t i = 0; i < names.size(); ++i) {
      if (!places[self].mesh->reaches(SiteId{i})) return false;
    }
    return true;
  }
  void start(SiteId site) {
    env::sim::SimSite& process = world.start(names[site.value]);
    Place& place = places[site.value];
    Mesh::Settings settings;
    settings.identity = {.run = "ways",
                         .self = site,
                         .site_names = names,
                         .incarnation = Incarnation{1U + site.value},
                         .agreement = {},
                         .agreement_text = {},
                         .data = {}};
    for (const std::string& name : names) settings.addresses.push_back({name, 7400});
    settings.listen = {settings.addresses[site.value]};
    settings.paths.assign(names.size(), {{.num_merge_streams = 2}});
    place.mesh = std::make_unique<Mesh>(process.loop(), process.network(), settings,
                                        Mesh::Handlers{.message =
                                                           [&place](SiteId, const wire::Message& message) {
                                                             ++place.got[std::get<wire::Chunk>(message).merge.version.value];
                                                           },
                                                       .connected = [](SiteId) {},
                                                       .appeared = [](SiteId) {},
                                                       .route = [](SiteId, const Route&, const Error*) {},
                                                       .path = [](SiteId, std::uint16_t, const Error*) {},
                                                       .broken = [](SiteId, const Error&) {},
                                                       .beat = [] {},
                                                       .closed = [] {},
                                                       .refused = [](const Error&) {},
                                                       .failed = [](SiteId, const Error&) {}});
    process.loop().post([&place] { EXPECT_TRUE(place.mesh->start()); });
  }
  void plan(const std::vector<PlannedWay>& ways) {
    for (const Place& place : places) place.mesh->plan(ways);
  }
  void link(SiteId a, SiteId b, double rate) {
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      world.set_link(names[from.value], names[to.value], {BitRate{rate}, 10ms});
    }
  }
  void cut(SiteId a, SiteId b) { world.cut(names[a.value], names[b.value]); }
  void send(SiteId from, SiteId to, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) {
      places[from.value].mesh->send_data(
          to, wire::StreamClass::merge,
          wire::Chunk{.merge = {FragmentId{0}, Version{number}}, .payload = SharedBytes(std::vector<std::byte>(kPayload))});
    }
  }
  std::size_t num_at(SiteId site) const { return places[site.value].got.size(); }
  bool wait_for(SiteId site, std::size_t count, Duration limit) {
    return world.run_until([&] { return num_at(site) == count; }, limit);
  }
  void expect_once_each(SiteId site) const {
    for (const auto& [number, times] : places[site.value].got) EXPECT_EQ(times, 1) << number;
  }
  const Session& session(SiteId at, SiteId with) { return places[at.value].mesh->link(with)->session(); }
  Bytes carried(SiteId relay, SiteId author) const { return places[relay.value].mesh->dispatch().carried_of(author); }

  std::vector<std::string> names{"a", "b", "c", "d"};
  env::sim::SimWorld world{{.seed = 5, .link = {BitRate{100e6}, 10ms}}};
  std::array<Place, 4> places;
};

TEST_F(FourSites, EveryWayCarriesItsPart) {
  link(kA, kD, 10e6);
  link(kA, kB, 40e6);
  start();
  plan({{kA, kD, {}, BitRate{10e6}}, {kA, kD, {kB}, BitRate{40e6}}});
  const env::TimePoint begun = world.now();
  send(kA, kD, 1, 100);
  ASSERT_TRUE(wait_for(kD, 100, 10s));
  const double alone = 100.0 * kPayload * 8 / 50e6;
  EXPECT_LT(seconds_of(world.now() - begun), 1.15 * alone + 0.03);
  expect_once_each(kD);
  EXPECT_EQ(session(kD, kA).num_duplicates(), 0U);
}

TEST_F(FourSites, TwoRelaysHandOn) {
  start();
  plan({{kA, kD, {kB, kC}, BitRate{100e6}}});
  const std::uint64_t directly = places[0].mesh->link(kD)->bytes_sent().value;
  const env::TimePoint begun = world.now();
  send(kA, kD, 1, 200);
  ASSERT_TRUE(wait_for(kD, 200, 10s));
  EXPECT_LT(seconds_of(world.now() - begun), 1.1 * 200 * kPayload * 8 / 100e6 + 0.1);
  EXPECT_LT(places[0].mesh->link(kD)->bytes_sent().value - directly, kPayload) << "beats and acknowledgements";
  expect_once_each(kD);
}

TEST_F(FourSites, WhatADeadRelayHeldGoesOverAnother) {
  cut(kA, kD);
  start();
  plan({{kA, kD, {kB}, BitRate{50e6}}, {kA, kD, {kC}, BitRate{50e6}}});
  send(kA, kD, 1, 200);
  ASSERT_TRUE(wait_for(kD, 80, 10s));
  EXPECT_GT(session(kA, kD).bytes_on(Session::way_over({kB})).value, 0U);
  EXPECT_GT(session(kA, kD).bytes_on(Session::way_over({kC})).value, 0U);
  world.kill("b");
  EXPECT_TRUE(wait_for(kD, 200, 4s)) << num_at(kD);
  expect_once_each(kD);
}

TEST_F(FourSites, WhatWasLostBehindARelayIsSentAgainAtOnce) {
  cut(kA, kD);
  start();
  plan({{kA, kD, {kB}, BitRate{50e6}}, {kA, kD, {kC}, BitRate{50e6}}});
  send(kA, kD, 1, 200);
  ASSERT_TRUE(wait_for(kD, 80, 10s));
  EXPECT_GT(world.break_connections("b", "d"), 0U);
  EXPECT_TRUE(wait_for(kD, 200, 3s)) << num_at(kD) << ": before the time after which what is not acknowledged is sent again";
  expect_once_each(kD);
}

// B - D is a tenth of what was planned; what A sends C over B is planned to take the other half of A - B.
TEST_F(FourSites, ASlowSecondHopHoldsBackItsSenderAndNobodyElse) {
  for (const auto& [a, b] : {std::pair(kA, kC), std::pair(kA, kD)}) cut(a, b);
  link(kB, kD, 5e6);
  start();
  plan({{kA, kD, {kB}, BitRate{50e6}}, {kA, kC, {kB}, BitRate{50e6}}});
  Bytes most;
  send(kA, kD, 1, 200);
  send(kA, kC, 1, 200);
  const double alone = 200.0 * kPayload * 8 / 95e6;
  ASSERT_TRUE(world.run_until(
      [&] {
        most = std::max(most, carried(kB, kA));
        return num_at(kC) == 200;
      },
      Duration(static_cast<Duration::rep>(1.3e9 * alone))))
      << num_at(kC);
  EXPECT_LT(num_at(kD), 20U);
  EXPECT_GT(most.value, 0U);
  EXPECT_LT(most.value, 8'000'000U) << "what the two ways have under way, of 40 MB";
  ASSERT_TRUE(wait_for(kD, 200, 60s));
  expect_once_each(kD);
}

TEST_F(FourSites, BulkWaitsForMergesOverRelaysToo) {
  cut(kA, kD);
  start();
  for (std::uint64_t number = 1; number <= 20; ++number) {
    places[0].mesh->send_data(
        kC, wire::StreamClass::bulk,
        wire::Chunk{.merge = {FragmentId{0}, Version{number}}, .payload = SharedBytes(std::vector<std::byte>(kPayload))});
  }
  send(kA, kC, 101, 120);
  ASSERT_TRUE(world.run_until([this] { return places[kC.value].got.contains(120); }, 10s));
  EXPECT_LT(num_at(kC), 30U);
  EXPECT_TRUE(wait_for(kC, 40, 10s));
}

TEST(DispatchOfARelay, HoldsNoMoreThanItsBound) {
  Session none{kA, Incarnation{1}, kB};
  Dispatch dispatch(kA, 4, [&none](SiteId) -> Session& { return none; });
  const SharedBytes mebibytes(std::vector<std::byte>(std::size_t{4} << 20U));
  for (int i = 0; i < 40; ++i) dispatch.carry(kD, {.from = kB, .to = kD, .relays = {kA}, .head = {}, .payload = mebibytes});
  EXPECT_EQ(dispatch.carried_of(kB).value, Dispatch::kMostCarried.value);
  dispatch.carry(kD, {.from = kC, .to = kD, .relays = {kA}, .head = {}, .payload = mebibytes});
  EXPECT_EQ(dispatch.carried_of(kC).value, mebibytes.size()) << "each author has its own";
  ASSERT_TRUE(dispatch.next(kD, 1, {}));
  EXPECT_EQ(dispatch.carried_of(kC).value + dispatch.carried_of(kB).value, Dispatch::kMostCarried.value);
  dispatch.link_ended(kD);
  EXPECT_EQ(dispatch.carried_of(kB).value + dispatch.carried_of(kC).value, 0U);
  EXPECT_FALSE(dispatch.waits(kD));
}

}  // namespace
}  // namespace intertie::links
