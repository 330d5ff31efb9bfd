#include "intertie/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "intertie/base/json_fields.h"

namespace intertie {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json parsed(std::string_view text) {
  const Result<Json> json = parse_json(text);
  EXPECT_TRUE(json) << text << ": " << (json ? "" : json.error().message());
  return json ? *json : Json();
}

TEST(Json, ReadsWhatItWrote) {
  const Json json = Json::object({{"null", Json()},
                                  {"truth", true},
                                  {"least", std::numeric_limits<std::int64_t>::min()},
                                  {"most", std::numeric_limits<std::uint64_t>::max()},
                                  {"half", 0.5},
                                  {"text", "\"\\\n\té😀"},
                                  {"list", Json::array({1, "two", Json::array()})},
                                  {"empty", Json::object()}});
  EXPECT_EQ(parsed(json.dump()), json);
  EXPECT_EQ(parsed(json.dump(2)), json);
}

TEST(Json, WritesTheOrderInWhichItWasMade) {
  Json json = Json::object({{"b", 1}});
  json.set("a", Json::array({-1, 2.5, false}));
  EXPECT_EQ(json.dump(), R"({"b":1,"a":[-1,2.5,false]})");
  EXPECT_EQ(json.dump(1), "{\n \"b\": 1,\n \"a\": [\n  -1,\n  2.5,\n  false\n ]\n}");
}

TEST(Json, WritesWhatJsonCannotHold) {
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).dump(), "null");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).dump(), "null");
  EXPECT_EQ(Json("a\xff").dump(), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(Json(std::optional<double>()).dump(), "null");
}

TEST(Json, GivesOnlyTheKindThatItIs) {
  const Json json = parsed(R"({"w": 7, "n": -7, "f": 7.0, "big": 18446744073709551615, "huge": 18446744073709551616,
                               "t": "7", "l": [7], "b": true})");
  EXPECT_EQ(json["w"].whole(), 7U);
  EXPECT_EQ(json["w"].integer(), 7);
  EXPECT_EQ(json["w"].number(), 7.0);
  EXPECT_EQ(json["n"].whole(), std::nullopt);
  EXPECT_EQ(json["n"].integer(), -7);
  EXPECT_EQ(json["n"].number(), -7.0);
  EXPECT_EQ(json["f"].integer(), std::nullopt);
  EXPECT_EQ(json["f"].number(), 7.0);
  EXPECT_EQ(json["big"].whole(), UINT64_MAX);
  EXPECT_EQ(json["big"].integer(), std::nullopt);
  EXPECT_EQ(json["huge"].whole(), std::nullopt) << "beyond 64 bits it is a floating-point number";
  EXPECT_EQ(json["t"].whole(), std::nullopt);
  EXPECT_EQ(json["t"].text() ? *json["t"].text() : "", "7");
  EXPECT_EQ(json["w"].text(), nullptr);
  EXPECT_EQ(json["b"].boolean(), true);
  EXPECT_EQ(json["w"].boolean(), std::nullopt);
  EXPECT_THAT(json["l"].items(), ElementsAre(Json(7)));
  EXPECT_TRUE(json["w"].items().empty() && json["l"].members().empty());
  EXPECT_TRUE(json["none"].is_null() && json["w"]["none"].is_null());
  EXPECT_TRUE(json.has("w") && !json.has("none") && !json["w"].has("w"));
}

TEST(Json, RefusesWithThePlaceAndTheReason) {
  const auto message = [](std::string_view text) {
    const Result<Json> json = parse_json(text);
    return json ? "read" : json.error().message();
  };
  EXPECT_THAT(message(""), HasSubstr("line 1, column 1"));
  EXPECT_THAT(message("{\"a\": 1,\n \"b\": }"), HasSubstr("line 2, column 7"));
  EXPECT_THAT(message("{} {}"), HasSubstr("line 1, column 4"));
  EXPECT_THAT(message("[1e999]"), HasSubstr("1e999"));
  EXPECT_THAT(message("\"\xff\""), HasSubstr("line 1, column 2"));
  EXPECT_THAT(message(R"({"a": 1, "b": 2, "a": 3})"), HasSubstr("\"a\" twice"));
}

TEST(Json, MessagesShowLittleOfTheText) {
  const std::string longest(200'000, 'x');
  for (const std::string& text :
       {"{\"a\": \"begun" + longest, "{\"a\": \"begun" + longest + "\xff\"}", "[1" + std::string(9999, '0') + "]",
        "{\"begun" + longest + "\": 1, \"begun" + longest + "\": 2}"}) {
    const std::string what = parse_json(text).error().what;
    EXPECT_LT(what.size(), 300U) << what.substr(0, 300);
    EXPECT_TRUE(what.find("begun") != what.npos || what.find("1000") != what.npos) << what;
  }
  for (const std::string text :
       {"\"a\nb\"", "\"a\x1b[2J", "\"a\x7f\xc2\x9b[2J", R"({"a\n\u001b": 1, "a\n\u001b": 2})", "\"a\xff"}) {
    const std::string what = parse_json(text).error().what;
    EXPECT_TRUE(std::all_of(what.begin(), what.end(), [](char c) { return c >= ' ' && c <= '~'; })) << what;
  }
}

TEST(Json, StopsAtTheDepth) {
  EXPECT_TRUE(parse_json("[[{}]]", 3));
  EXPECT_FALSE(parse_json("[[[[", 3));
  EXPECT_THAT(parse_json("[[[{}]]]", 3).error().message(), HasSubstr("nested deeper than 3"));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(JsonFields, RememberTheFirstThatIsWrong) {
  const Json json = parsed(R"({"text": "t", "hash": "00000000000000ff", "number": 256, "list": [1], "object": {"a": 1}})");
  std::string problem;
  JsonFields fields(json, problem);
  EXPECT_EQ(fields.text("text"), "t");
  EXPECT_EQ(fields.hash("hash"), Hash64{255});
  EXPECT_EQ(fields.number<std::uint16_t>("number"), 256);
  EXPECT_EQ(fields.array("list").size(), 1U);
  EXPECT_EQ(fields.object("object").size(), 1U);
  EXPECT_EQ(problem, "");
  fields.number<std::uint8_t>("number");
  EXPECT_EQ(problem, "\"number\" is missing or not what it should be");
  fields.text("none");
  EXPECT_THAT(problem, HasSubstr("\"number\""));
  for (const auto& read : std::vector<std::function<void(JsonFields&)>>{
           [](JsonFields& f) { f.text("number"); }, [](JsonFields& f) { f.hash("text"); },
           [](JsonFields& f) { f.array("object"); }, [](JsonFields& f) { f.object("list"); },
           [](JsonFields& f) { f.number<int>("text"); }}) {
    std::string other;
    JsonFields again(json, other);
    read(again);
    EXPECT_THAT(other, HasSubstr("is missing or not what it should be"));
  }
}

}  // namespace
}  // namespace intertie
