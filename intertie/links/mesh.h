// Mesh: the links of this site to all others, from its start to its end. Listens, connects (a site connects to those before it
// in site order) and connects again, does the hello on every stream, beats, tells and hears who hears whom, and chooses the way
// to each site: direct, or over one relay. Hellos that fail are answered with a reason and never touch a link.
// Owner thread: the loop. Created before the run, destroyed after it.
#pragma once

#include <compare>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "intertie/env/loop.h"
#include "intertie/env/network.h"
#include "intertie/links/dispatch.h"
#include "intertie/links/hearing.h"
#include "intertie/links/identity.h"
#include "intertie/links/link.h"

namespace intertie::links {

class Mesh {
 public:
  struct Settings {
    Identity identity;
    std::vector<env::Address> addresses;           // that sites dial, in site order
    std::vector<env::Address> listen;              // of this site; often the address that others dial
    std::vector<std::vector<PathSettings>> paths;  // to each site, in site order
    LinkTiming timing;
    Duration attempt_deadline = std::chrono::seconds(10);
    Duration retry_every = std::chrono::milliseconds(500);
  };
  struct Handlers {
    std::function<void(SiteId, wire::Message)> message;  // of the site's present start
    std::function<void(SiteId)> connected;               // its control stream is up
    std::function<void(SiteId)> appeared;                // a start of it that was not heard of before, perhaps over a relay
    std::function<void(SiteId, const Route&, const Error* why)> route;  // the way to it has changed; why: the direct one ended
    // A path of a link that has several is there, or, with the reason, is not, while another is.
    std::function<void(SiteId, std::uint16_t path, const Error* why)> path;
    std::function<void(SiteId, Error)> broken;  // what its present start said makes no sense (give_up)
    std::function<void()> beat;                 // after every beat
    std::function<void()> closed;               // after close_after_sending(): a stream has closed
    std::function<void(Error)> refused;         // by this site: somebody who may not join, with the reason
    std::function<void(SiteId, Error)> failed;  // by that site: this start may not take part (rejoin, reconfigure)
    // Somebody whose certificate is not that of a site, and who is no business of links; none: the connection is closed.
    std::function<void(std::unique_ptr<env::Connection>)> visitor = {};
    std::function<void(Duration)> round_trip =
        {};  // of a heartbeat, beside what else the control stream carries, with any site
  };

  Mesh(env::Loop& loop, env::Network& network, Settings settings, Handlers handlers);
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  Result<void> start();

  bool all_connected() const;
  // Sites that are not connected, each with what its last attempt said, for an error message.
  std::string missing() const;

  void send(SiteId to, const wire::Message& message);                      // control
  void send(const std::vector<SiteId>& to, const wire::Message& message);  // but not to this site itself
  void send_data(SiteId to, wire::StreamClass stream_class, const wire::Message& message);
  void set_pacing(SiteId to, BitRate rate, std::size_t num_streams) {  // link.h
    peers_[to.value].link->set_pacing(rate, num_streams);
  }
  // How merges travel from now on, of all sites; pairs that are not named take whatever way there is (route.h, dispatch.h).
  void plan(const std::vector<PlannedWay>& ways);
  const Dispatch& dispatch() const { return dispatch_; }
  void fill(SiteId to, BitRate rate, Link::Turn turn) { peers_[to.value].link->fill(rate, turn); }  // link.h
  void stop_filling(SiteId to) { peers_[to.value].link->stop_filling(); }
  void warm_up(SiteId to, Bytes most) { peers_[to.value].link->warm_up(most); }  // link.h
  void close_after_sending();
  bool closed() const;  // every stream to everybody
  // By everybody who can be reached: nothing that was sent would be lost.
  bool all_acknowledged() const;
  std::uint64_t num_acknowledged() const;  // messages, by everybody

  // What hellos say from now on.
  void set_view(ViewNumber view) { view_ = view; }
  // The newest view that the site's present start said it is a member of, or others said of it; 0: none.
  ViewNumber view_of(SiteId site) const { return peers_[site.value].view; }
  // This start of a site is one of the run's: what is for it is kept until there is a way to it.
  void expect(SiteId site, Incarnation incarnation);
  // No start of the site up to this one has a say any more; it is told so whenever it connects. `view`: the one that it is not
  // in, which may be about to be entered.
  void fence(SiteId site, Incarnation incarnation, ViewNumber view, const std::string& reason);

  const HearingTable& hearing() const { return hearing_; }
  // nullptr for this site itself.
  const Link* link(SiteId site) const { return peers_[site.value].link.get(); }
  Incarnation incarnation(SiteId site) const;  // the newest that is known; this site's own
  bool reaches(SiteId site) const;             // by any way
  std::string describe(SiteId site) const;     // "site columbus (127.0.0.1:7402)"

 private:
  struct Peer {
    std::unique_ptr<Link> link;
    Incarnation incarnation;  // highest seen
    ViewNumber view;
    Incarnation fenced;  // highest that has no say
    std::string fenced_because;
    std::string last_attempt;
    std::uint64_t ended_streams = 0;  // that it told of
    std::optional<Error> ended;       // why the direct way did, until there is one again
    env::TimePoint ended_at{};
  };
  struct Pending {  // a stream whose hello is not done
    std::unique_ptr<Stream> stream;
    env::TimerId deadline;
  };
  using PendingRef = std::list<Pending>::iterator;

  struct Dialled {  // a stream
    SiteId site;
    std::uint16_t path = 0;
    wire::StreamClass stream_class = wire::StreamClass::control;
    std::uint16_t number = 0;
    friend auto operator<=>(const Dialled&, const Dialled&) = default;
  };

  void dial(const Dialled& stream, Duration after = Duration{0});
  void dial_paths(SiteId site, Duration after);
  void connect(const Dialled& stream);
  bool is_wanted(const Dialled& stream) const;
  void connected(const Dialled& stream, const wire::Hello& hello, Result<std::unique_ptr<env::Connection>> connection);
  void say_hello(const Dialled& stream, const wire::Hello& hello, std::unique_ptr<env::Connection> connection);
  void answered(PendingRef pending, Dialled dialled, const wire::Message& answer);
  void retry(const Dialled& stream, Error error);
  void accepted(std::unique_ptr<env::Connection> connection);
  void greeted(PendingRef pending, const wire::Message& first);
  void ended_before_hello(PendingRef pending, Error why);
  void refuse(PendingRef pending, const Error& reason);
  Result<void> check(const wire::Hello& hello, const Stream& stream) const;
  void attach(const Dialled& attached, std::unique_ptr<Stream> stream);
  void drop(PendingRef pending);
  wire::Hello hello_of(const Dialled& stream) const;

  std::unique_ptr<Link> make_link(SiteId site);
  bool dials(SiteId site) const { return site < settings_.identity.self; }
  bool is_fenced(SiteId site, Incarnation incarnation) const { return incarnation <= peers_[site.value].fenced; }
  void note_incarnation(SiteId site, Incarnation incarnation);
  void take_envelope(SiteId via, wire::Envelope envelope);
  void hand_on(SiteId hop, wire::Envelope envelope);
  void relay_lost(SiteId relay);
  void pump(SiteId to);
  void pump_all();
  bool can_use(const PlannedWay& way) const;
  bool hears(SiteId site) const;
  void take_hearing(SiteId via, wire::Hearing told);
  void refused_by(SiteId site, const wire::Refusal& refusal);
  void path_ended(SiteId site, std::uint16_t path, Error error);
  void merge_ended(SiteId site, std::uint16_t path, std::uint16_t number, const Error& error);
  void beat();
  void choose_routes();
  Route route_to(SiteId site) const;
  void use_route(SiteId site);

  env::Loop& loop_;
  env::Network& network_;
  Settings settings_;
  Handlers handlers_;
  std::vector<std::unique_ptr<env::Listener>> listeners_;
  std::vector<Peer> peers_;  // by site; this one's without a link
  HearingTable hearing_;
  Dispatch dispatch_;
  ViewNumber view_;
  std::list<Pending> pending_;
  std::set<Dialled> dialling_;  // under way, or about to be: each stream once
  env::TimerId beat_timer_;
  env::TimePoint beat_due_{};
  bool closing_ = false;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace intertie::links
