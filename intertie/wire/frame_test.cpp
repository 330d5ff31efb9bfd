#include "intertie/wire/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::wire {
namespace {

std::vector<std::byte> bytes_of(const EncodedFrame& frame) {
  std::vector<std::byte> all(frame.head.view().begin(), frame.head.view().end());
  all.insert(all.end(), frame.payload.view().begin(), frame.payload.view().end());
  return all;
}

std::vector<Message> examples() {
  Chunk chunk{.kind = ChunkKind::result,
              .merge = {FragmentId{3}, Version{70'000'000'000}},
              .restart = Restart{2},
              .site = SiteId{5},
              .incarnation = Incarnation{9},
              .contribution = Contribution{11},
              .set = Hash64{0xfeedfacecafebeefULL},
              .lane = Lane{1},
              .blocks = {16, 32},
              .encoding = Encoding::bf16,
              .payload = SharedBytes(std::vector<std::byte>(1000, std::byte{7}))};
  View view{.number = ViewNumber{4},
            .restart = Restart{1},
            .members = {{SiteId{0}, Incarnation{2}}, {SiteId{1}, Incarnation{3}}},
            .from_checkpoint = true,
            .checkpoint = {Version{8}, Restart{0}, Hash64{1}},
            .schedule = {.number = 1,
                         .reduction = Reduction::owners,
                         .elements = 10000,
                         .chunk_blocks = 16,
                         .pieces = {{{0, 2}, SiteId{0}}, {{2, 3}, SiteId{1}}}}};
  ContributionHeader header{.merge = {FragmentId{0}, Version{1}},
                            .restart = Restart{0},
                            .incarnation = Incarnation{1},
                            .contribution = Contribution{1},
                            .agreement = Hash64{2},
                            .tokens = 768,
                            .inner_steps = 30,
                            .sum_of_squares = 0.25,
                            .samples = {{0, 4}, {12, 4}}};
  return {Hello{.run = "demo", .site = SiteId{2}, .incarnation = Incarnation{7}, .agreement_text = "run.seed = 1\n"},
          Welcome{SiteId{1}, Incarnation{1}},
          Refusal{"other data"},
          Heartbeat{1, 2},
          Ready{},
          view,

          StopRequest{"Ctrl-C"},
          StopOrder{Version{9}, "Ctrl-C"},
          StopAccepted{Version{9}},
          CheckpointWritten{{Version{8}, Restart{0}, Hash64{3}}},
          CheckpointComplete{Version{8}, Restart{0}},
          AnchorHash{{FragmentId{0}, Version{1}}, Hash64{5}},
          header,
          Farewell{false, ErrorCode::reconfigure, "other data"},
          chunk};
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
  EXPECT_THAT(values, testing::ElementsAre(8, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1));
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
  for (std::size_t type = 0; type + 1 < std::variant_size_v<Message>; ++type) {
    const Message message = examples()[type];
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

TEST(Frame, AListCountIsCheckedBeforeAllocation) {
  Writer writer;
  writer(Hash64{1}, std::uint32_t{0xffffffff});
  EXPECT_FALSE(decode_message(4, SharedBytes(writer.take())));
}

TEST(Frame, UnknownEnumeratorsAreRefused) {
  auto bytes = bytes_of(encode_frame(examples().back(), 0));
  bytes[kFrameHeader] = std::byte{9};  // chunk kind
  FrameReader reader;
  std::vector<Message> out;
  EXPECT_FALSE(reader.feed(bytes, out));
}

}  // namespace
}  // namespace intertie::wire
