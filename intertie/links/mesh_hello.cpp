// How a mesh's streams begin: who connects says hello, who is connected to checks it and answers.
#include <fmt/format.h>

#include <algorithm>

#include "intertie/links/mesh.h"

namespace intertie::links {

using wire::StreamClass;

wire::Hello Mesh::hello_of(const Dialled& stream) const {
  const Identity& identity = settings_.identity;
  const bool comparable = stream.stream_class == StreamClass::control && identity.agreement_text.size() <= wire::kMaxText;
  return {.run = identity.run,
          .site = identity.self,
          .incarnation = identity.incarnation,
          .view = view_,
          .agreement = identity.agreement,
          .data = identity.data,
          .stream_class = stream.stream_class,
          .lane = {},
          .path = stream.path,
          .stream = stream.number,
          .agreement_text = comparable ? identity.agreement_text : std::string()};
}

// ---- the side that connects ----

void Mesh::dial(const Dialled& stream, Duration after) {
  if (!dialling_.insert(stream).second) return;
  if (after == Duration{0}) return connect(stream);
  loop_.call_after(after, [this, stream, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) connect(stream);
  });
}

void Mesh::dial_paths(SiteId site, Duration after) {
  if (!dials(site)) return;
  for (std::uint16_t path = 0; path < settings_.paths[site.value].size(); ++path) dial({.site = site, .path = path}, after);
}

// A merge stream belongs to its path's control stream, and comes again with it.
bool Mesh::is_wanted(const Dialled& stream) const {
  const Path& path = peers_[stream.site.value].link->path(stream.path);
  if (closing_) return false;
  return stream.stream_class == StreamClass::control ? !path.has_control()
                                                     : path.has_control() && !path.has_merge(stream.number);
}

void Mesh::connect(const Dialled& stream) {
  if (!is_wanted(stream)) {
    dialling_.erase(stream);
    return;
  }
  const std::size_t site = stream.site.value;
  const PathSettings& path = settings_.paths[site][stream.path];
  network_.connect({.address = path.to.value_or(settings_.addresses[site]),
                    .expected_site = settings_.identity.site_names[site],
                    .deadline = settings_.attempt_deadline,
                    .from = path.from},
                   [this, stream, hello = hello_of(stream),
                    alive = std::weak_ptr(alive_)](Result<std::unique_ptr<env::Connection>> connection) {
                     if (!alive.expired()) connected(stream, hello, std::move(connection));
                   });
}

void Mesh::connected(const Dialled& stream, const wire::Hello& hello, Result<std::unique_ptr<env::Connection>> connection) {
  if (closing_) return;
  if (connection) return say_hello(stream, hello, std::move(*connection));
  Peer& peer = peers_[stream.site.value];
  Error error = connection.error();
  if (!peer.link->has_control() || peer.link->num_paths() == 1) return retry(stream, std::move(error));
  // Another path works, and this one can be mended while the run goes on. Of one that was there its end was told.
  const bool was_there = peer.link->path(stream.path).bytes_received().value > 0;
  if (!was_there && peer.last_attempt != error.message()) handlers_.path(stream.site, stream.path, &error);
  error.code = ErrorCode::retry;
  retry(stream, std::move(error));
}

void Mesh::say_hello(const Dialled& stream, const wire::Hello& hello, std::unique_ptr<env::Connection> connection) {
  const PendingRef pending = pending_.emplace(pending_.end());
  const auto give_up = [this, pending, stream](Error error) {
    drop(pending);
    retry(stream, std::move(error));
  };
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [give_up] {
    give_up({.code = ErrorCode::retry, .where = "phase hello", .what = "no answer", .fix = {}, .cause = {}});
  });
  pending->stream = std::make_unique<Stream>(
      std::move(connection),
      Stream::Handlers{.message = [this, pending, stream](const wire::Message& answer) { answered(pending, stream, answer); },
                       .drained = {},
                       .closed = give_up});
  wire::Hello said = hello;
  said.view = view_;  // as it is now
  pending->stream->send(said);
}

void Mesh::answered(PendingRef pending, const Dialled dialled, const wire::Message& answer) {
  const SiteId site = dialled.site;
  const auto again = [&](ErrorCode code, std::string what) {
    drop(pending);
    retry(dialled, {.code = code, .where = "phase hello", .what = std::move(what), .fix = {}, .cause = {}});
  };
  if (const auto* refusal = std::get_if<wire::Refusal>(&answer)) {
    peers_[site.value].view = refusal->view;
    return again(refusal->code, "refused this site: " + refusal->reason.text());
  }
  const auto* welcome = std::get_if<wire::Welcome>(&answer);
  if (!welcome || welcome->site != site || welcome->incarnation < peers_[site.value].incarnation) {
    return again(ErrorCode::retry, "unexpected answer");
  }
  if (is_fenced(site, welcome->incarnation)) {
    pending->stream->send(wire::Refusal{ErrorCode::rejoin, view_, peers_[site.value].fenced_because});
    pending->stream->close_after_sending();
    pending->stream->set_handlers({.message = {}, .drained = {}, .closed = [this, pending](const Error&) { drop(pending); }});
    dialling_.erase(dialled);
    return dial(dialled, settings_.retry_every);
  }
  note_incarnation(site, welcome->incarnation);
  peers_[site.value].view = std::max(peers_[site.value].view, welcome->view);
  std::unique_ptr<Stream> stream = std::move(pending->stream);
  stream->set_handlers({});
  drop(pending);
  attach(dialled, std::move(stream));
}

// Anything that a later attempt may mend is tried again; of the rest the owner decides.
void Mesh::retry(const Dialled& stream, Error error) {
  peers_[stream.site.value].last_attempt = error.message();
  dialling_.erase(stream);
  dial(stream, settings_.retry_every);
  if (error.code == ErrorCode::retry) return;
  const std::string who = describe(stream.site);
  if (!error.where.starts_with(who)) error.where = who + (error.where.empty() ? "" : ", " + error.where);
  handlers_.failed(stream.site, std::move(error));
}

// ---- the side that accepts ----

void Mesh::accepted(std::unique_ptr<env::Connection> connection) {
  const std::string& role = connection->peer().role;
  if (!role.empty() && role != env::kSiteRole) {  // a plain connection has none
    if (handlers_.visitor) handlers_.visitor(std::move(connection));
    return;
  }
  const PendingRef pending = pending_.emplace(pending_.end());
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [this, pending] {
    refuse(pending,
           {.code = ErrorCode::retry, .where = {}, .what = "it has connected and says no hello", .fix = {}, .cause = {}});
  });
  pending->stream = std::make_unique<Stream>(
      std::move(connection),
      Stream::Handlers{.message = [this, pending](const wire::Message& first) { greeted(pending, first); },
                       .drained = {},
                       .closed = [this, pending](const Error& why) { ended_before_hello(pending, why); }});
}

// One that only goes away again is no news.
void Mesh::ended_before_hello(PendingRef pending, Error why) {
  if (why.code != ErrorCode::give_up) return drop(pending);
  why.code = ErrorCode::reconfigure;
  refuse(pending, why);
}

void Mesh::greeted(PendingRef pending, const wire::Message& first) {
  const auto* said = std::get_if<wire::Hello>(&first);
  if (!said) {
    return refuse(pending, {.code = ErrorCode::reconfigure,
                            .where = {},
                            .what = "a stream begins with one hello and waits for the answer",
                            .fix = {},
                            .cause = {}});
  }
  if (const Result<void> checked = check(*said, *pending->stream); !checked) return refuse(pending, checked.error());
  const wire::Hello hello = *said;
  note_incarnation(hello.site, hello.incarnation);
  peers_[hello.site.value].view = std::max(peers_[hello.site.value].view, hello.view);
  std::unique_ptr<Stream> stream = std::move(pending->stream);
  stream->set_handlers({});
  drop(pending);
  stream->send(wire::Welcome{settings_.identity.self, settings_.identity.incarnation, view_});
  attach({hello.site, hello.path, hello.stream_class, hello.stream}, std::move(stream));
}

Result<void> Mesh::check(const wire::Hello& hello, const Stream& stream) const {
  INTERTIE_RETURN_IF_ERROR(check_hello(settings_.identity, hello, stream.peer().name));
  const auto refusal = [](ErrorCode code, std::string what) {
    return Error{.code = code, .where = {}, .what = std::move(what), .fix = {}, .cause = {}};
  };
  const Peer& peer = peers_[hello.site.value];
  if (is_fenced(hello.site, hello.incarnation)) return refusal(ErrorCode::rejoin, peer.fenced_because);
  if (hello.incarnation < peer.incarnation) {
    return refusal(
        ErrorCode::reconfigure,
        fmt::format("a newer start of this site was seen already (number {}, this is {}); is it running twice, or is "
                    "its folder an old copy?",
                    peer.incarnation.value, hello.incarnation.value));
  }
  const std::vector<PathSettings>& paths = settings_.paths[hello.site.value];
  if (hello.path >= paths.size()) {
    return refusal(ErrorCode::reconfigure,
                   fmt::format("path {} of a link that has {} here; compare the run files' paths", hello.path, paths.size()));
  }
  const Path& path = peer.link->path(hello.path);
  const auto heard = path.heard_at();
  if (hello.stream_class == StreamClass::control) {
    // One that broke unnoticed here is replaced; two processes of one start are not to take turns.
    const bool alive = heard && hello.incarnation == peer.incarnation && loop_.now() - *heard < settings_.timing.silence;
    if (alive) return refusal(ErrorCode::retry, "this site is connected already; is it running twice?");
    return {};
  }
  if (!path.has_control() || hello.incarnation != peer.incarnation) {
    return refusal(ErrorCode::retry, "a merge stream came before the control stream");
  }
  if (hello.stream_class != StreamClass::merge || hello.stream >= paths[hello.path].num_merge_streams) {
    return refusal(ErrorCode::reconfigure, "a merge stream with a number that is too high");
  }
  return {};
}

void Mesh::refuse(PendingRef pending, const Error& reason) {
  const env::Peer& peer = pending->stream->peer();
  const std::string who = peer.name.empty() ? peer.address : fmt::format("site {} ({})", peer.name, peer.address);
  const std::string words = reason.message();
  const auto& names = settings_.identity.site_names;
  const auto site = std::find(names.begin(), names.end(), peer.name);
  if (site != names.end()) {
    peers_[static_cast<std::size_t>(site - names.begin())].last_attempt = "refused here: " + words;
  }
  pending->stream->set_handlers({.message = {}, .drained = {}, .closed = [this, pending](const Error&) { drop(pending); }});
  loop_.cancel(pending->deadline);
  pending->deadline = loop_.call_after(settings_.attempt_deadline, [this, pending] { drop(pending); });  // to hear it
  pending->stream->send(wire::Refusal{reason.code, view_, words});
  pending->stream->close_after_sending();
  handlers_.refused({.code = reason.code, .where = who + ", phase hello", .what = "refused: " + words, .fix = {}, .cause = {}});
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
