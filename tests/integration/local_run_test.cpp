// The toy problem over three real processes with real sockets and TLS, as `train --local` starts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "intertie/base/json_fields.h"
#include "intertie/status/event_table.h"
#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::HasSubstr;

const std::string kThreeSites = R"([run]
name = "toy"
[model]
kind = "toy"
toy_elements = 20_000
[data]
train = "text.txt"
[train]
tokens = "60 steps"
local_batch_size = 2
evaluate_every = "20 steps"
checkpoint_every = "20 steps"
[sync]
every = 5
[[site]]
name = "a"
[[site]]
name = "b"
[[site]]
name = "c"
[[link]]
between = ["a", "b"]
paths = [{ rate = "200 Mbit/s", rtt = "4 ms" }]
)";

class LocalRun : public ::testing::Test {
 protected:
  LocalRun() {
    folder_.write("run.toml", kThreeSites);
    folder_.write("text.txt", numbered_words(4000));
  }
  Ran train(std::vector<std::string> more = {}, const std::vector<Poke>& pokes = {}) {
    more.insert(more.begin(), {"train", "run.toml", "--local"});
    return intertie(folder_.path(), more, pokes);
  }
  // Of a site's last end.
  std::string parameters_of(const std::string& site) {
    Hash64 hash;
    for (const Json& event : events_of(site)) {
      std::string problem;
      if (event["event"] == "run.finished") hash = JsonFields(event, problem).hash("parameters_hash");
      EXPECT_EQ(problem, "");
    }
    return to_string(hash);
  }
  std::int64_t bytes_of_last_merge(const std::string& site) {
    std::int64_t bytes = 0;
    for (const Json& event : events_of(site)) {
      std::string problem;
      if (event["event"] == "merge.committed") bytes = JsonFields(event, problem).number<std::int64_t>("bytes_sent");
      EXPECT_EQ(problem, "");
    }
    return bytes;
  }
  std::vector<Json> events_of(const std::string& site) { return events_in(folder_.read("runs/toy/" + site + "/events.jsonl")); }
  Folder folder_;
};

TEST_F(LocalRun, EndsWithTheSameParametersEverywhere) {
  const Ran ran = train();
  ASSERT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.all(), HasSubstr("the same at all sites"));
  EXPECT_THAT(ran.all(), HasSubstr("links were emulated on this machine"));
  ASSERT_NE(parameters_of("a"), to_string(Hash64{}));
  EXPECT_EQ(parameters_of("a"), parameters_of("b"));
  EXPECT_EQ(parameters_of("a"), parameters_of("c"));
}

TEST_F(LocalRun, NarrowEncodingsSendLessAndEndWithTheSameParametersEverywhere) {
  const auto bytes_with = [this](const std::string& encoding) {
    const Ran ran = train({"--fresh", "--set", "sync.encoding=" + encoding});
    EXPECT_EQ(ran.exit_code, 0) << ran.all();
    EXPECT_EQ(parameters_of("a"), parameters_of("b"));
    EXPECT_EQ(parameters_of("a"), parameters_of("c"));
    return bytes_of_last_merge("b");
  };
  // 20,000 elements: two thirds of a contribution and as much of a result, and some frames and beats.
  EXPECT_GT(bytes_with("f32"), 106'000);
  EXPECT_LT(bytes_with("int8"), 45'000);
  EXPECT_LT(bytes_with("fp4"), 38'000);
}

TEST_F(LocalRun, RecordsWhatItsTableSays) {
  ASSERT_EQ(train().exit_code, 0);
  std::map<std::string, const status::EventDoc*> table;
  for (const status::EventDoc& event : status::event_table()) table[event.name] = &event;
  for (const Json& event : events_of("b")) {
    ASSERT_TRUE(event["event"].text() && table.count(*event["event"].text())) << event.dump();
    const std::vector<status::FieldDoc>& fields = table[*event["event"].text()]->fields;
    for (const status::FieldDoc& field : fields) EXPECT_TRUE(event.has(field.name)) << field.name << " in " << event.dump();
    EXPECT_EQ(event.members().size(), 4 + fields.size()) << event.dump();
  }
}

TEST_F(LocalRun, CtrlCSavesAndResumeEndsWithTheSameBits) {
  ASSERT_EQ(train().exit_code, 0);
  const std::string undisturbed = parameters_of("a");
  const std::vector<std::string> paced = {"--fresh", "--set", "site.a.step_time=20 ms"};
  const Ran stopped = train(paced, {{"checkpoint 4 is complete", SIGINT}});
  EXPECT_EQ(stopped.exit_code, 3) << stopped.all();
  EXPECT_THAT(stopped.all(), HasSubstr("stopping at the next checkpoint"));
  EXPECT_THAT(stopped.errors, ::testing::IsSupersetOf({"report: runs/toy/report.html", "stopped; go on with --resume"}));
  const Ran resumed = train({"--resume"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.all();
  EXPECT_EQ(parameters_of("a"), undisturbed);
  EXPECT_EQ(parameters_of("c"), undisturbed);
}

// Two sites have no way around a link that is cut, though the run file states no rate or delay for it.
TEST_F(LocalRun, AScriptCutsALinkAndTheRunWaitsUntilItIsMended) {
  const std::string all = kThreeSites;
  const std::string two = all.substr(0, all.find("[[site]]\nname = \"c\""));
  folder_.write("run.toml", two);
  folder_.write("script.txt", "# for a second\nat version 3 cut a b\nat +1s mend b a\nat version 99 stop\n");
  const Ran ran = train({"--script", "script.txt", "--set", "site.a.step_time=5 ms"});
  ASSERT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.errors, ::testing::IsSupersetOf({HasSubstr("script.txt:2: at version 3 cut a b"),
                                                   HasSubstr("the link a - b is cut"), HasSubstr("the link a - b is mended"),
                                                   HasSubstr("the run ended before script.txt:4: at version 99 stop")}));
  double longest = 0;
  double before = 1e9;
  for (const Json& event : events_of("a")) {
    if (event["event"] != "merge.committed") continue;
    const double at = event["elapsed"].number().value_or(0);
    longest = std::max(longest, at - before);
    before = at;
  }
  EXPECT_GT(longest, 0.9) << "some merge waited for the link";
  EXPECT_EQ(parameters_of("a"), parameters_of("b"));
}

TEST_F(LocalRun, AScriptThatIsWrongStartsNothing) {
  folder_.write("script.txt", "at version 3 cut a d\n");
  const Ran ran = train({"--script", "script.txt"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(ran.all(), "error: script.txt:1: there is no site \"d\"; the sites are a, b, c\n");
  EXPECT_EQ(train({"--script", "missing.txt"}).exit_code, 2);
  for (const std::string& file : folder_.files()) EXPECT_THAT(file, ::testing::Not(HasSubstr("runs")));
}

TEST_F(LocalRun, AFailureIsSaidOnce) {
  folder_.write("text.txt", "short");
  const Ran ran = train();
  EXPECT_EQ(ran.exit_code, 2) << ran.all();
  int messages = 0;
  for (const std::string& line : ran.errors) messages += line.starts_with("error: ") ? 1 : 0;
  EXPECT_EQ(messages, 1) << ran.all();
}

}  // namespace
}  // namespace intertie::tests
