// Frames as any kernel could hand them over: every packet can be cut out, alone and with others, within the frame's size.
#include <cstdint>
#include <span>
#include <vector>

#include "intertie/base/check.h"
#include "tools/wan/frame.h"

using namespace intertie::wan;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto to = destination_of(bytes)) INTERTIE_CHECK(to->site < 256 && to->path < 256);
  const Packets packets = packets_in(bytes);
  INTERTIE_CHECK(packets.count >= 1 && packets.full() >= packets.last && packets.full() <= size);
  if (packets.count == 1) return 0;
  std::vector<std::byte> room(size);
  std::size_t data_bytes = 0;
  for (std::size_t first = 0; first < packets.count; ++first) {
    const std::size_t one = cut_out(bytes, packets, first, 1, room);
    INTERTIE_CHECK(packets_in(std::span(room).first(one)).count == 1);
    data_bytes += one - kOffloadHeader - packets.headers;
    INTERTIE_CHECK(cut_out(bytes, packets, first, packets.count - first, room) <= size);
  }
  INTERTIE_CHECK(kOffloadHeader + packets.headers + data_bytes == size);
  return 0;
}
