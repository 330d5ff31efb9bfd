#include "intertie/env/real/input_lines.h"

#include <fcntl.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <utility>

namespace intertie::env::real {

struct InputLines::State : std::enable_shared_from_this<State> {
  State(RealLoop& loop, std::function<void(const std::string&)> handler) : input(loop.io()), received(std::move(handler)) {}
  asio::posix::stream_descriptor input;
  std::function<void(const std::string&)> received;
  std::array<char, 1024> buffer{};
  std::string partial;
  bool open = true;

  void read() {
    input.async_read_some(asio::buffer(buffer), [self = shared_from_this()](const std::error_code& error, std::size_t size) {
      if (error || !self->open) return;
      self->take({self->buffer.data(), size});
      if (self->open) self->read();
    });
  }
  void take(std::string_view bytes) {
    for (const char c : bytes) {
      if (c != '\n') partial += c;
      if ((c == '\n' || partial.size() >= kMaxLine) && open) received(std::exchange(partial, {}));
    }
  }
};

InputLines::InputLines(RealLoop& loop, int descriptor, std::function<void(const std::string&)> received)
    : state_(std::make_shared<State>(loop, std::move(received))) {
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  std::error_code error;
  if (own >= 0) state_->input.assign(own, error);
  if (own >= 0 && !error) state_->read();
}

InputLines::~InputLines() {
  state_->open = false;
  std::error_code ignored;
  state_->input.close(ignored);
}

}  // namespace intertie::env::real
