#include "intertie/env/real/socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <asio/error.hpp>

namespace intertie::env::real {

void set_stream_options(asio::ip::tcp::socket& socket) {
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  const int mark = kNotSentMark;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &mark, sizeof mark);
  constexpr std::array<char, 3> kBbr{'b', 'b', 'r'};
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, kBbr.data(), kBbr.size());
}

void set_pacing_rate(asio::ip::tcp::socket& socket, BitRate rate) {
  const auto bytes_per_second = static_cast<std::uint64_t>(rate.bits_per_second / 8);
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_per_second, sizeof bytes_per_second);
}

std::string congestion_control_of(asio::ip::tcp::socket& socket) {
  std::array<char, 32> name{};
  socklen_t size = name.size() - 1;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return "unknown";
  return name.data();
}

Address address_of(const asio::ip::tcp::endpoint& endpoint) { return {endpoint.address().to_string(), endpoint.port()}; }

Error connect_error(const std::string& who, const std::error_code& error, const Address& address, const std::string& site) {
  Error made{.code = ErrorCode::retry, .where = who + ", phase connect", .what = error.message(), .fix = {}, .cause = {}};
  const std::string whom = site.empty() ? "the site" : "site " + site;
  if (error == asio::error::connection_refused) {
    made.what = "nothing listens at " + to_string(address);
    made.fix = "start " + whom + " or check its address";
  } else if (error == asio::error::host_unreachable || error == asio::error::network_unreachable) {
    made.what = to_string(address) + " cannot be reached from here";
    made.fix = "check the address, the routes and the firewalls between the sites";
  } else if (error == asio::error::timed_out) {
    made.what = "no answer from " + to_string(address) + " in time";
    made.fix = "check that " + whom + " runs and that no firewall drops the connection";
  }
  return made;
}

bool would_block(const std::error_code& error) { return error == asio::error::would_block || error == asio::error::try_again; }

Error transfer_error(const std::string& who, const std::error_code& error) {
  Error made{
      .code = ErrorCode::retry, .where = who, .what = "the connection failed: " + error.message(), .fix = {}, .cause = {}};
  if (error == asio::error::eof) made.what = "the other side closed the connection";
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe) made.what = "the connection was reset";
  return made;
}

}  // namespace intertie::env::real
