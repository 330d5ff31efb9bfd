// Every message that crosses a site, field by field; those from and to visitors are in visits.h. docs/wire.md explains when
// each is sent. Rules in brackets are those of docs/protocol.md. Values; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "intertie/base/encoding.h"
#include "intertie/base/result.h"
#include "intertie/base/shared_bytes.h"
#include "intertie/wire/codec.h"
#include "intertie/wire/probes.h"
#include "intertie/wire/visits.h"

namespace intertie::wire {

// What is sent over a stream, or within a session. Control has a stream of its own, so that it never waits behind a merge; bulk
// shares the streams of merges and goes only while no merge has anything to send.
enum class StreamClass : std::uint8_t { control = 0, merge = 1, bulk = 2 };
inline bool is_known(StreamClass c) { return c <= StreamClass::bulk; }

// First frame of every stream, from the side that connected [16, 26].
struct Hello {
  std::uint32_t protocol = kProtocolVersion;
  std::string run;
  SiteId site;
  Incarnation incarnation;
  ViewNumber view;   // that the site is a member of; 0: none yet
  Hash64 agreement;  // of the run file's shared part
  Hash64 data;       // of the tokens
  StreamClass stream_class = StreamClass::control;
  Lane lane;
  std::uint16_t path = 0;      // of the link
  std::uint16_t stream = 0;    // number within the path and class
  std::string agreement_text;  // control only: to name the first difference
  template <class A>
  void fields(A& a) {
    a(protocol, run, site, incarnation, view, agreement, data, stream_class, lane, path, stream, agreement_text);
  }
};

// The answer to a Hello that is accepted.
struct Welcome {
  SiteId site;
  Incarnation incarnation;
  ViewNumber view;  // as in Hello
  template <class A>
  void fields(A& a) {
    a(site, incarnation, view);
  }
};

// The answer to a Hello that is not, and later, over a stream or in a session, to a start that is no member any more.
// retry: may be tried again; rejoin: only by a new start; reconfigure: only after a change.
struct Refusal {
  ErrorCode code = ErrorCode::reconfigure;
  ViewNumber view;  // that the refusing site is a member of
  Words reason;
  template <class A>
  void fields(A& a) {
    a(code, view, reason);
  }
};

struct Heartbeat {
  std::uint64_t sent = 0;    // sender's clock, ns
  std::uint64_t echoed = 0;  // `sent` of the last heartbeat received from the other side plus the time it was held; 0: none
  template <class A>
  void fields(A& a) {
    a(sent, echoed);
  }
};

// What is known of one site: which start of it, how often that has beaten, whom it hears without a relay, the view that it is
// in (0: none), and how many of its merge streams have ended, with which is lost what it was handing on as a relay [17].
struct HearingRow {
  SiteId site;
  Incarnation incarnation;
  std::uint64_t beat = 0;
  std::vector<SiteId> hears;
  ViewNumber view;
  std::uint64_t ended_streams = 0;
  friend bool operator==(const HearingRow&, const HearingRow&) = default;
  template <class A>
  void fields(A& a) {
    a(site, incarnation, beat, hears, view, ended_streams);
  }
};

// Over a merge stream that has nothing to carry, so that it is up to speed when it has: whoever gets it forgets it.
struct Padding {
  SharedBytes payload;
  template <class A>
  void fields(A& a) {
    a();
  }
};

// Over every control stream with each beat: what the sender knows of all sites, itself included.
struct Hearing {
  std::vector<HearingRow> rows;
  template <class A>
  void fields(A& a) {
    a(rows);
  }
};

// Which envelopes of a class have come: all below `next`, and those beyond.
struct Received {
  std::uint64_t next = 1;
  std::vector<std::uint64_t> beyond;
  template <class A>
  void fields(A& a) {
    a(next, beyond);
  }
};

// Within a session, not numbered itself: what needs not be sent again.
struct Acknowledge {
  Received control;
  Received merge;
  Received bulk;
  template <class A>
  void fields(A& a) {
    a(control, merge, bulk);
  }
};

struct CheckpointOffer {
  Version version;
  Restart restart;
  Hash64 manifest;
  friend auto operator<=>(const CheckpointOffer&, const CheckpointOffer&) = default;
  template <class A>
  void fields(A& a) {
    a(version, restart, manifest);
  }
};

// A site to the store's holder: connected to everybody and able to start [15].
struct Ready {
  Hash64 layout;                             // of tensor names and shapes
  std::vector<CheckpointOffer> checkpoints;  // whole on this site's disk
  bool resume = false;                       // started with --resume
  template <class A>
  void fields(A& a) {
    a(layout, checkpoints, resume);
  }
};

struct MemberRecord {
  SiteId site;
  Incarnation incarnation;
  friend bool operator==(const MemberRecord&, const MemberRecord&) = default;
  template <class A>
  void fields(A& a) {
    a(site, incarnation);
  }
};

enum class Reduction : std::uint8_t { gather = 0, owners = 1 };
inline bool is_known(Reduction r) { return r <= Reduction::owners; }

struct Piece {
  BlockRange blocks;
  SiteId owner;  // of a gather: unused, zero
  friend bool operator==(const Piece&, const Piece&) = default;
  template <class A>
  void fields(A& a) {
    a(blocks, owner);
  }
};

inline constexpr std::size_t kMostRelays = 2;  // of a way

// One way from a site to another: directly, or over one or two relays in this order, and its part of what goes there.
struct Way {
  static constexpr std::uint32_t kWhole = 65'536;
  std::vector<SiteId> relays;
  std::uint32_t parts = kWhole;  // of kWhole
  friend bool operator==(const Way&, const Way&) = default;
  template <class A>
  void fields(A& a) {
    a(relays, parts);
  }
};

// How what `from` contributes to `to`'s sums, and what it has summed for `to`, gets there.
struct Route {
  SiteId from;
  SiteId to;
  std::uint64_t rate = 0;  // bit/s that `from` sends to `to` itself, with what it passes on for others; 0: not paced
  std::vector<Way> ways;   // none: nothing goes from the one to the other
  friend bool operator==(const Route&, const Route&) = default;
  template <class A>
  void fields(A& a) {
    a(from, to, rate, ways);
  }
};

// Who sends which blocks to whom [6]; numbered, published as bytes in the view.
struct Schedule {
  std::uint32_t number = 0;
  Reduction reduction = Reduction::gather;
  std::uint64_t elements = 0;  // of the fragment
  std::uint32_t chunk_blocks = 16;
  std::vector<Piece> pieces;  // in block order, without gaps; a piece never crosses a bucket
  std::vector<Route> routes;  // by `from`, then `to`; what has none goes directly and unpaced
  friend bool operator==(const Schedule&, const Schedule&) = default;
  template <class A>
  void fields(A& a) {
    a(number, reduction, elements, chunk_blocks, pieces, routes);
  }
};

// Some of the chunks of a merge, by their numbers in the schedule: one bit each, the first in the lowest bit of the first byte.
class ChunkSet {
 public:
  ChunkSet() = default;
  explicit ChunkSet(std::size_t num_chunks) : bytes_((num_chunks + 7) / 8) {}
  void add(std::size_t chunk) { bytes_[chunk / 8] = static_cast<std::uint8_t>(bytes_[chunk / 8] | (1U << (chunk % 8))); }
  std::size_t count() const {
    std::size_t count = 0;
    for (const std::uint8_t byte : bytes_) count += static_cast<std::size_t>(std::popcount(byte));
    return count;
  }
  bool has(std::size_t chunk) const { return chunk / 8 < bytes_.size() && ((bytes_[chunk / 8] >> (chunk % 8)) & 1U) != 0; }
  friend bool operator==(const ChunkSet&, const ChunkSet&) = default;
  template <class A>
  void fields(A& a) {
    a(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

enum class OrderKind : std::uint8_t { adopt = 0, resum = 1 };
inline bool is_known(OrderKind k) { return k <= OrderKind::resum; }

// Where chunks [first, last) of a merge are to be had: of the result (adopt), or of a contribution whose author is gone
// (resum).
struct ChunkSource {
  SiteId author;  // resum
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  SiteId from;
  friend bool operator==(const ChunkSource&, const ChunkSource&) = default;
  template <class A>
  void fields(A& a) {
    a(author, first, last, from);
  }
};

// How a merge that a change of members found open is completed [12].
struct MergeOrder {
  MergeId merge;
  OrderKind kind = OrderKind::adopt;
  std::vector<MemberRecord> set;  // whose contributions it contains, in site order
  std::vector<SiteId> survivors;  // who completes it, in site order
  std::vector<ChunkSource> sources;
  friend bool operator==(const MergeOrder&, const MergeOrder&) = default;
  template <class A>
  void fields(A& a) {
    a(merge, kind, set, survivors, sources);
  }
};

// A numbered membership [15], from the store's holder to everybody whom it concerns.
struct View {
  ViewNumber number;
  Restart restart;
  std::vector<MemberRecord> members;  // in site order
  std::vector<SiteId> survivors;  // of the view before, those who complete what is open; the others of it have no say any more
  Version from_version;           // the first that `members` make
  std::vector<MergeOrder> orders;
  Version stop_at;  // the run stops with it; 0: no stop is ordered
  Words reason;
  bool starts = false;  // the run begins with it, or goes on from a checkpoint
  bool from_checkpoint = false;
  CheckpointOffer checkpoint;  // where the run goes on, if so: version and restart (each member has its own hash)
  Schedule schedule;
  template <class A>
  void fields(A& a) {
    a(number, restart, members, survivors, from_version, orders, stop_at, reason, starts, from_checkpoint, checkpoint,
      schedule);
  }
};

// The store's holder to each site that is to stay: the members are about to change. Until the view of this number has come, the
// site applies nothing [12].
struct FlushRequest {
  ViewNumber number;
  template <class A>
  void fields(A& a) {
    a(number);
  }
};

// One open merge as a site holds it.
struct OpenMerge {
  MergeId merge;
  std::uint32_t num_chunks = 0;
  std::vector<MemberRecord> members;  // that make it
  std::vector<MemberRecord> set;      // whose sum `results` are
  ChunkSet results;
  std::vector<ChunkSet> contributions;  // of each of `members`
  template <class A>
  void fields(A& a) {
    a(merge, num_chunks, members, set, results, contributions);
  }
};

// The answer: what the site has applied, and what it holds of the merges that it has not, and of the last that it has.
struct FlushReport {
  ViewNumber number;
  Version applied;
  bool ends = false;  // with that version
  bool fed = false;   // it came to the run, and gets what the members apply from `donor` until it makes merges itself
  SiteId donor;
  std::vector<OpenMerge> merges;
  template <class A>
  void fields(A& a) {
    a(number, applied, ends, fed, donor, merges);
  }
};

// A site leaves and the others go on.
struct LeaveRequest {
  Words reason;
  template <class A>
  void fields(A& a) {
    a(reason);
  }
};

// A member to the store's holder: what this start of a site says makes no sense; it should go.
struct Complaint {
  MemberRecord about;
  Words reason;
  template <class A>
  void fields(A& a) {
    a(about, reason);
  }
};

// The store's holder to a member: give the state of the run to a site that comes (back) to it [19].
struct Donate {
  MemberRecord to;
  template <class A>
  void fields(A& a) {
    a(to);
  }
};

// Where the run stands after a version.
struct Progress {
  Version version;
  std::uint64_t step = 0;         // inner steps
  std::uint64_t next_sample = 0;  // the first that nobody has drawn
  std::uint64_t tokens = 0;       // counted
  friend bool operator==(const Progress&, const Progress&) = default;
  template <class A>
  void fields(A& a) {
    a(version, step, next_sample, tokens);
  }
};

struct StateArray {
  std::string name;
  std::uint64_t elements = 0;
  Hash64 hash;  // of its bytes
  template <class A>
  void fields(A& a) {
    a(name, elements, hash);
  }
};

// The donor to the site that comes: what follows in parts is the state after a version.
struct StateBegin {
  std::uint64_t number = 0;  // of this donation at its donor
  Restart restart;
  Progress progress;
  std::vector<StateArray> arrays;
  template <class A>
  void fields(A& a) {
    a(number, restart, progress, arrays);
  }
};

// A merge that the members have applied since: its result follows in parts, as the array numbered after the last.
struct Replay {
  std::uint64_t number = 0;
  Progress after;
  template <class A>
  void fields(A& a) {
    a(number, after);
  }
};

// Consecutive f32 elements of a state's array, or of the result that made `version`; they follow to the frame's end.
struct StatePart {
  std::uint64_t number = 0;
  Version version;
  std::uint16_t array = 0;
  std::uint64_t first = 0;
  SharedBytes payload;
  template <class A>
  void fields(A& a) {
    a(number, version, array, first);
  }
};

// A site that comes, to the store's holder: it holds this version and can become a member.
struct CaughtUp {
  Version version;
  template <class A>
  void fields(A& a) {
    a(version);
  }
};

// Any site to the store's holder: stop the whole run at the next version that is not open yet [22].
struct StopRequest {
  Words reason;
  template <class A>
  void fields(A& a) {
    a(reason);
  }
};

// The store's holder to everybody: write a checkpoint when `version` has been applied, then stop. It opens that version
// itself only after all have acknowledged, so nobody can be past it.
struct StopOrder {
  Version version;
  Words reason;
  friend bool operator==(const StopOrder&, const StopOrder&) = default;
  template <class A>
  void fields(A& a) {
    a(version, reason);
  }
};

struct StopAccepted {
  Version version;
  template <class A>
  void fields(A& a) {
    a(version);
  }
};

// A member to the holder: its part is on its disk. The checkpoint is complete when all parts are [22].
struct CheckpointWritten {
  CheckpointOffer checkpoint;
  template <class A>
  void fields(A& a) {
    a(checkpoint);
  }
};

// The holder to everybody, after its record of all manifest hashes is on disk.
struct CheckpointComplete {
  Version version;
  Restart restart;
  template <class A>
  void fields(A& a) {
    a(version, restart);
  }
};

// To everybody after a version was applied [14].
struct AnchorHash {
  MergeId merge;
  Hash64 hash;
  template <class A>
  void fields(A& a) {
    a(merge, hash);
  }
};

struct SampleRange {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  friend bool operator==(const SampleRange&, const SampleRange&) = default;
  template <class A>
  void fields(A& a) {
    a(first, count);
  }
};

// What a site offers to a merge, but for its blocks [1]; to everybody.
struct ContributionHeader {
  MergeId merge;
  ViewNumber view;  // that says who makes this merge
  Restart restart;
  Incarnation incarnation;
  Contribution contribution;
  Hash64 agreement;
  std::uint64_t tokens = 0;
  std::uint32_t inner_steps = 0;
  double sum_of_squares = 0;  // of the outer gradient; 0 where it is sent before it is known (synchronous)
  std::vector<SampleRange> samples;
  template <class A>
  void fields(A& a) {
    a(merge, view, restart, incarnation, contribution, agreement, tokens, inner_steps, sum_of_squares, samples);
  }
};

// A site goes; the receiver says so instead of "connection lost".
struct Farewell {
  bool finished = false;                // the run is complete; the rest means nothing
  ErrorCode code = ErrorCode::give_up;  // why else
  Words reason;
  template <class A>
  void fields(A& a) {
    a(finished, code, reason);
  }
};

enum class ChunkKind : std::uint8_t { contribution = 0, result = 1 };
inline bool is_known(ChunkKind k) { return k <= ChunkKind::result; }

// Consecutive blocks of a contribution or of a result [16]; the encoded elements follow the fields to the frame's end.
struct Chunk {
  ChunkKind kind = ChunkKind::contribution;
  MergeId merge;
  ViewNumber view;  // that says who makes this merge
  Restart restart;
  SiteId site;  // author of the contribution, or who gives the result
  Incarnation incarnation;
  Contribution contribution;  // of a contribution
  Hash64 set;                 // of a result: which contributions, with which weights, were summed
  Lane lane;
  BlockRange blocks;
  Encoding encoding = Encoding::f32;
  SharedBytes payload;
  template <class A>
  void fields(A& a) {
    a(kind, merge, view, restart, site, incarnation, contribution, set, lane, blocks, encoding);
  }
};

// To a site that a change of members says has them: these chunks, please.
struct ChunkRequest {
  ChunkKind kind = ChunkKind::contribution;
  MergeId merge;
  Restart restart;
  SiteId author;  // of the contribution
  ChunkSet chunks;
  template <class A>
  void fields(A& a) {
    a(kind, merge, restart, author, chunks);
  }
};

// A message of a session: from one start of a site to one start of another, directly or over one or two relays that its author
// names; they hand it on without looking into it [16, 17]. The message's body follows the fields to the frame's end.
struct Envelope {
  SiteId from;
  Incarnation from_incarnation;
  SiteId to;
  Incarnation to_incarnation;
  StreamClass stream_class = StreamClass::control;
  std::uint64_t number = 0;         // within session and class, from 1; 0: not numbered, may be lost
  std::uint8_t type = 0;            // of the message
  std::vector<SiteId> relays = {};  // at most kMostRelays, in this order; none: it goes directly
  SharedBytes head;                 // where the message was made here: its body's fields; `payload` has what follows them
  SharedBytes payload;
  template <class A>
  void fields(A& a) {
    a(from, from_incarnation, to, to_incarnation, stream_class, number, type, relays);
  }
};

// The position among the alternatives is the type number in frames.
using Message =
    std::variant<Hello, Welcome, Refusal, Heartbeat, Hearing, Envelope, Acknowledge, Ready, View, FlushRequest, FlushReport,
                 LeaveRequest, Complaint, Donate, StateBegin, Replay, StatePart, CaughtUp, StopRequest, StopOrder, StopAccepted,
                 CheckpointWritten, CheckpointComplete, AnchorHash, ContributionHeader, ChunkRequest, Farewell, Chunk, Visit,
                 Admission, EventLines, Tidings, Padding, ProbeOrder, ProbeReport>;

const char* name_of(const Message& message);

}  // namespace intertie::wire
