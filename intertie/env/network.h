// Network: authenticated byte streams between sites. Real: TCP with TLS 1.3 and certificates on both sides, on Asio.
// Simulated: virtual time with the link model of link_model.h, and faults. Owner thread of everything here: the loop.
//
//   network.connect(address, options, [](Result<std::unique_ptr<Connection>> connection) { ... });
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "intertie/base/result.h"
#include "intertie/base/shared_bytes.h"
#include "intertie/base/units.h"

namespace intertie::env {

struct Address {
  std::string host;  // name, IPv4 or IPv6 without brackets
  std::uint16_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

Result<Address> parse_address(std::string_view text);  // "host:7400", "127.0.0.1:7400", "[::1]:7400"
std::string to_string(const Address& address);

// Roles in certificates.
inline constexpr const char* kSiteRole = "site";
inline constexpr const char* kOperatorRole = "operator";  // may stop the run and take sites out, and what a viewer may
inline constexpr const char* kViewerRole = "viewer";      // may look
// Of somebody who connects to a site without being one.
inline bool is_visitor(const std::string& role) { return role == kOperatorRole || role == kViewerRole; }

// Leaves the congestion control to the network: the best that the system allows.
inline constexpr const char* kAutomatic = "auto";

// Who is at the other end, as its certificate says (subject alternative name intertie://RUN/ROLE/NAME).
struct Peer {
  std::string run;
  std::string role;     // of those above; empty when the connection is plain
  std::string name;     // of the site or the visitor; empty when the connection is plain
  std::string address;  // host:port as seen here
};

// What is known of a connection's sending side: of TCP what the system says (TCP_INFO), with what TLS adds.
struct Sending {
  Bytes acknowledged;               // the peer's system has them, whether or not what comes before has come too
  Bytes in_flight;                  // handed to the wire and not acknowledged
  Duration silent{0};               // since the peer's system last acknowledged anything
  Duration round_trip{0};           // lately, queues on the way included
  Duration least_round_trip{0};     // of the last minutes
  Bytes packet;                     // what a full one carries; 0: not known
  std::uint64_t packets = 0;        // with data, repeated ones too; 0: not known
  std::uint64_t retransmitted = 0;  // of them, repeated for want of an acknowledgement
};

// A byte stream in both directions. Bytes arrive in order, whole, or the connection closes.
// Not copyable, not movable; its destructor closes at once (unsent bytes are lost), and after it no handler runs.
class Connection {
 public:
  struct Handlers {
    std::function<void(std::span<const std::byte>)> received;  // the bytes are valid for the call only
    std::function<void()> drained;                             // unsent() fell to or below the low mark
    std::function<void(Error)> closed;                         // once; the connection is dead. Never called from inside send()
  };
  virtual ~Connection() = default;
  // Starts to deliver; to be called once, before anything else.
  virtual void start(Handlers handlers) = 0;
  // Queues bytes; never blocks, and takes any amount: the caller watches unsent().
  virtual void send(SharedBytes bytes) = 0;
  // Bytes that were queued here and not yet handed to the operating system (or, emulated or simulated, to the wire).
  virtual Bytes unsent() const = 0;
  virtual void set_low_mark(Bytes mark) = 0;
  // Upper limit of the sending rate (SO_MAX_PACING_RATE where the system has it); 0: none.
  virtual void set_pacing(BitRate rate) = 0;
  // Sends what is queued, then closes; `closed` follows with code cancelled.
  virtual void close_after_sending() = 0;
  virtual const Peer& peer() const = 0;
  virtual std::string congestion_control() const = 0;  // "bbr", "cubic", "simulated"
  // Another one from now on, if the system lets this user have it; what was learnt of the path is kept. Simulated: none.
  virtual void set_congestion_control(const std::string& name) = 0;
  virtual Sending sending() const = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;              // stops listening
  virtual Address local_address() const = 0;  // with the real port where 0 was asked for
};

class Network {
 public:
  using Accepted = std::function<void(std::unique_ptr<Connection>)>;
  using Connected = std::function<void(Result<std::unique_ptr<Connection>>)>;
  struct Target {
    Address address;
    std::string expected_site;  // the name that the peer's certificate must carry; empty: that of any site of the run
    Duration deadline;          // for the connection and the handshake
    std::string from = {};      // this machine's address to connect from, in numbers; empty: the system chooses
  };
  virtual ~Network() = default;
  // `accepted` is called for connections whose handshake succeeded; refused is told of the others (who, why).
  virtual Result<std::unique_ptr<Listener>> listen(const Address& address, Accepted accepted,
                                                   std::function<void(Error)> refused) = 0;
  // Errors: retry (refused, unreachable, timed out, no interface has `from`), reconfigure (certificate: the message says which
  // and why). Under TLS 1.3 the other side looks at our certificate only after we are done: if it refuses it, connect succeeds
  // and `closed` follows with code reconfigure and the reason.
  virtual void connect(Target target, Connected connected) = 0;
};

}  // namespace intertie::env
