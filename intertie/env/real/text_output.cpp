#include "intertie/env/real/text_output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <mutex>
#include <string_view>

namespace intertie::env::real {

// Between two threads, which wait for each other: the owner adds lines, the writer takes them. Guarded by `mutex`.
struct TextOutput::Queue {
  struct Line {
    std::string text;
    Importance importance = Importance::usual;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Line> lines;
  std::uint64_t bytes = 0;  // of `lines`
  std::uint64_t num_taken = 0;
  std::uint64_t num_dropped = 0;  // since `notice` was taken
  std::string notice;             // of those dropped, to be written before `lines`
  bool writing = false;           // a line is on its way
  bool closed = false;            // by the owner: nothing more is written
  int fault = 0;                  // the error of the write that was the last

  bool all_written() const { return lines.empty() && notice.empty() && !writing; }
  // What is written next; empty: nothing.
  std::string take() {
    ++num_taken;
    num_dropped = 0;
    if (!notice.empty() || lines.empty()) return std::exchange(notice, {});
    std::string text = std::move(lines.front().text);
    lines.pop_front();
    bytes -= text.size();
    return text;
  }
  void clear() {
    lines.clear();
    notice.clear();
    bytes = 0;
  }
  // The line that is missed least goes.
  void drop_one() {
    const auto progress = [](const Line& line) { return line.importance == Importance::progress; };
    auto least = std::find_if(lines.begin(), lines.end(), progress);
    if (least == lines.end()) least = lines.begin();
    bytes -= least->text.size();
    lines.erase(least);
    ++num_dropped;
  }
};

namespace {

// The error's number; 0: it can go on with what is left.
int write_some(int descriptor, std::string_view& text) {
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  if (written >= 0) {
    text.remove_prefix(static_cast<std::size_t>(written));
    return 0;
  }
  if (errno == EINTR) return 0;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return errno;
  pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};  // somebody made it non-blocking
  ::poll(&ready, 1, -1);
  return 0;
}

}  // namespace

TextOutput::TextOutput(int descriptor, Options options) : options_(std::move(options)), queue_(std::make_shared<Queue>()) {
  // Signals are for the threads that expect them; a write to a pipe whose reader is gone ends the process, as everywhere.
  sigset_t signals, before;
  sigfillset(&signals);
  sigdelset(&signals, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &signals, &before);
  thread_ = std::thread([descriptor, queue = queue_] { write_until_closed(descriptor, queue); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TextOutput::~TextOutput() {
  const bool finished = finish();
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->closed = true;
    queue_->changed.notify_all();
  }
  finished ? thread_.join() : thread_.detach();
}

std::string TextOutput::fault() const {
  const std::lock_guard lock(queue_->mutex);
  return queue_->fault == 0 ? "" : std::strerror(queue_->fault);
}

bool TextOutput::has_no_reader() const {
  const std::lock_guard lock(queue_->mutex);
  return queue_->fault == EPIPE;
}

void TextOutput::write(std::string text, Importance importance) {
  const std::lock_guard lock(queue_->mutex);
  if (text.empty() || queue_->fault != 0) return;
  Queue& queue = *queue_;
  queue.bytes += text.size();
  queue.lines.push_back({std::move(text), importance});
  const std::uint64_t before = queue.num_dropped;
  while (queue.bytes > options_.capacity.value && queue.lines.size() > 1) queue.drop_one();
  if (queue.num_dropped > before && options_.notice) queue.notice = options_.notice(queue.num_dropped);
  queue.changed.notify_all();
}

bool TextOutput::finish() {
  std::unique_lock lock(queue_->mutex);
  const Duration patience = held_at_ == queue_->num_taken ? Duration(0) : options_.patience;
  const bool finished = queue_->changed.wait_for(lock, patience, [this] { return queue_->all_written(); });
  held_at_ = finished ? std::nullopt : std::optional(queue_->num_taken);
  return finished;
}

void TextOutput::write_until_closed(int descriptor, const std::shared_ptr<Queue>& queue) {
  std::unique_lock lock(queue->mutex);
  while (true) {
    queue->changed.wait(lock, [&] { return queue->closed || !queue->all_written(); });
    const std::string text = queue->take();
    queue->writing = true;
    for (std::string_view rest = text; !rest.empty() && queue->fault == 0 && !queue->closed;) {
      lock.unlock();
      const int fault = write_some(descriptor, rest);
      lock.lock();
      queue->fault = fault;
    }
    if (queue->fault != 0) queue->clear();
    queue->writing = false;
    queue->changed.notify_all();
    if (queue->closed) return;
  }
}

}  // namespace intertie::env::real
