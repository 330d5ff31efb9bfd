// Goodput of one connection over loopback within one thread: TLS 1.3 beside plain TCP in the same run. Plain TCP is the
// ceiling; both ends share the thread, so the CPU time is that of sender and receiver together.
//
//   tls_bench [megabytes] [rounds]
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "intertie/base/check.h"
#include "intertie/env/real/real_network.h"

namespace {

using namespace intertie;
using namespace intertie::env;
using namespace intertie::env::real;

struct Figures {
  double gigabits_per_second = 0;
  double cpu_seconds_per_gigabyte = 0;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Sends `total` bytes from one site to the other and measures from the first send to the last byte's arrival.
class Transfer {
 public:
  Transfer(RealNetworkOptions from, RealNetworkOptions to, std::size_t total)
      : from_(std::move(*RealNetwork::create(loop_, std::move(from)))),
        to_(std::move(*RealNetwork::create(loop_, std::move(to)))),
        total_(total) {}

  Figures run() {
    const auto listener = *to_->listen(
        {"127.0.0.1", 0}, [this](std::unique_ptr<Connection> got) { receive(std::move(got)); }, [](const Error&) {});
    from_->connect({listener->local_address(), "columbus", std::chrono::seconds(5)},
                   [this](Result<std::unique_ptr<Connection>> got) { send(std::move(*got)); });
    loop_.run();
    const double seconds = std::chrono::duration<double>(loop_.now() - start_).count();
    const double bytes = static_cast<double>(total_);
    return {bytes * 8e-9 / seconds, (cpu_seconds() - cpu_start_) / (bytes * 1e-9)};
  }

 private:
  void receive(std::unique_ptr<Connection> connection) {
    there_ = std::move(connection);
    there_->start({.received =
                       [this](std::span<const std::byte> bytes) {
                         received_ += bytes.size();
                         if (received_ == total_) loop_.stop();
                       },
                   .drained = {},
                   .closed = {}});
  }
  void send(std::unique_ptr<Connection> connection) {
    here_ = std::move(connection);
    here_->set_low_mark(Bytes{kChunk});
    here_->start({.received = {}, .drained = [this] { send_more(); }, .closed = {}});
    start_ = loop_.now();
    cpu_start_ = cpu_seconds();
    send_more();
  }
  void send_more() {
    for (; sent_ < total_ && here_->unsent().value <= kChunk; sent_ += kChunk) here_->send(chunk_);
  }

  static constexpr std::size_t kChunk = 1 << 20;
  RealLoop loop_;
  std::unique_ptr<RealNetwork> from_, to_;
  std::unique_ptr<Connection> here_, there_;
  const SharedBytes chunk_{std::vector<std::byte>(kChunk, std::byte{42})};
  std::size_t total_;
  std::size_t sent_ = 0, received_ = 0;
  TimePoint start_;
  double cpu_start_ = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Series {
  std::vector<double> rate, cpu;
  void add(const Figures& figures) {
    rate.push_back(figures.gigabits_per_second);
    cpu.push_back(figures.cpu_seconds_per_gigabyte);
  }
  void print(const char* name) const { std::printf("%-8s %6.2f Gbit/s  %5.3f CPU s/GB\n", name, median(rate), median(cpu)); }
};

}  // namespace

int main(int count, char** arguments) {
  const std::size_t megabytes = count > 1 ? std::stoul(arguments[1]) : 512;
  const int rounds = count > 2 ? std::stoi(arguments[2]) : 5;
  std::string folder = (std::filesystem::temp_directory_path() / "intertie-bench-XXXXXX").string();
  INTERTIE_CHECK(mkdtemp(folder.data()) != nullptr);
  INTERTIE_CHECK(make_authority(folder, "bench"));
  const auto options = [&](const std::string& site, bool plain) {
    RealNetworkOptions made{.run = "bench", .site = site, .plain = plain};
    if (!plain) made.tls = tls_files(folder, site);
    return made;
  };
  for (const char* site : {"ashburn", "columbus"}) INTERTIE_CHECK(issue(folder, {"bench", "site", site}));
  Series tls, plain;
  for (int round = 0; round < rounds; ++round) {
    tls.add(Transfer(options("ashburn", false), options("columbus", false), megabytes << 20).run());
    plain.add(Transfer(options("ashburn", true), options("columbus", true), megabytes << 20).run());
  }
  std::filesystem::remove_all(folder);
  std::printf("one connection over loopback, one thread, medians of %d rounds of %zu MiB in turns\n", rounds, megabytes);
  tls.print("TLS 1.3");
  plain.print("plain");
  std::printf("TLS at %.0f %% of plain\n", 100 * median(tls.rate) / median(plain.rate));
  return 0;
}
