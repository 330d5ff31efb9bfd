#include "intertie/env/sim/handshake.h"

#include "intertie/env/sim/sim_network.h"

namespace intertie::env::sim {
namespace {

constexpr Duration kSendAgainAfter = std::chrono::seconds(1);

End end_of(std::shared_ptr<const Life> life, std::string interface, const std::string& other_site, std::string address) {
  End end;
  end.life = std::move(life);
  end.interface = std::move(interface);
  end.peer = Peer{.run = "simulated", .role = "site", .name = other_site, .address = std::move(address)};
  return end;
}

}  // namespace

void Handshake::begin() {
  target_ = fabric_.listener_at(request_.address);
  target_site_ = target_ ? target_->life->site : request_.expected_site;
  EventQueue& events = fabric_.events();
  timeout_ = events.at(events.now() + request_.deadline, request_.from, [self = shared_from_this()] {
    self->fail(ErrorCode::retry, "connect", "no answer in time",
               "check that the site runs and that the network lets the connection through");
  });
  leg(interface(), target_interface(), [self = shared_from_this()] { self->reached(); });
}

void Handshake::leg(const std::string& from, const std::string& to, std::function<void()> then) {
  EventQueue& events = fabric_.events();
  const bool lost = fabric_.is_cut(from, to);
  const TimePoint when = events.now() + (lost ? kSendAgainAfter : fabric_.link(from, to).delay);
  events.at(when, request_.from, [self = shared_from_this(), from, to, lost, then = std::move(then)]() mutable {
    if (self->over_) return;
    if (lost || self->fabric_.is_cut(from, to)) return self->leg(from, to, std::move(then));
    then();
  });
}

void Handshake::reached() {
  if (!target_) target_ = fabric_.listener_at(request_.address);
  leg(target_interface(), interface(), [self = shared_from_this()] { self->answered(); });
}

void Handshake::answered() {
  if (!target_listens()) {
    return fail(ErrorCode::retry, "connect", "nothing listens at " + to_string(request_.address),
                "start site " + request_.expected_site + " or check its address");
  }
  if (!request_.expected_site.empty() && target_site_ != request_.expected_site) {
    return fail(ErrorCode::reconfigure, "certificate", "the certificate there is of site " + target_site_,
                "correct the addresses in the run file, so that each is of its own site");
  }
  leg(interface(), target_interface(), [self = shared_from_this()] { self->completed(); });
}

void Handshake::completed() {
  if (!target_listens()) return fail(ErrorCode::retry, "TLS handshake", "the connection was reset", "");
  over_ = true;
  EventQueue& events = fabric_.events();
  events.cancel(timeout_);
  const std::string here = request_.from->site + ":0";
  const auto wire = fabric_.open_wire(end_of(request_.from, interface(), target_site_, to_string(request_.address)),
                                      end_of(target_->life, target_interface(), request_.from->site, here));
  auto ours = std::make_shared<std::unique_ptr<Connection>>(std::make_unique<SimConnection>(fabric_, EndOfWire{wire, 0}));
  auto theirs = std::make_shared<std::unique_ptr<Connection>>(std::make_unique<SimConnection>(fabric_, EndOfWire{wire, 1}));
  events.at(events.now(), target_->life, [target = target_, theirs] {
    if (target->open) target->accepted(std::move(*theirs));
  });
  events.at(events.now(), request_.from, [self = shared_from_this(), ours] { self->request_.connected(std::move(*ours)); });
}

void Handshake::fail(ErrorCode code, std::string phase, std::string what, std::string fix) {
  if (over_) return;
  over_ = true;
  fabric_.events().cancel(timeout_);
  request_.connected(Error{.code = code,
                           .where = "site " + request_.expected_site + " (" + to_string(request_.address) + "), phase " + phase,
                           .what = std::move(what),
                           .fix = std::move(fix),
                           .cause = {}});
}

}  // namespace intertie::env::sim
