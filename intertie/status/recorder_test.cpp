#include "intertie/status/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "intertie/status/event_table.h"
#include "intertie/status/json_log.h"

namespace intertie::status {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Runs what was posted when it is told to; a clock that stands where it is put.
class ManualLoop final : public env::Loop {
 public:
  env::TimePoint now() const override { return now_; }
  std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(1'795'309'323'456));
  }
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }
  env::TimerId call_at(env::TimePoint, std::function<void()>) override { return {}; }
  void cancel(env::TimerId) override {}
  void run() {
    for (; !tasks_.empty(); tasks_.pop_front()) tasks_.front()();
  }
  void advance(Duration time) { now_ += time; }

 private:
  env::TimePoint now_{};
  std::deque<std::function<void()>> tasks_;
};

class Kept final : public Consumer {
 public:
  void consume(const Record& record) override {
    names.push_back(record.event.name);
    last = record;
  }
  std::vector<std::string> names;
  Record last;
};

// A disk of texts that can be told to be full.
class TextDisk final : public env::Disk {
 public:
  std::map<std::string, std::string> files;
  bool full = false;

  Result<std::unique_ptr<env::WritableFile>> append_to(const std::string& path) override {
    return std::unique_ptr<env::WritableFile>(std::make_unique<File>(*this, files[path]));
  }
  Result<std::unique_ptr<env::MappedFile>> map(const std::string& path) override {
    return std::unique_ptr<env::MappedFile>(std::make_unique<Mapped>(files[path]));
  }
  bool exists(const std::string& path) override { return files.count(path) != 0; }
  bool leads_elsewhere(const std::string&) override { return false; }
  Result<std::unique_ptr<env::Lock>> lock(const std::string&) override { return unused(); }
  Result<std::unique_ptr<env::WritableFile>> create(const std::string&) override { return unused(); }
  Result<std::vector<std::byte>> read(const std::string&) override { return unused(); }
  Result<void> write_atomically(const std::string&, std::span<const std::byte>) override { return unused(); }
  Result<void> rename(const std::string&, const std::string&) override { return unused(); }
  Result<void> make_folders(const std::string&) override { return unused(); }
  Result<void> remove_all(const std::string&) override { return unused(); }
  Result<std::vector<std::string>> list(const std::string&) override { return unused(); }

 private:
  struct File final : env::WritableFile {
    File(TextDisk& its_disk, std::string& its_text) : disk(its_disk), text(its_text) {}
    Result<void> append(std::span<const std::byte> bytes) override {
      if (disk.full) return Error{ErrorCode::give_up, "events.jsonl", "no space left", "", nullptr};
      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return {};
    }
    Result<void> sync() override { return {}; }
    TextDisk& disk;
    std::string& text;
  };
  struct Mapped final : env::MappedFile {
    explicit Mapped(const std::string& its_text) : text(its_text) {}
    std::span<const std::byte> bytes() const override { return std::as_bytes(std::span(text)); }
    std::string text;
  };
  static Error unused() { return Error{ErrorCode::give_up, "", "not part of this test", "", nullptr}; }
};

TEST(Recorder, StampsAndHandsOverOnTheLoop) {
  ManualLoop loop;
  Recorder recorder(loop, "ashburn");
  Kept kept;
  recorder.add(kept);
  recorder.record({"first", {}});
  loop.advance(std::chrono::milliseconds(1500));
  recorder.record({"second", {}});
  EXPECT_THAT(kept.names, IsEmpty()) << "record() only posts";
  loop.run();
  EXPECT_THAT(kept.names, ElementsAre("first", "second"));
  EXPECT_EQ(kept.last.site, "ashburn");
  EXPECT_EQ(kept.last.since_start, std::chrono::milliseconds(1500));
}

TEST(Recorder, TasksThatOutliveItDoNothing) {
  ManualLoop loop;
  Kept kept;
  {
    Recorder recorder(loop, "ashburn");
    recorder.add(kept);
    recorder.record({"late", {}});
  }
  loop.run();
  EXPECT_THAT(kept.names, IsEmpty());
}

TEST(JsonLog, WritesAHeaderAndALineForEachEvent) {
  ManualLoop loop;
  TextDisk disk;
  auto log = JsonLog::open(disk, "events.jsonl", log_opened(loop, "ashburn", "intertie 0.1.0"), [](Error) {});
  ASSERT_TRUE(log);
  Recorder recorder(loop, "ashburn");
  recorder.add(**log);
  recorder.record({"x", {{"n", std::int64_t{3}}, {"bad", std::nan("")}, {"quote", std::string("a\"\n\xff")}, {"on", true}}});
  loop.run();
  EXPECT_EQ(
      disk.files["events.jsonl"],
      R"({"time":"2026-11-22T01:02:03.456Z","elapsed":0.0,"site":"ashburn","event":"log.opened","schema":1,"program":"intertie 0.1.0"})"
      "\n"
      R"({"time":"2026-11-22T01:02:03.456Z","elapsed":0.0,"site":"ashburn","event":"x","n":3,"bad":null,"quote":"a\"\n�","on":true})"
      "\n");
}

TEST(JsonLog, EndsALineThatWasTorn) {
  ManualLoop loop;
  TextDisk disk;
  disk.files["events.jsonl"] = "{\"event\":\"prog";
  ASSERT_TRUE(JsonLog::open(disk, "events.jsonl", log_opened(loop, "a", "p"), [](Error) {}));
  EXPECT_THAT(disk.files["events.jsonl"], HasSubstr("{\"event\":\"prog\n{\"time\""));
}

TEST(JsonLog, AFullDiskIsReportedOnceAndEndsLogging) {
  ManualLoop loop;
  TextDisk disk;
  std::vector<std::string> failures;
  auto log =
      JsonLog::open(disk, "e", log_opened(loop, "a", "p"), [&](const Error& error) { failures.push_back(error.message()); });
  ASSERT_TRUE(log);
  disk.full = true;
  const Record record{.event = {"x", {}}, .site = "a", .wall = loop.wall(), .since_start = Duration(0)};
  (*log)->consume(record);
  disk.full = false;
  (*log)->consume(record);
  EXPECT_THAT(failures, ElementsAre(HasSubstr("no space left")));
  EXPECT_THAT(disk.files["e"], testing::Not(HasSubstr("\"x\""))) << "logging has ended";
}

TEST(LogOpened, IsInTheTable) {
  const ManualLoop loop;
  EXPECT_EQ(fault_of(log_opened(loop, "a", "p").event), "");
}

}  // namespace
}  // namespace intertie::status
