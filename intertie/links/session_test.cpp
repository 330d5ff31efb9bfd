#include "intertie/links/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "intertie/wire/frame.h"

namespace intertie::links {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::Envelope;
using wire::StreamClass;

constexpr Session::Way kFirst = 1;
constexpr Session::Way kSecond = 2;

// Messages that carry a number, one type for each class.
wire::Message numbered(StreamClass stream_class, std::uint64_t number) {
  switch (stream_class) {
    case StreamClass::control: return wire::StopAccepted{Version{number}};
    case StreamClass::merge:
      return wire::Chunk{.merge = {FragmentId{0}, Version{number}}, .payload = SharedBytes(std::vector<std::byte>(8))};
    default: return wire::StatePart{.number = number, .payload = SharedBytes(std::vector<std::byte>(8))};
  }
}

std::uint64_t number_of(const wire::Message& message) {
  if (const auto* control = std::get_if<wire::StopAccepted>(&message)) return control->version.value;
  if (const auto* merge = std::get_if<wire::Chunk>(&message)) return merge->merge.version.value;
  return std::get<wire::StatePart>(message).number;
}

// As it arrives: through a frame.
Envelope over_the_wire(const Envelope& envelope) {
  const wire::EncodedBody body = wire::encode_body(envelope);
  std::vector<std::byte> bytes = body.head;
  bytes.insert(bytes.end(), body.payload.view().begin(), body.payload.view().end());
  return std::get<Envelope>(*wire::decode_message(body.type, SharedBytes(std::move(bytes))));
}

class TwoEnds : public testing::Test {
 protected:
  TwoEnds() {
    lyon.begin(Incarnation{20});
    oslo.begin(Incarnation{10});
  }
  void push(StreamClass stream_class, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) lyon.push(stream_class, numbered(stream_class, number));
  }
  std::vector<Envelope> take(StreamClass stream_class, Session::Way way = kFirst) {
    std::vector<Envelope> taken;
    while (lyon.has_next(stream_class)) taken.push_back(over_the_wire(lyon.take_next(stream_class, way)));
    return taken;
  }
  std::vector<std::uint64_t> arrive(const Envelope& envelope) {
    const auto due = oslo.receive(envelope);
    EXPECT_TRUE(due) << due.error().message();
    std::vector<std::uint64_t> numbers;
    for (const wire::Message& message : *due) numbers.push_back(number_of(message));
    return numbers;
  }
  void acknowledge() {
    const auto envelope = oslo.acknowledgement();
    ASSERT_TRUE(envelope);
    const auto nothing = lyon.receive(over_the_wire(*envelope));
    ASSERT_TRUE(nothing);
    EXPECT_THAT(*nothing, IsEmpty());
  }

  Session lyon{SiteId{1}, Incarnation{10}, SiteId{2}};
  Session oslo{SiteId{2}, Incarnation{20}, SiteId{1}};
};

TEST_F(TwoEnds, ControlAndBulkAreDeliveredInOrderHoweverTheyCome) {
  for (const StreamClass stream_class : {StreamClass::control, StreamClass::bulk}) {
    push(stream_class, 1, 4);
    const std::vector<Envelope> sent = take(stream_class);
    EXPECT_THAT(arrive(sent[2]), IsEmpty());
    EXPECT_THAT(arrive(sent[1]), IsEmpty());
    EXPECT_THAT(arrive(sent[0]), ElementsAre(1, 2, 3));
    EXPECT_THAT(arrive(sent[3]), ElementsAre(4));
  }
}

TEST_F(TwoEnds, ChunksOfMergesAreDeliveredAsTheyCome) {
  push(StreamClass::merge, 1, 3);
  const std::vector<Envelope> sent = take(StreamClass::merge);
  EXPECT_THAT(arrive(sent[2]), ElementsAre(3));
  EXPECT_THAT(arrive(sent[0]), ElementsAre(1));
  EXPECT_THAT(arrive(sent[1]), ElementsAre(2));
}

TEST_F(TwoEnds, AClassDoesNotWaitForAnother) {
  push(StreamClass::control, 1, 2);
  push(StreamClass::bulk, 1, 1);
  const std::vector<Envelope> control = take(StreamClass::control);
  EXPECT_THAT(arrive(control[1]), IsEmpty());
  EXPECT_THAT(arrive(take(StreamClass::bulk)[0]), ElementsAre(1));
}

TEST_F(TwoEnds, WhatComesTwiceIsDroppedAndCounted) {
  push(StreamClass::control, 1, 2);
  push(StreamClass::merge, 1, 2);
  const std::vector<Envelope> control = take(StreamClass::control);
  const std::vector<Envelope> merge = take(StreamClass::merge);
  EXPECT_THAT(arrive(control[1]), IsEmpty());
  EXPECT_THAT(arrive(control[1]), IsEmpty()) << "while it is held";
  EXPECT_THAT(arrive(control[0]), ElementsAre(1, 2));
  EXPECT_THAT(arrive(control[0]), IsEmpty());
  EXPECT_THAT(arrive(merge[1]), ElementsAre(2));
  EXPECT_THAT(arrive(merge[1]), IsEmpty());
  EXPECT_THAT(arrive(merge[0]), ElementsAre(1));
  EXPECT_THAT(arrive(merge[1]), IsEmpty());
  EXPECT_EQ(oslo.num_duplicates(), 4U);
}

TEST_F(TwoEnds, OfAWayThatIsLostOnlyWhatWasNotAcknowledgedIsSentAgain) {
  push(StreamClass::merge, 1, 2);
  const std::vector<Envelope> first = take(StreamClass::merge, kFirst);
  push(StreamClass::merge, 3, 4);
  const std::vector<Envelope> second = take(StreamClass::merge, kSecond);
  EXPECT_EQ(lyon.unacknowledged(kFirst), 2U);
  EXPECT_EQ(lyon.unacknowledged(kSecond), 2U);
  arrive(first[0]);
  arrive(second[0]);
  acknowledge();
  EXPECT_EQ(lyon.num_acknowledged(), 2U);
  EXPECT_EQ(lyon.unacknowledged(kFirst), 1U);
  lyon.lost(kFirst);
  const std::vector<Envelope> again = take(StreamClass::merge, kSecond);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_THAT(arrive(again[0]), ElementsAre(2));
  EXPECT_EQ(lyon.unacknowledged(kFirst), 0U);
  EXPECT_EQ(lyon.unacknowledged(kSecond), 2U);
}

TEST_F(TwoEnds, WhatWasLostGoesBeforeWhatIsNew) {
  push(StreamClass::control, 1, 2);
  take(StreamClass::control, kFirst);
  push(StreamClass::control, 3, 3);
  lyon.lost(kFirst);
  std::vector<std::uint64_t> numbers;
  for (const Envelope& envelope : take(StreamClass::control)) numbers.push_back(envelope.number);
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
}

TEST_F(TwoEnds, AnAcknowledgementOfWhatWaitsToBeSentAgainTakesItBack) {
  push(StreamClass::merge, 1, 2);
  const std::vector<Envelope> sent = take(StreamClass::merge);
  arrive(sent[1]);
  lyon.lost(kFirst);
  acknowledge();
  std::vector<std::uint64_t> numbers;
  for (const Envelope& envelope : take(StreamClass::merge)) numbers.push_back(envelope.number);
  EXPECT_THAT(numbers, ElementsAre(1)) << "the second has come";
}

TEST_F(TwoEnds, AcknowledgementsHaveGaps) {
  push(StreamClass::control, 1, 5);
  push(StreamClass::merge, 1, 3);
  const std::vector<Envelope> control = take(StreamClass::control);
  const std::vector<Envelope> merge = take(StreamClass::merge);
  for (const std::size_t i : {0, 2, 4}) arrive(control[i]);
  arrive(merge[2]);
  const auto envelope = oslo.acknowledgement();
  ASSERT_TRUE(envelope);
  const Envelope came = over_the_wire(*envelope);
  EXPECT_EQ(came.number, 0U) << "it may be lost";
  const auto told = std::get<wire::Acknowledge>(*wire::decode_message(came.type, came.payload));
  EXPECT_EQ(told.control.next, 2U);
  EXPECT_THAT(told.control.beyond, ElementsAre(3, 5));
  EXPECT_EQ(told.merge.next, 1U);
  EXPECT_THAT(told.merge.beyond, ElementsAre(3));
  EXPECT_EQ(told.bulk.next, 1U);
  ASSERT_TRUE(lyon.receive(came));
  EXPECT_EQ(lyon.num_acknowledged(), 4U);
  EXPECT_EQ(lyon.unacknowledged(kFirst), 4U);
}

TEST_F(TwoEnds, NothingIsAcknowledgedTwiceButWhatCameAgainIs) {
  EXPECT_FALSE(oslo.acknowledgement()) << "nothing came";
  push(StreamClass::control, 1, 1);
  const Envelope sent = take(StreamClass::control)[0];
  arrive(sent);
  EXPECT_TRUE(oslo.acknowledgement());
  EXPECT_FALSE(oslo.acknowledgement());
  arrive(sent);
  EXPECT_TRUE(oslo.acknowledgement()) << "the first one was lost";
  EXPECT_TRUE(lyon.receive(over_the_wire(*[&] {
    arrive(sent);
    return oslo.acknowledgement();
  }())));
  EXPECT_FALSE(lyon.acknowledgement()) << "an acknowledgement is not acknowledged";
}

TEST_F(TwoEnds, AnotherStartDropsEverythingOfTheOneBefore) {
  push(StreamClass::control, 1, 3);
  const std::vector<Envelope> old = take(StreamClass::control);
  arrive(old[1]);
  Session again{SiteId{2}, Incarnation{21}, SiteId{1}};
  again.begin(Incarnation{10});
  lyon.begin(Incarnation{21});
  EXPECT_FALSE(lyon.has_next(StreamClass::control));
  EXPECT_EQ(lyon.unacknowledged(kFirst), 0U);
  lyon.lost(kFirst);
  EXPECT_FALSE(lyon.has_next(StreamClass::control));
  const auto dropped = again.receive(old[0]);
  ASSERT_TRUE(dropped);
  EXPECT_THAT(*dropped, IsEmpty()) << "it was meant for the start before";
  EXPECT_FALSE(again.acknowledgement());
  push(StreamClass::control, 7, 7);
  const Envelope fresh = take(StreamClass::control)[0];
  EXPECT_EQ(fresh.number, 1U);
  const auto due = again.receive(fresh);
  ASSERT_TRUE(due);
  ASSERT_EQ(due->size(), 1U);
  EXPECT_EQ(number_of((*due)[0]), 7U);
  // What the other side sent while it did not know is of nobody, and its acknowledgements are too.
  const auto late = oslo.acknowledgement();
  ASSERT_TRUE(late);
  ASSERT_TRUE(lyon.receive(over_the_wire(*late)));
  EXPECT_EQ(lyon.unacknowledged(kFirst), 1U);
}

TEST_F(TwoEnds, WithoutASessionNothingIsKept) {
  lyon.end();
  EXPECT_FALSE(lyon.is_open());
  push(StreamClass::control, 1, 1);
  EXPECT_FALSE(lyon.has_next(StreamClass::control));
  EXPECT_FALSE(lyon.acknowledgement());
}

TEST_F(TwoEnds, AMessageThatDoesNotParseIsAnError) {
  push(StreamClass::control, 1, 1);
  Envelope sent = take(StreamClass::control)[0];
  sent.payload = sent.payload.slice(0, sent.payload.size() - 1);
  const auto due = oslo.receive(sent);
  ASSERT_FALSE(due);
  EXPECT_EQ(due.error().code, ErrorCode::give_up);
}

TEST_F(TwoEnds, ANumberThatMakesNoSenseIsAnErrorAndNotRemembered) {
  push(StreamClass::control, 1, 1);
  Envelope sent = take(StreamClass::control)[0];
  sent.number = 0;
  const auto without = oslo.receive(sent);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().what, "a stopAccepted message has no number");
  sent.number = 65'537;
  const auto due = oslo.receive(sent);
  ASSERT_FALSE(due);
  EXPECT_EQ(due.error().code, ErrorCode::give_up);
  EXPECT_EQ(due.error().what, "message 65537 arrived where message 1 is due");
  sent.number = 65'536;
  EXPECT_THAT(arrive(sent), IsEmpty()) << "it may come";
  sent.number = 1;
  EXPECT_THAT(arrive(sent), ElementsAre(1));
  const auto envelope = oslo.acknowledgement();
  ASSERT_TRUE(envelope);
  const Envelope came = over_the_wire(*envelope);
  EXPECT_THAT(std::get<wire::Acknowledge>(*wire::decode_message(came.type, came.payload)).control.beyond, ElementsAre(65'536));
}

TEST_F(TwoEnds, NobodyIsFurtherAheadThanTheOtherCanRemember) {
  push(StreamClass::merge, 1, 65'600);
  const std::vector<Envelope> taken = take(StreamClass::merge);
  EXPECT_EQ(taken.size(), 65'536U);
  for (std::size_t i = 1; i < taken.size(); ++i) arrive(taken[i]);
  acknowledge();
  EXPECT_FALSE(lyon.has_next(StreamClass::merge)) << "the first is missing still";
  EXPECT_EQ(lyon.num_acknowledged(), 65'535U);
  arrive(taken[0]);
  acknowledge();
  EXPECT_EQ(take(StreamClass::merge).size(), 64U);
}

// Two sessions with three ways between them, each of which loses, repeats and reorders, and is given up now and then.
class BadWays {
 public:
  explicit BadWays(unsigned seed) : random_(seed) {
    ends_[0].session.begin(Incarnation{20});
    ends_[1].session.begin(Incarnation{10});
  }
  void run() {
    for (int step = 0; step < 2000; ++step) act(true);
    for (int step = 0; step < 100'000 && !done(); ++step) act(false);
  }
  bool done() const {
    return in_flight_.empty() && std::all_of(ends_.begin(), ends_.end(), [](const End& end) {
             bool idle = true;
             for (const StreamClass c : kAll) idle = idle && !end.session.has_next(c);
             for (Session::Way way = 0; way < kWays; ++way) idle = idle && end.session.unacknowledged(way) == 0;
             return idle;
           });
  }
  void check() const {
    for (std::size_t side = 0; side < 2; ++side) {
      for (const StreamClass c : kAll) {
        std::vector<std::uint64_t> got = ends_[side].got[static_cast<std::size_t>(c)];
        if (c == StreamClass::merge) std::sort(got.begin(), got.end());
        std::vector<std::uint64_t> wanted(ends_[1 - side].pushed[static_cast<std::size_t>(c)]);
        for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i + 1;
        EXPECT_EQ(got, wanted) << "class " << static_cast<int>(c) << " at " << side;
      }
    }
  }

 private:
  static constexpr std::array kAll = {StreamClass::control, StreamClass::merge, StreamClass::bulk};
  static constexpr Session::Way kWays = 3;
  struct End {
    Session session;
    std::array<std::uint64_t, 3> pushed{};
    std::array<std::vector<std::uint64_t>, 3> got;
  };
  struct InFlight {
    std::size_t to = 0;
    Session::Way way = 0;
    Envelope envelope;
  };

  void act(bool hostile) {
    const std::size_t side = random_() % 2;
    End& end = ends_[side];
    const auto c = kAll[random_() % 3];
    const auto way = static_cast<Session::Way>(random_() % kWays);
    switch (random_() % 8) {
      case 0:
      case 1:
        if (hostile) end.session.push(c, numbered(c, ++end.pushed[static_cast<std::size_t>(c)]));
        break;
      case 2:
      case 3:
        if (end.session.has_next(c)) send(1 - side, way, end.session.take_next(c, way), hostile);
        break;
      case 4:
        if (const auto told = end.session.acknowledgement()) send(1 - side, way, *told, hostile);
        break;
      case 5:
        if (random_() % 10 == 0 || !hostile) give_up(way);
        break;
      default: deliver(hostile); break;
    }
  }
  void send(std::size_t to, Session::Way way, const Envelope& envelope, bool hostile) {
    if (hostile && random_() % 4 == 0) return;
    in_flight_.push_back({to, way, over_the_wire(envelope)});
  }
  void deliver(bool hostile) {
    if (in_flight_.empty()) return;
    std::swap(in_flight_[random_() % in_flight_.size()], in_flight_.back());
    const InFlight next = in_flight_.back();
    if (!hostile || random_() % 4 > 0) in_flight_.pop_back();
    const auto due = ends_[next.to].session.receive(next.envelope);
    ASSERT_TRUE(due) << due.error().message();
    for (const wire::Message& message : *due) ends_[next.to].got[message_class(message)].push_back(number_of(message));
  }
  // Both ends say that it is lost; what is in flight on it may still come.
  void give_up(Session::Way way) {
    for (End& end : ends_) end.session.lost(way);
  }
  static std::size_t message_class(const wire::Message& message) {
    if (std::holds_alternative<wire::StopAccepted>(message)) return 0;
    return std::holds_alternative<wire::Chunk>(message) ? 1 : 2;
  }

  std::mt19937 random_;
  std::array<End, 2> ends_ = {End{Session(SiteId{1}, Incarnation{10}, SiteId{2}), {}, {}},
                              End{Session(SiteId{2}, Incarnation{20}, SiteId{1}), {}, {}}};
  std::vector<InFlight> in_flight_;
};

TEST(SessionOverBadWays, EverythingArrivesOnceAndInOrderWhereThatMatters) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    BadWays ways(seed);
    ways.run();
    EXPECT_TRUE(ways.done());
    ways.check();
  }
}

}  // namespace
}  // namespace intertie::links
