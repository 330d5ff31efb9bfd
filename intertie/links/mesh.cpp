#include "intertie/links/mesh.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::links {

using wire::StreamClass;

Mesh::Mesh(env::Loop& loop, env::Network& network, Settings settings, Handlers handlers)
    : loop_(loop), network_(network), settings_(std::move(settings)), handlers_(std::move(handlers)) {
  const std::size_t num_sites = settings_.identity.site_names.size();
  incarnations_.resize(num_sites);
  last_attempt_.resize(num_sites);
  for (std::uint16_t i = 0; i < num_sites; ++i) {
    const SiteId site{i};
    links_.push_back(nullptr);
    if (site == settings_.identity.self) continue;
    links_.back() = std::make_unique<Link>(
        loop_, Link::Settings{.num_merge_streams = settings_.num_merge_streams[i]},
        Link::Handlers{.message = [this, site](wire::Message message) { handlers_.message(site, std::move(message)); },
                       .lost = [this, site](Error error) { handlers_.lost(site, std::move(error)); },
                       .closed = [this] { handlers_.closed(); }});
  }
}

Mesh::~Mesh() {
  for (const Pending& pending : pending_) loop_.cancel(pending.deadline);
}

Result<void> Mesh::start() {
  auto listener = network_.listen(
      settings_.listen, [this](std::unique_ptr<env::Connection> connection) { accepted(std::move(connection)); },
      [this](Error error) { handlers_.refused(std::move(error)); });
  INTERTIE_ASSIGN(listener_, std::move(listener));
  for (std::uint16_t i = 0; i < settings_.identity.self.value; ++i) connect(SiteId{i}, StreamClass::control, 0);
  return {};
}

void Mesh::open_merge_streams(Restart restart) {
  restart_ = restart;
  for (std::uint16_t i = 0; i < settings_.identity.self.value; ++i) {
    for (std::uint16_t number = 0; number < settings_.num_merge_streams[i]; ++number) {
      connect(SiteId{i}, StreamClass::merge, number);
    }
  }
  for (auto pending = pending_.begin(); pending != pending_.end();) {
    const auto next = std::next(pending);
    if (pending->parked) admit(pending, *pending->parked);
    pending = next;
  }
  if (all_merge_streams_open()) handlers_.merge_streams_open();
}

bool Mesh::all_connected() const {
  return std::all_of(links_.begin(), links_.end(), [](const auto& link) { return !link || link->has_control(); });
}

bool Mesh::all_merge_streams_open() const {
  return std::all_of(links_.begin(), links_.end(), [](const auto& link) { return !link || link->complete(); });
}

std::string Mesh::missing() const {
  std::string text;
  for (std::uint16_t i = 0; i < links_.size(); ++i) {
    if (!links_[i] || (links_[i]->has_control() && (!restart_ || links_[i]->complete()))) continue;
    const std::string& last = last_attempt_[i];
    const std::string what = links_[i]->has_control() ? "its merge streams are not open" : "it has not connected";
    text += (text.empty() ? "" : "; ") + describe(SiteId{i}) + ": " + (last.empty() ? what : last);
  }
  return text;
}

std::map<SiteId, Incarnation> Mesh::incarnations() const {
  std::map<SiteId, Incarnation> all;
  for (std::uint16_t i = 0; i < links_.size(); ++i) {
    if (links_[i]) all[SiteId{i}] = incarnations_[i];
  }
  return all;
}

std::string Mesh::describe(SiteId site) const {
  return fmt::format("site {} ({})", settings_.identity.site_names[site.value],
                     env::to_string(settings_.addresses[site.value]));
}

void Mesh::send(SiteId to, const wire::Message& message) { links_[to.value]->send(message); }

void Mesh::send_to_all(const wire::Message& message) {
  for (const auto& link : links_) {
    if (link) link->send(message);
  }
}

void Mesh::send_chunk(SiteId to, wire::Chunk chunk) { links_[to.value]->send_chunk(std::move(chunk)); }

void Mesh::close_after_sending() {
  listener_.reset();
  for (const auto& link : links_) {
    if (link) link->close_after_sending();
  }
}

bool Mesh::closed() const {
  return std::all_of(links_.begin(), links_.end(), [](const auto& link) { return !link || link->closed(); });
}

wire::Hello Mesh::hello_of(StreamClass stream_class, std::uint16_t number) const {
  const Identity& identity = settings_.identity;
  const bool comparable = stream_class == StreamClass::control && identity.agreement_text.size() <= wire::kMaxText;
  return {.run = identity.run,
          .site = identity.self,
          .incarnation = identity.incarnation,
          .restart = restart_.value_or(Restart{}),
          .agreement = identity.agreement,
          .data = identity.data,
          .stream_class = stream_class,
          .lane = {},
          .stream = number,
          .agreement_text = comparable ? identity.agreement_text : std::string()};
}

// ---- the side that connects ----

void Mesh::connect(SiteId site, StreamClass stream_class, std::uint16_t number) {
  const wire::Hello hello = hello_of(stream_class, number);
  network_.connect(settings_.addresses[site.value], settings_.identity.site_names[site.value], settings_.attempt_deadline,
                   [this, site, hello, alive = std::weak_ptr(alive_)](Result<std::unique_ptr<env::Connection>> connection) {
                     if (!alive.expired()) connected(site, hello, std::move(connection));
                   });
}

void Mesh::connected(SiteId site, const wire::Hello& hello, Result<std::unique_ptr<env::Connection>> connection) {
  if (!connection) return retry(site, hello, connection.error());
  say_hello(site, hello, std::move(*connection));
}

void Mesh::say_hello(SiteId site, const wire::Hello& hello, std::unique_ptr<env::Connection> connection) {
  const PendingRef pending = pending_.emplace(pending_.end());
  const auto give_up = [this, pending, site, hello](Error error) {
    drop(pending);
    retry(site, hello, std::move(error));
  };
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [give_up] {
    give_up({.code = ErrorCode::retry, .where = "phase hello", .what = "no answer", .fix = {}, .cause = {}});
  });
  pending->stream = std::make_unique<Stream>(
      std::move(connection),
      Stream::Handlers{
          .message = [this, pending, site, hello](const wire::Message& answer) { answered(pending, site, hello, answer); },
          .drained = {},
          .closed = give_up});
  pending->stream->send(hello);
}

void Mesh::answered(PendingRef pending, SiteId site, const wire::Hello& hello, const wire::Message& answer) {
  std::unique_ptr<Stream> stream = std::move(pending->stream);
  stream->set_handlers({});
  if (const auto* refusal = std::get_if<wire::Refusal>(&answer)) {
    pending->stream = std::move(stream);
    drop(pending);
    return handlers_.failed({.code = ErrorCode::reconfigure,
                             .where = describe(site) + ", phase hello",
                             .what = "refused this site: " + refusal->reason.text(),
                             .fix = {},
                             .cause = {}});
  }
  const auto* welcome = std::get_if<wire::Welcome>(&answer);
  if (!welcome || welcome->site != site || welcome->incarnation < incarnations_[site.value]) {
    pending->stream = std::move(stream);
    drop(pending);
    return retry(site, hello,
                 {.code = ErrorCode::retry, .where = "phase hello", .what = "unexpected answer", .fix = {}, .cause = {}});
  }
  incarnations_[site.value] = welcome->incarnation;
  drop(pending);
  attach(site, hello, std::move(stream));
}

// Anything that a later attempt may mend is tried again; the caller's start deadline ends it.
void Mesh::retry(SiteId site, const wire::Hello& hello, Error error) {
  last_attempt_[site.value] = error.message();
  if (error.code != ErrorCode::retry) {
    error.where = describe(site) + (error.where.empty() ? "" : ", " + error.where);
    return handlers_.failed(std::move(error));
  }
  loop_.call_after(settings_.retry_every, [this, site, hello, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) connect(site, hello.stream_class, hello.stream);
  });
}

// ---- the side that accepts ----

void Mesh::accepted(std::unique_ptr<env::Connection> connection) {
  const PendingRef pending = pending_.emplace(pending_.end());
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [this, pending] { drop(pending); });
  pending->stream = std::make_unique<Stream>(
      std::move(connection),
      Stream::Handlers{.message = [this, pending](const wire::Message& first) { greeted(pending, first); },
                       .drained = {},
                       .closed = [this, pending](const Error&) { drop(pending); }});
}

void Mesh::greeted(PendingRef pending, const wire::Message& first) {
  const auto* hello = std::get_if<wire::Hello>(&first);
  if (!hello || pending->parked) return refuse(pending, "a stream begins with one hello and waits for the answer");
  if (const Result<void> checked = check(*hello, *pending->stream); !checked) return refuse(pending, checked.error().message());
  if (hello->stream_class == StreamClass::merge && !restart_) {
    return park(pending, *hello);
  }
  admit(pending, *hello);
}

// A site has one stream of a number, and so at most one that waits.
void Mesh::park(PendingRef pending, const wire::Hello& hello) {
  const bool taken = std::any_of(pending_.begin(), pending_.end(), [&hello](const Pending& other) {
    return other.parked && other.parked->site == hello.site && other.parked->stream == hello.stream;
  });
  if (taken) return refuse(pending, "a merge stream with a number that waits already");
  pending->parked = hello;
}

Result<void> Mesh::check(const wire::Hello& hello, const Stream& stream) const {
  INTERTIE_RETURN_IF_ERROR(check_hello(settings_.identity, hello, stream.peer().name));
  const auto refusal = [](std::string what) {
    return Error{.code = ErrorCode::rejoin, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
  };
  const Link& link = *links_[hello.site.value];
  if (hello.incarnation < incarnations_[hello.site.value]) return refusal("a newer start of this site was seen already");
  if (hello.stream_class == StreamClass::control) {
    if (link.has_control()) return refusal("this site is connected already; is it running twice?");
    return {};
  }
  if (!link.has_control()) return refusal("a merge stream came before the control stream");
  if (hello.stream >= settings_.num_merge_streams[hello.site.value] || link.has_merge(hello.stream)) {
    return refusal("a merge stream with a number that is taken or too high");
  }
  return {};
}

void Mesh::admit(PendingRef pending, const wire::Hello& hello) {
  if (hello.stream_class == StreamClass::merge && hello.restart != *restart_) {
    return refuse(pending, fmt::format("restart {} where restart {} is running", hello.restart.value, restart_->value));
  }
  const wire::Hello accepted = hello;  // `hello` may lie inside the pending stream that goes away below
  incarnations_[accepted.site.value] = accepted.incarnation;
  std::unique_ptr<Stream> stream = std::move(pending->stream);
  stream->set_handlers({});
  drop(pending);
  stream->send(wire::Welcome{settings_.identity.self, settings_.identity.incarnation});
  attach(accepted.site, accepted, std::move(stream));
}

void Mesh::refuse(PendingRef pending, const std::string& reason) {
  const env::Peer& peer = pending->stream->peer();
  const std::string who = peer.name.empty() ? peer.address : fmt::format("site {} ({})", peer.name, peer.address);
  const auto& names = settings_.identity.site_names;
  const auto site = std::find(names.begin(), names.end(), peer.name);
  if (site != names.end()) last_attempt_[static_cast<std::size_t>(site - names.begin())] = "refused here: " + reason;
  pending->stream->set_handlers({.message = {}, .drained = {}, .closed = [this, pending](const Error&) { drop(pending); }});
  pending->stream->send(wire::Refusal{reason});
  pending->stream->close_after_sending();
  handlers_.refused(
      {.code = ErrorCode::reconfigure, .where = who + ", phase hello", .what = "refused: " + reason, .fix = {}, .cause = {}});
}

// ---- both ----

void Mesh::attach(SiteId site, const wire::Hello& hello, std::unique_ptr<Stream> stream) {
  Link& link = *links_[site.value];
  last_attempt_[site.value].clear();  // what failed before is over
  if (hello.stream_class == StreamClass::control) {
    link.attach_control(std::move(stream));
    return handlers_.connected(site);
  }
  link.attach_merge(hello.stream, std::move(stream));
  if (restart_ && all_merge_streams_open()) handlers_.merge_streams_open();
}

// The stream may be in the middle of delivering, so it is destroyed from the loop.
void Mesh::drop(PendingRef pending) {
  loop_.cancel(pending->deadline);
  if (pending->stream) {
    pending->stream->set_handlers({});
    loop_.post([stream = std::shared_ptr<Stream>(std::move(pending->stream))] {});
  }
  pending_.erase(pending);
}

}  // namespace intertie::links
