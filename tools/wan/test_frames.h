// Frames as a site's kernel hands them over, built plainly for tests: one packet, and TCP data with the packets that it stands
// for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/wan/frame.h"

namespace intertie::wan {

using ByteList = std::vector<std::byte>;

inline void append(ByteList& to, unsigned value, int size) {
  for (int i = size - 1; i >= 0; --i) to.push_back(std::byte(value >> (8 * i) & 0xffU));
}

// The sum of RFC 1071 over whole 16-bit words, an odd byte at the end with a zero behind it.
inline unsigned plain_sum(std::span<const std::byte> bytes, unsigned sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += std::to_integer<unsigned>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return sum;
}

// TCP data from 10.89.1.1 to 10.89.1.3 or fd89:0:0:1::1 to ::3, with 12 bytes of options.
struct TcpData {
  bool v6 = false;
  std::size_t size = 10000;  // of data
  std::size_t segment = 1448;
  std::uint32_t sequence = 0xfffff000;  // wraps
  unsigned number = 0xfffe;             // of the IPv4 packet; wraps
  unsigned flags = 0x19;                // acknowledgement, push, finish

  std::size_t ip_header() const { return v6 ? 40 : 20; }
  std::size_t headers() const { return ip_header() + 32; }
};

inline ByteList addresses(bool v6) {
  ByteList bytes;
  for (const unsigned site : {1U, 3U}) {
    if (v6) {
      for (const unsigned word : {0xfd89U, 0U, 0U, 1U, 0U, 0U, 0U, site}) append(bytes, word, 2);
    } else {
      append(bytes, 0x0a590100U + site, 4);
    }
  }
  return bytes;
}

// An IP packet with bytes [begin, end) of the data; its checksum is complete, or covers only what the kernel leaves it with.
inline ByteList ip_packet(const TcpData& data, std::size_t begin, std::size_t end, unsigned flags, bool complete) {
  const auto tcp_size = static_cast<unsigned>(32 + end - begin);
  const auto behind = static_cast<unsigned>(begin / data.segment);
  const ByteList both = addresses(data.v6);
  ByteList ip;
  if (data.v6) {
    append(ip, 0x60000000U, 4);
    append(ip, tcp_size << 16U | 6U << 8U | 64U, 4);
  } else {
    append(ip, 0x45000000U | (20 + tcp_size), 4);
    append(ip, (data.number + behind) << 16U | 0x4000U, 4);
    append(ip, 0x40060000U, 4);
  }
  ip.insert(ip.end(), both.begin(), both.end());
  if (!data.v6) {
    const unsigned sum = ~plain_sum(ip) & 0xffffU;
    ip[10] = std::byte(sum >> 8U);
    ip[11] = std::byte(sum & 0xffU);
  }
  const std::size_t tcp = ip.size();
  append(ip, 7400U << 16U | 40000U, 4);
  append(ip, data.sequence + static_cast<std::uint32_t>(begin), 4);
  append(ip, 77, 4);
  append(ip, 8U << 28U | flags << 16U | 500U, 4);
  append(ip, 0, 4);
  for (const unsigned word : {0x0101080aU, 123U, 456U}) append(ip, word, 4);
  for (std::size_t i = begin; i < end; ++i) ip.push_back(std::byte(i * 31 / 7 & 0xffU));
  unsigned sum = plain_sum(both, tcp_size + 6);
  if (complete) sum = ~plain_sum(std::span(ip).subspan(tcp), sum) & 0xffffU;
  ip[tcp + 16] = std::byte(sum >> 8U);
  ip[tcp + 17] = std::byte(sum & 0xffU);
  return ip;
}

inline ByteList with_offload(const TcpData& data, const ByteList& ip) {
  const auto host16 = [](ByteList& to, std::size_t value) {
    const auto word = static_cast<std::uint16_t>(value);
    const auto* bytes = reinterpret_cast<const std::byte*>(&word);
    to.insert(to.end(), bytes, bytes + 2);
  };
  ByteList frame = {std::byte(1), std::byte(data.v6 ? 4 : 1)};
  host16(frame, data.headers());
  host16(frame, data.segment);
  host16(frame, data.ip_header());
  host16(frame, 16);
  frame.insert(frame.end(), ip.begin(), ip.end());
  return frame;
}

inline ByteList tcp_frame(const TcpData& data) { return with_offload(data, ip_packet(data, 0, data.size, data.flags, false)); }

// Packet `i` as it would be on the wire.
inline ByteList tcp_packet(const TcpData& data, std::size_t i) {
  const std::size_t begin = i * data.segment;
  const std::size_t end = std::min(data.size, begin + data.segment);
  return ip_packet(data, begin, end, end == data.size ? data.flags : data.flags & ~0x09U, true);
}

// One packet that nothing has to be done with, all of the same bytes.
inline ByteList plain_frame(std::size_t ip_size, int value = 0) {
  ByteList frame(kOffloadHeader);
  frame.insert(frame.end(), ip_size, std::byte(value));
  return frame;
}

}  // namespace intertie::wan
