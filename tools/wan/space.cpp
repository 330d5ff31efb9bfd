#include "tools/wan/space.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace intertie::wan {
namespace {

// In front of each frame: what of checksums and of cutting into segments the kernel has left to the device. It comes back to a
// kernel as it came, so nothing here looks into it.
constexpr std::size_t kOffloadHeader = 10;
constexpr std::size_t kLongestFrame = kOffloadHeader + 65536;
constexpr std::size_t kIpHeader = 20;
constexpr const char* kDevice = "wan0";

Error failed(const std::string& what) {
  return {.code = ErrorCode::give_up,
          .where = "wan",
          .what = fmt::format("{}: {}", what, std::strerror(errno)),
          .fix = "run it as root, on a Linux with network namespaces and /dev/net/tun",
          .cause = {}};
}

bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

void remove_namespace(const std::string& name) { run(fmt::format("ip netns del {} 2>/dev/null", name)); }

// In the namespace that the thread is in.
Result<int> open_device() {
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) return failed("/dev/net/tun");
  ifreq request{};
  std::strcpy(request.ifr_name, kDevice);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (ioctl(device, TUNSETIFF, &request) != 0 || ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) != 0) {
    const Error error = failed("the device");
    close(device);
    return error;
  }
  return device;
}

Result<int> open_device_in(const std::string& name) {
  const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  const int inside = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  Result<int> device = failed("namespace " + name);
  if (home >= 0 && inside >= 0 && setns(inside, CLONE_NEWNET) == 0) {
    device = open_device();
    if (setns(home, CLONE_NEWNET) != 0) device = failed("back from namespace " + name);
  }
  if (home >= 0) close(home);
  if (inside >= 0) close(inside);
  return device;
}

bool set_up(const std::string& name, std::size_t site) {
  const std::string in = "ip -n " + name;
  return run(in + " link set lo up") && run(fmt::format("{} link set {} txqueuelen 10000 up", in, kDevice)) &&
         run(fmt::format("{} addr add {}/24 dev {}", in, address_of(site), kDevice));
}

}  // namespace

std::string address_of(std::size_t site) { return fmt::format("10.89.0.{}", site + 1); }

Result<Space> Space::create(const std::string& name, std::size_t site) {
  remove_namespace(name);
  if (!run("ip netns add " + name)) return failed("ip netns add " + name);
  Result<int> device = open_device_in(name);
  if (!device) {
    remove_namespace(name);
    return device.error();
  }
  Space space(name, *device);
  if (!set_up(name, site)) return failed("setting up namespace " + name);
  return space;
}

Space::Space(Space&& other) noexcept : name_(std::exchange(other.name_, {})), device_(std::exchange(other.device_, -1)) {}

Space::~Space() {
  if (name_.empty()) return;
  close(device_);
  remove_namespace(name_);
}

Frame Space::read() const {
  std::array<std::byte, kLongestFrame> buffer;
  const ssize_t size = ::read(device_, buffer.data(), buffer.size());
  return size > 0 ? Frame(buffer.begin(), buffer.begin() + size) : Frame();
}

// A frame that the kernel does not take is lost, as one is on a line.
void Space::write(const Frame& frame) const {
  [[maybe_unused]] const ssize_t written = ::write(device_, frame.data(), frame.size());
}

std::size_t destination_of(const Frame& frame, std::size_t num_sites) {
  if (frame.size() < kOffloadHeader + kIpHeader) return num_sites;
  const auto byte = [&frame](std::size_t at) { return std::to_integer<unsigned>(frame[kOffloadHeader + at]); };
  const bool ours = byte(0) >> 4U == 4 && byte(16) == 10 && byte(17) == 89 && byte(18) == 0 && byte(19) > 0;
  return ours ? std::min<std::size_t>(byte(19) - 1, num_sites) : num_sites;
}

}  // namespace intertie::wan
