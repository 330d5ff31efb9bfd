#include "intertie/links/link.h"

#include <gtest/gtest.h>

#include "intertie/env/sim/sim_world.h"

namespace intertie::links {
namespace {

using namespace std::chrono_literals;

// A connection whose other end is the test: nothing leaves before that says so.
class Held final : public env::Connection {
 public:
  explicit Held(Held** self) { *self = this; }
  void start(Handlers handlers) override { handlers_ = std::move(handlers); }
  void send(SharedBytes bytes) override {
    sent.insert(sent.end(), bytes.view().begin(), bytes.view().end());
    waiting_.value += bytes.size();
  }
  Bytes unsent() const override { return waiting_; }
  void set_low_mark(Bytes) override {}
  void set_pacing(BitRate rate) override { pacing = rate.bits_per_second; }
  void close_after_sending() override {}
  const env::Peer& peer() const override { return peer_; }
  std::string congestion_control() const override { return control; }
  void set_congestion_control(const std::string& name) override { control = name; }
  env::Sending sending() const override { return known; }

  void drain() {
    waiting_ = {};
    if (handlers_.drained) handlers_.drained();
  }
  void deliver(const std::vector<std::byte>& bytes) { handlers_.received(bytes); }
  std::vector<wire::Message> messages() const {
    wire::FrameReader reader(wire::kMaxChunkFrame, wire::kMaxChunkFrame);
    std::vector<wire::Message> all;
    EXPECT_TRUE(reader.feed(sent, all));
    return all;
  }
  std::vector<std::byte> sent;
  env::Sending known;
  double pacing = 0;
  std::string control = "none";

 private:
  Handlers handlers_;
  Bytes waiting_;
  env::Peer peer_;
};

// What a connection carried of one type, in payload bytes.
template <class T>
std::size_t payload_of_all(const std::vector<wire::Message>& messages) {
  std::size_t total = 0;
  for (const wire::Message& message : messages) {
    if (const auto* one = std::get_if<T>(&message)) total += one->payload.size();
  }
  return total;
}

class MergeStreams : public testing::Test {
 protected:
  MergeStreams() {
    link.begin_session(Incarnation{2});
    link.attach_control(0, stream(&control));
    for (std::uint16_t i = 0; i < 2; ++i) link.attach_merge(0, i, stream(&merge[i]));
    link.set_route({.direct = true, .relay = {}});
  }
  static std::unique_ptr<Stream> stream(Held** held) {
    return std::make_unique<Stream>(std::make_unique<Held>(held), Stream::Handlers{});
  }
  std::size_t padding(const Held* connection) const { return payload_of_all<wire::Padding>(connection->messages()); }
  std::size_t padding() const { return padding(merge[0]) + padding(merge[1]); }
  void drain_both() {
    for (Held* each : merge) each->drain();
  }
  static wire::Chunk chunk() {
    wire::Chunk made;
    made.payload = SharedBytes(std::vector<std::byte>(1000));
    return made;
  }

  env::sim::SimWorld world;
  Held* control = nullptr;
  std::array<Held*, 2> merge{};
  std::vector<std::string> ended;
  Link link{world.start("site0").loop(),
            {.self = SiteId{0}, .incarnation = Incarnation{1}, .peer = SiteId{1}, .num_merge_streams = {2}, .timing = {}},
            {.message = {},
             .envelope = {},
             .carry = {},
             .next = [this](Session::Way way) -> std::optional<wire::Envelope> {
               if (!link.session().has_next(wire::StreamClass::merge)) return std::nullopt;
               return link.session().take_next(wire::StreamClass::merge, way);
             },
             .waits = [this] { return link.session().has_next(wire::StreamClass::merge); },
             .queued = [] {},
             .stream_ended = [] {},
             .streams_ended = [] {},
             .hearing = {},
             .refused = {},
             .ended = [this](std::uint16_t, const Error& error) { ended.push_back(error.message()); },
             .merge_ended = {},
             .broken = {},
             .closed = {}}};
};

TEST_F(MergeStreams, ItsMergeStreamsSharePacing) {
  link.set_pacing(BitRate{80e6}, 2);
  EXPECT_EQ(merge[0]->pacing, 40e6);
  EXPECT_EQ(merge[1]->pacing, 40e6);
  EXPECT_EQ(control->pacing, 0);
  Held* again = nullptr;
  link.attach_merge(0, 0, stream(&again));
  EXPECT_EQ(again->pacing, 40e6) << "one that comes later, too";
}

TEST_F(MergeStreams, ThatAreNotNeededCarryNothing) {
  link.set_pacing(BitRate{80e6}, 1);
  EXPECT_EQ(merge[0]->pacing, 80e6);
  for (int i = 0; i < 10; ++i) link.send(wire::StreamClass::merge, chunk());
  EXPECT_GT(payload_of_all<wire::Envelope>(merge[0]->messages()), 10'000U);
  EXPECT_EQ(payload_of_all<wire::Envelope>(merge[1]->messages()), 0U);
}

class BusyMergeStreams : public MergeStreams {
 protected:
  // At 80 Mbit/s, 2.5 MB from one beat to the next.
  BusyMergeStreams() {
    link.set_pacing(BitRate{80e6}, 1);
    for (int i = 0; i < 1000; ++i) link.send(wire::StreamClass::merge, chunk());
    link.beat();
  }
  void beat_after(Duration time, std::uint64_t delivered) {
    world.run_for(time);
    merge[0]->known.acknowledged.value += delivered;
    link.beat();
  }
};

TEST_F(BusyMergeStreams, ThatDoNotKeepThePaceGetOthersBesideThem) {
  beat_after(250ms, 2'300'000);
  EXPECT_EQ(link.num_used_streams(), 1U) << "92 %";
  beat_after(250ms, 2'200'000);
  EXPECT_EQ(link.num_used_streams(), 2U) << "88 %";
  EXPECT_EQ(merge[1]->pacing, 40e6);
}

// 1 MiB takes 105 ms.
TEST_F(BusyMergeStreams, AreNotJudgedByFewBytes) {
  beat_after(50ms, 0);
  EXPECT_EQ(link.num_used_streams(), 1U);
  beat_after(50ms, 950'000);
  EXPECT_EQ(link.num_used_streams(), 1U);
  beat_after(50ms, 0);
  EXPECT_EQ(link.num_used_streams(), 2U) << "0.95 MB in 150 ms";
}

TEST_F(BusyMergeStreams, GoALittleSlowerWhileQueuesOnTheWayAreLong) {
  merge[0]->known.least_round_trip = 30ms;
  merge[0]->known.round_trip = 35ms;
  link.beat();
  EXPECT_EQ(merge[0]->pacing, 80e6);
  merge[0]->known.round_trip = 36ms;
  link.beat();
  EXPECT_DOUBLE_EQ(merge[0]->pacing, 0.99 * 80e6);
  for (int i = 0; i < 20; ++i) link.beat();
  EXPECT_DOUBLE_EQ(merge[0]->pacing, 0.95 * 80e6) << "no less";
  merge[0]->known.round_trip = 30ms;
  link.beat();
  EXPECT_DOUBLE_EQ(merge[0]->pacing, 0.9525 * 80e6);
  for (int i = 0; i < 20; ++i) link.beat();
  EXPECT_EQ(merge[0]->pacing, 80e6);
}

// A burst of a few packets is a queue of 9 ms at 4 Mbit/s.
TEST_F(BusyMergeStreams, OwnBurstsAreNoLongQueues) {
  link.set_pacing(BitRate{4e6}, 1);
  merge[0]->known.round_trip = 14ms;
  link.beat();
  EXPECT_EQ(merge[0]->pacing, 4e6);
  merge[0]->known.round_trip = 15ms;
  link.beat();
  EXPECT_LT(merge[0]->pacing, 4e6);
}

TEST_F(MergeStreams, GoWithThePaceOfAProbe) {
  for (Held* each : merge) each->control = "cubic";
  control->control = "cubic";
  link.fill(BitRate{30e6}, Link::Turn::first);
  EXPECT_EQ(merge[0]->control, "cubic") << "merges go over it";
  EXPECT_EQ(merge[1]->control, "reno");
  link.stop_filling();
  EXPECT_EQ(merge[1]->control, "cubic");
  merge[1]->control = "bbr";
  link.fill(BitRate{30e6}, Link::Turn::first);
  EXPECT_EQ(merge[1]->control, "bbr");
  EXPECT_EQ(merge[1]->pacing, 0) << "it looks for the rate itself";
}

TEST_F(MergeStreams, TheFirstIsLeftOutOfAProbe) {
  link.fill(BitRate{30e6}, Link::Turn::first);
  EXPECT_EQ(merge[0]->pacing, 0);
  EXPECT_EQ(merge[1]->pacing, 30e6);
  link.fill(BitRate{60e6}, Link::Turn::second);
  EXPECT_EQ(merge[1]->pacing, 60e6);
  for (int i = 0; i < 3; ++i) drain_both();
  EXPECT_EQ(padding(merge[0]), 0U);
  const std::size_t filled = padding(merge[1]);
  EXPECT_GT(filled, 3 * 64 * 1024U);
  link.stop_filling();
  EXPECT_EQ(merge[1]->pacing, 0) << "none any more";
  drain_both();
  EXPECT_EQ(padding(merge[1]), filled);
}

TEST_F(MergeStreams, MergeStreamsCarryNothingOfWorthUpToABound) {
  link.warm_up(Bytes{1'000'000});
  for (int i = 0; i < 100; ++i) drain_both();
  EXPECT_EQ(padding(), 1'000'000U);
  EXPECT_GT(padding(merge[0]), 400'000U);
  EXPECT_GT(padding(merge[1]), 400'000U);
  EXPECT_EQ(padding(control), 0U);
}

TEST_F(MergeStreams, LittleOfItIsInFrontOfWhatComesNext) {
  link.warm_up(Bytes{1'000'000});
  for (const Held* each : merge) EXPECT_LE(each->unsent().value, 100'000U);
}

TEST_F(MergeStreams, ItEndsWithTheFirstChunk) {
  link.warm_up(Bytes{1'000'000});
  const std::size_t before = padding();
  ASSERT_GT(before, 0U);
  link.send(wire::StreamClass::merge, chunk());
  for (int i = 0; i < 100; ++i) drain_both();
  EXPECT_EQ(padding(), before);
  EXPECT_GE(payload_of_all<wire::Envelope>(merge[0]->messages()) + payload_of_all<wire::Envelope>(merge[1]->messages()), 1000U)
      << "the chunk itself";
}

TEST_F(MergeStreams, ItIsForTheDirectWayOnly) {
  link.set_route({});
  link.warm_up(Bytes{1'000'000});
  EXPECT_EQ(padding(), 0U);
}

TEST_F(MergeStreams, AnotherStartOfThePeerGetsNone) {
  link.warm_up(Bytes{1'000'000});
  link.begin_session(Incarnation{3});
  link.attach_control(0, stream(&control));
  for (std::uint16_t i = 0; i < 2; ++i) link.attach_merge(0, i, stream(&merge[i]));
  for (int i = 0; i < 100; ++i) drain_both();
  EXPECT_EQ(padding(), 0U);
}

TEST_F(MergeStreams, WhoGetsItForgetsIt) {
  const wire::EncodedFrame frame = wire::encode_frame(wire::Padding{SharedBytes(std::vector<std::byte>(5000))}, 0);
  std::vector<std::byte> bytes(frame.head.view().begin(), frame.head.view().end());
  bytes.insert(bytes.end(), frame.payload.view().begin(), frame.payload.view().end());
  merge[0]->deliver(bytes);
  EXPECT_TRUE(ended.empty());
  EXPECT_TRUE(link.has_control());
}

TEST_F(MergeStreams, ItIsNotTakenForTheRateOfALink) {
  link.warm_up(Bytes{1'000'000});
  world.run_for(1s);
  drain_both();
  EXPECT_EQ(link.transfer().bytes.value, 0U);
}

}  // namespace
}  // namespace intertie::links
