// A site of the run, with its certificate, that does not do what it should: the others end with its name and a cause, or go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/false_peer_fixture.h"
#include "tests/sim/toy_run_fixture.h"

namespace intertie::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

ToyOptions two_sites() {
  ToyOptions options = toy_options(60);
  options.batch_sizes = {4, 4};
  return options;
}

// site0 is a whole site, which holds the store; site1 is what the test makes of it.
class WrongPeer : public testing::Test {
 protected:
  WrongPeer() : world_(two_sites()), life_(world_.world().start("site1")) { world_.start(0); }

  wire::Hello hello(std::uint64_t incarnation = 1) const {
    const links::Identity identity = toy_identity(2, SiteId{1}, incarnation);
    wire::Hello hello;
    hello.run = identity.run;
    hello.site = identity.self;
    hello.incarnation = identity.incarnation;
    hello.agreement_text = identity.agreement_text;
    hello.agreement = identity.agreement;
    hello.data = identity.data;
    return hello;
  }

  // One stream, without what links do.
  void dial(const wire::Hello& hello) {
    life_.network().connect({{"site0", 7400}, "site0", 5s}, [this, hello](Result<std::unique_ptr<env::Connection>> connection) {
      ASSERT_TRUE(connection) << connection.error().message();
      streams_.push_back(std::make_unique<links::Stream>(
          std::move(*connection),
          links::Stream::Handlers{
              .message = [this](const wire::Message& message) { heard_.push_back(message); }, .drained = {}, .closed = {}}));
      streams_.back()->send(hello);
    });
  }

  // Takes part until the view, as far as links do, and calls `entered` then.
  void take_part(std::function<void(const wire::View&)> entered, std::uint64_t incarnation = 1) {
    entered_ = std::move(entered);
    links::Mesh::Handlers handlers = deaf_handlers();
    handlers.message = [this](SiteId, const wire::Message& message) {
      if (const auto* view = std::get_if<wire::View>(&message)) entered_(*view);
    };
    handlers.connected = [this](SiteId site) { mesh_->send(site, toy_ready(world_.options())); };
    handlers.failed = [this](SiteId, const Error& error) { refused_.push_back(error); };
    mesh_ = std::make_unique<links::Mesh>(life_.loop(), life_.network(), toy_mesh(toy_identity(2, SiteId{1}, incarnation)),
                                          std::move(handlers));
    ASSERT_TRUE(mesh_->start());
  }
  void say(const wire::Message& message) { mesh_->send(SiteId{0}, message); }

  // Why the members of the run changed; empty: they did not.
  std::string reason_of_change() const {
    for (const RecordedEvent& recorded : world_.events()) {
      if (recorded.event.name != "view.entered" || std::get<std::int64_t>(recorded.event.fields[0].second) < 2) continue;
      return std::get<std::string>(recorded.event.fields.back().second);
    }
    return {};
  }

  ToyWorld world_;
  env::sim::SimSite& life_;
  std::vector<std::unique_ptr<links::Stream>> streams_;
  std::unique_ptr<links::Mesh> mesh_;
  std::function<void(const wire::View&)> entered_;
  std::vector<wire::Message> heard_;
  std::vector<Error> refused_;
};

TEST_F(WrongPeer, TheLongestRunNameIsRefusedInFewWords) {
  wire::Hello long_name = hello();
  long_name.run = std::string(wire::kMaxText, 'x');
  dial(long_name);
  world_.run_to_end(1min);
  ASSERT_FALSE(heard_.empty());
  const auto* refusal = std::get_if<wire::Refusal>(&heard_[0]);
  ASSERT_NE(refusal, nullptr);
  EXPECT_THAT(refusal->reason.text(), AllOf(HasSubstr("belongs to run \"xxx"), HasSubstr("site site0 to run \"toy\"")));
  EXPECT_LT(refusal->reason.text().size(), 300U);
}

TEST_F(WrongPeer, TheLongestLineOfARunFileIsRefusedInFewWords) {
  wire::Hello other_file = hello();
  other_file.agreement_text = "run.name = " + std::string(wire::kMaxText - 20, 'x') + "\n";
  other_file.agreement = Hash64{7};
  dial(other_file);
  world_.run_to_end(1min);
  ASSERT_FALSE(heard_.empty());
  ASSERT_TRUE(std::holds_alternative<wire::Refusal>(heard_[0]));
  EXPECT_LT(std::get<wire::Refusal>(heard_[0]).reason.text().size(), 600U);
}

TEST_F(WrongPeer, TheLongestFarewellIsPassedOnAndTheRunGoesOn) {
  take_part([this](const wire::View&) { say(wire::Farewell{false, ErrorCode::give_up, std::string(100'000, 'y')}); });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(end_of(world_, 0), "ok");
  EXPECT_THAT(reason_of_change(), HasSubstr("site1 ended: yyy"));
}

TEST_F(WrongPeer, AHashOfAMergeThatNobodyCanHaveComeToCostsItItsPlace) {
  take_part([this](const wire::View&) { say(wire::AnchorHash{{FragmentId{0}, Version{20}}, Hash64{1}}); });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(end_of(world_, 0), "ok");
  EXPECT_THAT(reason_of_change(), HasSubstr("site1 sent the hash of version 20, which it cannot have come to"));
}

TEST_F(WrongPeer, ACheckpointThatNobodyCanHaveComeToCostsItItsPlace) {
  take_part([this](const wire::View& view) { say(wire::CheckpointWritten{{Version{1'000'000}, view.restart, Hash64{1}}}); });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(end_of(world_, 0), "ok");
  EXPECT_THAT(reason_of_change(), HasSubstr("wrote a checkpoint of version 1000000, which it cannot have come to"));
}

TEST_F(WrongPeer, AMessageThatIsNoneCostsItItsPlace) {
  take_part([this](const wire::View&) {
    wire::Chunk chunk;
    chunk.encoding = static_cast<Encoding>(99);
    mesh_->send_data(SiteId{0}, wire::StreamClass::merge, chunk);
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(end_of(world_, 0), "ok");
  EXPECT_THAT(reason_of_change(), HasSubstr("site1 wire: the fields of a chunk message are cut short or invalid"));
}

TEST_F(WrongPeer, MergesOfAViewThatNobodyKnowsAreKeptUpToABoundOnly) {
  take_part([this](const wire::View&) {
    wire::Chunk chunk{.view = ViewNumber{99}, .payload = SharedBytes(std::vector<std::byte>(1024 * 1024))};
    for (int i = 0; i < 30; ++i) mesh_->send_data(SiteId{0}, wire::StreamClass::merge, chunk);
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(end_of(world_, 0), "ok");
  EXPECT_THAT(reason_of_change(), HasSubstr("site1 sends merges of a view that nobody else knows"));
}

TEST_F(WrongPeer, ChunksAreServedUpToABoundOnly) {
  take_part([this](const wire::View& view) {
    wire::ChunkRequest request{.kind = wire::ChunkKind::contribution,
                               .merge = {FragmentId{0}, view.from_version},
                               .restart = view.restart,
                               .author = SiteId{0},
                               .chunks = wire::ChunkSet(1)};
    request.chunks.add(0);
    life_.loop().call_after(2s, [this, request] {  // site0 has offered its own
      for (int i = 0; i < 5000; ++i) say(request);
    });
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(end_of(world_, 0), "ok");
  EXPECT_THAT(reason_of_change(), HasSubstr("site1 asks for chunks faster than it takes them"));
}

// It could cut off any other site for good with a word.
TEST_F(WrongPeer, WhatItTellsOfASiteThatIsHeardDoesNotCount) {
  ToyOptions options = toy_options(60);
  options.batch_sizes = {4, 4, 4};
  ToyWorld world(options);
  env::sim::SimSite& life = world.world().start("site1");
  world.start(0);
  world.start(2);
  world.world().run_for(2s);
  std::unique_ptr<links::Stream> stream;
  life.network().connect({{"site0", 7400}, "site0", 5s}, [&](Result<std::unique_ptr<env::Connection>> connection) {
    ASSERT_TRUE(connection) << connection.error().message();
    stream = std::make_unique<links::Stream>(
        std::move(*connection), links::Stream::Handlers{.message = [](const wire::Message&) {}, .drained = {}, .closed = {}});
    stream->send(hello());
    stream->send(wire::Hearing{{{SiteId{2}, Incarnation{~0ULL}, 1, {}, {}}}});
  });
  const std::size_t before = world.events().size();
  world.world().run_for(5s);
  for (std::size_t i = before; i < world.events().size(); ++i) {
    const Event& event = world.events()[i].event;
    EXPECT_NE(event.name, "connection.refused");
    EXPECT_TRUE(event.name != "link.changed" || std::get<std::string>(event.fields[0].second) == "site1");
  }
}

TEST_F(WrongPeer, ASiteThatHasNoSayAnyMoreIsToldSoHoweverOftenItConnects) {
  take_part([this](const wire::View&) { say(wire::AnchorHash{{FragmentId{0}, Version{20}}, Hash64{1}}); });
  world_.world().run_for(3s);
  ASSERT_FALSE(refused_.empty());
  for (const Error& error : refused_) {
    EXPECT_EQ(error.code, ErrorCode::rejoin);
    EXPECT_THAT(error.message(), HasSubstr("no member any more since view 2"));
  }
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(end_of(world_, 0), "ok");
}

TEST_F(WrongPeer, ALowerStartThanOneThatWasSeenIsRefused) {
  take_part([](const wire::View&) {}, 7);
  world_.world().run_for(1s);
  dial(hello(6));
  world_.world().run_for(1s);
  ASSERT_EQ(heard_.size(), 1U);
  const auto* refusal = std::get_if<wire::Refusal>(&heard_[0]);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->code, ErrorCode::reconfigure);
  EXPECT_THAT(refusal->reason.text(), HasSubstr("a newer start of this site was seen already (number 7, this is 6)"));
}

TEST_F(WrongPeer, OneThatOnlyBeatsIsWaitedForAndNamed) {
  take_part([](const wire::View&) {});
  EXPECT_FALSE(world_.run_to_end(2min)) << "a site that lives is waited for";
  const auto warned = std::find_if(world_.events().begin(), world_.events().end(),
                                   [](const RecordedEvent& each) { return each.event.name == "warning"; });
  ASSERT_NE(warned, world_.events().end());
  EXPECT_THAT(std::get<std::string>(warned->event.fields[0].second), AllOf(HasSubstr("has waited"), HasSubstr("site1")));
}

}  // namespace
}  // namespace intertie::tests
