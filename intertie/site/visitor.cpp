#include "intertie/site/visitor.h"

#include <fmt/format.h>

#include <utility>

namespace intertie::site {

Visitor::Visitor(Services services, Target target, wire::Visit visit, Handlers handlers)
    : services_(services), target_(std::move(target)), visit_(std::move(visit)), handlers_(std::move(handlers)) {}

Visitor::~Visitor() { services_.loop.cancel(timer_); }

void Visitor::begin() { connect(); }

void Visitor::set_addresses(std::vector<env::Address> addresses) {
  if (addresses.empty() || addresses == target_.addresses) return;
  target_.addresses = std::move(addresses);
  next_address_ = 0;
}

std::string Visitor::where() const {
  if (target_.addresses.empty()) return "site " + target_.site;
  const std::string address = env::to_string(target_.addresses[next_address_]);
  return target_.site.empty() ? address : fmt::format("site {} ({})", target_.site, address);
}

void Visitor::connect() {
  if (target_.addresses.empty()) {
    return lost({.code = ErrorCode::retry,
                 .where = where(),
                 .what = "has no address in the run file, and its folder on this machine, if there is one, names none",
                 .fix = {},
                 .cause = {}});
  }
  services_.network.connect({target_.addresses[next_address_], target_.site, target_.attempt_deadline},
                            [this, alive = std::weak_ptr(alive_)](Result<std::unique_ptr<env::Connection>> connection) {
                              if (!alive.expired()) connected(std::move(connection));
                            });
}

void Visitor::connected(Result<std::unique_ptr<env::Connection>> connection) {
  if (!connection) return lost(connection.error());
  expect_word_within(target_.attempt_deadline);
  stream_ = std::make_unique<links::Stream>(
      std::move(*connection),
      links::Stream::Handlers{.message = [this](const wire::Message& message) { take(message); },
                              .drained = {},
                              .closed = [this](Error error) { lost(std::move(error)); }},
      wire::kMaxVisitFrame);
  stream_->send(visit_);
}

void Visitor::take(const wire::Message& message) {
  expect_word_within(target_.silence);
  if (const auto* refusal = std::get_if<wire::Refusal>(&message)) {
    return lost({.code = refusal->code,
                 .where = where() + ", phase visit",
                 .what = "refused: " + refusal->reason.text(),
                 .fix = {},
                 .cause = {}});
  }
  if (const auto* admission = std::get_if<wire::Admission>(&message); admission && !admitted_) {
    admitted_ = true;
    return handlers_.admitted(*admission);
  }
  if (admitted_ && std::holds_alternative<wire::Heartbeat>(message)) return stream_->send(wire::Heartbeat{});
  if (const auto* lines = std::get_if<wire::EventLines>(&message); lines && admitted_) return handlers_.lines(*lines);
  if (const auto* tidings = std::get_if<wire::Tidings>(&message); tidings && admitted_) return handlers_.tidings(*tidings);
  lost({.code = ErrorCode::give_up,
        .where = where() + ", phase visit",
        .what = "the site says what no visitor is told",
        .fix = "compare `intertie version` on both",
        .cause = {}});
}

void Visitor::expect_word_within(Duration time) {
  services_.loop.cancel(timer_);
  timer_ = services_.loop.call_after(time, [this] {
    lost({.code = ErrorCode::retry, .where = where() + ", phase visit", .what = "no word from it", .fix = {}, .cause = {}});
  });
}

// The stream may be in the middle of delivering, so it is destroyed from the loop.
void Visitor::lost(Error error) {
  services_.loop.cancel(timer_);
  if (stream_) {
    stream_->set_handlers({});
    services_.loop.post([stream = std::shared_ptr<links::Stream>(std::move(stream_))] {});
  }
  const bool was_there = std::exchange(admitted_, false);
  const bool tried_all = was_there || next_address_ + 1 >= target_.addresses.size();
  // One that was there is there again, if anywhere.
  if (!was_there) next_address_ = tried_all ? 0 : next_address_ + 1;
  if (!tried_all) return connect();
  if (target_.retry_every) timer_ = services_.loop.call_after(*target_.retry_every, [this] { connect(); });
  handlers_.away(error);
}

}  // namespace intertie::site
