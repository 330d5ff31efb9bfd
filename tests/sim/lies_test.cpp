// A site of the run, with its certificate, that lies about others, or whose words come late.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/sync/round.h"
#include "tests/sim/false_peer_fixture.h"
#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;

ToyOptions three_sites(std::uint64_t steps = 400) {
  ToyOptions made = toy_options(steps);
  made.batch_sizes.assign(3, 2);
  made.link.delay = 40ms;
  made.step_time = 60ms;
  return made;
}

// site1 of three is what the test makes of it.
class Liar {
 public:
  Liar(ToyWorld& world, std::uint64_t incarnation) : life_(world.world().start("site1")) {
    links::Mesh::Handlers handlers = deaf_handlers();
    handlers.message = [this](SiteId, const wire::Message& message) {
      const auto* flush = std::get_if<wire::FlushRequest>(&message);
      if (flush) say(SiteId{0}, wire::FlushReport{.number = flush->number});
    };
    handlers.connected = [this, ready = toy_ready(world.options())](SiteId site) {
      if (site == SiteId{0}) say(site, ready);
    };
    mesh_ = std::make_unique<links::Mesh>(life_.loop(), life_.network(), toy_mesh(toy_identity(3, SiteId{1}, incarnation)),
                                          std::move(handlers));
    EXPECT_TRUE(mesh_->start());
  }
  void tell(SiteId to, const wire::Message& message) { const_cast<links::Link*>(mesh_->link(to))->tell(message); }
  void say(SiteId to, const wire::Message& message) { mesh_->send(to, message); }

 private:
  env::sim::SimSite& life_;
  std::unique_ptr<links::Mesh> mesh_;
};

TEST(Lies, ABeatThatAnotherSiteTellsDoesNotExpelASiteThatIsHeard) {
  ToyWorld world(three_sites());
  world.start(0);
  world.start(2);
  Liar liar(world, 1);
  world.world().run_for(3s);
  ASSERT_TRUE(world.run(0)->state());
  liar.tell(SiteId{0}, wire::Hearing{{{SiteId{2}, Incarnation{1}, ~0ULL, {}, {}}}});
  world.world().run_for(6s);
  EXPECT_THAT(reasons(world), testing::Not(testing::HasSubstr("nothing was heard of site2")));
}

// Only of a site that is gone may another give the contribution, and only where a view says so.
TEST(Lies, AnotherSiteCannotContributeInTheNameOfASite) {
  sync::Round::Settings settings{
      .execution = {.merge = {FragmentId{0}, Version{1}},
                    .view = ViewNumber{1},
                    .self = SiteId{0},
                    .incarnation = Incarnation{1},
                    .restart = {},
                    .num_sites = 3},
      .agreement = {},
      .members = {{SiteId{0}, Incarnation{1}}, {SiteId{1}, Incarnation{1}}, {SiteId{2}, Incarnation{1}}},
      .tokens_per_step = {1, 1, 1}};
  wire::Schedule schedule{
      .number = 1, .reduction = wire::Reduction::gather, .elements = 16, .chunk_blocks = 1, .pieces = {{{0, 1}, SiteId{0}}}};
  sync::Round round(settings, schedule, std::vector<float>(16));
  reduce::Sends sends;
  const wire::Chunk forged{.kind = wire::ChunkKind::contribution,
                           .merge = settings.execution.merge,
                           .view = ViewNumber{1},
                           .restart = {},
                           .site = SiteId{2},
                           .incarnation = Incarnation{1},
                           .contribution = Contribution{1},
                           .set = {},
                           .lane = {},
                           .blocks = {0, 1},
                           .encoding = Encoding::f32,
                           .payload = SharedBytes(std::vector<std::byte>(64))};
  const auto taken = round.take_chunk(SiteId{1}, forged, sends);
  EXPECT_TRUE(!taken || round.execution().num_missing_from(SiteId{2}) > 0) << "site 1's words count as site 2's contribution";
}

// ---- what a site that connects says of its view ----

std::unique_ptr<links::Mesh> mesh_of(env::sim::SimSite& life, SiteId self, std::function<void(SiteId)> connected) {
  links::Mesh::Settings settings = toy_mesh(toy_identity(2, self));
  settings.paths.assign(2, {{.num_merge_streams = 1}});
  links::Mesh::Handlers handlers = deaf_handlers();
  handlers.connected = std::move(connected);
  return std::make_unique<links::Mesh>(life.loop(), life.network(), std::move(settings), std::move(handlers));
}

// The view of the hello is the one of when it began to dial; a holder that comes back decides by it who is behind.
TEST(Lies, AHelloSaysTheViewOfNow) {
  env::sim::SimWorld world({.seed = 1, .link = {BitRate{100e6}, 150ms}});
  std::optional<ViewNumber> said;
  std::optional<env::TimePoint> said_at;
  std::unique_ptr<links::Mesh> holder;
  holder = mesh_of(world.start("site0"), SiteId{0}, [&](SiteId) {
    if (!said) said = holder->view_of(SiteId{1}), said_at = world.now();
  });
  auto other = mesh_of(world.start("site1"), SiteId{1}, [](SiteId) {});
  ASSERT_TRUE(holder->start());
  world.cut("site0", "site1");
  other->set_view(ViewNumber{4});
  ASSERT_TRUE(other->start());
  world.run_for(2s);
  other->set_view(ViewNumber{5});
  world.run_for(3s);
  world.mend("site0", "site1");
  ASSERT_TRUE(world.run_until([&] { return said.has_value(); }, 20s));
  EXPECT_EQ(said->value, 5U);
  ASSERT_TRUE(world.run_until([&] { return holder->view_of(SiteId{1}) == ViewNumber{5}; }, 20s));
  EXPECT_LT(seconds_of(world.now() - *said_at), 0.01) << "s until it is put right";
}

}  // namespace
}  // namespace intertie::tests
