// Wrong run files and what is said about them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/site/run_file.h"

namespace intertie::site {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Line 1 is [run], line 5 the first of `text`.
std::string with(const std::string& text) { return "[run]\nname = \"r\"\n[train]\ntokens = \"2 M\"\n" + text; }

const std::string kSites = "[[site]]\nname = \"a\"\n[[site]]\nname = \"b\"\n";  // lines 5 to 8

std::string message(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const auto config = [](const std::string& path) -> Result<std::string> {
    if (path == "llama.json") return std::string("{\n\"model_type\": \"llama\"\n}");
    if (path == "wide.json") return std::string("{\"n_embd\": \"wide\"}");
    if (path == "deep.json") return std::string(100000, '[');
    return Error{.code = ErrorCode::reconfigure, .where = path, .what = "no such file", .fix = {}, .cause = nullptr};
  };
  const Result<RunFile> file = parse_run_file(text, "run.toml", overrides, config);
  if (file) return "accepted";
  EXPECT_EQ(file.error().code, ErrorCode::reconfigure);
  const std::string line = file.error().message();
  EXPECT_THAT(line, Not(HasSubstr("\n"))) << "a message is one line";
  return line;
}

struct Case {
  std::string text;
  std::string message;
};

void check(const std::vector<Case>& cases) {
  for (const Case& wrong : cases) EXPECT_EQ(message(wrong.text), wrong.message) << wrong.text;
}

TEST(RunFileErrors, HowLongASiteMayBeSilent) {
  check({
      {"[run]\nname = \"r\"\nlost_after = \"1999 ms\"\n",
       R"(run.toml:3: run.lost_after must be at least 2.00 s and at most 5 min, not "1999 ms")"},
      {"[run]\nname = \"r\"\nlost_after = \"301 s\"\n",
       R"(run.toml:3: run.lost_after must be at least 2.00 s and at most 5 min, not "301 s")"},
      {"[run]\nname = \"r\"\nstore_wait = \"0 s\"\n",
       R"(run.toml:3: run.store_wait must be at least 1.00 s and at most a year, not "0 s")"},
  });
}

TEST(RunFileErrors, KeysAndSections) {
  check({
      {with("[sync]\nevry = 3\n"), R"(run.toml:6: unknown key "evry" in sync; did you mean "every"?)"},
      {with("[sync]\nlr = 3\n"), R"(run.toml:6: unknown key "lr" in sync; it belongs in [train])"},
      {with("[snyc]\nevery = 3\n"), R"(run.toml:5: unknown section "snyc"; did you mean "sync"?)"},
      {with("[sync]\nevery = 3\nevery = 4\n"),
       "run.toml:7: not valid TOML: Error while parsing key-value pair: cannot redefine existing integer 'every'"},
      {"name = \"r\"\n", R"(run.toml:1: unknown key "name" in no section; it belongs in [run])"},
      {"[train]\ntokens = \"2 M\"\n", R"(run.toml: run.name is missing; write for example [run] name = "first")"},
      {"[run]\nname = \"r\"\n", R"(run.toml: train.tokens is missing; write for example [train] tokens = "2 M")"},
      {"", R"(run.toml: run.name is missing; write for example [run] name = "first")"},
      {with("sync = 3\n"),
       R"(run.toml:5: unknown key "sync" in train; the keys are )"
       "tokens, local_batch_size, sequence_length, micro_batches, optimizer, lr, min_lr, warmup, decay, weight_decay, "
       "beta1, beta2, epsilon, clip, precision, device, threads, evaluate_every, evaluate_batches, checkpoint_every"},
      {"sync = 3\n", "run.toml:1: sync must be a section with keys, not 3"},
  });
}

TEST(RunFileErrors, Units) {
  const std::string link = "[[link]]\nbetween = [\"a\", \"b\"]\npaths = [{ ";
  check({
      {with(kSites + link + "rate = 100 }]\n"),
       R"(run.toml:11: link.a-b.paths[0].rate = 100: missing unit; write for example "100 Mbit/s")"},
      {with(kSites + link + "rate = \"100\" }]\n"),
       R"(run.toml:11: link.a-b.paths[0].rate = "100": missing unit; write for example "100 Mbit/s")"},
      {with(kSites + link + "rate = \"0 bit/s\" }]\n"),
       R"(run.toml:11: link.a-b.paths[0].rate must be a rate of at least 10 kbit/s and at most 1e18 bit/s, not "0 bit/s")"},
      {with(kSites + link + "rtt = \"40 ms\", delay = \"20 ms\" }]\n"),
       "run.toml:11: link.a-b.paths[0] has both rtt and delay; write one of them: rtt = 2 x delay"},
      {with("warmup = 100\n"), R"(run.toml:5: train.warmup has no unit; write it as "200 steps" or "2 M tokens")"},
      {"[run]\nname = \"r\"\n[train]\ntokens = 2000\n",
       R"(run.toml:4: train.tokens has no unit; write it as "200 steps" or "2 M tokens")"},
      {"[run]\nname = \"r\"\n[train]\ntokens = \"2000\"\n",
       R"(run.toml:4: train.tokens has no unit; write it as "200 steps" or "2 M tokens")"},
      {with("warmup = \"100\"\n"), R"(run.toml:5: train.warmup has no unit; write it as "200 steps" or "2 M tokens")"},
  });
}

TEST(RunFileErrors, Numbers) {
  check({
      {with("local_batch_size = 0\n"), "run.toml:5: train.local_batch_size must be a whole number from 1 to 16777216, not 0"},
      {with("local_batch_size = 1.5\n"),
       "run.toml:5: train.local_batch_size must be a whole number from 1 to 16777216, not 1.5"},
      {with("lr = -1.0\n"), "run.toml:5: train.lr must be a number above 0, not -1.0"},
      {with("lr = nan\n"), "run.toml:5: train.lr must be a number above 0, not nan"},
      {with("lr = \"fast\"\n"), R"(run.toml:5: train.lr must be a number above 0, not "fast")"},
      {with("min_lr = 0.1\n"), "run.toml:5: train.min_lr = 0.1 is above train.lr = 0.001"},
      {with("beta2 = 1.0\n"), "run.toml:5: train.beta2 must be a number of at least 0 and below 1, not 1.0"},
      {with("sequence_length = 65\n"),
       "run.toml:5: train.sequence_length = 65 is longer than model.max_position_embeddings = 64"},
      {with("micro_batches = 5\n"),
       R"(run.toml:5: local_batch_size = 12 of site "local" is not a multiple of micro_batches = 5)"},
      {with("decay = \"10 steps\"\n"), "run.toml:5: train.decay ends before train.warmup"},
      {with("[model]\nhidden_size = 130\n"),
       "run.toml:6: model.hidden_size = 130 is not a multiple of model.num_attention_heads = 4"},
      {with("[model]\ndropout = 1.0\n"), "run.toml:6: model.dropout must be a number of at least 0 and below 1, not 1.0"},
      {with("[model]\nvocab_size = 65\n"),
       R"(run.toml:6: model.vocab_size = 65 is smaller than the 256 of tokenizer = "bytes"; remove it)"},
      {with("[data]\nvalidation_share = 1.5\n"),
       "run.toml:6: data.validation_share must be a number above 0 and below 1, not 1.5"},
      {with("[data]\ntrain = []\n"),
       R"(run.toml:6: data.train must not be empty; write files, patterns, folders, .bin shards, or "python-stdlib")"},
      {with("[data]\ntrain = 3\n"),
       R"(run.toml:6: data.train must be a list of texts: files, patterns, folders, .bin shards, or "python-stdlib", not 3)"},
      {with("[sync]\nevery = 10.0\n"), "run.toml:6: sync.every must be a whole number from 1 to 65536, not 10.0"},
      {with("[data]\ntokenizer = \"bin\"\n"),
       "run.toml:6: ready-made tokens do not say how many kinds there are; write vocab_size in [model]: at least the largest "
       "token "
       "and one"},
      {with("[sync]\nevery = 0\n"), "run.toml:6: sync.every must be a whole number from 1 to 65536, not 0"},
      {with("[sync]\nouter_momentum = 1.0\n"),
       "run.toml:6: sync.outer_momentum must be a number of at least 0 and below 1, not 1.0"},
      {"[run]\nname = \"r\"\n[train]\ntokens = \"100 tokens\"\n",
       "run.toml:4: train.tokens = 100 is less than the 768 tokens of one step over all sites; train longer, or use smaller "
       "batches"},
      {"[run]\nname = \"Mine\"\n",
       "run.toml:2: run.name must be a name of at most 63 lower-case letters, digits and hyphens, not \"Mine\""},
  });
}

TEST(RunFileErrors, NumbersThatNoMachineCanHold) {
  const std::string large = "local_batch_size = 16777216\n";
  std::string sites;
  for (int i = 0; i < 65; ++i) sites += "[[site]]\nname = \"s" + std::to_string(i) + "\"\n";
  check({
      {"[run]\nname = \"r\"\n[train]\ntokens = \"18014398509481984 steps\"\n",
       "run.toml:4: train.tokens = 18014398509481984 steps of 768 tokens are more tokens than can be counted; write at most "
       "1501199875790165 steps"},
      {with("checkpoint_every = \"1501199875790166 steps\"\n"),
       "run.toml:5: train.checkpoint_every = 1501199875790166 steps of 768 tokens are more tokens than can be counted; write "
       "at "
       "most 1501199875790165 steps"},
      {with("sequence_length = 1\n" + large + sites),
       "run.toml:6: a step of all sites takes 1090519040 sequences, more than 1073741824; use smaller batches"},
      {with("[model]\nnum_hidden_layers = 10000\nhidden_size = 16777216\n"),
       "run.toml:7: the model has more than 1099511627776 parameters; make it narrower or shallower"},
      {with("[model]\nkind = \"toy\"\ntoy_elements = 9223372036854775807\n"),
       "run.toml:7: model.toy_elements must be a whole number from 1 to 1073741824, or a text such as \"20 M\", not "
       "9223372036854775807"},
  });
  EXPECT_EQ(message(with("checkpoint_every = \"1501199875790165 steps\"\n")), "accepted");
}

TEST(RunFileErrors, ChoicesToComeNameThoseThatExist) {
  check({
      {with("[sync]\nmethod = \"auto\"\n"),
       "run.toml:6: sync.method = \"auto\" is not available yet; choose one of synchronous, diloco"},
      {with("[sync]\nmethod = \"streaming\"\n"),
       "run.toml:6: sync.method = \"streaming\" is not available yet; choose one of synchronous, diloco"},
      {with("[sync]\nencoding = \"sparse\"\n"),
       "run.toml:6: sync.encoding = \"sparse\" is not available yet; choose one of f32, bf16, int8, fp4"},
      {with("[sync]\nmethod = \"dilocco\"\n"),
       "run.toml:6: sync.method must be one of synchronous, diloco, not \"dilocco\"; did you mean \"diloco\"?"},
      {with("[sync]\nresult_encoding = \"bf16\"\n"),
       "run.toml:6: sync.result_encoding is narrower than sync.encoding = \"f32\"; write result_encoding = \"f32\" or remove "
       "it"},
      {with("[sync]\nencoding = \"int8\"\nresult_encoding = \"fp4\"\n"),
       "run.toml:7: sync.result_encoding is narrower than sync.encoding = \"int8\"; write result_encoding = \"int8\" or remove "
       "it"},
      {with("[sync]\nencoding = \"fp4\"\nresult_encoding = \"fp4\"\n"), "accepted"},
      {with("[sync]\nencoding = \"int8\"\nresult_encoding = \"f32\"\n"), "accepted"},
  });
}

TEST(RunFileErrors, SitesAndLinks) {
  const std::string path = "paths = [{ rate = \"1 Mbit/s\" }]\n";
  check({
      {with("[[site]]\nname = \"a\"\n[[site]]\nname = \"a\"\n"), "run.toml:8: there is another site \"a\"; names must differ"},
      {with("[[site]]\nname = \"ca\"\n"),
       "run.toml:6: no site can be called \"ca\": the authority's files, ca.pem and ca.key, have that name; choose another "
       "name"},
      {with("[[site]]\nname = \"a\"\n[[site]]\nname = \"certificates\"\n"),
       "run.toml:8: no site can be called \"certificates\": the run's folder of certificates has that name; choose another "
       "name"},
      {with("[[site]]\nname = \"data\"\n"),
       "run.toml:6: no site can be called \"data\": the run's folder of encoded text has that name; choose another name"},
      {with("[[site]]\nname = \"viewer\"\n"),
       "run.toml:6: no site can be called \"viewer\": the certificate of who may look at the run has that name; choose another "
       "name"},
      {with("[[site]]\naddress = \"a:1\"\n"), "run.toml:5: site[0].name is missing; write for example name = \"ashburn\""},
      {with("[[site]]\nname = \"a\"\naddress = \"a\"\n"),
       R"(run.toml:7: site.a.address must be an address such as "ashburn.example:7400", not "a")"},
      {with("[[site]]\nname = \"a\"\naddress = \"x:1\"\n[[site]]\nname = \"b\"\naddress = \"x:1\"\n"),
       "run.toml:10: another site has the address x:1; addresses must differ"},
      {with("[site]\nname = \"a\"\n"), "run.toml:5: site must be written [[site]]"},
      {with(kSites + "[[link]]\nbetween = [\"a\", \"c\"]\n" + path),
       "run.toml:10: a link names \"c\", which is no site; the sites are a, b"},
      {with(kSites + "[[link]]\nbetween = [\"a\", \"a\"]\n" + path),
       "run.toml:10: a link joins site \"a\" to itself; name two sites"},
      {with(kSites + "[[link]]\nbetween = [\"a\"]\n" + path),
       R"(run.toml:10: link[0].between must be the names of two sites, for example ["ashburn", "columbus"], not a list)"},
      {with(kSites + "[[link]]\nbetween = [\"a\", \"b\"]\n"),
       R"(run.toml:9: link.a-b.paths is missing; write for example paths = [{ rate = "100 Mbit/s", rtt = "40 ms" }])"},
      {with(kSites + "[[link]]\nbetween = [\"a\", \"b\"]\npaths = []\n"),
       R"(run.toml:11: link.a-b.paths must not be empty; write for example [{ rate = "100 Mbit/s", rtt = "40 ms" }])"},
      {with(kSites + "[[link]]\nbetween = [\"a\", \"b\"]\n" + path + "[[link]]\nbetween = [\"b\", \"a\"]\n" + path),
       "run.toml:13: there is another link between b and a; write one [[link]] with both paths"},
  });
}

TEST(RunFileErrors, AddressesOfPaths) {
  const auto paths = [](const std::string& first, const std::string& second = "") {
    const auto path = [](const std::string& addresses) {
      return addresses.empty() ? std::string("{}") : "{ addresses = { " + addresses + " } }";
    };
    return with(
        "[[site]]\nname = \"a\"\naddress = \"10.0.0.1:1\"\n[[site]]\nname = \"b\"\n[[link]]\nbetween = [\"a\", \"b\"]\n"
        "paths = [" +
        path(first) + ",\n" + path(second) + "]\n");
  };
  const std::string one = "a = \"10.1.0.1:1\", b = \"10.1.0.2:1\"", two = "a = \"[fd00::1]:1\", b = \"[fd00::2]:1\"";
  check({
      {paths(one, two), "accepted"},
      {paths("", ""), "accepted"},
      {paths(one, "a = \"10.1.0.1:1\", b = \"10.2.0.2:1\""), "accepted"},
      {paths(one, one), "run.toml:13: paths[0] has the same addresses; two paths differ in one of their ends at least"},
      {paths(one, ""),
       "run.toml:13: link.a-b.paths[1] names no addresses, and another path of the link does; write the addresses of all paths "
       "of "
       "the link"},
      {paths("", one),
       "run.toml:12: link.a-b.paths[0] names no addresses, and another path of the link does; write the addresses of all paths "
       "of "
       "the link"},
      {paths("a = \"10.1.0.1:1\", c = \"10.1.0.2:1\"", two),
       "run.toml:12: addresses names \"c\", which is no end of the link; name a and b"},
      {paths("a = \"10.1.0.1:1\"", two),
       "run.toml:12: addresses has that of one end only; write addresses = { a = \"10.1.0.1:7400\", b = \"10.1.0.2:7400\" }"},
      {paths(one, "a = \"a.example:1\", b = \"10.1.0.2:1\""),
       "run.toml:13: the address a.example:1 of site \"a\" is a name; write the addresses of a path in numbers, such as "
       "10.1.0.1:7400 or [fd00::1]:7400"},
      {paths(one, "a = \"[fd00::1]:1\", b = \"10.2.0.2:1\""),
       "run.toml:13: of the addresses of a path one is IPv4 and the other IPv6; use the same for both ends"},
      {paths(one, "a = \"10.2.0.1:1\", b = \"10.0.0.1:1\""),
       "run.toml:13: site \"a\" has the address 10.0.0.1:1, too; addresses of two sites must differ"},
      {paths("a = 3, b = \"10.1.0.2:1\"", two),
       R"(run.toml:12: link.a-b.paths[0].addresses must be an address such as "ashburn.example:7400", not 3)"},
      {paths("a = \"10.1.0.1\", b = \"10.1.0.2:1\"", two),
       R"(run.toml:12: link.a-b.paths[0].addresses must be an address such as "ashburn.example:7400", not "10.1.0.1")"},
  });
}

// Lines 7 and 11: of the first site, of the only path.
TEST(RunFileErrors, KeysThatAreNotUsedYetAreChecked) {
  const auto of_site = [](const std::string& text) { return message(with("[[site]]\nname = \"a\"\n" + text + "\n")); };
  const auto of_path = [](const std::string& text) {
    return message(with(kSites + "[[link]]\nbetween = [\"a\", \"b\"]\npaths = [{ " + text + " }]\n"));
  };
  for (const char* good :
       {"at = [39.04, -77.49]", "price = 0.08", "price = \"prices/a.csv\"", "carbon = 300", "carbon = \"c.csv\""})
    EXPECT_EQ(of_site(good), "accepted") << good;
  for (const char* good : {"from = 2027-03-01", "share = \"25 %\"", "share = \"12.5%\"", "share = \"10 Gbit/s\"",
                           "share = \"s.csv\"", "price = 1", "risk = [\"I-70\"]"})
    EXPECT_EQ(of_path(good), "accepted") << good;
  EXPECT_EQ(of_site("at = [500, 900]"),
            "run.toml:7: site.a.at must be [latitude, longitude] in degrees, -90 to 90 and -180 to 180, not a list");
  EXPECT_EQ(
      of_site("price = \"cheap\""),
      "run.toml:7: site.a.price must be price per kWh: a number of at least 0, or a .csv file by the hour, not \"cheap\"");
  EXPECT_EQ(
      of_site("carbon = -5"),
      "run.toml:7: site.a.carbon must be grams of CO2 per kWh: a number of at least 0, or a .csv file by the hour, not -5");
  EXPECT_EQ(of_path("from = \"someday\""),
            "run.toml:11: link.a-b.paths[0].from must be a date such as 2027-03-01, without quotes, not \"someday\"");
  for (const char* bad : {"share = \"900 %\"", "share = \"0 %\"", "share = \"x %\"", "share = \"%\"", "share = 5",
                          "share = \"10 Gbit\"", "price = -1", "risk = []", "risk = [5]", "from = 3"})
    EXPECT_THAT(of_path(bad), HasSubstr("run.toml:11: link.a-b.paths[0].")) << bad;
  EXPECT_EQ(message(with("[sync]\nquorum = 3\n" + kSites)),
            "run.toml:6: sync.quorum = 3 is more than the 2 sites; write at most their number");
  EXPECT_EQ(message(with("[sync]\nquorum = 2\n" + kSites)), "accepted");
}

TEST(RunFileErrors, ConfigurationFiles) {
  check({
      {with("[model]\nconfig = \"missing.json\"\n"), "run.toml:6: model.config cannot be read: missing.json: no such file"},
      {with("[model]\nconfig = \"llama.json\"\n"),
       "llama.json:2: model_type is not \"gpt2\", the family that can be trained; remove it to train a GPT-2 of that size"},
      {with("[model]\nconfig = \"wide.json\"\n"), "wide.json:1: n_embd must be a whole number from 1 to 16777216"},
      {with("[model]\nconfig = \"deep.json\"\n"),
       "deep.json: is not a JSON object with a model's configuration: nested deeper than 32"},
  });
}

TEST(RunFileErrors, OverridesNameThemselves) {
  const std::string good = with(kSites);
  EXPECT_EQ(message(good, {"sync.every=0"}), "--set sync.every=0: sync.every must be a whole number from 1 to 65536, not 0");
  EXPECT_EQ(message(good, {"sync.evry=1"}), R"(--set sync.evry=1: unknown key "evry" in sync; did you mean "every"?)");
  EXPECT_EQ(message(good, {"site.c.local_batch_size=1"}),
            R"(--set site.c.local_batch_size=1: there is no site "c"; the sites are a, b)");
  EXPECT_EQ(message(good, {"link.a-b.rate=1"}), R"(--set link.a-b.rate=1: there is no link "a-b"; the file has no [[link]])");
  EXPECT_THAT(message(good, {"every"}), HasSubstr("--set every: is not section.key=value; for example"));
  EXPECT_THAT(message(good, {"site.local_batch_size=1"}), HasSubstr("\"site\" is not a section with keys"));
  EXPECT_THAT(message(good, {"sync.every=1\n[x]"}), Not(HasSubstr("accepted")));
  EXPECT_EQ(message(good, {"run.folder=q\xff"}), R"(--set: "run.folder=q\xff" is not UTF-8; write it in UTF-8)");
}

// Found by fuzz/run_file_fuzz.cpp: the library's own assertion failed.
TEST(RunFileErrors, AHeaderThatBeginsWithNoKey) { EXPECT_THAT(message("[+t]\n"), HasSubstr("run.toml:1: not valid TOML")); }

TEST(RunFileErrors, BytesThatAreNoText) {
  EXPECT_THAT(message(std::string("\x7f"
                                  "ELF\x02\x01\x01\0\0\0",
                                  10)),
              HasSubstr("run.toml:1: not valid TOML"));
  EXPECT_THAT(message(std::string(2 << 20, 'a')), HasSubstr("2097152 bytes are too many for a run file"));
  EXPECT_EQ(message("a = " + std::string(100000, '[')),
            "run.toml:1: lists or tables lie more than 32 deep in each other; write it less deep");
}

// The library recursed over the parts of a key until the stack was full.
TEST(RunFileErrors, KeysOfMorePartsThanTheStackHolds) {
  std::string key = "a";
  for (int i = 0; i < 20000; ++i) key += ".a";
  const std::string refused = "run.toml:1: a key has more than 32 parts; write it less deep";
  EXPECT_EQ(message(key + "=1\n"), refused);
  EXPECT_EQ(message("[" + key + "]\n"), refused);
  EXPECT_THAT(message(with(kSites), {"sync.every={" + key + "=1}"}),
              HasSubstr("must be a whole number from 1 to 65536, not \"{a.a"));
}

TEST(RunFileErrors, AnAgreementThatFitsIntoNoHello) {
  std::string text = "[run]\nname = \"many\"\n[train]\ntokens = \"9 M\"\n";
  for (int i = 0; i < 50; ++i) text += fmt::format("[[site]]\nname = \"site-{}\"\n", i);
  std::string links;
  for (int a = 0; a < 50; ++a) {
    for (int b = 0; b < a; ++b) {
      links += fmt::format(
          "[[link]]\nbetween = [\"site-{}\", \"site-{}\"]\npaths = [{{ rate = \"1 Gbit/s\", rtt = \"9 ms\" }}]\n", a, b);
    }
  }
  EXPECT_EQ(message(text), "accepted");
  EXPECT_THAT(message(text + links), testing::HasSubstr("fit into a hello; name fewer sites"));
}

}  // namespace
}  // namespace intertie::site
