// Meshes on virtual time whose sites are joined by two paths, between an address each.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "intertie/env/sim/sim_world.h"
#include "intertie/links/mesh.h"

namespace intertie::links {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr SiteId kHere{0}, kThere{1};
constexpr std::size_t kSize = 100'000;
constexpr double kWide = 70e6, kNarrow = 30e6;

// The first path is the wider one.
class TwoPaths : public testing::Test {
 protected:
  struct Place {
    std::unique_ptr<Mesh> mesh;
    std::map<std::uint64_t, int> got;  // how often which number came
    int connected = 0;
    std::vector<std::string> news;  // of paths and routes
    std::vector<Error> failed;
  };

  TwoPaths() {
    for (const std::size_t path : {0U, 1U}) {
      const env::LinkProfile profile{BitRate{path == 0 ? kWide : kNarrow}, 10ms};
      world.set_link(interface(kHere, path), interface(kThere, path), profile);
      world.set_link(interface(kThere, path), interface(kHere, path), profile);
    }
  }
  static std::string host(SiteId site, std::size_t path) { return fmt::format("10.{}.0.{}", path + 1, site.value + 1); }
  std::string interface(SiteId site, std::size_t path) const { return names[site.value] + "@" + host(site, path); }
  void cut(std::size_t path) { world.cut(interface(kHere, path), interface(kThere, path)); }
  void mend(std::size_t path) { world.mend(interface(kHere, path), interface(kThere, path)); }

  Mesh::Settings settings_of(SiteId site, Incarnation incarnation) const {
    Mesh::Settings settings;
    settings.identity = {.run = "paths",
                         .self = site,
                         .site_names = names,
                         .incarnation = incarnation,
                         .agreement = {},
                         .agreement_text = {},
                         .data = {}};
    for (const std::string& name : names) settings.addresses.push_back({name, 7400});
    settings.listen = {{host(site, 0), 7400}, {host(site, 1), 7400}};
    const SiteId peer{static_cast<std::uint16_t>(1 - site.value)};
    settings.paths.resize(2);
    for (const std::size_t path : {0U, 1U}) {
      settings.paths[peer.value].push_back(
          {.num_merge_streams = 2, .to = env::Address{host(peer, path), 7400}, .from = host(site, path)});
    }
    return settings;
  }
  Mesh::Handlers handlers_of(Place& place) {
    return {.message =
                [&place](SiteId, const wire::Message& message) {
                  if (const auto* chunk = std::get_if<wire::Chunk>(&message)) ++place.got[chunk->merge.version.value];
                  if (const auto* word = std::get_if<wire::Farewell>(&message)) ++place.got[word->finished ? 1U : 0U];
                },
            .connected = [&place](SiteId) { ++place.connected; },
            .appeared = [](SiteId) {},
            .route =
                [&place](SiteId, const Route& route, const Error*) {
                  if (!route.direct) place.news.emplace_back("no way");
                },
            .path = [&place](SiteId, std::uint16_t path,
                             const Error* why) { place.news.push_back(fmt::format("{} {}", path, why ? "down" : "up")); },
            .broken = [](SiteId, const Error& error) { ADD_FAILURE() << error.message(); },
            .beat = [] {},
            .closed = [] {},
            .refused = [](const Error&) {},
            .failed = [&place](SiteId, const Error& error) { place.failed.push_back(error); }};
  }
  void start(SiteId site, const Mesh::Settings& settings) {
    env::sim::SimSite& process = world.start(names[site.value]);
    Place& place = places[site.value];
    place.mesh = std::make_unique<Mesh>(process.loop(), process.network(), settings, handlers_of(place));
    process.loop().post([&place] { EXPECT_TRUE(place.mesh->start()); });
  }
  void start_both() {
    for (const SiteId site : {kHere, kThere}) start(site, settings_of(site, Incarnation{1}));
    ASSERT_TRUE(world.run_until([this] { return num_streams(kHere) == 4 && num_streams(kThere) == 4; }, 5s));
    world.run_for(1s);
    for (Place& place : places) place.news.clear();
  }
  const Link& link(SiteId at) const { return *places[at.value].mesh->link(SiteId{static_cast<std::uint16_t>(1 - at.value)}); }
  std::size_t num_streams(SiteId at) const { return link(at).num_used_streams(); }
  bool up(std::uint16_t path) const { return link(kHere).path(path).has_control() && link(kThere).path(path).has_control(); }
  void send(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) {
      places[0].mesh->send_data(
          kThere, wire::StreamClass::merge,
          wire::Chunk{.merge = {FragmentId{0}, Version{number}}, .payload = SharedBytes(std::vector<std::byte>(kSize))});
    }
  }
  std::size_t num_at(SiteId site) const { return places[site.value].got.size(); }
  bool wait_for(std::size_t count, Duration limit) {
    return world.run_until([&] { return num_at(kThere) == count; }, limit);
  }
  void expect_once_each() const {
    for (const auto& [number, times] : places[1].got) EXPECT_EQ(times, 1) << number;
  }
  static double alone(std::size_t count, double rate) { return static_cast<double>(count * kSize) * 8 / rate; }

  std::vector<std::string> names{"ashburn", "columbus"};
  env::sim::SimWorld world{{.seed = 5}};
  std::array<Place, 2> places;
};

TEST_F(TwoPaths, UnequalPathsBalanceThemselves) {
  start_both();
  const env::TimePoint begun = world.now();
  send(1, 200);
  ASSERT_TRUE(wait_for(200, 10s));
  EXPECT_LT(seconds_of(world.now() - begun), 1.05 * alone(200, kWide + kNarrow) + 0.05);
  expect_once_each();
  EXPECT_EQ(places[0].connected, 1) << "the link is one, whatever it is made of";
}

TEST_F(TwoPaths, WhatASilentPathHeldGoesOverTheOther) {
  start_both();
  send(1, 200);
  ASSERT_TRUE(wait_for(100, 10s));
  cut(0);
  world.run_for(1s);
  EXPECT_THAT(places[0].news, ElementsAre("0 down"));
  EXPECT_THAT(places[1].news, ElementsAre("0 down"));
  const Session& session = link(kHere).session();
  EXPECT_GT(session.bytes_lost().value, 0U);
  const std::size_t had = num_at(kThere);
  const env::TimePoint begun = world.now();
  ASSERT_TRUE(wait_for(200, 10s));
  EXPECT_LT(seconds_of(world.now() - begun), 1.1 * alone(200 - had, kNarrow) + 0.1);
  expect_once_each();
  EXPECT_LE(session.bytes_sent_again(), session.bytes_lost());
  EXPECT_LE(session.bytes_lost().value, static_cast<std::uint64_t>(kWide / 8 * (1 + 0.25 + 0.02))) << "what it may have held";
}

TEST_F(TwoPaths, ControlMovesToThePathThatLivesAndTheSiteIsHeardAllTheWhile) {
  start_both();
  cut(0);
  places[0].mesh->send(kThere, wire::Farewell{.finished = true});
  const env::TimePoint begun = world.now();
  ASSERT_TRUE(wait_for(1, 5s));
  EXPECT_LT(world.now() - begun, 800ms);
  world.run_for(20s);
  for (const SiteId site : {kHere, kThere}) {
    EXPECT_LT(world.now() - *link(site).heard_at(), 300ms);
    EXPECT_TRUE(link(site).route().direct);
    EXPECT_EQ(places[site.value].connected, 1);
  }
}

TEST_F(TwoPaths, AMendedPathIsTakenBack) {
  start_both();
  for (const std::size_t path : {0U, 1U}) {
    cut(path);
    world.run_for(30s);
    EXPECT_FALSE(up(static_cast<std::uint16_t>(path)));
    mend(path);
    ASSERT_TRUE(world.run_until([this] { return up(0) && up(1) && num_streams(kHere) == 4 && num_streams(kThere) == 4; }, 15s));
  }
  EXPECT_THAT(places[1].news, testing::Contains("0 up"));
  const env::TimePoint begun = world.now();
  send(1, 200);
  ASSERT_TRUE(wait_for(200, 10s));
  EXPECT_LT(seconds_of(world.now() - begun), 1.05 * alone(200, kWide + kNarrow) + 0.05);
}

TEST_F(TwoPaths, APathThatIsCutOneWayOnlyIsDead) {
  start_both();
  send(1, 100);
  world.cut_one_way(interface(kThere, 0), interface(kHere, 0));
  world.run_for(2s);
  EXPECT_FALSE(link(kHere).path(0).has_control());
  EXPECT_FALSE(link(kThere).path(0).has_control());
  ASSERT_TRUE(wait_for(100, 10s));
  expect_once_each();
}

TEST_F(TwoPaths, ASiteThatStandsStillLosesNone) {
  start_both();
  for (const Duration time : {400ms, 700ms, 1000ms, 1400ms}) {
    world.pause("columbus", time);
    world.run_for(5s);
    EXPECT_THAT(places[0].news, IsEmpty()) << to_string(time);
    EXPECT_THAT(places[1].news, IsEmpty()) << to_string(time);
  }
}

TEST_F(TwoPaths, WhenAllAreSilentTheLinkIsAndItComesBackWhole) {
  start_both();
  send(1, 100);
  world.run_for(200ms);
  world.cut("ashburn", "columbus");
  world.run_for(10s);
  for (const SiteId site : {kHere, kThere}) EXPECT_FALSE(link(site).heard_at());
  world.mend("ashburn", "columbus");
  ASSERT_TRUE(world.run_until([this] { return up(0) && up(1); }, 20s));
  ASSERT_TRUE(wait_for(100, 10s));
  expect_once_each();
}

TEST_F(TwoPaths, ANewStartOfASiteIsJoinedByBoth) {
  start_both();
  for (const SiteId site : {kThere, kHere}) {
    world.kill(names[site.value]);
    places[site.value].mesh.reset();
    world.run_for(2s);
    start(site, settings_of(site, Incarnation{2}));
    ASSERT_TRUE(world.run_until([this] { return up(0) && up(1) && num_streams(kHere) == 4 && num_streams(kThere) == 4; }, 15s));
  }
}

// As where its cable or its VPN is not there yet.
TEST_F(TwoPaths, OneThatIsNotThereAtTheStartIsToldOfAndComesLater) {
  cut(1);
  for (const SiteId site : {kHere, kThere}) start(site, settings_of(site, Incarnation{1}));
  world.run_for(30s);
  EXPECT_TRUE(up(0));
  EXPECT_THAT(places[1].news, ElementsAre("1 down")) << "once";
  EXPECT_THAT(places[1].failed, IsEmpty());
  mend(1);
  ASSERT_TRUE(world.run_until([this] { return up(0) && up(1); }, 15s));
  EXPECT_THAT(places[1].news, ElementsAre("1 down", "1 up"));
}

// A network over which the first call succeeds, and each later one ends in an error that no other try can mend.
class OnceOnly final : public env::Network {
 public:
  explicit OnceOnly(env::Network& network) : network_(network) {}
  Result<std::unique_ptr<env::Listener>> listen(const env::Address& address, Accepted accepted,
                                                std::function<void(Error)> refused) override {
    return network_.listen(address, std::move(accepted), std::move(refused));
  }
  void connect(Target target, Connected connected) override {
    if (num_calls_++ == 0) return network_.connect(std::move(target), std::move(connected));
    connected(Error{.code = ErrorCode::reconfigure, .where = {}, .what = "its certificate is revoked", .fix = {}, .cause = {}});
  }

 private:
  env::Network& network_;
  int num_calls_ = 0;
};

// There is no other path that could do without them.
TEST_F(TwoPaths, OfASinglePathAStreamThatCannotComeIsTold) {
  const auto alone = [this](SiteId site) {
    Mesh::Settings settings = settings_of(site, Incarnation{1});
    for (auto& paths : settings.paths) paths.resize(std::min<std::size_t>(paths.size(), 1));
    return settings;
  };
  start(kHere, alone(kHere));
  env::sim::SimSite& process = world.start(names[kThere.value]);
  OnceOnly network(process.network());
  Place& place = places[kThere.value];
  place.mesh = std::make_unique<Mesh>(process.loop(), network, alone(kThere), handlers_of(place));
  process.loop().post([&place] { EXPECT_TRUE(place.mesh->start()); });
  world.run_for(2s);
  EXPECT_TRUE(link(kThere).has_control());
  ASSERT_FALSE(place.failed.empty());
  EXPECT_EQ(place.failed[0].what, "its certificate is revoked");
  EXPECT_THAT(place.news, IsEmpty());
  place.mesh.reset();
}

TEST_F(TwoPaths, APathThatTheOtherSiteDoesNotKnowIsRefused) {
  Mesh::Settings one = settings_of(kHere, Incarnation{1});
  one.paths[1].pop_back();
  start(kHere, one);
  start(kThere, settings_of(kThere, Incarnation{1}));
  world.run_for(2s);
  ASSERT_FALSE(places[1].failed.empty());
  EXPECT_EQ(places[1].failed[0].code, ErrorCode::reconfigure);
  EXPECT_THAT(places[1].failed[0].what, testing::HasSubstr("path 1 of a link that has 1"));
}

}  // namespace
}  // namespace intertie::links
