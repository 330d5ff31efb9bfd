// What `train` says when it starts, and what it finds of an earlier start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kStartedRun = R"([run]
name = "r"
[model]
kind = "toy"
toy_elements = 1000
[data]
train = "texts"
[train]
tokens = "20 steps"
local_batch_size = 2
sequence_length = 16
optimizer = "sgd"
weight_decay = 0.1
lr = 0.05
min_lr = 0.05
[sync]
every = 5
[[site]]
name = "a"
[[site]]
name = "b"
power_cap = "30 MW"
)";

class Starts : public ::testing::Test {
 protected:
  Starts() {
    folder_.write("run.toml", kStartedRun);
    folder_.write("texts/a.txt", numbered_words(1000));
    folder_.write("texts/empty.txt", "");
  }
  Ran train(std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "run.toml", "--local"});
    return intertie(folder_.path(), more);
  }
  // The messages of the warnings in a site's log.
  std::vector<std::string> warnings_of(const std::string& site) {
    std::vector<std::string> messages;
    for (const Json& event : events_in(folder_.read("runs/r/" + site + "/events.jsonl"))) {
      if (event["event"] == "warning" && event["message"].text()) messages.push_back(*event["message"].text());
    }
    return messages;
  }
  Folder folder_;
};

TEST_F(Starts, KeysWithoutEffectAndFilesPassedOverAreNamedOnce) {
  const Ran ran = train({});
  ASSERT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(warnings_of("a"), ElementsAre("not used: site.b.power_cap (run.toml:22)",
                                            "not used: train.weight_decay (run.toml:13): of adamw only",
                                            "1 empty or binary files were passed over: texts/empty.txt"));
  EXPECT_THAT(warnings_of("b"), IsEmpty());
  for (const std::string what :
       {"warning: not used: site.b.power_cap", "warning: not used: train.weight_decay", "warning: 1 empty"}) {
    const auto says = [&](const std::string& line) { return line.find(what) != std::string::npos; };
    EXPECT_EQ(std::count_if(ran.lines.begin(), ran.lines.end(), says), 1) << what << "\n" << ran.all();
  }
}

TEST_F(Starts, AsJsonEveryLineIsAnEvent) {
  const Ran ran = train({"--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.all();
  int warnings = 0;
  for (const std::string& line : ran.lines) {
    for (const Json& event : events_in(line)) warnings += event["event"] == "warning" ? 1 : 0;
  }
  EXPECT_EQ(warnings, 3);
}

TEST_F(Starts, ResumedAfterAChangeTheKeyIsNamed) {
  ASSERT_EQ(train({}).exit_code, 0);
  const Ran changed = train({"--resume", "--set", "train.lr=0.07"});
  EXPECT_EQ(changed.exit_code, 2) << changed.all();
  EXPECT_THAT(changed.errors.back(),
              AllOf(HasSubstr("runs/r/"), HasSubstr("was written with another run file: train.lr is 0.07 here and "
                                                    "0.05 there; undo the change, or start anew with --fresh")));
  folder_.write("texts/a.txt", folder_.read("texts/a.txt") + "more\n");
  const Ran other = train({"--resume"});
  EXPECT_EQ(other.exit_code, 2) << other.all();
  EXPECT_THAT(other.errors.back(), HasSubstr("was written with other training data; undo the change"));
}

TEST_F(Starts, CheckpointsCarryTheTokenizer) {
  ASSERT_EQ(train({"--set", "data.tokenizer=characters"}).exit_code, 0);
  const auto files = folder_.files();
  const auto manifest =
      std::find_if(files.begin(), files.end(), [](const std::string& file) { return file.ends_with("manifest.json"); });
  ASSERT_NE(manifest, files.end());
  const auto json = parse_json(folder_.read(*manifest));
  ASSERT_TRUE(json) << json.error().message();
  const Json& more = (*json)["more"];
  EXPECT_THAT(more["tokenizer"].dump(), HasSubstr(R"(\"kind\":\"characters\")"));
  EXPECT_EQ(more["begin"], "0") << "the line break is the first character of the text's alphabet";
  EXPECT_THAT(more["agreement_text"].dump(), HasSubstr(R"(train.lr = 0.05\n)"));
}

}  // namespace
}  // namespace intertie::tests
