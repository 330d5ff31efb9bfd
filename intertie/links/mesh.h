// Mesh: the links of this site to all others. Listens, connects (a site connects to those before it in site order), does the
// hello on every stream, and hands messages on. Hellos that fail are answered with a reason and never touch a link.
// Owner thread: the loop. Created before the run, destroyed after it.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "intertie/env/loop.h"
#include "intertie/env/network.h"
#include "intertie/links/identity.h"
#include "intertie/links/link.h"

namespace intertie::links {

class Mesh {
 public:
  struct Settings {
    Identity identity;
    std::vector<env::Address> addresses;           // that sites dial, in site order
    env::Address listen;                           // of this site; often the address that others dial
    std::vector<std::uint16_t> num_merge_streams;  // to each site, in site order
    Duration attempt_deadline = std::chrono::seconds(10);
    Duration retry_every = std::chrono::milliseconds(500);
  };
  struct Handlers {
    std::function<void(SiteId, wire::Message)> message;
    std::function<void(SiteId)> connected;     // its control stream is up
    std::function<void()> merge_streams_open;  // all of all links
    std::function<void(SiteId, Error)> lost;
    std::function<void()> closed;        // after close_after_sending(): a stream has closed
    std::function<void(Error)> refused;  // by this site: somebody who may not join, with the reason; it goes on
    std::function<void(Error)> failed;   // this site was refused, or cannot listen: it cannot take part
  };

  Mesh(env::Loop& loop, env::Network& network, Settings settings, Handlers handlers);
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  Result<void> start();
  // The restart number is agreed: merge streams may open (and those that arrived early are looked at).
  void open_merge_streams(Restart restart);

  bool all_connected() const;
  bool all_merge_streams_open() const;
  // Sites that are not connected yet, or whose merge streams are not open though they may, each with what its last attempt
  // said, for an error message.
  std::string missing() const;

  void send(SiteId to, const wire::Message& message);
  void send_to_all(const wire::Message& message);
  void send_chunk(SiteId to, wire::Chunk chunk);
  void close_after_sending();
  bool closed() const;  // every stream to everybody

  // nullptr for this site itself.
  const Link* link(SiteId site) const { return links_[site.value].get(); }
  std::map<SiteId, Incarnation> incarnations() const;  // of the others, as their hellos said
  std::string describe(SiteId site) const;             // "site columbus (127.0.0.1:7402)"

 private:
  struct Pending {  // a stream whose hello is not done
    std::unique_ptr<Stream> stream;
    env::TimerId deadline;
    std::optional<wire::Hello> parked;  // a merge hello that came before the restart number was known
  };
  using PendingRef = std::list<Pending>::iterator;

  void connect(SiteId site, wire::StreamClass stream_class, std::uint16_t number);
  void connected(SiteId site, const wire::Hello& hello, Result<std::unique_ptr<env::Connection>> connection);
  void say_hello(SiteId site, const wire::Hello& hello, std::unique_ptr<env::Connection> connection);
  void answered(PendingRef pending, SiteId site, const wire::Hello& hello, const wire::Message& answer);
  void retry(SiteId site, const wire::Hello& hello, Error error);
  void accepted(std::unique_ptr<env::Connection> connection);
  void greeted(PendingRef pending, const wire::Message& first);
  void admit(PendingRef pending, const wire::Hello& hello);
  void park(PendingRef pending, const wire::Hello& hello);
  void refuse(PendingRef pending, const std::string& reason);
  Result<void> check(const wire::Hello& hello, const Stream& stream) const;
  void attach(SiteId site, const wire::Hello& hello, std::unique_ptr<Stream> stream);
  void drop(PendingRef pending);
  wire::Hello hello_of(wire::StreamClass stream_class, std::uint16_t number) const;

  env::Loop& loop_;
  env::Network& network_;
  Settings settings_;
  Handlers handlers_;
  std::unique_ptr<env::Listener> listener_;
  std::vector<std::unique_ptr<Link>> links_;  // by site; none for this one
  std::vector<Incarnation> incarnations_;     // highest seen of each site
  std::vector<std::string> last_attempt_;     // by site
  std::list<Pending> pending_;
  std::optional<Restart> restart_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace intertie::links
