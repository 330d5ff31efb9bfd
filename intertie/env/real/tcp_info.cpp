#include "intertie/env/real/tcp_info.h"

// The kernel's own header, which knows more than the C library's; the two cannot be included together.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace intertie::env::real {

Sending sending_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  const auto segments = [&info](std::uint64_t count) { return Bytes{count * info.tcpi_snd_mss}; };
  return {.acknowledged = Bytes{info.tcpi_bytes_acked} + segments(info.tcpi_sacked),
          .in_flight = segments(info.tcpi_unacked - std::min(info.tcpi_sacked, info.tcpi_unacked)),
          .silent = std::chrono::milliseconds(info.tcpi_last_ack_recv),
          .round_trip = std::chrono::microseconds(info.tcpi_rtt),
          .least_round_trip = std::chrono::microseconds(info.tcpi_min_rtt),
          .packet = segments(1),
          .packets = info.tcpi_data_segs_out,
          .retransmitted = info.tcpi_total_retrans};
}

}  // namespace intertie::env::real
