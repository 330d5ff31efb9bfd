#include "tools/wan/space.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace intertie::wan {
namespace {

// At most so much for one TCP connection, as on an ordinary Debian, whatever this machine allows.
constexpr const char* kSendBuffer = "4096 16384 4194304";
constexpr const char* kReceiveBuffer = "4096 131072 6291456";

Error failed(const std::string& what) {
  return {.code = ErrorCode::give_up,
          .where = "wan",
          .what = fmt::format("{}: {}", what, std::strerror(errno)),
          .fix = "run it as root, on a Linux with network namespaces and /dev/net/tun",
          .cause = {}};
}

bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

void remove_namespace(const std::string& name) { run(fmt::format("ip netns del {} 2>/dev/null", name)); }

std::string device_name(std::size_t path) { return fmt::format("wan{}", path); }

// Puts this thread into a network namespace until the end of the block; entered(): whether it is in it.
class Inside {
 public:
  explicit Inside(const std::string& name)
      : home_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
        space_(open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC)),
        entered_(home_ >= 0 && space_ >= 0 && setns(space_, CLONE_NEWNET) == 0) {}
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() {
    if (entered_ && setns(home_, CLONE_NEWNET) != 0) std::abort();  // whatever came next would be done in the wrong place
    if (home_ >= 0) close(home_);
    if (space_ >= 0) close(space_);
  }
  bool entered() const { return entered_; }

 private:
  int home_, space_;
  bool entered_;
};

// In the namespace that the thread is in.
Result<int> open_device(std::size_t path) {
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) return failed("/dev/net/tun");
  ifreq request{};
  std::strcpy(request.ifr_name, device_name(path).c_str());
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (ioctl(device, TUNSETIFF, &request) != 0 || ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0) {
    const Error error = failed("the device");
    close(device);
    return error;
  }
  return device;
}

// In the namespace that the thread is in. A failure leaves its reason in errno.
bool set(const std::string& name, const std::string& value) {
  const int file = open(("/proc/sys/net/" + name).c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = ::write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  const int reason = errno;
  close(file);
  errno = reason;
  return done;
}

Result<void> set_congestion_control(const std::string& name) {
  if (name == "machine" || set("ipv4/tcp_congestion_control", name)) return {};
  const bool unknown = errno == ENOENT;
  Error error = failed(fmt::format("congestion control {} in a namespace", name));
  error.code = ErrorCode::reconfigure;
  error.fix = unknown ? fmt::format("this kernel does not have it, or only as a module (modprobe tcp_{})", name)
                      : fmt::format(
                            "allow it on this machine, once (sysctl -w net.ipv4.tcp_allowed_congestion_control="
                            "\"$(sysctl -n net.ipv4.tcp_allowed_congestion_control) {}\")",
                            name);
  error.fix += ", or take another with --cc; --cc machine takes what the machine has";
  return error;
}

Result<void> set_kernel(const Space::Options& options) {
  INTERTIE_RETURN_IF_ERROR(set_congestion_control(options.congestion_control));
  if (!set("ipv4/tcp_wmem", kSendBuffer)) return failed("tcp_wmem");
  if (!set("ipv4/tcp_rmem", kReceiveBuffer)) return failed("tcp_rmem");
  const bool quiet = set("ipv6/conf/all/disable_ipv6", options.ipv6 ? "0" : "1");  // a kernel without IPv6 is quiet too
  if (options.ipv6 && !quiet) return failed("IPv6 in a namespace");
  return {};
}

bool set_up_device(const Space::Options& options, std::size_t path) {
  const std::string in = "ip -n " + options.name, device = device_name(path);
  const std::string v6 = fmt::format("{} addr add fd89:0:0:{:x}::{:x}/64 dev {} nodad", in, path, options.site + 1, device);
  return run(fmt::format("{} link set {} addrgenmode none", in, device)) &&
         run(fmt::format("{} link set {} txqueuelen 10000 up", in, device)) &&
         run(fmt::format("{} addr add 10.89.{}.{}/24 dev {}", in, path, options.site + 1, device)) &&
         (!options.ipv6 || run(v6));
}

}  // namespace

Result<Space> Space::create(const Options& options) {
  remove_namespace(options.name);
  if (!run("ip netns add " + options.name)) return failed("ip netns add " + options.name);
  Space space(options.name);
  {
    const Inside inside(options.name);
    if (!inside.entered()) return failed("namespace " + options.name);
    INTERTIE_RETURN_IF_ERROR(set_kernel(options));
    for (std::size_t path = 0; path < options.paths; ++path) {
      INTERTIE_ASSIGN(const int device, open_device(path));
      space.devices_.push_back(device);
    }
  }
  bool up = run(fmt::format("ip -n {} link set lo up", options.name));
  for (std::size_t path = 0; path < options.paths; ++path) up = up && set_up_device(options, path);
  return up ? Result<Space>(std::move(space)) : failed("setting up namespace " + options.name);
}

Space::Space(Space&& other) noexcept : name_(std::exchange(other.name_, {})), devices_(std::exchange(other.devices_, {})) {}

Space::~Space() {
  if (name_.empty()) return;
  for (const int device : devices_) close(device);
  remove_namespace(name_);
}

std::size_t Space::read(std::size_t path, std::span<std::byte> room) const {
  const ssize_t size = ::read(devices_[path], room.data(), room.size());
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

bool Space::write(std::size_t path, std::span<const std::byte> bytes) const {
  return ::write(devices_[path], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

}  // namespace intertie::wan
