#include "tools/wan/frame.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace intertie::wan {
namespace {

// Of the kernel's header.
constexpr std::size_t kFlags = 0, kKind = 1, kSegment = 4, kTransport = 6;
constexpr unsigned kNeedsChecksum = 1;
constexpr unsigned kNoSegments = 0, kTcp4 = 1, kTcp6 = 4;
// Of IP and TCP.
constexpr std::size_t kIpHeader = 20, kIp6Header = 40, kTcpHeader = 20;
constexpr unsigned kFinish = 0x01, kPush = 0x08;
constexpr std::array<unsigned, 7> kNetwork6 = {0xfd, 0x89, 0, 0, 0, 0, 0};  // and then the path

unsigned at(std::span<const std::byte> bytes, std::size_t place) { return std::to_integer<unsigned>(bytes[place]); }

unsigned host16(std::span<const std::byte> bytes, std::size_t place) {
  std::uint16_t value = 0;
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return value;
}

unsigned wire16(std::span<const std::byte> bytes, std::size_t place) { return at(bytes, place) << 8U | at(bytes, place + 1); }

void put16(std::span<std::byte> bytes, std::size_t place, unsigned value) {
  bytes[place] = std::byte(value >> 8U & 0xffU);
  bytes[place + 1] = std::byte(value & 0xffU);
}

// A sum of 16-bit words in one's complement, after one of them has changed.
unsigned changed_sum(unsigned sum, unsigned before, unsigned after) {
  sum += (~before & 0xffffU) + (after & 0xffffU);
  sum = (sum & 0xffffU) + (sum >> 16U);
  return (sum & 0xffffU) + (sum >> 16U);
}

// Changes a word of the IPv4 header and with it that header's checksum, which is the complement of the sum.
void put16_with_checksum(std::span<std::byte> ip, std::size_t place, unsigned value) {
  constexpr std::size_t kChecksum = 10;
  put16(ip, kChecksum, ~changed_sum(~wire16(ip, kChecksum) & 0xffffU, wire16(ip, place), value));
  put16(ip, place, value);
}

// Lengths, and IPv4's number of the packet, which goes up by one from packet to packet.
void correct_ip(std::span<std::byte> ip, std::size_t shorter_by, std::size_t first) {
  constexpr std::size_t kLength4 = 2, kNumber4 = 4, kLength6 = 4;
  const auto shorter = static_cast<unsigned>(shorter_by);
  if (at(ip, 0) >> 4U == 6) return put16(ip, kLength6, wire16(ip, kLength6) - shorter);
  put16_with_checksum(ip, kLength4, wire16(ip, kLength4) - shorter);
  put16_with_checksum(ip, kNumber4, (wire16(ip, kNumber4) + static_cast<unsigned>(first)) & 0xffffU);
}

// Its checksum covers so far only addresses, protocol and length; the kernel that gets the frame completes it.
void correct_tcp(std::span<std::byte> tcp, std::size_t skipped, std::size_t before, std::size_t after, bool has_end) {
  constexpr std::size_t kSequence = 4, kTcpFlags = 13, kChecksum = 16;
  const std::uint32_t sequence =
      (wire16(tcp, kSequence) << 16U | wire16(tcp, kSequence + 2)) + static_cast<std::uint32_t>(skipped);
  put16(tcp, kSequence, sequence >> 16U);
  put16(tcp, kSequence + 2, sequence & 0xffffU);
  if (!has_end) tcp[kTcpFlags] &= ~std::byte(kFinish | kPush);
  put16(tcp, kChecksum, changed_sum(wire16(tcp, kChecksum), static_cast<unsigned>(before), static_cast<unsigned>(after)));
}

}  // namespace

Packets packets_in(std::span<const std::byte> bytes) {
  const Packets one{.last = bytes.size() - std::min(bytes.size(), kOffloadHeader)};
  if (bytes.size() < kOffloadHeader + kIpHeader + kTcpHeader) return one;
  const bool tcp = (at(bytes, kKind) == kTcp4 || at(bytes, kKind) == kTcp6) && (at(bytes, kFlags) & kNeedsChecksum) != 0;
  const std::size_t segment = host16(bytes, kSegment);
  const std::size_t transport = host16(bytes, kTransport);
  const std::size_t least = at(bytes, kKind) == kTcp6 ? kIp6Header : kIpHeader;
  if (!tcp || segment == 0 || transport < least || kOffloadHeader + transport + kTcpHeader > bytes.size()) return one;
  const std::size_t headers =
      transport + std::max<std::size_t>(kTcpHeader, (at(bytes, kOffloadHeader + transport + 12) >> 4U) * 4UL);
  if (headers + segment >= one.last) return one;
  const std::size_t data = one.last - headers;
  const std::size_t count = (data + segment - 1) / segment;
  return {.count = count, .headers = headers, .payload = segment, .last = headers + data - (count - 1) * segment};
}

std::size_t cut_out(std::span<const std::byte> bytes, const Packets& packets, std::size_t first, std::size_t number,
                    std::span<std::byte> room) {
  const std::size_t headers = kOffloadHeader + packets.headers;
  const std::size_t begin = first * packets.payload;
  const std::size_t end = std::min(bytes.size() - headers, (first + number) * packets.payload);
  std::memcpy(room.data(), bytes.data(), headers);
  std::memcpy(room.data() + headers, bytes.data() + headers + begin, end - begin);
  const std::size_t size = headers + end - begin;
  const std::size_t transport = kOffloadHeader + host16(bytes, kTransport);
  const bool has_end = size - headers == bytes.size() - headers - begin;
  correct_ip(room.subspan(kOffloadHeader), bytes.size() - size, first);
  correct_tcp(room.subspan(transport), begin, bytes.size() - transport, size - transport, has_end);
  if (number == 1) {
    room[kKind] = std::byte(kNoSegments);
    std::memset(room.data() + kSegment, 0, 2);
  }
  return size;
}

std::optional<Address> destination_of(std::span<const std::byte> bytes) {
  if (bytes.size() < kOffloadHeader + kIpHeader) return std::nullopt;
  const std::span<const std::byte> ip = bytes.subspan(kOffloadHeader);
  if (at(ip, 0) >> 4U == 4) {
    const bool ours = at(ip, 16) == 10 && at(ip, 17) == 89 && at(ip, 19) > 0;
    return ours ? std::optional<Address>({at(ip, 18), at(ip, 19) - 1}) : std::nullopt;
  }
  if (at(ip, 0) >> 4U != 6 || ip.size() < kIp6Header) return std::nullopt;
  const std::span<const std::byte> to = ip.subspan(24, 16);
  const bool ours = std::equal(kNetwork6.begin(), kNetwork6.end(), to.begin(),
                               [](unsigned wanted, std::byte is) { return wanted == std::to_integer<unsigned>(is); }) &&
                    std::all_of(to.begin() + 8, to.end() - 1, [](std::byte each) { return each == std::byte(0); }) &&
                    at(to, 15) > 0;
  return ours ? std::optional<Address>({at(to, 7), at(to, 15) - 1}) : std::nullopt;
}

}  // namespace intertie::wan
