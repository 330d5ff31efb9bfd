// Somebody in a run, or beside it, who does what it must not: real processes on the loopback interface, each site in a folder
// of its own. Whoever it is is told which site says so, at which address, in which phase and why, and the run of the others
// goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <set>

#include "intertie/env/real/children.h"
#include "intertie/env/real/real_network.h"
#include "intertie/site/visitor.h"
#include "tests/integration/program.h"

namespace intertie::tests {
namespace {

using namespace env::real;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Duration kWait = std::chrono::seconds(30);  // for what takes a few seconds
constexpr int kStopped = 3;

// Sites a, b and c of a run that goes on until it is stopped.
class BadHands : public ::testing::Test {
 protected:
  BadHands() {
    const auto ports = free_loopback_ports(4);
    EXPECT_TRUE(ports);
    for (const std::uint16_t port : *ports) address_.push_back("127.0.0.1:" + std::to_string(port));
    write_inputs("a", "three");
    EXPECT_EQ(intertie(folder_.path() + "/a", {"ca", "run.toml"}).exit_code, 0);
    for (const std::string site : {"b", "c"}) become_site(site, site);
    children_.emplace();  // a process has one at a time, and intertie() has its own
  }

  void write_inputs(const std::string& place, const std::string& run) const {
    std::string text = "[run]\nname = \"" + run +
                       "\"\nstart_wait = \"20 s\"\n[model]\nkind = \"toy\"\ntoy_elements = 1000\n[data]\ntrain = \"text.txt\"\n"
                       "[train]\ntokens = \"100000 steps\"\nlocal_batch_size = 2\nsequence_length = 16\nthreads = 1\n[sync]\n"
                       "every = 5\n";
    for (std::size_t i = 0; i < 3; ++i) {
      text += "[[site]]\nname = \"" + std::string(1, static_cast<char>('a' + i)) + "\"\nstep_time = \"10 ms\"\naddress = \"" +
              address_[i] + "\"\n";
    }
    folder_.write(place + "/text.txt", numbered_words(1000));
    folder_.write(place + "/run.toml", text);
  }
  // A machine with the run file, the text and what `ca` says to copy for `site`.
  void become_site(const std::string& place, const std::string& site) const {
    write_inputs(place, "three");
    for (const std::string& name : {std::string("ca.pem"), site + ".pem", site + ".key"})
      folder_.write(place + "/" + kKeys + name, folder_.read("a/" + kKeys + name));
  }
  ChildId launch(const std::string& place, const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {"/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder_.path() + "/" + place,
                                      INTERTIE_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto child = children_->start(words);
    EXPECT_TRUE(child);
    ran_.emplace_back();
    ended_.push_back(false);
    return *child;
  }
  ChildId start(const std::string& place, const std::string& site, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"train", "run.toml", "--site", site};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return launch(place, arguments);
  }
  // A command beside the sites, to its end.
  Ran command(const std::string& place, const std::vector<std::string>& arguments) {
    const ChildId child = launch(place, arguments);
    EXPECT_TRUE(wait_until([&] { return ended_[child]; })) << ran_[child].all();
    return ran_[child];
  }
  void start_all() {
    for (const char* site : {"a", "b", "c"}) start(site, site);
    EXPECT_TRUE(wait_until([this] { return merges("a") >= 5; })) << ran_[kA].all();
  }

  bool wait_until(const std::function<bool()>& done) {
    const env::TimePoint end = std::chrono::steady_clock::now() + kWait;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      const ChildEvent event = children_->next(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
      if (const auto* line = std::get_if<ChildLine>(&event)) {
        (line->error_stream ? ran_[line->child].errors : ran_[line->child].lines).push_back(line->text);
      } else if (const auto* ended = std::get_if<ChildEnded>(&event)) {
        ran_[ended->child].exit_code = ended->exit_code;
        ended_[ended->child] = true;
      }
    }
    return true;
  }
  bool says(ChildId child, const std::string& text) {
    return wait_until([&] { return ran_[child].all().find(text) != std::string::npos; });
  }
  // Its one line of error.
  std::string error_of(ChildId child) {
    EXPECT_TRUE(wait_until([&] { return ended_[child]; })) << ran_[child].all();
    EXPECT_EQ(ran_[child].exit_code, kInput) << ran_[child].all();
    const auto& errors = ran_[child].errors;
    EXPECT_EQ(std::count_if(errors.begin(), errors.end(), [](const auto& line) { return line.starts_with("error: "); }), 1);
    const std::string error = errors.empty() ? "" : errors.back();
    EXPECT_THAT(error, AnyOf(StartsWith("error: site a (" + address_[kA] + "), phase "),
                             StartsWith("error: site b (" + address_[kB] + "), phase ")));
    return error;
  }
  // By the site that it came to first.
  void expect_refused(const std::string& who_and_why) {
    const auto refused = [&](ChildId child) {
      return std::any_of(ran_[child].lines.begin(), ran_[child].lines.end(), [&](const std::string& line) {
        return line.find("refused a connection: ") != std::string::npos && line.find(who_and_why) != std::string::npos;
      });
    };
    EXPECT_TRUE(wait_until([&] { return refused(kA) || refused(kB); })) << ran_[kA].all() << ran_[kB].all();
  }
  static std::string text_in(const Json& event, const char* field) {
    const std::string* text = event[field].text();
    return text ? *text : std::string();
  }
  std::vector<Json> events(const std::string& site, const std::string& name) const {
    std::string log = folder_.read(site + "/runs/three/" + site + "/events.jsonl");
    log.resize(log.rfind('\n') + 1);  // the rest is being written
    std::vector<Json> found;
    for (const Json& event : events_in(log)) {
      if (text_in(event, "event") == name) found.push_back(event);
    }
    return found;
  }
  std::size_t merges(const std::string& site) const { return events(site, "merge.committed").size(); }
  std::string set_of_last_merge() const { return text_in(events("a", "merge.committed").back(), "set"); }
  std::string refusal_at(const std::string& site) const {
    const auto refused = events(site, "connection.refused");
    return refused.empty() ? "none" : text_in(refused.front(), "message");
  }

  // They merge on, and stop together with the same parameters when an operator says so.
  void expect_unharmed(const std::vector<ChildId>& children) {  // kA, kB, kC
    for (const ChildId child : children) EXPECT_FALSE(ended_[child]) << ran_[child].all();
    const std::size_t before = merges("a");
    EXPECT_TRUE(wait_until([&] { return merges("a") >= before + 10; })) << ran_[kA].all();
    const Ran stopped = command("a", {"stop", "run.toml"});
    EXPECT_EQ(stopped.exit_code, 0) << stopped.all();
    std::set<std::string> ends;
    for (const ChildId child : children) {
      EXPECT_TRUE(wait_until([&] { return ended_[child]; })) << ran_[child].all();
      EXPECT_EQ(ran_[child].exit_code, kStopped) << ran_[child].all();
      const std::string site(1, static_cast<char>('a' + child));
      ends.insert(text_in(events(site, "run.finished").back(), "parameters_hash"));
    }
    EXPECT_EQ(ends.size(), 1U) << "they ended with different parameters";
    EXPECT_TRUE(events("a", "error").empty() && events("b", "error").empty());
  }
  // What a visitor of site a with `holder`'s certificate, who asks to stop the run, is told.
  std::string told_to(const std::string& holder, const std::string& role) const {
    RealLoop loop;
    const auto address = env::parse_address(address_[kA]);
    const auto network = RealNetwork::create(
        loop, {.run = "three", .site = holder, .tls = tls_files(folder_.path() + "/a/" + kKeys, holder), .role = role});
    EXPECT_TRUE(network && address) << network.error().message();
    std::string told = "welcome";
    site::Visitor visitor({loop, **network}, {.site = "a", .addresses = {*address}},
                          {.run = "three", .errand = wire::Errand::stop, .reason = "mischief"},
                          {.admitted = [&](const wire::Admission&) { loop.stop(); },
                           .lines = [](const wire::EventLines&) {},
                           .tidings = [](const wire::Tidings&) {},
                           .away =
                               [&](const Error& error) {
                                 told = error.message();
                                 loop.stop();
                               }});
    loop.post([&visitor] { visitor.begin(); });
    loop.run();
    return told;
  }

  static constexpr ChildId kA = 0;
  static constexpr ChildId kB = 1;
  static constexpr ChildId kC = 2;
  static inline const std::string kKeys = "runs/three/certificates/";
  std::vector<std::string> address_;
  Folder folder_;
  std::optional<Children> children_;
  std::vector<Ran> ran_;  // of each child
  std::vector<bool> ended_;
};

TEST_F(BadHands, AnExpelledSiteThatStillTalks) {
  start_all();
  children_->signal(kC, SIGSTOP);
  EXPECT_TRUE(says(kA, "view 2 from version "));
  EXPECT_TRUE(wait_until([this] { return set_of_last_merge() == "a, b"; })) << "they did not go on";
  children_->signal(kC, SIGCONT);  // what it had begun to say goes on
  EXPECT_TRUE(says(kC, "warning: comes back in 500 ms: ")) << ran_[kC].all();
  EXPECT_THAT(ran_[kC].lines, Contains(AllOf(HasSubstr("comes back in 500 ms"), HasSubstr("view 2"))));
  EXPECT_TRUE(wait_until([this] { return set_of_last_merge() == "a, b, c"; })) << ran_[kC].all();
  expect_unharmed({kA, kB, kC});
}

TEST_F(BadHands, AnOldCopyOfASiteWithALowerIncarnation) {
  folder_.write("c/runs/three/c/incarnation", "5\n");
  become_site("copy", "c");
  start_all();
  const std::string error = error_of(start("copy", "c", {"--resume", "--set", "site.c.address=" + address_[3]}));
  EXPECT_THAT(error, AllOf(HasSubstr("), phase hello: refused this site: a newer start of "),
                           HasSubstr("(number 6, this is 1); is it running twice, or is its folder an old copy?")));
  expect_refused("refused a connection: site c (127.0.0.1:");
  expect_unharmed({kA, kB, kC});
}

TEST_F(BadHands, ASiteWithACertificateOfAnotherRun) {
  start_all();
  write_inputs("other", "other");
  EXPECT_EQ(command("other", {"ca", "run.toml"}).exit_code, 0);
  const std::string error = error_of(start("other", "c", {"--set", "site.c.address=" + address_[3]}));
  EXPECT_THAT(error, AllOf(HasSubstr("), phase certificate: the certificate of site "),
                           HasSubstr("is of run 'three', not of 'other'; use this run's certificates, or correct")));
  expect_refused(
      "phase certificate: the other side refused this site's certificate: issued by an authority that it does not know");
  expect_unharmed({kA, kB, kC});
}

TEST_F(BadHands, AViewerWhoTriesToStopTheRun) {
  start_all();
  EXPECT_THAT(told_to("viewer", "viewer"),
              AllOf(HasSubstr("site a (" + address_[0] + "), phase visit: refused: a viewer may look at the run, and not stop"),
                    HasSubstr("; use the operator's certificate")));
  EXPECT_TRUE(says(kA, "refused a connection: viewer (127.0.0.1:"));
  EXPECT_THAT(refusal_at("a"), HasSubstr("phase visit: refused: a viewer may look"));
  EXPECT_TRUE(events("a", "run.stopping").empty());
  expect_unharmed({kA, kB, kC});
}

TEST_F(BadHands, ASitesCertificateIsNotAnOperators) {
  folder_.write("a/" + kKeys + "b.pem", folder_.read("b/" + kKeys + "b.pem"));
  start_all();
  EXPECT_THAT(told_to("b", "site"), HasSubstr("phase visit: refused: a stream begins with one hello and waits for the answer"));
  EXPECT_TRUE(says(kA, "refused a connection: site b (127.0.0.1:"));
  EXPECT_TRUE(events("a", "run.stopping").empty());
  expect_unharmed({kA, kB, kC});
}

TEST_F(BadHands, ASiteThatReturnsWithOtherData) {
  start_all();
  children_->signal(kC, SIGKILL);
  EXPECT_TRUE(says(kA, "view 2 from version "));
  folder_.write("c/text.txt", folder_.read("c/text.txt") + "and one line more\n");
  const std::string error = error_of(start("c", "c", {"--resume"}));
  EXPECT_THAT(error, AllOf(HasSubstr("), phase hello: refused this site: the training data have hash "),
                           HasSubstr("give every site the same files and tokenizer")));
  expect_refused("refused a connection: site c (127.0.0.1:");
  expect_unharmed({kA, kB});
}

}  // namespace
}  // namespace intertie::tests
