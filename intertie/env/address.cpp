#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "intertie/env/network.h"

namespace intertie::env {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035
constexpr std::size_t kLongestLabel = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

// What a person typed, fit for one line of a message.
std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string shown(text.substr(0, kShown));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return "'" + shown + (text.size() > kShown ? "...'" : "'");
}

Error bad_address(std::string_view text, std::string_view why) {
  return Error{.code = ErrorCode::reconfigure,
               .where = {},
               .what = fmt::format("{} is not an address: {}", quoted(text), why),
               .fix = "write host:port, such as columbus.example:7400, 127.0.0.1:7400 or [::1]:7400",
               .cause = {}};
}

// Why `host` cannot be a name or an IPv4 address; empty when it can.
std::string_view fault_of_host(const std::string& host) {
  if (host.empty()) return "the host is missing";
  if (host.size() > kLongestName) return "the host is longer than 253 characters";
  if (std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; })) {
    in_addr parsed{};
    return inet_pton(AF_INET, host.c_str(), &parsed) == 1 ? "" : "the numbers before the port are not an IPv4 address";
  }
  std::size_t label = 0;
  for (char c : host) {
    if (c == '.') {
      if (label == 0) return "the host has an empty part";
      label = 0;
    } else if (!is_name_character(c)) {
      return "the host has a character that names cannot have";
    } else if (++label > kLongestLabel) {
      return "a part of the host is longer than 63 characters";
    }
  }
  return label == 0 ? "the host has an empty part" : "";
}

Result<std::uint16_t> parse_port(std::string_view text, std::string_view port) {
  if (port.empty()) return bad_address(text, "the port is missing");
  std::uint32_t value = 0;
  const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (fault != std::errc() || end != port.data() + port.size() || !is_digit(port[0]) || value > 65535)
    return bad_address(text, "the port is not a number from 0 to 65535");
  return static_cast<std::uint16_t>(value);
}

Result<Address> parse_bracketed(std::string_view text) {
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return bad_address(text, "the closing bracket is missing");
  std::string host(text.substr(1, close - 1));
  in6_addr parsed{};
  if (inet_pton(AF_INET6, host.c_str(), &parsed) != 1 || host.find('\0') != std::string::npos)
    return bad_address(text, "what stands in brackets is not an IPv6 address");
  if (close + 1 >= text.size() || text[close + 1] != ':') return bad_address(text, "the port is missing");
  INTERTIE_ASSIGN(const std::uint16_t port, parse_port(text, text.substr(close + 2)));
  return Address{std::move(host), port};
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  if (text.empty()) return bad_address(text, "it is empty");
  if (text[0] == '[') return parse_bracketed(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad_address(text, "the port is missing");
  if (text.find(':') != colon) return bad_address(text, "an IPv6 address needs brackets");
  std::string host(text.substr(0, colon));
  if (const std::string_view fault = fault_of_host(host); !fault.empty()) return bad_address(text, fault);
  INTERTIE_ASSIGN(const std::uint16_t port, parse_port(text, text.substr(colon + 1)));
  return Address{std::move(host), port};
}

std::string to_string(const Address& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace intertie::env
