#include "tools/wan/frame.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tools/wan/test_frames.h"

namespace intertie::wan {
namespace {

ByteList cut(const ByteList& frame, std::size_t first, std::size_t number) {
  ByteList room(frame.size());
  room.resize(cut_out(frame, packets_in(frame), first, number, room));
  return room;
}

// A frame of one packet, with the checksum that the kernel which gets it completes: what would be on the wire.
ByteList on_the_wire(const ByteList& frame, const TcpData& data) {
  EXPECT_EQ(frame[0], std::byte(1));
  EXPECT_EQ(frame[1], std::byte(0)) << "nothing is left to be cut";
  ByteList ip(frame.begin() + kOffloadHeader, frame.end());
  const unsigned sum = ~plain_sum(std::span(ip).subspan(data.ip_header())) & 0xffffU;
  ip[data.ip_header() + 16] = std::byte(sum >> 8U);
  ip[data.ip_header() + 17] = std::byte(sum & 0xffU);
  return ip;
}

TEST(WanFrame, PacketsOfAFrame) {
  for (const bool v6 : {false, true}) {
    const TcpData data{.v6 = v6};
    const Packets packets = packets_in(tcp_frame(data));
    EXPECT_EQ(packets.count, 7U);
    EXPECT_EQ(packets.full(), data.headers() + 1448);
    EXPECT_EQ(packets.last, data.headers() + 10000 - 6 * 1448);
    EXPECT_EQ(packets.on_wire(7), 7 * (data.headers() + kWireOverhead) + 10000);
    EXPECT_EQ(packets.on_wire(2), 2 * (data.headers() + kWireOverhead + 1448));
  }
  EXPECT_EQ(packets_in(tcp_frame({.size = 2896})).count, 2U) << "no empty third one";
  EXPECT_EQ(packets_in(tcp_frame({.size = 1448})).count, 1U);
}

TEST(WanFrame, WhatIsNoTcpDataIsOnePacket) {
  const Packets packets = packets_in(plain_frame(1500));
  EXPECT_EQ(packets.count, 1U);
  EXPECT_EQ(packets.full(), 1500U);
  EXPECT_EQ(packets.on_wire(1), 1538U);
  EXPECT_EQ(packets.on_wire(0), 0U);
  EXPECT_EQ(packets_in({}).last, 0U);
  for (std::size_t size = 0; size < 70; ++size) {
    const ByteList frame = tcp_frame({});
    EXPECT_EQ(packets_in(std::span(frame).first(size)).count, 1U) << size;
  }
}

// Every packet alone, out of the frame and out of every piece of it, against the packet that was built for itself.
TEST(WanFrame, PacketsThatAreCutOutAreThoseOnTheWire) {
  for (const bool v6 : {false, true}) {
    for (const std::size_t size : {10000UL, 1449UL, 4345UL, 63001UL}) {
      const TcpData data{.v6 = v6, .size = size};
      const ByteList frame = tcp_frame(data);
      const std::size_t count = packets_in(frame).count;
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(on_the_wire(cut(frame, i, 1), data), tcp_packet(data, i)) << size << ", packet " << i;
      }
      for (std::size_t first = 0; first < count; first += 3) {
        const std::size_t number = std::min<std::size_t>(4, count - first);
        const ByteList piece = cut(frame, first, number);
        if (number == 1) continue;
        ASSERT_EQ(packets_in(piece).count, number);
        for (std::size_t i = 0; i < number; ++i) {
          EXPECT_EQ(on_the_wire(cut(piece, i, 1), data), tcp_packet(data, first + i)) << first << " " << i;
        }
      }
    }
  }
}

TEST(WanFrame, TheWholeIsThatAgain) {
  const ByteList frame = tcp_frame({});
  EXPECT_EQ(cut(frame, 0, 7), frame);
}

TEST(WanFrame, Destinations) {
  for (const bool v6 : {false, true}) {
    const auto to = destination_of(tcp_frame({.v6 = v6}));
    ASSERT_TRUE(to);
    EXPECT_EQ(to->path, 1U);
    EXPECT_EQ(to->site, 2U);
  }
  ByteList frame = tcp_frame({.v6 = true});
  for (const std::size_t at : {24, 25, 26, 30, 32, 38}) {
    ByteList other = frame;
    other[kOffloadHeader + at] ^= std::byte(0x10);
    EXPECT_FALSE(destination_of(other)) << at;
  }
  frame[kOffloadHeader + 39] = std::byte(0);
  EXPECT_FALSE(destination_of(frame));
  EXPECT_FALSE(destination_of(plain_frame(40)));
  EXPECT_FALSE(destination_of({}));
  EXPECT_FALSE(destination_of(std::span(frame).first(kOffloadHeader + 39)));
}

}  // namespace
}  // namespace intertie::wan
