#include "intertie/env/sim/fabric.h"

#include <algorithm>

#include "intertie/base/check.h"
#include "intertie/base/hash.h"

namespace intertie::env::sim {
namespace {

Error lost(const End& end, const char* what) {
  return Error{.code = ErrorCode::retry,
               .where = "site " + end.peer.name + " (" + end.peer.address + ")",
               .what = what,
               .fix = {},
               .cause = {}};
}

}  // namespace

Fabric::Fabric(EventQueue& events, Random random, LinkProfile usual, bool split_deliveries)
    : events_(events), random_(random), usual_(usual), split_deliveries_(split_deliveries) {}

Fabric::Pair& Fabric::pair(const std::string& from, const std::string& to) {
  const auto [found, is_new] = pairs_.try_emplace({from, to}, usual_);
  if (is_new && is_cut(from, to)) found->second.line.pause(events_.now());
  return found->second;
}

void Fabric::set_link(const std::string& from, const std::string& to, LinkProfile profile) {
  Pair& changed = pair(from, to);
  INTERTIE_CHECK(changed.receivers.empty());
  changed.line = Line(profile);
  if (is_cut(from, to)) changed.line.pause(events_.now());
}

void Fabric::cut(const std::string& from, const std::string& to) {
  cuts_.insert({from, to});
  see_cuts(from, to);
}

void Fabric::mend(const std::string& from, const std::string& to) {
  cuts_.erase({from, to});
  see_cuts(from, to);
}

// Of the lines from one interface or site to another.
void Fabric::see_cuts(const std::string& from, const std::string& to) {
  for (auto& [interfaces, affected] : pairs_) {
    const bool named =
        interfaces == std::pair(from, to) || (site_of(interfaces.first) == from && site_of(interfaces.second) == to);
    if (!named) continue;
    is_cut(interfaces.first, interfaces.second) ? affected.line.pause(events_.now()) : affected.line.resume(events_.now());
    arm(affected);
  }
}

std::vector<EndOfWire> Fabric::receivers_between(const std::string& from, const std::string& to) {
  std::vector<EndOfWire> ends;
  for (const auto& [interfaces, between] : pairs_) {
    if (site_of(interfaces.first) != from || site_of(interfaces.second) != to) continue;
    for (const auto& entry : between.receivers) ends.push_back(entry.second);
  }
  return ends;
}

std::size_t Fabric::break_connections(const std::string& a, const std::string& b) {
  std::vector<EndOfWire> ends = receivers_between(a, b);
  for (const EndOfWire& receiver : receivers_between(b, a)) ends.push_back(receiver);
  std::size_t broken = 0;
  for (const EndOfWire& receiver : ends) broken += break_wire(receiver) ? 1 : 0;
  return broken;
}

bool Fabric::break_wire(const EndOfWire& receiver) {
  bool was_open = false;
  for (const EndOfWire& at : {receiver, EndOfWire{receiver.wire, 1 - receiver.side}}) {
    drop_out_stream(at);
    if (!at.end().open) continue;
    was_open = true;
    at.end().open = false;
    events_.at(events_.now(), nullptr, [this, at] { receive(at, {{}, lost(at.end(), "the connection broke")}); });
  }
  return was_open;
}

void Fabric::forget_site(const Life& life) {
  for (const auto& listening : std::vector(listeners_)) {
    if (listening->life.get() == &life) stop_listening(listening);
  }
  for (auto& [sites, affected] : pairs_) {
    if (site_of(sites.first) != life.site) continue;
    for (const auto& [stream, receiver] : affected.receivers) {
      if (receiver.other().life.get() != &life) continue;
      receiver.wire->reset = true;
      receiver.other().open = false;
      affected.line.abandon(stream, events_.now());
    }
    arm(affected);
  }
}

Result<std::shared_ptr<Listening>> Fabric::listen(Listening listening) {
  if (listening.address.port == 0) listening.address.port = next_port_++;
  if (listener_at(listening.address)) {
    return Error{.code = ErrorCode::reconfigure,
                 .where = to_string(listening.address),
                 .what = "the port is in use",
                 .fix = "choose another port or stop what listens there",
                 .cause = {}};
  }
  listeners_.push_back(std::make_shared<Listening>(std::move(listening)));
  return listeners_.back();
}

std::shared_ptr<Listening> Fabric::listener_at(const Address& address) const {
  for (const auto& listening : listeners_) {
    if (listening->address == address) return listening;
  }
  return nullptr;
}

void Fabric::stop_listening(const std::shared_ptr<Listening>& listening) {
  listening->open = false;
  std::erase(listeners_, listening);
}

std::shared_ptr<Wire> Fabric::open_wire(End first, End second) {
  auto wire = std::make_shared<Wire>();
  wire->ends = {std::move(first), std::move(second)};
  for (const std::size_t side : {0u, 1u}) {
    const EndOfWire sender{wire, side};
    Pair& out = pair_out_of(sender);
    sender.end().out = out.line.open(events_.now());
    out.receivers.emplace(sender.end().out, EndOfWire{wire, 1 - side});
  }
  return wire;
}

void Fabric::start(const EndOfWire& at, Connection::Handlers handlers) {
  INTERTIE_CHECK(!at.end().started);
  at.end().handlers = std::move(handlers);
  at.end().started = true;
  events_.at(events_.now(), at.end().life, [this, at] { flush(at); });
}

void Fabric::send(const EndOfWire& at, SharedBytes bytes) {
  End& end = at.end();
  if (!end.open || end.closing) return;
  Pair& out = pair_out_of(at);
  out.line.send(end.out, std::move(bytes), events_.now());
  end.low_mark.rose(out.line.unsent(end.out));
  arm(out);
}

Bytes Fabric::unsent(const EndOfWire& at) { return at.end().open ? pair_out_of(at).line.unsent(at.end().out) : Bytes{}; }

Sending Fabric::sending(const EndOfWire& at) {
  return at.end().open ? pair_out_of(at).line.sending(at.end().out, events_.now()) : Sending{};
}

void Fabric::close_after_sending(const EndOfWire& at) {
  End& end = at.end();
  if (!end.open || end.closing) return;
  end.closing = true;
  Pair& out = pair_out_of(at);
  out.line.end(end.out, events_.now());
  arm(out);
}

void Fabric::detach(const EndOfWire& at) {
  End& end = at.end();
  end.attached = false;
  end.open = false;
  Pair& out = pair_out_of(at);
  out.line.abandon(end.out, events_.now());
  arm(out);
  forget_handlers_later(at);
}

// Has the line looked at when its next event is due.
void Fabric::arm(Pair& pair) {
  const auto next = pair.line.next_event();
  if (next == pair.wake_at) return;
  events_.cancel(pair.wake);
  pair.wake_at = next;
  if (next) pair.wake = events_.at(*next, nullptr, [this, &pair] { wake(pair); });
}

void Fabric::wake(Pair& pair) {
  pair.wake_at.reset();
  const Line::Progress progress = pair.line.advance(events_.now());
  arm(pair);
  for (const Line::Stream stream : progress.departed) {
    const auto found = pair.receivers.find(stream);
    if (found != pair.receivers.end()) departed(EndOfWire{found->second.wire, 1 - found->second.side});
  }
  for (const Line::Arrival& arrival : progress.arrived) {
    const auto found = pair.receivers.find(arrival.stream);
    if (found == pair.receivers.end()) continue;
    const EndOfWire at = found->second;
    if (arrival.end) {
      pair.receivers.erase(found);
      end_arrived(at);
    } else if (at.end().open) {
      receive(at, {arrival.bytes, {}});
    }
  }
}

void Fabric::departed(const EndOfWire& sender) {
  End& end = sender.end();
  if (!end.open || end.life->over) return;
  const Line& line = pair_out_of(sender).line;
  if (end.closing && line.ended(end.out)) {
    end.open = false;
    Error error = lost(end, "closed after sending, as asked");
    error.code = ErrorCode::cancelled;
    receive(sender, {{}, std::move(error)});
  } else if (end.low_mark.fell(line.unsent(end.out)) && end.handlers.drained) {
    events_.at(events_.now(), end.life, [sender] {
      if (sender.end().open && sender.end().handlers.drained) sender.end().handlers.drained();
    });
  }
}

void Fabric::end_arrived(const EndOfWire& at) {
  if (!at.end().open) return;
  at.end().open = false;
  drop_out_stream(at);
  receive(at, {{}, lost(at.end(), at.wire->reset ? "the connection was reset" : "the other side closed the connection")});
}

void Fabric::drop_out_stream(const EndOfWire& at) {
  Pair& out = pair_out_of(at);
  out.line.drop(at.end().out, events_.now());
  out.receivers.erase(at.end().out);
  arm(out);
}

void Fabric::receive(const EndOfWire& at, Incoming incoming) {
  at.end().inbox.push_back(std::move(incoming));
  if (at.end().started) flush(at);
}

void Fabric::flush(const EndOfWire& at) {
  End& end = at.end();
  if (!end.life->over && end.life->paused_until > events_.now()) {
    events_.at(end.life->paused_until, end.life, [this, at] { flush(at); });
    return;
  }
  while (!end.inbox.empty() && end.attached && !end.life->over) {
    const Incoming incoming = std::move(end.inbox.front());
    end.inbox.pop_front();
    if (incoming.closed) {
      deliver_close(at, *incoming.closed);
    } else {
      deliver_bytes(at, incoming.bytes);
    }
  }
}

// Sockets cut the stream wherever they like; so do we, from the seed.
void Fabric::deliver_bytes(const EndOfWire& at, const SharedBytes& bytes) {
  End& end = at.end();
  std::span<const std::byte> rest = bytes.view();
  while (!rest.empty() && end.attached && !end.life->over) {
    const bool cut = split_deliveries_ && random_.below(2) == 0;
    const std::size_t size = cut ? 1 + random_.below(rest.size()) : rest.size();
    events_.note(hash_bytes(rest.first(size)).value);
    if (end.handlers.received) end.handlers.received(rest.first(size));
    rest = rest.subspan(size);
  }
}

void Fabric::deliver_close(const EndOfWire& at, const Error& error) {
  events_.note(hash_text(error.what).value);
  forget_handlers_later(at);
  if (at.end().handlers.closed) at.end().handlers.closed(error);
}

// Handlers may run right now, so what they hold is let go of in an event of its own.
void Fabric::forget_handlers_later(const EndOfWire& at) {
  events_.at(events_.now(), nullptr, [at] { at.end().handlers = {}; });
}

}  // namespace intertie::env::sim
