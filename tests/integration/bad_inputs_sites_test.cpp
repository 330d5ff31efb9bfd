// What one site cannot see by itself: real processes on the loopback interface, each site in a folder of its own, as on
// machines of their own. Whatever is wrong: every site ends in time with one line that says which site, at which address, in
// which phase.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "intertie/env/real/children.h"
#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// For the start wait of two seconds, the programs, and a slow machine.
constexpr Duration kLimit = std::chrono::seconds(40);

// Something else that listens on the loopback interface.
class Occupied {
 public:
  Occupied() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, any, size), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
    EXPECT_EQ(::getsockname(socket_, any, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Occupied() { ::close(socket_); }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

// Sites a and b of one run, with certificates of one authority, each with what its machine needs.
class TwoSites : public ::testing::Test {
 protected:
  TwoSites() {
    const auto ports = env::real::free_loopback_ports(2);
    EXPECT_TRUE(ports);
    if (ports) address_ = {at((*ports)[0]), at((*ports)[1])};
    write_inputs();
    certify("a");
    for (const std::string name : {"ca.pem", "b.pem", "b.key"})
      folder_.write("b/" + kKeys + name, folder_.read("a/" + kKeys + name));
  }

  static std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
  void write_inputs() {
    for (const std::string site : {"a", "b"}) {
      folder_.write(site + "/text.txt", numbered_words(1000));
      folder_.write(site + "/run.toml",
                    "[run]\nname = \"two\"\nstart_wait = \"2 s\"\n[model]\nkind = \"toy\"\ntoy_elements = 1000\n"
                    "[data]\ntrain = \"text.txt\"\n[train]\ntokens = \"20 steps\"\nlocal_batch_size = 2\n"
                    "sequence_length = 16\nthreads = 1\n[sync]\nevery = 5\n"
                    "[[site]]\nname = \"a\"\naddress = \"" +
                        address_[0] +
                        "\"\n"
                        "[[site]]\nname = \"b\"\naddress = \"" +
                        address_[1] + "\"\n");
    }
  }
  void certify(const std::string& where) {
    const Ran made = intertie(folder_.path() + "/" + where, {"ca", "run.toml"});
    EXPECT_EQ(made.exit_code, 0) << made.all();
  }
  Start start(const std::string& site, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command = {INTERTIE_PROGRAM, "train", "run.toml", "--site", site};
    command.insert(command.end(), more.begin(), more.end());
    return {folder_.path() + "/" + site, command};
  }
  // Together, or alone without b.
  std::vector<Ran> run(const std::vector<Start>& starts) const { return run_together(starts, kLimit); }

  // Its one last line; an empty text where there is not exactly one.
  static std::string error_of(const Ran& ran) {
    EXPECT_FALSE(ran.late) << ran.all();
    EXPECT_EQ(ran.signal, 0) << ran.all();
    std::vector<std::string> errors;
    for (const std::string& line : ran.errors) {
      if (line.starts_with("error: ")) errors.push_back(line);
    }
    EXPECT_EQ(errors.size(), 1U) << ran.all();
    for (const char* trace : {"terminate called", "check failed", " at 0x", "what():"})
      EXPECT_THAT(ran.all(), Not(HasSubstr(trace)));
    return errors.size() == 1 ? errors.front() : "";
  }
  void expect_nothing_half_written() const {
    for (const std::string& file : folder_.files()) {
      EXPECT_THAT(file, AllOf(Not(HasSubstr(".part")), Not(HasSubstr(".writing"))));
      EXPECT_TRUE(file.find("checkpoints/") == std::string::npos || file.ends_with("checkpoints/"))
          << file << " of a run that never began";
    }
  }

  static inline const std::string kKeys = "runs/two/certificates/";
  std::vector<std::string> address_ = {"127.0.0.1:1", "127.0.0.1:2"};
  Folder folder_;
};

TEST_F(TwoSites, WithNothingWrongTheyFinish) {
  const auto ran = run({start("a"), start("b")});
  EXPECT_EQ(ran[0].exit_code, 0) << ran[0].all();
  EXPECT_EQ(ran[1].exit_code, 0) << ran[1].all();
}

TEST_F(TwoSites, ThePortIsInUse) {
  const Occupied occupied;
  const auto ran = run({start("a", {"--set", "site.a.address=" + at(occupied.port())})});
  EXPECT_EQ(ran[0].exit_code, kInput);
  EXPECT_THAT(error_of(ran[0]), AllOf(HasSubstr("listening at "), HasSubstr(":" + std::to_string(occupied.port()) +
                                                                            ": the port is in use; stop what listens there")));
  expect_nothing_half_written();
}

TEST_F(TwoSites, ASiteThatRunsAlreadyInThisFolder) {
  auto ran = run({start("a"), start("a")});
  std::sort(ran.begin(), ran.end(), [](const Ran& x, const Ran& y) { return x.exit_code < y.exit_code; });
  EXPECT_EQ(ran[0].exit_code, kInput);
  EXPECT_THAT(error_of(ran[0]), HasSubstr("runs/two/a/lock: another process works in this folder"));
  EXPECT_EQ(ran[1].exit_code, kUnreachable) << "the first one waits for b";
  const std::string log = folder_.read("a/runs/two/a/events.jsonl");
  EXPECT_EQ(log.find("log.opened"), log.rfind("log.opened")) << "both wrote into one log";
}

TEST_F(TwoSites, TheOtherSiteIsNotThere) {
  for (const int i : {0, 1}) {
    const std::string self = i == 0 ? "a" : "b";
    const std::string other = i == 0 ? "b" : "a";
    const auto ran = run({start(self, {"--set", "run.start_wait=1 s"})});
    EXPECT_EQ(ran[0].exit_code, kUnreachable);
    EXPECT_THAT(error_of(ran[0]), AllOf(HasSubstr("phase start: after 1.00 s still missing: site " + other + " (" +
                                                  address_[1 - static_cast<std::size_t>(i)] + ")"),
                                        HasSubstr("start the missing sites")));
  }
  expect_nothing_half_written();
}

TEST_F(TwoSites, TheOtherSiteHasACertificateOfAnotherAuthority) {
  for (const std::string name : {"ca.pem", "b.pem", "b.key"}) std::remove((folder_.path() + "/b/" + kKeys + name).c_str());
  certify("b");
  const auto ran = run({start("a"), start("b")});
  EXPECT_EQ(ran[0].exit_code, kUnreachable);
  EXPECT_THAT(error_of(ran[0]), HasSubstr("still missing: site b (" + address_[1] + ")"));
  EXPECT_THAT(ran[0].lines, Contains(AllOf(HasSubstr("refused a connection: "), HasSubstr("phase certificate"))));
  EXPECT_EQ(ran[1].exit_code, kInput);
  EXPECT_THAT(error_of(ran[1]), AllOf(HasSubstr("site a (" + address_[0] + ")"),
                                      HasSubstr("phase certificate: the certificate of site a was issued "
                                                "by an authority that is not this run's")));
  expect_nothing_half_written();
}

TEST_F(TwoSites, ASiteHasTheCertificateOfAnother) {
  for (const std::string end : {".pem", ".key"})
    folder_.write("b/" + kKeys + "b" + end, folder_.read("a/" + kKeys + "a" + end));
  const auto before = folder_.files();
  const auto ran = run({start("b")});
  EXPECT_EQ(ran[0].exit_code, kInput);
  EXPECT_THAT(error_of(ran[0]), HasSubstr(kKeys + "b.pem: the certificate is of site 'a', not of 'b'"));
  EXPECT_EQ(folder_.files(), before) << "something was written";
}

TEST_F(TwoSites, TextThatIsTooShortLeavesNothingBehind) {
  folder_.write("a/text.txt", "short");
  const auto before = folder_.files();
  const auto ran = run({start("a")});
  EXPECT_EQ(ran[0].exit_code, kInput);
  EXPECT_THAT(error_of(ran[0]), StartsWith("error: run.toml:8: data.train: the text has "));
  EXPECT_EQ(folder_.files(), before) << "something was written";
}

TEST_F(TwoSites, TheRunFilesDiffer) {
  const auto ran = run({start("a"), start("b", {"--set", "train.lr=0.5"})});
  EXPECT_EQ(ran[0].exit_code, kUnreachable);
  EXPECT_THAT(error_of(ran[0]),
              AllOf(HasSubstr("still missing: site b (" + address_[1] + "): refused here: the run files differ"),
                    HasSubstr("train.lr is ")));
  EXPECT_THAT(ran[0].lines, Contains(AllOf(HasSubstr("refused a connection: site b ("), HasSubstr("train.lr is "))));
  EXPECT_EQ(ran[1].exit_code, kInput);
  EXPECT_THAT(error_of(ran[1]),
              AllOf(HasSubstr("site a (" + address_[0] + "), phase hello: refused this site: the run files differ"),
                    HasSubstr("train.lr is "), HasSubstr("0.5")));
  expect_nothing_half_written();
}

TEST_F(TwoSites, TheTextsDiffer) {
  folder_.write("b/text.txt", folder_.read("b/text.txt") + "and one line more\n");
  const auto ran = run({start("a"), start("b")});
  EXPECT_EQ(ran[0].exit_code, kUnreachable);
  EXPECT_THAT(error_of(ran[0]), HasSubstr("still missing: site b (" + address_[1] + ")"));
  EXPECT_EQ(ran[1].exit_code, kInput);
  EXPECT_THAT(error_of(ran[1]),
              AllOf(HasSubstr("site a (" + address_[0] + "), phase hello: refused this site: the training data have hash "),
                    HasSubstr("give every site the same files and tokenizer")));
  expect_nothing_half_written();
}

}  // namespace
}  // namespace intertie::tests
