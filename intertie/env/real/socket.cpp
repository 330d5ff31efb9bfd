#include "intertie/env/real/socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <asio/error.hpp>
#include <limits>

namespace intertie::env::real {

namespace {

constexpr const char* kBest = "bbr";  // goes on at the path's rate where packets are lost for other reasons than a full queue

}  // namespace

bool set_congestion_control(int socket, const std::string& name) {
  return ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) == 0;
}

void set_stream_options(asio::ip::tcp::socket& socket, const std::string& congestion_control) {
  std::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  const int mark = kNotSentMark;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &mark, sizeof mark);
  set_congestion_control(socket.native_handle(), congestion_control == kAutomatic ? kBest : congestion_control);
}

Result<void> check_congestion_control(const std::string& name) {
  if (name == kAutomatic) return {};
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool allowed = probe >= 0 && set_congestion_control(probe, name);
  if (probe >= 0) ::close(probe);
  if (allowed) return {};
  return Error{.code = ErrorCode::reconfigure,
               .where = "congestion control",
               .what = "this machine does not let this user have " + name,
               .fix = "load the module tcp_" + name +
                      " and add it to the sysctl net.ipv4.tcp_allowed_congestion_control, or leave it to auto",
               .cause = {}};
}

void set_pacing_rate(asio::ip::tcp::socket& socket, BitRate rate) {
  const bool limited = rate.bits_per_second > 0;
  const auto bytes_per_second =
      limited ? static_cast<std::uint64_t>(rate.bits_per_second / 8) : std::numeric_limits<std::uint64_t>::max();
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
