// What this folder asks of TCP sockets: options, addresses, and system errors as words. Owner thread: the loop.
#pragma once

#include <asio/ip/tcp.hpp>
#include <string>
#include <system_error>

#include "intertie/env/network.h"

namespace intertie::env::real {

// No delay for small sends, at most kNotSentMark bytes that the kernel holds back, and the congestion control. Buffer sizes
// stay the kernel's: setting them switches its tuning off. Options that a system lacks are left out.
void set_stream_options(asio::ip::tcp::socket& socket, const std::string& congestion_control);
// Errors (reconfigure): the system does not let this user have it.
Result<void> check_congestion_control(const std::string& name);
bool set_congestion_control(int socket, const std::string& name);  // false: the system refuses
inline constexpr int kNotSentMark = 128 * 1024;

void set_pacing_rate(asio::ip::tcp::socket& socket, BitRate rate);
std::string congestion_control_of(asio::ip::tcp::socket& socket);  // "unknown" if the socket is closed

Address address_of(const asio::ip::tcp::endpoint& endpoint);

// A failed system call on a connection to `address`; `site` for the fix, may be empty.
Error connect_error(const std::string& who, const std::error_code& error, const Address& address, const std::string& site);
bool would_block(const std::error_code& error);  // nothing failed: there is nothing to read, or no room to write, as yet
// The end of an established connection.
Error transfer_error(const std::string& who, const std::error_code& error);

}  // namespace intertie::env::real
