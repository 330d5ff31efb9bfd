#include "intertie/site/launch_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intertie::site {
namespace {

using namespace std::chrono_literals;
using RequestKind = LaunchRequest::Kind;
using ::testing::HasSubstr;

Result<std::vector<ScriptLine>> parse(std::string_view text) {
  return parse_script(text, "script.txt", {"ashburn", "columbus", "dublin"});
}

std::string refused_line(std::string_view text) {
  const auto lines = parse(text);
  return lines ? "accepted" : lines.error().message();
}

LaunchScript script(std::string_view text) {
  auto lines = parse(text);
  EXPECT_TRUE(lines) << lines.error().message();
  return lines ? LaunchScript(std::move(*lines)) : LaunchScript();
}

TEST(LaunchScript, ReadsEveryForm) {
  const auto lines = parse(R"(
# a demonstration
at version 3 cut ashburn columbus
at 20s kill dublin   # dublin burns
  at 1.5 min mend columbus	ashburn
at +500 ms restore dublin
at version 8 leave columbus
at version 9 stop)");
  ASSERT_TRUE(lines) << lines.error().message();
  ASSERT_EQ(lines->size(), 6U);
  const auto& all = *lines;
  EXPECT_EQ(all[0].request, (LaunchRequest{RequestKind::cut, 0, 1}));
  EXPECT_EQ(std::get<AtVersion>(all[0].when).version, 3U);
  EXPECT_EQ(all[0].text, "script.txt:3: at version 3 cut ashburn columbus");
  EXPECT_EQ(all[1].request, (LaunchRequest{RequestKind::kill, 2, 0}));
  EXPECT_EQ(std::get<AtTime>(all[1].when).time, 20s);
  EXPECT_EQ(all[2].request, (LaunchRequest{RequestKind::mend, 1, 0}));
  EXPECT_EQ(std::get<AtTime>(all[2].when).time, 90s);
  EXPECT_FALSE(std::get<AtTime>(all[2].when).after_the_line_before);
  EXPECT_EQ(all[3].request, (LaunchRequest{RequestKind::restore, 2, 0}));
  EXPECT_EQ(std::get<AtTime>(all[3].when).time, 500ms);
  EXPECT_TRUE(std::get<AtTime>(all[3].when).after_the_line_before);
  EXPECT_EQ(all[4].request, (LaunchRequest{RequestKind::leave, 1, 0}));
  EXPECT_EQ(all[5].request.kind, RequestKind::stop);
}

TEST(LaunchScript, MistakesNameFileLineAndWhatIsValid) {
  EXPECT_THAT(refused_line("\n\nkill dublin"),
              HasSubstr("script.txt:3: \"kill\" begins no line; a line is: at version N, at TIME "));
  EXPECT_THAT(refused_line("10s cut ashburn columbus"), HasSubstr("script.txt:1: \"10s\" begins no line; a line is: at "));
  const std::string all = "what can be done: cut, mend, kill, restore, leave, stop";
  EXPECT_EQ(refused_line("at 3s burn dublin"), "script.txt:1: \"burn\" is nothing that can be done; " + all);
  EXPECT_EQ(refused_line("at version 3 burn dublin"), "script.txt:1: \"burn\" is nothing that can be done; " + all);
  EXPECT_EQ(refused_line("at +5 min dublin"), "script.txt:1: \"dublin\" is nothing that can be done; " + all);
  EXPECT_EQ(refused_line("at 3s kil dublin"), "script.txt:1: \"kil\" is nothing that can be done; " + all);
  for (const char* line : {"at", "at 3s", "at 3 s", "at version 3", "at +1.5 min"}) {
    EXPECT_THAT(refused_line(line), HasSubstr("script.txt:1: it is not said what shall happen; a line is: at version N"))
        << line;
  }
  EXPECT_EQ(refused_line("at kill dublin"), "script.txt:1: it is not said when; write at version 3, at 20s or at +5s");
  EXPECT_THAT(refused_line("at soon kill dublin"), HasSubstr("write at version 3, at 20s or at +5s"));
  EXPECT_EQ(refused_line("at +1001 d stop"), "script.txt:1: 1001 d is too long; write at most 1000 d");
  EXPECT_THAT(refused_line("at -3s kill dublin"), HasSubstr("script.txt:1: when?"));
  EXPECT_EQ(refused_line("at version x kill dublin"), "script.txt:1: a version is a whole number; write at version 3");
  EXPECT_EQ(refused_line("at version -3 kill dublin"), "script.txt:1: a version is a whole number; write at version 3");
  EXPECT_EQ(refused_line("at version kill dublin"), "script.txt:1: a version is a whole number; write at version 3");
  EXPECT_EQ(refused_line("at 3s cut dublin"), "script.txt:1: cut names 1 sites; write cut SITE SITE");
  EXPECT_EQ(refused_line("at 3s kill dublin ashburn"), "script.txt:1: kill names 2 sites; write kill SITE");
  EXPECT_EQ(refused_line("at 3s mend dublin dublin"), "script.txt:1: a link joins two sites; write mend SITE SITE");
  EXPECT_EQ(refused_line("at 3s kill dublim"), "script.txt:1: there is no site \"dublim\"; did you mean \"dublin\"?");
  EXPECT_EQ(refused_line("at 3s kill x"), "script.txt:1: there is no site \"x\"; the sites are ashburn, columbus, dublin");
}

TEST(LaunchScript, LinesAreSaidWithoutTheFolders) {
  const auto lines = parse_script("at 3s stop", "/some/where/script.txt", {"ashburn"});
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->front().text, "script.txt:1: at 3s stop");
  EXPECT_EQ(parse_script("at", "/some/where/script.txt", {"ashburn"}).error().where, "/some/where/script.txt:1");
}

TEST(LaunchScript, LinesComeInTheirOrderAtTheirTimes) {
  LaunchScript lines = script("at version 3 cut ashburn columbus\nat 2s kill dublin\nat +5s restore dublin");
  EXPECT_FALSE(lines.due(10s, 2)) << "the second line waits for the first";
  EXPECT_FALSE(lines.wakes_at());
  EXPECT_EQ(lines.due(11s, 4)->request.kind, RequestKind::cut);
  EXPECT_EQ(lines.wakes_at(), 2s);
  EXPECT_EQ(lines.due(11s, 4)->request.kind, RequestKind::kill);
  EXPECT_EQ(lines.wakes_at(), 16s);
  EXPECT_FALSE(lines.due(15s, 4));
  EXPECT_STREQ(lines.next()->text.c_str(), "script.txt:3: at +5s restore dublin");
  EXPECT_EQ(lines.due(16s, 4)->request.kind, RequestKind::restore);
  EXPECT_EQ(lines.next(), nullptr);
  EXPECT_FALSE(lines.due(99s, 99));
  EXPECT_FALSE(lines.wakes_at());
}

TEST(LaunchScript, AnEmptyOneIsOver) {
  EXPECT_EQ(script("# nothing\n\n").next(), nullptr);
  EXPECT_EQ(LaunchScript().next(), nullptr);
}

}  // namespace
}  // namespace intertie::site
