// The commands that start nothing, and what becomes of lost output.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "intertie/env/real/children.h"
#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kPlannedRun = R"([run]
name = "r"
[model]
kind = "toy"
toy_elements = 1_000_000
[data]
train = "text"
[train]
tokens = "300 steps"
[sync]
every = 30
[[site]]
name = "a"
step_time = "50 ms"
power_cap = "30 MW"
[[site]]
name = "b"
[[link]]
between = ["a", "b"]
paths = [{ rate = "100 Mbit/s", rtt = "40 ms" }]
)";

const std::string kShortRun = R"([run]
name = "r"
[model]
kind = "toy"
toy_elements = 1000
[data]
train = "text"
[train]
tokens = "20 steps"
local_batch_size = 2
sequence_length = 16
[[site]]
name = "a"
)";

class Commands : public ::testing::Test {
 protected:
  Commands() {
    folder_.write("run.toml", kPlannedRun);
    folder_.write("text/a.txt", numbered_words(4000));
  }
  Ran run(const std::vector<std::string>& arguments) { return intertie(folder_.path(), arguments); }
  // `script` in a shell, where $0 is the program.
  Ran sh(const std::string& script) { return tests::run(folder_.path(), {"/bin/sh", "-c", script, INTERTIE_PROGRAM}); }
  Folder folder_;
};

TEST_F(Commands, CheckSaysWhatWouldHappen) {
  const auto before = folder_.files();
  const Ran ran = run({"check", "run.toml"});
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  // 4 MB at 100 Mbit/s and 20 ms one way; 30 steps of 50 ms.
  EXPECT_THAT(ran.all(), HasSubstr("merge time     340 ms"));
  EXPECT_THAT(ran.all(), HasSubstr("utilisation    81.5 % with steps of 50.0 ms"));
  EXPECT_THAT(ran.all(), HasSubstr("not used       site.a.power_cap (run.toml:15)"));
  EXPECT_THAT(ran.all(), HasSubstr("survives       the loss of b: the others go on"));
  EXPECT_THAT(ran.all(),
              HasSubstr("without a, which holds the store, the members cannot change; who waits for it gives up after 10 min"));
  EXPECT_THAT(ran.all(), HasSubstr("none yet for a, b"));
  EXPECT_EQ(folder_.files(), before);
}

TEST_F(Commands, CheckAsJson) {
  const Ran ran = run({"check", "run.toml", "--json", "--set", "train.tokens=301 steps"});
  const auto json = parse_json(ran.all());
  ASSERT_TRUE(json) << ran.all();
  EXPECT_EQ((*json)["merges"], 11);
  EXPECT_EQ((*json)["survives_loss_of"], Json::array({"b"}));
  EXPECT_EQ((*json)["parameters"], 1'000'000);
  EXPECT_EQ((*json)["sent_per_merge_bytes"], 4'000'000);
  EXPECT_NEAR((*json)["utilisation"].number().value_or(0), 1.5 / 1.84, 1e-6);
}

TEST_F(Commands, CheckShowsTheBestScheduleAndItsBound) {
  const Ran ran = run({"check", "run.toml", "--schedule"});
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.all(),
              HasSubstr("schedule       gather: every site sums all\nroute          a to b: direct (100 Mbit/s on this link)"));
  EXPECT_THAT(ran.all(), HasSubstr("predicted      340 ms; in equal shares, all direct, as runs merge now: 340 ms"));
  EXPECT_THAT(ran.all(),
              HasSubstr("bound          340 ms whatever the schedule (trees 340 ms, partition 340 ms): 1.000 times that"));
  const auto json = parse_json(run({"check", "run.toml", "--schedule", "--json", "--set", "sync.reduction=owners"}).all());
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["schedule"]["reduction"], "owners");
  EXPECT_NEAR((*json)["schedule"]["predicted_seconds"].number().value_or(0), 0.36, 1e-6);
  ASSERT_EQ((*json)["schedule"]["routes"].items().size(), 2U);
  EXPECT_EQ((*json)["schedule"]["routes"].items()[0]["bits_per_second"], 100'000'000);
}

TEST_F(Commands, CheckNeedsEveryRateForASchedule) {
  std::string text = kPlannedRun;
  text.erase(text.find("rate ="), std::string("rate = \"100 Mbit/s\", ").size());
  folder_.write("run.toml", text);
  const Ran ran = run({"check", "run.toml", "--schedule"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.all(),
              HasSubstr("a schedule follows from the rates of all links, and a - b has none; state it: [[link]] between"));
}

TEST_F(Commands, CaMakesCertificatesAndSaysWhatGoesWhere) {
  const Ran planned = run({"ca", "run.toml", "--dry-run"});
  EXPECT_THAT(planned.all(), HasSubstr("b (would be made): copy to its machine, into runs/r/certificates/"));
  EXPECT_THAT(folder_.files(), Not(Contains("runs/")));
  const Ran made = run({"ca", "run.toml"});
  ASSERT_EQ(made.exit_code, 0) << made.all();
  EXPECT_THAT(made.all(), HasSubstr("  runs/r/certificates/b.key"));
  EXPECT_THAT(made.lines, Contains("runs/r/certificates/ starts at the folder in which 'intertie' is started there"));
  EXPECT_THAT(made.all(), Not(HasSubstr("PRIVATE KEY")));
  for (const char* file : {"ca.pem", "ca.key", "a.pem", "a.key", "b.pem", "b.key"}) {
    EXPECT_THAT(folder_.files(), Contains(std::string("runs/r/certificates/") + file));
  }
  const std::string first = folder_.read("runs/r/certificates/a.pem");
  EXPECT_THAT(run({"ca", "run.toml"}).all(), HasSubstr("a (kept)"));
  EXPECT_EQ(folder_.read("runs/r/certificates/a.pem"), first);
  EXPECT_THAT(run({"ca", "run.toml", "--site", "a", "--renew"}).all(), HasSubstr("a (made)"));
  EXPECT_NE(folder_.read("runs/r/certificates/a.pem"), first);
  EXPECT_THAT(run({"check", "run.toml"}).all(), HasSubstr("certificates   in runs/r/certificates"));
}

TEST_F(Commands, CaMakesAPairAnewThatLostOneOfItsFiles) {
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  const std::string key = folder_.path() + "/runs/r/certificates/b.key";
  ASSERT_EQ(std::remove(key.c_str()), 0);
  EXPECT_THAT(run({"check", "run.toml"}).all(),
              HasSubstr("certificates   runs/r/certificates/b.key: it is not there; 'intertie ca run.toml'"));
  const Ran made = run({"ca", "run.toml"});
  EXPECT_THAT(made.all(), AllOf(HasSubstr("a (kept)"), HasSubstr("b (made)")));
  EXPECT_THAT(folder_.files(), Contains("runs/r/certificates/b.key"));
  EXPECT_THAT(run({"check", "run.toml"}).all(), HasSubstr("certificates   in runs/r/certificates"));
}

TEST_F(Commands, CertificatesThatCannotWorkAreNamed) {
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  const std::string keys = "runs/r/certificates/";
  for (const std::string end : {".pem", ".key"}) folder_.write(keys + "b" + end, folder_.read(keys + "a" + end));
  const auto before = folder_.files();
  const std::string fault = keys + "b.pem: the certificate is of site 'a', not of 'b'; remove " + keys + "b.pem and " + keys +
                            "b.key, and run 'intertie ca run.toml' where ca.key is";
  const std::string last = "error: runs/r/certificates: what is there of certificates cannot be used as it is";
  const Ran checked = run({"check", "run.toml"});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.lines, Contains(HasSubstr("certificates   " + fault))) << checked.all();
  EXPECT_THAT(checked.errors, ElementsAre(HasSubstr(last)));
  const Ran kept = run({"ca", "run.toml"});
  EXPECT_EQ(kept.exit_code, 2);
  EXPECT_THAT(kept.lines, Contains(HasSubstr("b (cannot be used): " + fault))) << kept.all();
  EXPECT_THAT(kept.all(), AllOf(HasSubstr("a (kept): copy"), Not(HasSubstr("  runs/r/certificates/b.key"))));
  EXPECT_THAT(kept.errors, ElementsAre(HasSubstr(last)));
  const Ran trained = run({"train", "run.toml", "--local"});
  EXPECT_EQ(trained.exit_code, 2);
  EXPECT_THAT(trained.errors, ElementsAre(HasSubstr("error: " + fault)));
  EXPECT_EQ(folder_.files(), before);
  for (const std::string end : {".pem", ".key"}) std::remove((folder_.path() + "/" + keys + "b" + end).c_str());
  EXPECT_EQ(run({"ca", "run.toml"}).exit_code, 0) << "as it says";
  EXPECT_EQ(run({"check", "run.toml"}).exit_code, 0);
}

TEST_F(Commands, CaRevokes) {
  const std::string keys = "runs/r/certificates/";
  EXPECT_THAT(run({"ca", "run.toml", "--revoke", "b"}).errors,
              ElementsAre(HasSubstr("b.pem: it is not there, and so nothing")));
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  EXPECT_THAT(run({"ca", "run.toml"}).all(), Not(HasSubstr("ca.crl")));
  const std::string first = folder_.read(keys + "b.pem");
  EXPECT_THAT(run({"ca", "run.toml", "--revoke", "b", "--dry-run"}).all(), HasSubstr("b (would be revoked) "));
  EXPECT_EQ(folder_.read(keys + "ca.crl"), "");
  const Ran made = run({"ca", "run.toml", "--revoke", "b"});
  EXPECT_EQ(made.exit_code, 0) << made.all();
  EXPECT_THAT(made.lines, Contains("b (revoked) " + keys +
                                   "ca.crl: copy it to every site, beside its ca.pem; those that run look "
                                   "at it when somebody connects"));
  EXPECT_THAT(made.all(), AllOf(HasSubstr("b (made): "), HasSubstr("  " + keys + "ca.crl")));
  EXPECT_NE(folder_.read(keys + "b.pem"), first);
  EXPECT_EQ(run({"check", "run.toml"}).exit_code, 0);
  EXPECT_EQ(run({"ca", "run.toml", "--revoke", "viewer", "--no-new"}).exit_code, 0);
  const Ran kept = run({"ca", "run.toml"});
  EXPECT_EQ(kept.exit_code, 2);
  EXPECT_THAT(kept.lines, Contains(HasSubstr("viewer (cannot be used): " + keys +
                                             "viewer.pem: the certificate of viewer viewer was "
                                             "revoked; remove ")));
  EXPECT_EQ(run({"ca", "run.toml", "--revoke", "z"}).exit_code, 2);
  folder_.write(keys + "b.pem", first);
  EXPECT_THAT(run({"check", "run.toml"}).all(), HasSubstr("not the key of the certificate"));
}

TEST_F(Commands, OnTheMachineOfASiteItsOwnCertificateIsEnough) {
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  for (const std::string file : {"ca.key", "a.pem", "a.key"})
    std::remove((folder_.path() + "/runs/r/certificates/" + file).c_str());
  const Ran own = run({"check", "run.toml", "--site", "b"});
  EXPECT_EQ(own.exit_code, 0) << own.all();
  EXPECT_THAT(own.lines, Contains("certificates   in runs/r/certificates"));
  EXPECT_THAT(
      run({"check", "run.toml", "--site", "a"}).lines,
      Contains("certificates   none here for a ('intertie ca run.toml', where ca.key is, says which files to copy here)"));
  EXPECT_THAT(
      run({"check", "run.toml"}).lines,
      Contains("certificates   none here for a (they are made where ca.key is; on the machine of one site, check --site NAME "
               "looks at its own)"));
  EXPECT_EQ(run({"check", "run.toml", "--site", "z"}).exit_code, 2);
}

TEST_F(Commands, CaWithoutTheAuthoritysKeyKeepsWhatIsThere) {
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  const std::string key = folder_.path() + "/runs/r/certificates/ca.key";
  ASSERT_EQ(std::remove(key.c_str()), 0);
  const Ran kept = run({"ca", "run.toml"});
  EXPECT_EQ(kept.exit_code, 0);
  EXPECT_THAT(kept.all(), AllOf(HasSubstr("its key, ca.key, is not on this machine"), HasSubstr("b (kept)")));
  for (const char* option : {"--renew", "--dry-run"}) {
    const Ran refused = run({"ca", "run.toml", "--renew", option});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.all(), HasSubstr("ca.key: it is not there, and without it no certificate of a can be made"));
  }
}

TEST_F(Commands, DryRunStartsNothing) {
  const auto before = folder_.files();
  const Ran ran = run({"train", "run.toml", "--local", "--dry-run"});
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.all(), HasSubstr("site run.toml --site b --local"));
  EXPECT_EQ(folder_.files(), before);
}

TEST_F(Commands, ShardEncodesTheText) {
  const Ran ran = run({"shard", "run.toml", "--out", "shards", "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.all();
  const auto json = parse_json(ran.all());
  ASSERT_TRUE(json) << ran.all();
  EXPECT_EQ((*json)["vocab_size"], 256);
  EXPECT_GT((*json)["train_tokens"].whole().value_or(0), 30000);
  EXPECT_THAT(folder_.files(), Contains("shards/shards.json"));
  EXPECT_EQ(run({"shard", "run.toml", "--out", "shards"}).exit_code, 2) << "shards are not overwritten";
}

TEST_F(Commands, LostOutputIsAnError) {
  for (const std::string words : {"check run.toml", "check run.toml --json", "ca run.toml --json", "docs run-file", "version",
                                  "--help", "shard run.toml --out shards --json", "train run.toml --local --dry-run"}) {
    const Ran ran = sh("exec \"$0\" " + words + " >/dev/full");
    EXPECT_EQ(ran.exit_code, 1) << words;
    EXPECT_THAT(ran.errors, ElementsAre("error: standard output: cannot be written: No space left on device")) << words;
  }
}

// Descriptor 3 is a pipe whose reader is gone.
const std::string kClosedPipe = "mkfifo pipe; true <pipe & exec 3>pipe; wait; rm pipe; ";

TEST_F(Commands, AClosedPipeEndsACommandQuietly) {
  const Ran ran = sh(kClosedPipe + "exec \"$0\" docs run-file >&3");
  EXPECT_EQ(ran.signal, SIGPIPE);
  EXPECT_EQ(ran.all(), "");
}

TEST_F(Commands, AClosedPipeDoesNotEndTheRun) {
  const auto ports = env::real::free_loopback_ports(1);
  ASSERT_TRUE(ports);
  folder_.write("run.toml", kShortRun + fmt::format("address = \"127.0.0.1:{}\"\n", ports->front()));
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  for (const std::string how : {"--local", "--site a", "--site a --json"}) {
    const Ran ran = sh(kClosedPipe + "exec \"$0\" train run.toml --fresh " + how + " >&3");
    EXPECT_EQ(ran.exit_code, 0) << how << "\n" << ran.all();
    EXPECT_EQ(ran.signal, 0) << how;
    EXPECT_THAT(folder_.files(), Contains("runs/r/a/checkpoints/20.0/manifest.json")) << how;
  }
}

TEST_F(Commands, HelpAndVersion) {
  EXPECT_EQ(run({"--help"}).exit_code, 0);
  EXPECT_THAT(run({"train", "--help"}).all(), HasSubstr("--local"));
  EXPECT_THAT(run({"version"}).all(), ::testing::StartsWith("intertie "));
  EXPECT_EQ(run({"version"}).all(), run({"--version"}).all());
}

TEST_F(Commands, ExamplesAreRight) {
  for (const char* name : {"one", "two-sites", "three-sites", "toy"}) {
    const Ran ran = run({"check", std::string(INTERTIE_EXAMPLES "/") + name + ".toml", "--data", "text"});
    EXPECT_EQ(ran.exit_code, 0) << name << ": " << ran.all();
    EXPECT_THAT(ran.all(), Not(HasSubstr("not used"))) << name;
  }
}

// Two sites as processes, over TLS.
TEST_F(Commands, BenchMergeMeasuresAndComparesTheSum) {
  const auto ports = env::real::free_loopback_ports(2);
  ASSERT_TRUE(ports);
  std::string text = kShortRun.substr(0, kShortRun.find("[[site]]"));
  for (int i = 0; i < 2; ++i)
    text +=
        fmt::format("[[site]]\nname = \"{}\"\naddress = \"127.0.0.1:{}\"\n", "ab"[i], (*ports)[static_cast<std::size_t>(i)]);
  folder_.write("run.toml", text);
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  const std::string options = " --size '4 MiB' --merges 4 --set sync.encoding=int8";
  const Ran ran = sh("$0 bench merge run.toml --site b --json" + options +
                     " > b.json 2> b.txt & $0 bench merge run.toml --site a" + options + " && wait $!");
  EXPECT_EQ(ran.exit_code, 0) << ran.all() << folder_.read("b.txt");
  EXPECT_THAT(ran.all(), AllOf(HasSubstr("merge 7/7 "), HasSubstr("4 of 4.19 MB in f32, 2 sites, gather, int8 on the wire"),
                               HasSubstr("compared with what the sites contribute")));
  const auto json = parse_json(folder_.read("b.json"));
  ASSERT_TRUE(json) << folder_.read("b.json");
  EXPECT_EQ((*json)["merges"].items().size(), 4U);
  EXPECT_EQ((*json)["warm_ups"].items().size(), 3U);
  EXPECT_THAT(ran.all(), HasSubstr(*(*json)["result"].text())) << "both have the same sum";
  const double bytes = (*json)["bytes_sent"].number().value_or(0);
  EXPECT_GT(bytes, 7 * 1'056'768) << "seven contributions of 8.0625 bits a value, the warm-ups' too";
  EXPECT_LT(bytes, 7 * 1'056'768 * 1.1);
}

// The whole of 127/8 is this machine's.
TEST_F(Commands, BenchMergeOverTwoPaths) {
  const auto ports = env::real::free_loopback_ports(2);
  ASSERT_TRUE(ports);
  std::string text = kShortRun.substr(0, kShortRun.find("[[site]]"));
  for (std::size_t i = 0; i < 2; ++i) {
    text += fmt::format("[[site]]\nname = \"{}\"\naddress = \"127.0.0.1:{}\"\n", "ab"[i], (*ports)[i]);
  }
  text += "[[link]]\nbetween = [\"a\", \"b\"]\npaths = [\n";
  for (const int path : {2, 3}) {
    text += fmt::format("{{ streams = {0}, addresses = {{ a = \"127.0.{0}.1:{1}\", b = \"127.0.{0}.2:{2}\" }} }},\n", path,
                        (*ports)[0], (*ports)[1]);
  }
  folder_.write("run.toml", text + "]\n");
  ASSERT_EQ(run({"ca", "run.toml"}).exit_code, 0);
  const std::string options = " --size '4 MiB' --merges 4";
  const Ran ran =
      sh("$0 bench merge run.toml --site b" + options + " & $0 bench merge run.toml --site a" + options + " && wait $!");
  EXPECT_EQ(ran.exit_code, 0) << ran.all();
  EXPECT_THAT(ran.all(), AllOf(ContainsRegex("path . to site a .* is up"), ContainsRegex("path . to site b .* is up"),
                               HasSubstr("compared with what the sites contribute")));
}

TEST_F(Commands, BenchMergeOfOneSiteOrAnUnknownOne) {
  folder_.write("run.toml", kShortRun);
  const Ran one = run({"bench", "merge", "run.toml", "--site", "a"});
  EXPECT_EQ(one.exit_code, 2);
  EXPECT_THAT(one.all(), HasSubstr("run.toml"));
  const Ran unknown = run({"bench", "merge", "run.toml", "--site", "z"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.all(), HasSubstr("there is no site \"z\"; the sites are a"));
}

}  // namespace
}  // namespace intertie::tests
