// A site of the run, with its certificate, that does not do what it should: the others end with its name and a cause, or go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/links/stream.h"
#include "intertie/train/toy.h"
#include "tests/sim/toy_world.h"

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

Hash64 layout_of(const ToyOptions& options) {
  const auto model = train::make_toy({.kind = "toy", .toy_elements = options.elements}, 1);
  wire::Writer writer;
  for (const train::TensorSlot& tensor : model->layout().tensors)
    writer(tensor.name, tensor.shape, tensor.range.first, tensor.decay);
  return hash_bytes(writer.take());
}

// site0 is a whole site; site1 is what the test makes of it, stream by stream.
class WrongPeer : public testing::Test {
 protected:
  WrongPeer() : world_(two_sites()), life_(world_.world().start("site1")) { world_.start(0); }

  wire::Hello hello() const {
    wire::Hello hello;
    hello.run = "toy";
    hello.site = SiteId{1};
    hello.incarnation = Incarnation{1};
    hello.agreement_text = "run.name = toy\n";
    hello.agreement = hash_text(hello.agreement_text);
    hello.data = Hash64{1};
    return hello;
  }

  // `on` sees what site0 says on it.
  void dial(const wire::Hello& hello, std::function<void(links::Stream&, const wire::Message&)> on = {}) {
    life_.network().connect(
        {"site0", 7400}, "site0", 5s, [this, hello, on](Result<std::unique_ptr<env::Connection>> connection) {
          ASSERT_TRUE(connection) << connection.error().message();
          const std::size_t index = streams_.size();
          streams_.push_back(std::make_unique<links::Stream>(
              std::move(*connection), links::Stream::Handlers{.message =
                                                                  [this, index, on](const wire::Message& message) {
                                                                    heard_.push_back(message);
                                                                    if (on) on(*streams_[index], message);
                                                                  },
                                                              .drained = {},
                                                              .closed = {}}));
          streams_[index]->send(hello);
        });
  }

  // Takes part until the view, answers every heartbeat, and calls `entered` when merge streams may open.
  void take_part(const std::function<void(links::Stream&, const wire::View&)>& entered) {
    dial(hello(), [layout = layout_of(world_.options()), entered](links::Stream& control, const wire::Message& message) {
      if (std::holds_alternative<wire::Welcome>(message))
        control.send(wire::Ready{.layout = layout, .checkpoints = {}, .resume = false});
      if (std::holds_alternative<wire::Heartbeat>(message)) control.send(wire::Heartbeat{1, 0});
      if (const auto* view = std::get_if<wire::View>(&message)) entered(control, *view);
    });
  }
  void open_merge_streams(const wire::View& view, std::uint16_t count) {
    for (std::uint16_t number = 0; number < count; ++number) {
      wire::Hello merge = hello();
      merge.stream_class = wire::StreamClass::merge;
      merge.stream = number;
      merge.restart = view.restart;
      dial(merge);
    }
  }

  std::string outcome() {
    const auto& outcome = world_.outcome(0);
    if (!outcome) return "still running";
    return *outcome ? "ok" : outcome->error().message();
  }

  ToyWorld world_;
  env::sim::SimSite& life_;
  std::vector<std::unique_ptr<links::Stream>> streams_;
  std::vector<wire::Message> heard_;
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

TEST_F(WrongPeer, TheLongestFarewellIsPassedOn) {
  take_part([](links::Stream& control, const wire::View&) {
    control.send(wire::Farewell{false, ErrorCode::give_up, std::string(100'000, 'y')});
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_THAT(outcome(), AllOf(HasSubstr("site site1"), HasSubstr("stopped: yyy")));
}

TEST_F(WrongPeer, ItsCauseIsOursOnlyWhereNobodyIsAtFault) {
  take_part([](links::Stream& control, const wire::View&) {
    control.send(wire::Farewell{false, ErrorCode::reconfigure, "the run file is wrong"});
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(world_.outcome(0)->error().code, ErrorCode::give_up);
}

TEST_F(WrongPeer, AWishToStopIsPassedOnAsSuch) {
  take_part([](links::Stream& control, const wire::View&) {
    control.send(wire::Farewell{false, ErrorCode::cancelled, "Ctrl-C"});
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(world_.outcome(0)->error().code, ErrorCode::cancelled);
}

TEST_F(WrongPeer, AHashOfAMergeThatNobodyCanHaveComeToEndsTheRun) {
  take_part([](links::Stream& control, const wire::View&) {
    control.send(wire::AnchorHash{{FragmentId{0}, Version{2}}, Hash64{1}});
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_THAT(outcome(), AllOf(HasSubstr("site site1"), HasSubstr("sent a part of merge 2, which it cannot have come to")));
}

TEST_F(WrongPeer, ACheckpointThatNobodyCanHaveComeToEndsTheRun) {
  take_part([](links::Stream& control, const wire::View& view) {
    control.send(wire::CheckpointWritten{{Version{1'000'000}, view.restart, Hash64{1}}});
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_THAT(outcome(), HasSubstr("wrote a checkpoint of version 1000000, which it cannot have come to"));
}

TEST_F(WrongPeer, BytesThatAreNoFrameAreNotTheLinesFault) {
  take_part([this](links::Stream&, const wire::View& view) {
    open_merge_streams(view, 3);
    wire::Chunk chunk;
    chunk.encoding = static_cast<Encoding>(99);
    life_.loop().call_after(1s, [this, chunk] { streams_.back()->send(chunk); });
  });
  ASSERT_TRUE(world_.run_to_end(5min));
  EXPECT_EQ(world_.outcome(0)->error().code, ErrorCode::give_up);
  EXPECT_THAT(outcome(), HasSubstr("a chunk's fields are cut short or invalid"));
}

TEST_F(WrongPeer, TwoStreamsOfOneNumberDoNotWaitSideBySide) {
  dial(hello());  // never ready, so merge streams wait
  world_.world().run_for(1s);
  wire::Hello merge = hello();
  merge.stream_class = wire::StreamClass::merge;
  dial(merge);
  dial(merge);
  world_.world().run_for(1s);
  const auto refused = std::count_if(heard_.begin(), heard_.end(), [](const wire::Message& message) {
    const auto* refusal = std::get_if<wire::Refusal>(&message);
    return refusal && refusal->reason.text().find("waits already") != std::string::npos;
  });
  EXPECT_EQ(refused, 1);
}

TEST_F(WrongPeer, AMergeStreamThatIsSilentForLongEndsTheRunThoughOthersLive) {
  take_part([this](links::Stream&, const wire::View& view) { open_merge_streams(view, 3); });
  EXPECT_FALSE(world_.run_to_end(100s)) << "two minutes";
  ASSERT_TRUE(world_.run_to_end(1min));
  EXPECT_THAT(outcome(),
              AllOf(HasSubstr("site site1"), HasSubstr("nothing was heard for 2 min"), HasSubstr("over merge stream 0")));
}

TEST_F(WrongPeer, OneMergeStreamThatEndsIsALossOnceNoFarewellHasCome) {
  take_part([this](links::Stream&, const wire::View& view) {
    open_merge_streams(view, 3);
    life_.loop().call_after(1s, [this] { streams_.pop_back(); });
  });
  EXPECT_FALSE(world_.run_to_end(15s));
  ASSERT_TRUE(world_.run_to_end(10s));
  EXPECT_THAT(outcome(), AllOf(HasSubstr("site site1"), HasSubstr("lost: ")));
}

}  // namespace
}  // namespace intertie::tests
