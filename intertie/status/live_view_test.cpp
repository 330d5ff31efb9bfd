#include "intertie/status/live_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intertie/status/live_records_fixture.h"

namespace intertie::status {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const LiveFoot kFoot{.chosen = 1,
                     .question = "",
                     .keys = {{"1-3", "select"}, {"k", "kill"}, {"r", "bring back"}, {"c", "cut/mend link"}, {"q", "stop"}}};

LiveModel busy_model() {
  LiveModel model({"ashburn", "columbus", "quincy"});
  for (const char* site : {"ashburn", "columbus", "quincy"}) model.take(started_record(site));
  for (const char* site : {"ashburn", "columbus", "quincy"}) model.take(view_record(site, 1, "ashburn,columbus,quincy"));
  for (const char* site : {"ashburn", "columbus"}) model.take(progress_record(site, 150, 60));
  model.take(measured_record("ashburn", "columbus", 94.13, 20.14));
  model.take(measured_record("columbus", "ashburn", 93.9, 20.2));
  model.take(measured_record("ashburn", "quincy", 95, 41));
  model.take(link_record("columbus", "quincy", "relayed", "ashburn", "silent for 0.5 s"));
  model.set_cut(1, 2, true);
  model.say(std::chrono::seconds(62), "the link columbus - quincy is cut");
  model.set_running(2, false, "killed");
  return model;
}

std::vector<std::string> text_lines(const LiveRun& run, LiveSize size, LiveLook look = {.colour = false, .unicode = true},
                                    const LiveFoot& foot = kFoot) {
  std::vector<std::string> lines;
  for (const LiveLine& line : render(run, foot, std::chrono::seconds(70), size, look)) {
    lines.push_back(terminal_text(line, look.colour));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return text;
}

TEST(LiveView, ShowsTheRunSitesLinksEventsAndKeys) {
  EXPECT_EQ(joined(text_lines(busy_model().run(), {100, 18})),
            R"(three-states  diloco  3 sites  links are emulated                                               1:10
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━─────────────────────────────────── step 150/300  50 %  ETA 1:10
version 0   view 1   57.6 k tokens

    site                    step   loss  tokens/s  time                      comp  wait  enc
 1  ashburn   member         150  2.213    5.12 k  ██████████████████▒▒▒▒▒▓  75 %  20 %  5 %
>2  columbus  member         150  2.213    5.12 k  ██████████████████▒▒▒▒▒▓  75 %  20 %  5 %
 3  quincy    away: killed     0      -         -                               -     -    -

   link                        Mbit/s there / back  round trip
   ashburn - columbus  direct          94.1 / 93.9     20.1 ms
   ashburn - quincy    -                     - / -           -
   columbus - quincy   cut                   - / -           -

   0:00  view 1 from version 12 on: ashburn, columbus, quincy
   0:00  columbus reaches quincy over ashburn: silent for 0.5 s
   1:02  the link columbus - quincy is cut
1-3 select  k kill  r bring back  c cut/mend link  q stop
)");
}

TEST(LiveView, NarrowTerminalsKeepWhatMattersMost) {
  const auto lines = text_lines(busy_model().run(), {40, 15});
  EXPECT_THAT(lines, Contains(HasSubstr("step 150/300  50 %  ETA 1:10")));
  EXPECT_THAT(lines, Contains(HasSubstr(" 1  ashburn   member         150  2.213"))) << joined(lines);
  EXPECT_THAT(lines, Contains(HasSubstr(" 3  quincy    away: killed     0      -")));
  EXPECT_THAT(lines, Contains(HasSubstr("columbus - quincy   cut")));
  EXPECT_THAT(lines, Contains(HasSubstr("   1:02  the link columbus - quincy is")));
  EXPECT_THAT(lines, Contains(HasSubstr("1-3 select  k kill  r bring back"))) << "the keys take two lines";
  EXPECT_THAT(lines, Contains(HasSubstr("c cut/mend link  q stop")));
}

TEST(LiveView, FewRowsKeepTheSites) {
  const auto lines = text_lines(busy_model().run(), {80, 6});
  ASSERT_EQ(lines.size(), 6U) << joined(lines);
  for (const char* site : {"ashburn", "columbus", "quincy"}) EXPECT_THAT(lines, Contains(HasSubstr(site)));
  EXPECT_THAT(text_lines(busy_model().run(), {80, 1}), Contains(HasSubstr("step 150/300")));
}

TEST(LiveView, NoLineIsTooWideAndNoneTooManyInAnySize) {
  const LiveModel model = busy_model();
  for (const int width : {1, 2, 9, 20, 39, 40, 41, 60, 79, 80, 100, 130}) {
    for (const int height : {1, 2, 3, 5, 7, 8, 9, 12, 14, 15, 18, 24, 40}) {
      for (const bool unicode : {true, false}) {
        const auto lines = render(model.run(), kFoot, {}, {width, height}, {.colour = true, .unicode = unicode});
        ASSERT_LE(lines.size(), static_cast<std::size_t>(height)) << width;
        for (const LiveLine& line : lines) ASSERT_LE(columns_of(line), width) << height << " " << terminal_text(line, false);
      }
    }
  }
}

TEST(LiveView, AsManyEventsAsFitAndTheNewest) {
  LiveModel model = busy_model();
  for (int i = 0; i < 100; ++i) model.say(std::chrono::seconds(100 + i), "happening " + std::to_string(i));
  const auto lines = text_lines(model.run(), {80, 30});
  EXPECT_EQ(lines.size(), 30U);
  EXPECT_THAT(lines[27], HasSubstr("   3:19  happening 99"));
  EXPECT_THAT(lines[16], HasSubstr("happening 88"));
  EXPECT_EQ(lines[28], "") << "the keys stand apart";
}

TEST(LiveView, WithoutColourThereIsNoEscape) {
  EXPECT_THAT(joined(text_lines(busy_model().run(), {80, 24})), Not(HasSubstr("\x1b")));
  const std::string coloured = joined(text_lines(busy_model().run(), {80, 24}, {.colour = true, .unicode = true}));
  EXPECT_THAT(coloured, HasSubstr("\x1b[1;31maway: killed\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[7mcolumbus\x1b[0m")) << "the chosen site";
}

TEST(LiveView, AsciiIsEnoughWhereTheTerminalKnowsNoMore) {
  const std::string text = joined(text_lines(busy_model().run(), {60, 24}, {.colour = false, .unicode = false}));
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < '\x7f')) << text;
  EXPECT_THAT(joined(text_lines(busy_model().run(), {90, 24}, {.colour = false, .unicode = false})), HasSubstr("#########--+"));
}

TEST(LiveView, WordsOfStrangersReachNoTerminal) {
  LiveModel model({"ashburn"});
  model.take(started_record("ashburn"));
  model.take(live_record("ashburn", "connection.refused", {{"message", words("evil \x1b[2J\x07\r\nname\xff")}}));
  model.say({}, "also \x1b]0;title\x07");
  const std::string text = joined(text_lines(model.run(), {80, 24}));
  EXPECT_THAT(text, HasSubstr("evil ?[2J???name?"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
}

TEST(LiveView, ALinkThatIsCutAndRelayedSaysBoth) {
  LiveModel model({"ashburn", "columbus", "quincy"});
  model.take(link_record("ashburn", "columbus", "relayed", "quincy", "silent"));
  EXPECT_THAT(text_lines(model.run(), {80, 24}), Contains(HasSubstr("ashburn - columbus  over quincy")));
  model.set_cut(0, 1, true);
  EXPECT_THAT(text_lines(model.run(), {80, 24}), Contains(HasSubstr("ashburn - columbus  cut, over quincy")));
}

TEST(LiveView, OfManyLinksThoseThatNeedLookingAtComeFirst) {
  std::vector<std::string> names;
  for (char c = 'a'; c < 'i'; ++c) names.emplace_back(1, c);
  LiveModel model(names);
  model.take(link_record("g", "h", "cut", "", "silent"));
  const auto lines = text_lines(model.run(), {80, 24});
  EXPECT_EQ(lines.size(), 24U);
  EXPECT_THAT(lines, Contains(HasSubstr("   g - h  cut")));
  EXPECT_THAT(lines, Contains(HasSubstr("   a - b  -")));
}

TEST(LiveView, OfManySitesTheChosenOneIsAmongThoseShown) {
  std::vector<std::string> names;
  for (int i = 1; i <= 20; ++i) names.push_back("site" + std::to_string(i));
  const LiveModel model(names);
  for (const int height : {2, 10, 21, 22, 40}) {
    for (std::size_t chosen = 0; chosen < names.size(); ++chosen) {
      LiveFoot foot = kFoot;
      foot.chosen = chosen;
      const auto lines = text_lines(model.run(), {80, height}, {.colour = false, .unicode = true}, foot);
      EXPECT_EQ(static_cast<int>(lines.size()), height);
      EXPECT_THAT(lines, Contains(HasSubstr(">" + std::to_string(chosen + 1) + " "))) << height << " rows, site " << chosen + 1;
    }
  }
}

TEST(LiveView, WithoutNewsThereIsNoTimeToTheEnd) {
  LiveModel model({"ashburn"});
  model.take(progress_record("ashburn", 150, 51));
  EXPECT_THAT(text_lines(model.run(), {80, 24})[1], HasSubstr("ETA 1:01"));
  LiveModel silent({"ashburn"});
  silent.take(progress_record("ashburn", 150, 45));
  EXPECT_THAT(text_lines(silent.run(), {80, 24})[1], Not(HasSubstr("ETA")));
}

TEST(LiveView, TheBeginningAndTheEnd) {
  const LiveModel nothing({"a", "b"});
  const auto first = text_lines(nothing.run(), {80, 24});
  EXPECT_THAT(first[0], HasSubstr("the sites start  2 sites"));
  EXPECT_THAT(first[1], HasSubstr(" step -"));
  LiveModel model = busy_model();
  model.take(progress_record("ashburn", 300, 70));
  const auto last = text_lines(model.run(), {80, 24}, {.colour = false, .unicode = true}, {});
  EXPECT_THAT(last[1], HasSubstr("step 300/300  100 %"));
  EXPECT_THAT(joined(last), Not(HasSubstr("ETA")));
  EXPECT_THAT(joined(last), Not(HasSubstr("k kill"))) << "no keys are left";
}

}  // namespace
}  // namespace intertie::status
