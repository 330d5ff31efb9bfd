// Wrong inputs, as a table: what is typed, what is said, and the exit code. Whatever it is: one line that begins with "error:
// ", no stack trace, and nothing written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char* name;
  std::string run_file;  // the text of run.toml; empty: there is none
  std::vector<std::string> arguments;
  std::string message;  // begins so, after "error: "
  int exit_code = 2;
  std::map<std::string, std::string> files = {};  // beside the run file: name, content
};

void PrintTo(const Case& wrong, std::ostream* out) { *out << wrong.name; }

const std::string kRun = "[run]\nname = \"r\"\n[train]\ntokens = \"200 steps\"\n";  // lines 1 to 4
const std::string kTwo = "[[site]]\nname = \"a\"\n[[site]]\nname = \"b\"\n";
const std::string kToy = kRun + "[model]\nkind = \"toy\"\n";
const std::vector<std::string> kLocal = {"train", "run.toml", "--local"};
const std::vector<std::string> kCheck = {"check", "run.toml"};

std::vector<Case> cases() {
  return {
      // The command line.
      {"unknown_command", "", {"trian"}, "unknown command \"trian\"; did you mean \"train\"?"},
      {"no_command", "", {}, "no command; the commands are train, check"},
      {"unknown_option", kRun, {"train", "run.toml", "--lokal"}, "train: unknown option \"--lokal\"; did you mean --local?"},
      {"no_run_file_named", "", {"check"}, "check: RUN.toml is required"},
      {"neither_local_nor_site", kRun, {"train", "run.toml"}, "train: say which sites to start; write --local"},
      {"both_local_and_site",
       kRun,
       {"train", "run.toml", "--local", "--site", "a"},
       "train: --local and --site exclude each other"},
      {"unknown_page", "", {"docs", "all"}, "docs: "},
      {"option_that_is_no_number", kRun, {"sample", "run.toml", "--tokens", "x"}, "sample: "},

      // The run file.
      {"missing_run_file", "", kCheck, "run.toml: "},
      {"help_for_no_command", "", {"help", "trian"}, "unknown command \"trian\"; did you mean \"train\"?"},
      {"negative_seed", kRun, {"sample", "run.toml", "--seed", "-1"}, "sample: --seed: must not be negative"},
      {"binary_run_file",
       std::string("\x7f"
                   "ELF\0\1\2",
                   7),
       kCheck, "run.toml:1: not valid TOML"},
      {"broken_toml", kRun + "[sync\n", kCheck, "run.toml:5: not valid TOML"},
      {"empty_run_file", "\n", kCheck, "run.toml: run.name is missing; write for example [run] name = \"first\""},
      {"unknown_key", kRun + "[sync]\nevry = 3\n", kLocal, "run.toml:6: unknown key \"evry\" in sync; did you mean \"every\"?"},
      {"unknown_section", kRun + "[snyc]\n", kLocal, "run.toml:5: unknown section \"snyc\"; did you mean \"sync\"?"},
      {"missing_unit", kRun + "warmup = 100\n", kLocal, "run.toml:5: train.warmup has no unit; write it as \"200 steps\""},
      {"wrong_unit", kToy + "[[site]]\nname = \"a\"\nstep_time = \"50 Mbit/s\"\n", kLocal,
       "run.toml:9: site.a.step_time = \"50 Mbit/s\": "},
      {"impossible_number", kRun + "lr = -1.0\n", kLocal, "run.toml:5: train.lr must be a number above 0, not -1.0"},
      {"zero_size", kRun + "local_batch_size = 0\n", kLocal,
       "run.toml:5: train.local_batch_size must be a whole number from 1"},
      {"more_parameters_than_memory_has", kRun + "[model]\nkind = \"toy\"\ntoy_elements = 9223372036854775807\n", kLocal,
       "run.toml:7: model.toy_elements must be a whole number from 1 to 1073741824"},
      {"more_parameters_than_can_be_counted", kRun + "[model]\nhidden_size = 16777216\nnum_hidden_layers = 10000\n", kCheck,
       "run.toml:6: the model has more than 1099511627776 parameters; make it narrower or shallower"},
      {"more_steps_than_can_be_counted", "[run]\nname = \"r\"\n[train]\ntokens = \"18014398509481984 steps\"\n", kLocal,
       "run.toml:4: train.tokens = 18014398509481984 steps of 768 tokens are more tokens than can be counted"},
      {"override_that_is_not_utf8",
       kToy,
       {"ca", "run.toml", "--json", "--set", "run.folder=q\xff"},
       "--set: \"run.folder=q\\xff\" is not UTF-8; write it in UTF-8"},
      {"wrong_type", kRun + "[sync]\nmethod = 3\n", kLocal,
       "run.toml:6: sync.method must be one of synchronous, diloco, not 3"},
      {"method_auto", kRun + "[sync]\nmethod = \"auto\"\n", kLocal,
       "run.toml:6: sync.method = \"auto\" is not available yet; choose one of synchronous, diloco"},
      {"encoding_to_come", kRun + "[sync]\nencoding = \"sparse\"\n", kLocal,
       "run.toml:6: sync.encoding = \"sparse\" is not available yet; choose one of f32, bf16, int8, fp4"},
      {"heads_do_not_divide", kRun + "[model]\nhidden_size = 130\n", kLocal,
       "run.toml:6: model.hidden_size = 130 is not a multiple"},
      {"run_shorter_than_a_step", "[run]\nname = \"r\"\n[train]\ntokens = \"10 tokens\"\n", kLocal,
       "run.toml:4: train.tokens = 10 is less than the 768"},
      {"two_sites_of_a_name", kRun + "[[site]]\nname = \"a\"\n[[site]]\nname = \"a\"\n", kLocal,
       "run.toml:8: there is another site \"a\""},
      {"link_to_nowhere", kRun + kTwo + "[[link]]\nbetween = [\"a\", \"z\"]\npaths = [{ rate = \"1 Mbit/s\" }]\n", kLocal,
       "run.toml:10: a link names \"z\", which is no site; the sites are a, b"},
      {"model_file_missing", kRun + "[model]\nconfig = \"none.json\"\n", kCheck, "run.toml:6: model.config cannot be read: "},
      {"override_of_no_key",
       kRun,
       {"check", "run.toml", "--set", "sync.evry=1"},
       "--set sync.evry=1: unknown key \"evry\" in sync"},
      {"override_of_no_site",
       kRun + kTwo,
       {"check", "run.toml", "--set", "site.z.step_time=1 s"},
       "--set site.z.step_time=1 s: there is no site"},
      {"override_without_value",
       kRun,
       {"check", "run.toml", "--set", "sync.every"},
       "--set sync.every: is not section.key=value"},

      // What it names.
      {"unknown_site",
       kToy + kTwo,
       {"train", "run.toml", "--site", "z"},
       "run.toml: there is no site \"z\"; the sites are a, b"},
      {"site_without_address",
       kToy + kTwo,
       {"train", "run.toml", "--site", "a"},
       "run.toml: site \"a\" has no address; write address ="},
      {"certificate_for_nobody", kToy + kTwo, {"ca", "run.toml", "--site", "z"}, "run.toml: there is no site \"z\""},
      {"site_called_ca", kToy + "[[site]]\nname = \"ca\"\n", {"ca", "run.toml"}, "run.toml:8: no site can be called \"ca\""},
      {"site_called_data", kToy + "[[site]]\nname = \"data\"\n", kLocal, "run.toml:8: no site can be called \"data\""},
      {"authority_without_its_certificate",
       kToy + kTwo,
       {"ca", "run.toml"},
       "runs/r/certificates/ca.pem: it is not there, but its key ca.key is; copy it back from the machine of any site; or "
       "remove",
       2,
       {{"runs/r/certificates/ca.key", "a key"}}},
      {"authority_without_its_certificate_is_not_renewed",
       kToy + kTwo,
       {"ca", "run.toml", "--renew"},
       "runs/r/certificates/ca.pem: it is not there, but its key ca.key is",
       2,
       {{"runs/r/certificates/ca.key", "a key"}}},
      {"authority_without_its_key",
       kToy + kTwo,
       {"ca", "run.toml"},
       "runs/r/certificates/ca.key: it is not there, and without it no certificate of a can be made; run 'intertie ca' on the",
       2,
       {{"runs/r/certificates/ca.pem", "a certificate"}}},
      {"script_with_an_unknown_word",
       kToy + kTwo,
       {"train", "run.toml", "--local", "--script", "faults.txt"},
       "faults.txt:2: \"snip\" is nothing that can be done; what can be done: cut, mend, kill, restore, leave, stop",
       2,
       {{"faults.txt", "# it is cut\nat 10s snip a b\n"}}},
      {"script_without_at",
       kToy + kTwo,
       {"train", "run.toml", "--local", "--script", "faults.txt"},
       "faults.txt:1: \"10s\" begins no line; a line is: at version N, at TIME or at +TIME, then cut SITE SITE",
       2,
       {{"faults.txt", "10s cut a b\n"}}},
      {"script_of_another_site",
       kToy + kTwo,
       {"train", "run.toml", "--local", "--script", "faults.txt"},
       "faults.txt:1: there is no site \"c\"; the sites are a, b",
       2,
       {{"faults.txt", "at version 3 kill c\n"}}},
      {"no_script", kToy + kTwo, {"train", "run.toml", "--local", "--script", "faults.txt"}, "faults.txt: "},
      {"no_certificates",
       kToy + "[[site]]\nname = \"a\"\naddress = \"127.0.0.1:7400\"\n",
       {"train", "run.toml", "--site", "a"},
       "runs/r/certificates/ca.pem: it is not there; 'intertie ca run.toml' makes it; or copy it from the machine where that"},

      // The text.
      {"text_that_is_not_there",
       kRun,
       {"check", "run.toml", "--data", "none.txt"},
       "--data none.txt: data.train: none.txt: there is no such file or folder; check the path"},
      {"text_with_a_name_of_any_bytes",
       kRun,
       {"check", "run.toml", "--json", "--data", "\xff.txt"},
       "--data \xff.txt: data.train: \xff.txt: there is no such file or folder"},
      {"pattern_that_matches_nothing", kToy + "[data]\ntrain = \"nope*\"\n", kLocal,
       "run.toml:8: data.train: no file matches \"nope*\"; check the path: in a run file it starts at that file's folder"},
      {"text_that_is_too_short",
       kToy,
       {"train", "run.toml", "--local", "--data", "short.txt"},
       "--data short.txt: data.train: the text has 4 tokens, but one sample needs 65 (sequence_length + 1); use more text",
       2,
       {{"short.txt", "abcd"}}},
      {"text_that_is_too_short_for_a_step",
       kToy + "[data]\ntrain = \"short.txt\"\n",
       kLocal,
       "run.toml:8: data.train: the text of 90 tokens gives 1 samples, but one step takes 12; use more text or a smaller batch",
       2,
       {{"short.txt", std::string(100, 'a')}}},
      {"held_out_text_that_is_too_short",
       kToy + "[data]\ntrain = \"text.txt\"\nvalidation = \"short.txt\"\n",
       kLocal,
       "run.toml:9: data.validation: of the held-out part, the text has 4 tokens, but one sample needs 65",
       2,
       {{"text.txt", std::string(2000, 'a')}, {"short.txt", "abcd"}}},
      {"empty_text",
       kToy,
       {"train", "run.toml", "--local", "--data", "empty.txt"},
       "--data empty.txt: data.train: empty.txt: the file is empty; name a file that holds text",
       2,
       {{"empty.txt", ""}}},
      {"binary_text",
       kToy,
       {"train", "run.toml", "--local", "--data", "image.png"},
       "--data image.png: data.train: image.png: the file is binary (it holds a zero byte), not text",
       2,
       {{"image.png", std::string("PNG\0\1", 5)}}},
      {"folder_without_text",
       kToy,
       {"train", "run.toml", "--local", "--data", "images"},
       "--data images: data.train: images: there is no text: 1 files, all empty or binary",
       2,
       {{"images/image.png", std::string("PNG\0\1", 5)}}},
      {"text_that_is_not_utf8",
       kToy + "[data]\ntrain = \"latin1.txt\"\ntokenizer = \"characters\"\n",
       kLocal,
       "run.toml:8: data.train: latin1.txt: byte 3 is not UTF-8",
       2,
       {{"latin1.txt", "caf\xE9"}}},
      {"tokens_of_an_odd_size",
       kRun + "[model]\nvocab_size = 300\n[data]\ntrain = \"t.bin\"\ntokenizer = \"bin\"\n",
       kCheck,
       "run.toml:8: data.train: t.bin: 3 bytes is an odd size",
       2,
       {{"t.bin", "abc"}}},
      {"fewer_kinds_of_token_than_the_text_has",
       kRun + "[model]\nvocab_size = 3\n[data]\ntrain = \"text.txt\"\ntokenizer = \"characters\"\n",
       kCheck,
       "run.toml: model.vocab_size = 3 is smaller than the tokenizer's 4; remove it, or write at least 4",
       2,
       {{"text.txt", "abcd"}}},
      {"fewer_kinds_of_token_than_ready_made_text_has",
       kRun + "[model]\nvocab_size = 3\n[data]\ntrain = \"t.bin\"\ntokenizer = \"bin\"\n",
       kCheck,
       "run.toml: model.vocab_size = 3 is smaller than the tokenizer's 16706; write at least 16706",
       2,
       {{"t.bin", "AAAA"}}},
      {"nothing_held_out",
       kToy + "[data]\ntrain = \"text.txt\"\nvalidation_share = 1e-9\n",
       kLocal,
       "run.toml:8: data.train: data.validation_share = 1e-09 holds nothing out of this text to evaluate with; write a larger "
       "share",
       2,
       {{"text.txt", std::string(2000, 'a')}}},
      {"toy_writes_no_text", kToy, {"sample", "run.toml"}, "run.toml: the toy problem writes no text"},
  };
}

class BadInputs : public ::testing::TestWithParam<Case> {};

TEST_P(BadInputs, AreRefusedInOneLine) {
  const Case& wrong = GetParam();
  const Folder folder;
  if (!wrong.run_file.empty()) folder.write("run.toml", wrong.run_file);
  for (const auto& [name, content] : wrong.files) folder.write(name, content);
  const auto before = folder.files();
  const Ran ran = intertie(folder.path(), wrong.arguments);
  EXPECT_EQ(ran.exit_code, wrong.exit_code) << ran.all();
  EXPECT_EQ(ran.signal, 0);
  ASSERT_EQ(ran.errors.size(), 1U) << ran.all();
  EXPECT_THAT(ran.errors[0], ::testing::StartsWith("error: " + wrong.message));
  EXPECT_THAT(ran.lines, ::testing::IsEmpty());
  for (const char* trace : {"terminate called", "check failed", " at 0x", "what():"})
    EXPECT_THAT(ran.all(), Not(HasSubstr(trace)));
  EXPECT_EQ(folder.files(), before) << "something was written";
}

INSTANTIATE_TEST_SUITE_P(Table, BadInputs, ::testing::ValuesIn(cases()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace intertie::tests
