// For tests and as a beginning for fuzzing: one message of each type, with its fields filled in.
#pragma once

#include <initializer_list>
#include <vector>

#include "intertie/wire/frame.h"

namespace intertie::wire {

inline ChunkSet chunks(std::size_t num, std::initializer_list<std::size_t> in) {
  ChunkSet set(num);
  for (const std::size_t chunk : in) set.add(chunk);
  return set;
}

inline SharedBytes payload_of(std::size_t size, int value) {
  return SharedBytes(std::vector<std::byte>(size, static_cast<std::byte>(value)));
}

inline View example_view() {
  const std::vector<MemberRecord> members = {{SiteId{0}, Incarnation{2}}, {SiteId{3}, Incarnation{70'000'000'000}}};
  const MergeOrder adopt{.merge = {FragmentId{0}, Version{8}},
                         .kind = OrderKind::adopt,
                         .set = members,
                         .survivors = {SiteId{0}, SiteId{3}},
                         .sources = {{SiteId{0}, 0, 5, SiteId{3}}}};
  const MergeOrder resum{.merge = {FragmentId{0}, Version{9}},
                         .kind = OrderKind::resum,
                         .set = {members[0], {SiteId{1}, Incarnation{4}}, members[1]},
                         .survivors = {SiteId{0}, SiteId{3}},
                         .sources = {{SiteId{1}, 0, 2, SiteId{0}}, {SiteId{1}, 2, 5, SiteId{3}}}};
  return {.number = ViewNumber{4},
          .restart = Restart{1},
          .members = members,
          .survivors = {SiteId{0}, SiteId{3}},
          .from_version = Version{10},
          .orders = {adopt, resum},
          .stop_at = Version{12},
          .reason = "nothing was heard of lyon",
          .starts = true,
          .from_checkpoint = true,
          .checkpoint = {Version{8}, Restart{0}, Hash64{1}},
          .schedule = {.number = 1,
                       .reduction = Reduction::owners,
                       .elements = 10000,
                       .chunk_blocks = 16,
                       .pieces = {{{0, 2}, SiteId{0}}, {{2, 3}, SiteId{3}}},
                       .routes = {{.from = SiteId{0},
                                   .to = SiteId{3},
                                   .rate = 5'000'000'000,
                                   .ways = {{{}, 60'000}, {{SiteId{1}, SiteId{2}}, 5'536}}}}}};
}

inline FlushReport example_report() {
  return {.number = ViewNumber{5},
          .applied = Version{8},
          .ends = true,
          .merges = {{.merge = {FragmentId{0}, Version{9}},
                      .num_chunks = 11,
                      .members = {{SiteId{0}, Incarnation{2}}, {SiteId{1}, Incarnation{4}}},
                      .set = {{SiteId{0}, Incarnation{2}}},
                      .results = chunks(11, {0, 7, 8, 10}),
                      .contributions = {chunks(11, {1, 2}), chunks(11, {})}}}};
}

// As it is made: the body of the message within is in two parts.
inline Envelope envelope_of(const Message& message) {
  EncodedBody body = encode_body(message);
  return {.from = SiteId{1},
          .from_incarnation = Incarnation{3},
          .to = SiteId{2},
          .to_incarnation = Incarnation{4},
          .stream_class = StreamClass::merge,
          .number = 70'000'000'000,
          .type = body.type,
          .relays = {SiteId{7}, SiteId{3}},
          .head = SharedBytes(std::move(body.head)),
          .payload = std::move(body.payload)};
}

inline Chunk example_chunk() {
  return {.kind = ChunkKind::result,
          .merge = {FragmentId{3}, Version{70'000'000'000}},
          .view = ViewNumber{6},
          .restart = Restart{2},
          .site = SiteId{5},
          .incarnation = Incarnation{9},
          .contribution = Contribution{11},
          .set = Hash64{0xfeedfacecafebeefULL},
          .lane = Lane{1},
          .blocks = {16, 32},
          .encoding = Encoding::bf16,
          .payload = payload_of(1000, 7)};
}

inline ContributionHeader example_header() {
  return {.merge = {FragmentId{0}, Version{1}},
          .view = ViewNumber{2},
          .restart = Restart{0},
          .incarnation = Incarnation{1},
          .contribution = Contribution{1},
          .agreement = Hash64{2},
          .tokens = 768,
          .inner_steps = 30,
          .sum_of_squares = 0.25,
          .samples = {{0, 4}, {12, 4}}};
}

// One of each type, in order.
inline std::vector<Message> examples() {
  const Progress progress{.version = Version{8}, .step = 240, .next_sample = 1920, .tokens = 30720};
  return {Hello{.run = "demo",
                .site = SiteId{2},
                .incarnation = Incarnation{7},
                .view = ViewNumber{3},
                .agreement_text = "run.seed = 1\n"},
          Welcome{SiteId{1}, Incarnation{1}, ViewNumber{2}},
          Refusal{ErrorCode::rejoin, ViewNumber{5}, "no member any more"},
          Heartbeat{1, 2},
          Hearing{{{SiteId{0}, Incarnation{2}, 17, {SiteId{1}, SiteId{2}}, ViewNumber{3}, 2},
                   {SiteId{1}, Incarnation{4}, 70'000'000'000, {}}}},
          envelope_of(example_chunk()),
          Acknowledge{{4, {}}, {70'000'000'000, {70'000'000'002, 70'000'000'005}}, {1, {3}}},
          Ready{Hash64{6}, {{Version{8}, Restart{0}, Hash64{3}}}, true},
          example_view(),
          FlushRequest{ViewNumber{5}},
          example_report(),
          LeaveRequest{"Ctrl-C"},
          Complaint{{SiteId{2}, Incarnation{8}}, "sent a chunk of another size"},
          Donate{{SiteId{2}, Incarnation{8}}},
          StateBegin{3, Restart{1}, progress, {{"anchor", 10000, Hash64{9}}, {"momentum", 5, Hash64{10}}}},
          Replay{3, progress},
          StatePart{3, Version{8}, 1, 70'000'000'000, payload_of(400, 9)},
          CaughtUp{Version{9}},
          StopRequest{"Ctrl-C"},
          StopOrder{Version{9}, "Ctrl-C"},
          StopAccepted{Version{9}},
          CheckpointWritten{{Version{8}, Restart{0}, Hash64{3}}},
          CheckpointComplete{Version{8}, Restart{0}},
          AnchorHash{{FragmentId{0}, Version{1}}, Hash64{5}},
          example_header(),
          ChunkRequest{ChunkKind::contribution, {FragmentId{0}, Version{9}}, Restart{1}, SiteId{1}, chunks(9, {0, 8})},
          Farewell{false, ErrorCode::reconfigure, "other data"},
          example_chunk(),
          Visit{kProtocolVersion, "three-states", Errand::stop, "the grid asks"},
          Admission{"ashburn", "three-states", 1, 5'000'000'000},
          EventLines{"{\"event\":\"progress\"}\n", true},
          Tidings{true, false, "the run came to its end first"},
          Padding{payload_of(300, 1)},
          ProbeOrder{1'500'000'000, 300'000'000, 30'000'000},
          ProbeReport{{{SiteId{1}, {8e8, 7e8}, 9.4e8, 30'000'000}, {SiteId{2}, {}, 1e6, 0}}}};
}

}  // namespace intertie::wire
