// What a site's kernel hands over at once: a packet, or TCP data of up to 64 KiB that the device is to cut into packets, with
// what of checksums it has left to the device. Says what packets are in a frame, for whom it is, and cuts packets out of it, as
// frames of their own that another kernel takes. Pure; any bytes will do, and those that are no such frame are one packet.
//
// `bytes` begins with the kernel's header of 10 bytes (virtio_net_hdr of <linux/virtio_net.h>, in the machine's byte order).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include "intertie/base/units.h"

namespace intertie::wan {

using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

constexpr std::size_t kOffloadHeader = 10;
constexpr std::size_t kLongestFrame = kOffloadHeader + 65536;
// What a packet takes on the wire beyond its IP length: Ethernet's header, checksum, preamble and gap.
constexpr std::size_t kWireOverhead = 38;

// Sizes of IP packets. All but the last have the same.
struct Packets {
  std::size_t count = 1;
  std::size_t headers = 0;  // of IP and TCP; with `payload`, of frames of several packets only
  std::size_t payload = 0;
  std::size_t last = 0;

  std::size_t full() const { return count > 1 ? headers + payload : last; }
  // Of the first `number` of them; number <= count.
  std::size_t on_wire(std::size_t number) const {
    return number * (full() + kWireOverhead) - (number == count ? full() - last : 0);
  }
};
Packets packets_in(std::span<const std::byte> bytes);

// Writes packets first ... first + number - 1 of a frame into `room`, which has room for the whole; returns their size.
// number > 0; `packets` as packets_in says.
std::size_t cut_out(std::span<const std::byte> bytes, const Packets& packets, std::size_t first, std::size_t number,
                    std::span<std::byte> room);

// Site 0 has on path 0 the addresses 10.89.0.1 and fd89::1, site 4 on path 1 10.89.1.5 and fd89:0:0:1::5.
struct Address {
  std::size_t path = 0;
  std::size_t site = 0;
};
std::optional<Address> destination_of(std::span<const std::byte> bytes);

}  // namespace intertie::wan
