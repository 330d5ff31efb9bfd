// `sample` on checkpoints of small models: whatever the tokenizer, with nothing of the text on the machine any more; and what
// else needs intertie-trainer, which is there where this is built.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kModel =
    "[run]\nname = \"r\"\n[train]\ntokens = \"2 steps\"\nlocal_batch_size = 2\nthreads = 1\nevaluate_every = "
    "\"0 steps\"\n[model]\nhidden_size = 16\nnum_hidden_layers = 1\nnum_attention_heads = 2\n"
    "max_position_embeddings = 16\n";

class Samples : public ::testing::Test {
 protected:
  // Trains for two steps, then takes the text and its encoding away.
  void train(const std::string& more, const std::string& text_name, const std::string& text) {
    folder_.write("run.toml", kModel + more + "train = \"" + text_name + "\"\n");
    folder_.write(text_name, text);
    const Ran ran = intertie(folder_.path(), {"train", "run.toml", "--local"});
    ASSERT_EQ(ran.exit_code, 0) << ran.all();
    for (const std::string& gone : {text_name, std::string("runs/r/data")})
      std::filesystem::remove_all(folder_.path() + "/" + gone);
  }
  Ran sample(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"sample", "run.toml"});
    if (std::find(more.begin(), more.end(), "--tokens") == more.end()) more.insert(more.end(), {"--tokens", "40"});
    return intertie(folder_.path(), more);
  }
  Folder folder_;
};

TEST_F(Samples, ReadyMadeTokens) {
  std::string tokens;
  for (int i = 0; i < 600; ++i) tokens += {static_cast<char>(i % 5), '\1'};  // 256 to 260, little-endian
  train("vocab_size = 300\n[data]\ntokenizer = \"bin\"\n", "text.bin", tokens);
  const Ran ran = sample();
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  ASSERT_THAT(ran.lines, SizeIs(1)) << ran.all();
  EXPECT_THAT(ran.lines[0], MatchesRegex("([0-9]+ )+"));
  const Ran prompted = sample({"--prompt", "words"});
  EXPECT_EQ(prompted.exit_code, 2);
  EXPECT_THAT(prompted.all(), HasSubstr("error: --prompt: the data came as ready-made tokens"));
}

TEST_F(Samples, CharactersWithoutALineBreakInAModelWithRoomForMore) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "abcd";
  train("vocab_size = 300\n[data]\ntokenizer = \"characters\"\n", "text.txt", text);
  const Ran ran = sample();
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  ASSERT_THAT(ran.lines, SizeIs(1)) << ran.all();
  EXPECT_THAT(ran.lines[0], MatchesRegex("[abcd]+"));
  EXPECT_THAT(ran.lines[0], SizeIs(40));
  EXPECT_THAT(sample({"--prompt", "dab"}).lines[0], ::testing::StartsWith("dab"));
  EXPECT_THAT(sample({"--prompt", "e"}).all(), HasSubstr("error: --prompt: the character"));
}

// A hot model of bytes writes zero bytes among all others.
TEST_F(Samples, EveryByteOfTheTextIsWrittenAndATerminalObeysNone) {
  train("[data]\n", "text.txt", numbered_words(200));
  const Ran ran = sample({"--tokens", "2000", "--temperature", "100"});
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.all(), HasSubstr(std::string(1, '\0')));
  EXPECT_THAT(ran.all(), SizeIs(2001)) << "and a line break";
  const std::string coloured = "sample run.toml --tokens 1 --prompt \x1b[31m";
  const Ran piped = run(folder_.path(), {"/bin/sh", "-c", "exec \"$0\" " + coloured, INTERTIE_PROGRAM});
  EXPECT_THAT(piped.all(), HasSubstr("\x1b[31m"));
  const Ran seen = run(folder_.path(), {"/usr/bin/script", "-qec", INTERTIE_PROGRAM " " + coloured, "/dev/null"});
  EXPECT_THAT(seen.all(), HasSubstr("\\x1b[31m"));
  EXPECT_THAT(seen.all(), Not(HasSubstr("\x1b")));
  const Ran lost =
      run(folder_.path(), {"/bin/sh", "-c", "exec \"$0\" sample run.toml --tokens 1 >/dev/full", INTERTIE_PROGRAM});
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_THAT(lost.errors, ElementsAre("error: standard output: cannot be written: No space left on device"));
}

// Text of an untrained model, with which `train` ends.
TEST_F(Samples, TheSampleOfARunIsHarmlessToATerminal) {
  folder_.write("run.toml", kModel + "[data]\ntrain = \"text.txt\"\n");
  folder_.write("text.txt", numbered_words(200));
  const Ran ran = run(folder_.path(), {"/usr/bin/script", "-qec", INTERTIE_PROGRAM " train run.toml --local", "/dev/null"});
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  const std::string all = ran.all();
  const std::string text = all.substr(std::min(all.find("a sample of the model:"), all.size()));  // after the live view
  EXPECT_THAT(text, HasSubstr("\\x"));
  const auto obeyed = [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f; };
  EXPECT_TRUE(std::none_of(text.begin(), text.end(), obeyed)) << text;
}

// With a device of another machine: whatever this one has is hidden.
TEST_F(Samples, ADeviceThatIsNotThereIsNamedBeforeAnythingIsWritten) {
  folder_.write("run.toml", kModel + "[[site]]\nname = \"a\"\naddress = \"127.0.0.1:7400\"\ndevice = \"cuda\"\n");
  const auto before = folder_.files();
  for (const std::vector<std::string>& where : {std::vector<std::string>{"--local"}, {"--site", "a"}}) {
    std::vector<std::string> command = {"/usr/bin/env", "CUDA_VISIBLE_DEVICES=-1", INTERTIE_PROGRAM, "train", "run.toml"};
    command.insert(command.end(), where.begin(), where.end());
    const Ran ran = run(folder_.path(), command);
    EXPECT_EQ(ran.exit_code, 2) << ran.all();
    EXPECT_THAT(ran.errors, ElementsAre(HasSubstr("device = \"cuda\", but torch finds no CUDA device")));
    EXPECT_EQ(folder_.files(), before);
  }
}

}  // namespace
}  // namespace intertie::tests
