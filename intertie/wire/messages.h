// Every message that crosses a site, field by field. docs/wire.md explains when each is sent. Rules in brackets are those of
// docs/protocol.md. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "intertie/base/encoding.h"
#include "intertie/base/result.h"
#include "intertie/base/shared_bytes.h"
#include "intertie/wire/codec.h"

namespace intertie::wire {

inline constexpr std::uint32_t kProtocolVersion = 1;

// What a stream carries. Control has a stream of its own, so that it never waits behind a merge.
enum class StreamClass : std::uint8_t { control = 0, merge = 1 };
inline bool is_known(StreamClass c) { return c <= StreamClass::merge; }

// First frame of every stream, from the side that connected [16, 26].
struct Hello {
  std::uint32_t protocol = kProtocolVersion;
  std::string run;
  SiteId site;
  Incarnation incarnation;
  Restart restart;   // merge streams only: control streams open before it is known
  Hash64 agreement;  // of the run file's shared part
  Hash64 data;       // of the tokens
  StreamClass stream_class = StreamClass::control;
  Lane lane;
  std::uint16_t stream = 0;    // number within the link and class
  std::string agreement_text;  // control only: to name the first difference
  template <class A>
  void fields(A& a) {
    a(protocol, run, site, incarnation, restart, agreement, data, stream_class, lane, stream, agreement_text);
  }
};

// The answer to a Hello that is accepted.
struct Welcome {
  SiteId site;
  Incarnation incarnation;
  template <class A>
  void fields(A& a) {
    a(site, incarnation);
  }
};

// The answer to a Hello that is not; the stream is closed after it.
struct Refusal {
  Words reason;
  template <class A>
  void fields(A& a) {
    a(reason);
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

// Who sends which blocks to whom [6]; numbered, published as bytes in the view.
struct Schedule {
  std::uint32_t number = 0;
  Reduction reduction = Reduction::gather;
  std::uint64_t elements = 0;  // of the fragment
  std::uint32_t chunk_blocks = 16;
  std::vector<Piece> pieces;  // in block order, without gaps; a piece never crosses a bucket
  friend bool operator==(const Schedule&, const Schedule&) = default;
  template <class A>
  void fields(A& a) {
    a(number, reduction, elements, chunk_blocks, pieces);
  }
};

// A numbered membership [15], from the store's holder to everybody.
struct View {
  ViewNumber number;
  Restart restart;
  std::vector<MemberRecord> members;  // in site order
  bool from_checkpoint = false;
  CheckpointOffer checkpoint;  // where the run goes on, if so: version and restart (each member has its own hash)
  Schedule schedule;
  template <class A>
  void fields(A& a) {
    a(number, restart, members, from_checkpoint, checkpoint, schedule);
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
    a(merge, restart, incarnation, contribution, agreement, tokens, inner_steps, sum_of_squares, samples);
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
  Restart restart;
  SiteId site;  // author of the contribution, or owner of the result
  Incarnation incarnation;
  Contribution contribution;  // of a contribution
  Hash64 set;                 // of a result: which contributions, with which weights, were summed
  Lane lane;
  BlockRange blocks;
  Encoding encoding = Encoding::f32;
  SharedBytes payload;
  template <class A>
  void fields(A& a) {
    a(kind, merge, restart, site, incarnation, contribution, set, lane, blocks, encoding);
  }
};

// The order of the alternatives is the type number in frames: append, never reorder.
using Message = std::variant<Hello, Welcome, Refusal, Heartbeat, Ready, View, StopRequest, StopOrder, StopAccepted,
                             CheckpointWritten, CheckpointComplete, AnchorHash, ContributionHeader, Farewell, Chunk>;

const char* name_of(const Message& message);

}  // namespace intertie::wire
