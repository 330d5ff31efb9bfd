#include "intertie/links/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "intertie/wire/frame.h"

namespace intertie::links {

using wire::Envelope;
using wire::StreamClass;

namespace {

// What a site may be ahead in a class of the first message that did not come: 16 GiB of chunks, and a bound for what is
// remembered.
constexpr std::uint64_t kMostBeyond = wire::kMaxList;

Error no_sense(std::string what) {
  return {.code = ErrorCode::give_up,
          .where = "session",
          .what = std::move(what),
          .fix = "the other side is another version or damaged; compare `intertie version` on both",
          .cause = {}};
}

}  // namespace

Session::Way Session::way_over(const std::vector<SiteId>& relays) {
  constexpr Way kNoSecond = 0xffff;
  return kOverRelays | Way{relays[0].value} << 16U | (relays.size() > 1 ? Way{relays[1].value} : kNoSecond);
}

void Session::begin(Incarnation theirs) {
  theirs_ = theirs;
  out_ = {};
  in_ = {};
  in_flight_.clear();
  relayed_since_ = {};
  owes_acknowledgement_ = false;
}

Envelope Session::envelope_of(StreamClass stream_class, std::uint64_t number, const wire::Message& message) const {
  wire::EncodedBody body = wire::encode_body(message);
  return {.from = self_,
          .from_incarnation = ours_,
          .to = peer_,
          .to_incarnation = theirs_,
          .stream_class = stream_class,
          .number = number,
          .type = body.type,
          .relays = {},
          .head = SharedBytes(std::move(body.head)),
          .payload = std::move(body.payload)};
}

void Session::push(StreamClass stream_class, const wire::Message& message) {
  if (!is_open()) return;
  Out& queue = out(stream_class);
  const std::uint64_t number = ++queue.last;
  queue.items.emplace(number, Item{.envelope = envelope_of(stream_class, number, message)});
  queue.unsent.insert(queue.unsent.end(), number);
}

bool Session::has_next(StreamClass stream_class) const {
  const Out& queue = out(stream_class);
  return !queue.unsent.empty() && *queue.unsent.begin() - queue.items.begin()->first < kMostBeyond;
}

Envelope Session::take_next(StreamClass stream_class, Way way) {
  Out& queue = out(stream_class);
  const std::uint64_t number = *queue.unsent.begin();
  queue.unsent.erase(queue.unsent.begin());
  Item& item = queue.items.at(number);
  item.way = way;
  InFlight& of_way = in_flight_[way];
  ++of_way.count;
  of_way.bytes = of_way.bytes + size_of(item.envelope);
  if (item.again) sent_again_ = sent_again_ + size_of(item.envelope);
  return item.envelope;
}

// One that was sent is on no way any more.
void Session::landed(Item& item) {
  if (!item.way) return;
  const auto of_way = in_flight_.find(*item.way);
  of_way->second.bytes.value -= size_of(item.envelope).value;
  if (--of_way->second.count == 0) in_flight_.erase(of_way);
  item.way.reset();
}

void Session::lost(Way way) {
  if (!in_flight_.contains(way)) return;
  for (Out& queue : out_) {
    for (auto& [number, item] : queue.items) {
      if (item.way != way) continue;
      landed(item);
      item.again = true;
      lost_ = lost_ + size_of(item.envelope);
      queue.unsent.insert(number);
    }
  }
}

void Session::lost_over_relays() {
  while (any_over_relays()) lost(in_flight_.lower_bound(kOverRelays)->first);
}

Session::InFlight Session::in_flight(Way way) const {
  const auto found = in_flight_.find(way);
  return found == in_flight_.end() ? InFlight{} : found->second;
}

bool Session::all_acknowledged() const {
  return std::all_of(out_.begin(), out_.end(), [](const Out& queue) { return queue.items.empty(); });
}

Bytes Session::unacknowledged_bytes(StreamClass stream_class) const {
  Bytes total;
  for (const auto& [number, item] : out(stream_class).items) total = total + size_of(item.envelope);
  return total;
}

bool Session::is_new(const Envelope& envelope) const {
  const In& in = in_.at(static_cast<std::size_t>(envelope.stream_class));
  return envelope.number >= in.next && !in.beyond.contains(envelope.number);
}

Result<std::vector<wire::Message>> Session::receive(const Envelope& envelope) {
  std::vector<wire::Message> due;
  if (envelope.from_incarnation != theirs_ || envelope.to_incarnation != ours_) return due;
  if (envelope.number == 0) {
    INTERTIE_ASSIGN(wire::Message message, wire::decode_message(envelope.type, envelope.payload));
    const auto* acknowledge = std::get_if<wire::Acknowledge>(&message);
    if (!acknowledge) return no_sense(fmt::format("a {} message has no number", wire::name_of(message)));
    take(*acknowledge);
    return due;
  }
  if (const std::uint64_t next = in_.at(static_cast<std::size_t>(envelope.stream_class)).next;
      envelope.number >= next && envelope.number - next >= kMostBeyond) {
    return no_sense(fmt::format("message {} arrived where message {} is due", envelope.number, next));
  }
  if (!envelope.relays.empty()) relayed_since_ = relayed_since_ + size_of(envelope);
  owes_acknowledgement_ = true;  // of what came again, too: its sender does not know
  if (!is_new(envelope)) {
    ++num_duplicates_;
    return due;
  }
  INTERTIE_ASSIGN(wire::Message message, wire::decode_message(envelope.type, envelope.payload));
  const bool in_order = envelope.stream_class != StreamClass::merge;
  In& in = in_.at(static_cast<std::size_t>(envelope.stream_class));
  auto& held = in.beyond[envelope.number];
  in_order ? held.emplace(std::move(message)) : due.emplace_back(std::move(message));
  while (!in.beyond.empty() && in.beyond.begin()->first == in.next) {
    if (in.beyond.begin()->second) due.push_back(std::move(*in.beyond.begin()->second));
    in.beyond.erase(in.beyond.begin());
    ++in.next;
  }
  return due;
}

void Session::take(Out& queue, const wire::Received& received) {
  const auto forget = [&](std::map<std::uint64_t, Item>::iterator item) {
    queue.unsent.erase(item->first);
    landed(item->second);
    ++num_acknowledged_;
    return queue.items.erase(item);
  };
  for (auto item = queue.items.begin(); item != queue.items.end() && item->first < received.next;) item = forget(item);
  for (const std::uint64_t number : received.beyond) {
    if (const auto item = queue.items.find(number); item != queue.items.end()) forget(item);
  }
}

void Session::take(const wire::Acknowledge& acknowledge) {
  take(out(StreamClass::control), acknowledge.control);
  take(out(StreamClass::merge), acknowledge.merge);
  take(out(StreamClass::bulk), acknowledge.bulk);
}

std::optional<Envelope> Session::acknowledgement() {
  if (!owes_acknowledgement_ || !is_open()) return std::nullopt;
  owes_acknowledgement_ = false;
  relayed_since_ = {};
  const auto received = [this](StreamClass c) {
    const In& in = in_.at(static_cast<std::size_t>(c));
    wire::Received all{.next = in.next, .beyond = {}};
    for (const auto& [number, held] : in.beyond) all.beyond.push_back(number);
    return all;
  };
  return envelope_of(
      StreamClass::control, 0,
      wire::Acknowledge{received(StreamClass::control), received(StreamClass::merge), received(StreamClass::bulk)});
}

}  // namespace intertie::links
