#include "intertie/wire/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/wire/examples_fixture.h"

namespace intertie::wire {
namespace {

std::vector<std::byte> bytes_of(const EncodedFrame& frame) {
  std::vector<std::byte> all(frame.head.view().begin(), frame.head.view().end());
  all.insert(all.end(), frame.payload.view().begin(), frame.payload.view().end());
  return all;
}

TEST(Frame, WhatFollowsTheFirstFrameCanHaveALimit) {
  const auto lines = [](std::size_t size, std::uint64_t number) {
    return bytes_of(encode_frame(EventLines{std::string(size, 'a'), false}, number));
  };
  for (const std::size_t size : {90U, 120U}) {
    FrameReader reader(kMaxFirstFrame, 100);
    std::vector<Message> out;
    ASSERT_TRUE(reader.feed(lines(1000, 0), out));
    EXPECT_EQ(static_cast<bool>(reader.feed(lines(size, 1), out)), size == 90U);
    EXPECT_EQ(out.size(), size == 90U ? 2U : 1U);
  }
}

TEST(Frame, EveryMessageSurvivesAnyCutIntoPieces) {
  const std::vector<Message> messages = examples();
  ASSERT_EQ(messages.size(), std::variant_size_v<Message>);
  std::vector<std::byte> stream;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_EQ(messages[i].index(), i) << "one example of each type, in order";
    const auto bytes = bytes_of(encode_frame(messages[i], i));
    stream.insert(stream.end(), bytes.begin(), bytes.end());
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100}, stream.size()}) {
    FrameReader reader;
    std::vector<Message> out;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      ASSERT_TRUE(reader.feed(std::span(stream).subspan(at, std::min(piece, stream.size() - at)), out));
    }
    ASSERT_EQ(out.size(), messages.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      EXPECT_EQ(bytes_of(encode_frame(out[i], i)), bytes_of(encode_frame(messages[i], i))) << name_of(messages[i]);
    }
  }
}

TEST(Frame, BytesOfTheLayoutAreFixed) {
  const auto bytes = bytes_of(encode_frame(StopAccepted{Version{0x0102030405060708ULL}}, 5));
  std::vector<int> values;
  for (const std::byte b : bytes) values.push_back(std::to_integer<int>(b));
  EXPECT_THAT(values, testing::ElementsAre(8, 0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1));
}

TEST(Frame, BytesOfAnEnvelopeThatNamesItsWayAreFixed) {
  const Envelope envelope{.from = SiteId{1},
                          .from_incarnation = Incarnation{3},
                          .to = SiteId{2},
                          .to_incarnation = Incarnation{4},
                          .stream_class = StreamClass::merge,
                          .number = 5,
                          .type = 27,
                          .relays = {SiteId{7}, SiteId{0x0102}},
                          .head = {},
                          .payload = SharedBytes(std::vector<std::byte>(1, std::byte{99}))};
  std::vector<int> values;
  for (const std::byte b : bytes_of(encode_frame(envelope, 0))) values.push_back(std::to_integer<int>(b));
  values.erase(values.begin(), values.begin() + kFrameHeader);
  EXPECT_THAT(values, testing::ElementsAre(1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1,  // from, to, class
                                           5, 0, 0, 0, 0, 0, 0, 0, 27, 2, 0, 0, 0, 7, 0, 2, 1, 99));
}

TEST(Frame, AWrongSequenceNumberEndsTheStream) {
  FrameReader reader;
  std::vector<Message> out;
  ASSERT_TRUE(reader.feed(bytes_of(encode_frame(Heartbeat{}, 0)), out));
  const auto result = reader.feed(bytes_of(encode_frame(Heartbeat{}, 2)), out);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), testing::HasSubstr("frame 2 arrived where frame 1 was due"));
}

TEST(Frame, ALengthOverTheLimitIsRefusedBeforeItsBodyArrives) {
  auto bytes = bytes_of(encode_frame(Heartbeat{}, 0));
  bytes[3] = std::byte{0xff};
  FrameReader reader;
  std::vector<Message> out;
  const auto result = reader.feed(std::span(bytes).first(kFrameHeader), out);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), testing::HasSubstr("over the limit"));
}

TEST(Frame, TruncatedAndOverlongMessagesAreRefused) {
  const auto has_payload = [](const Message& message) {
    return std::holds_alternative<Envelope>(message) || std::holds_alternative<StatePart>(message) ||
           std::holds_alternative<Chunk>(message) || std::holds_alternative<Padding>(message);
  };
  for (std::size_t type = 0; type < std::variant_size_v<Message>; ++type) {
    const Message message = examples()[type];
    if (has_payload(message)) continue;
    auto body = bytes_of(encode_frame(message, 0));
    body.erase(body.begin(), body.begin() + kFrameHeader);
    auto shorter = body;
    shorter.resize(shorter.size() - 1);
    auto longer = body;
    longer.resize(longer.size() + 1);
    EXPECT_FALSE(decode_message(static_cast<std::uint8_t>(type), SharedBytes(shorter))) << name_of(message);
    EXPECT_FALSE(decode_message(static_cast<std::uint8_t>(type), SharedBytes(longer))) << name_of(message);
  }
  EXPECT_FALSE(decode_message(200, SharedBytes()));
}

TEST(Frame, TheFieldsBeforeAPayloadMayNotBeCutShort) {
  for (const Message& message : examples()) {
    auto frame = encode_frame(message, 0);
    if (frame.payload.empty() || std::holds_alternative<Padding>(message)) continue;  // which has no fields
    const auto fields = frame.head.view().subspan(kFrameHeader);
    const std::size_t own =
        std::holds_alternative<Envelope>(message) ? fields.size() - std::get<Envelope>(message).head.size() : fields.size();
    const std::vector<std::byte> whole(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(own));
    const std::vector<std::byte> cut(whole.begin(), whole.end() - 1);
    const auto type = static_cast<std::uint8_t>(message.index());
    EXPECT_TRUE(decode_message(type, SharedBytes(whole))) << name_of(message);
    EXPECT_FALSE(decode_message(type, SharedBytes(cut))) << name_of(message);
  }
}

TEST(Frame, AnEnvelopeArrivesWithTheWholeBodyOfItsMessageAsPayload) {
  const Chunk sent = example_chunk();
  const Envelope envelope = envelope_of(sent);
  ASSERT_FALSE(envelope.head.empty());
  FrameReader reader;
  std::vector<Message> out;
  ASSERT_TRUE(reader.feed(bytes_of(encode_frame(envelope, 0)), out));
  ASSERT_EQ(out.size(), 1U);
  const auto& arrived = std::get<Envelope>(out[0]);
  EXPECT_TRUE(arrived.head.empty());
  EXPECT_EQ(arrived.payload.size(), envelope.head.size() + envelope.payload.size());
  EXPECT_EQ(arrived.to_incarnation, envelope.to_incarnation);
  EXPECT_EQ(arrived.number, envelope.number);
  EXPECT_EQ(arrived.relays, envelope.relays);
  const auto inner = decode_message(arrived.type, arrived.payload);
  ASSERT_TRUE(inner) << inner.error().message();
  EXPECT_EQ(bytes_of(encode_frame(*inner, 0)), bytes_of(encode_frame(sent, 0)));
  // A relay hands on what it got: the same bytes again.
  EXPECT_EQ(bytes_of(encode_frame(arrived, 0)), bytes_of(encode_frame(envelope, 0)));
}

TEST(Frame, AViewKeepsEveryFieldOfItsOrders) {
  const View sent = example_view();
  FrameReader reader;
  std::vector<Message> out;
  ASSERT_TRUE(reader.feed(bytes_of(encode_frame(sent, 0)), out));
  const auto& view = std::get<View>(out.at(0));
  EXPECT_EQ(view.orders, sent.orders);
  EXPECT_EQ(view.survivors, sent.survivors);
  EXPECT_EQ(view.members, sent.members);
  EXPECT_EQ(view.stop_at, sent.stop_at);
  EXPECT_EQ(view.reason, sent.reason);
  EXPECT_EQ(view.schedule, sent.schedule);
}

TEST(Frame, AFirstFrameMayBeNoLongerThanAHello) {
  const Message message = Hello{.run = "demo", .agreement_text = std::string(60'000, 'a')};
  std::vector<Message> out;
  FrameReader strict(50'000);
  EXPECT_FALSE(strict.feed(bytes_of(encode_frame(message, 0)), out));
  FrameReader reader(kMaxFirstFrame);
  EXPECT_TRUE(reader.feed(bytes_of(encode_frame(message, 0)), out));
  EXPECT_TRUE(reader.feed(bytes_of(encode_frame(StatePart{.payload = payload_of(200'000, 1)}, 1)), out)) << "only the first";
}

TEST(ChunkSetOfAMerge, HasWhatWasAddedAndNothingBeyondItsEnd) {
  const ChunkSet set = chunks(11, {0, 7, 8, 10});
  std::vector<std::size_t> in;
  for (std::size_t chunk = 0; chunk < 100; ++chunk) {
    if (set.has(chunk)) in.push_back(chunk);
  }
  EXPECT_THAT(in, testing::ElementsAre(0, 7, 8, 10));
  EXPECT_FALSE(ChunkSet().has(0));
  EXPECT_NE(set, chunks(11, {0, 7, 8}));
}

TEST(Frame, AListCountIsCheckedBeforeAllocation) {
  Writer writer;
  writer(Hash64{1}, std::uint32_t{0xffffffff});
  const auto ready = static_cast<std::uint8_t>(Message(Ready{}).index());
  EXPECT_FALSE(decode_message(ready, SharedBytes(writer.take())));
}

TEST(Frame, UnknownEnumeratorsAreRefused) {
  auto bytes = bytes_of(encode_frame(example_chunk(), 0));
  bytes[kFrameHeader] = std::byte{9};  // chunk kind
  FrameReader reader;
  std::vector<Message> out;
  EXPECT_FALSE(reader.feed(bytes, out));
  EXPECT_FALSE(is_known(static_cast<OrderKind>(2)));
  EXPECT_FALSE(is_known(static_cast<StreamClass>(3)));
}

}  // namespace
}  // namespace intertie::wire
