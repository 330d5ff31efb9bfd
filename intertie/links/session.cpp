#include "intertie/links/session.h"

#include <algorithm>

#include "intertie/wire/frame.h"

namespace intertie::links {

using wire::Envelope;
using wire::StreamClass;

namespace {

// What a peer may be ahead in a class: far above what can be in flight, and a bound for what is remembered of it.
constexpr std::uint64_t kMostBeyond = wire::kMaxList;

}  // namespace

void Session::begin(Incarnation theirs) {
  theirs_ = theirs;
  out_ = {};
  in_ = {};
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
          .head = SharedBytes(std::move(body.head)),
          .payload = std::move(body.payload)};
}

void Session::push(StreamClass stream_class, const wire::Message& message) {
  if (!is_open()) return;
  Out& queue = out(stream_class);
  const std::uint64_t number = ++queue.last;
  queue.items.emplace(number, Item{envelope_of(stream_class, number, message), std::nullopt});
  queue.unsent.insert(queue.unsent.end(), number);
}

Envelope Session::take_next(StreamClass stream_class, Way way) {
  Out& queue = out(stream_class);
  const std::uint64_t number = *queue.unsent.begin();
  queue.unsent.erase(queue.unsent.begin());
  Item& item = queue.items.at(number);
  item.way = way;
  return item.envelope;
}

void Session::lost(Way way) {
  for (Out& queue : out_) {
    for (auto& [number, item] : queue.items) {
      if (item.way != way) continue;
      item.way.reset();
      queue.unsent.insert(number);
    }
  }
}

std::size_t Session::unacknowledged(Way way) const {
  std::size_t count = 0;
  for (const Out& queue : out_) {
    for (const auto& [number, item] : queue.items) count += item.way == way ? 1 : 0;
  }
  return count;
}

bool Session::all_acknowledged() const {
  return std::all_of(out_.begin(), out_.end(), [](const Out& queue) { return queue.items.empty(); });
}

Bytes Session::unacknowledged_bytes(StreamClass stream_class) const {
  Bytes total;
  for (const auto& [number, item] : out(stream_class).items) {
    total.value += item.envelope.head.size() + item.envelope.payload.size();
  }
  return total;
}

bool Session::is_new(const Envelope& envelope) const {
  const In& in = in_.at(static_cast<std::size_t>(envelope.stream_class));
  return envelope.number >= in.next && envelope.number - in.next < kMostBeyond && !in.beyond.contains(envelope.number);
}

Result<std::vector<wire::Message>> Session::receive(const Envelope& envelope) {
  std::vector<wire::Message> due;
  if (envelope.from_incarnation != theirs_ || envelope.to_incarnation != ours_) return due;
  if (envelope.number == 0) {
    INTERTIE_ASSIGN(wire::Message message, wire::decode_message(envelope.type, envelope.payload));
    if (const auto* acknowledge = std::get_if<wire::Acknowledge>(&message)) take(*acknowledge);
    return due;
  }
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
