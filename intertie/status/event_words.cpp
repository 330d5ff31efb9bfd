#include "intertie/status/event_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "intertie/status/event_table.h"
#include "intertie/status/figures.h"

namespace intertie::status {
namespace {

std::string why(const Event& event, const char* field) {
  const std::string reason = text_of(event, field);
  return reason.empty() ? "" : ": " + reason;
}

std::string names(const Event& event, const char* field) { return fmt::format("{}", fmt::join(names_of(event, field), ", ")); }

std::string seconds(const Event& event) { return seconds_to_string(number_of(event, "seconds")); }

std::string percent(const Event& event, const char* field) { return fixed(100 * number_of(event, field), 0) + " %"; }

std::string version(const Event& event) { return fmt::format("version {}", integer_of(event, "version")); }

std::string lost_tokens(const Event& event) { return amount_to_string(number_of(event, "lost_tokens")) + " tokens"; }

std::string shares(const Event& event) {
  return fmt::format("computing {} waiting {} encoding {}", percent(event, "computing_share"), percent(event, "waiting_share"),
                     percent(event, "encoding_share"));
}

std::string progress(const Event& event) {
  const double step = number_of(event, "step");
  const double steps = std::max(1.0, number_of(event, "num_steps"));
  return fmt::format("step {}/{} {:3.0f} %  loss {}  {} tokens/s  {}", step, steps, 100 * step / steps,
                     fixed(number_of(event, "loss"), 3), amount_to_string(number_of(event, "tokens_per_second")),
                     shares(event));
}

std::string details_of_start(const Event& event) {
  return fmt::format(" {}: {}, {} steps, {}{}{}", text_of(event, "run"), text_of(event, "trainer"),
                     integer_of(event, "num_steps"), text_of(event, "method"),
                     flag_of(event, "emulated") ? ", links are emulated" : "",
                     flag_of(event, "paced") ? ", steps are paced" : "");
}

// Only the site that evaluates knows the validation loss.
std::string details_of_end(const Event& event) {
  const double loss = number_of(event, "validation_loss");
  return fmt::format(": {}{}, {}, parameters {}", std::isfinite(loss) ? fmt::format("validation loss {:.4f}, ", loss) : "",
                     seconds(event), shares(event), text_of(event, "parameters_hash"));
}

std::string words_of_run(const Event& event) {
  if (event.name == "run.started") return "starts";
  if (event.name == "run.resumed") return fmt::format("goes on from step {}", integer_of(event, "step"));
  if (event.name == "run.stopping") return fmt::format("the run stops at {}{}", version(event), why(event, "reason"));
  if (event.name == "run.finished") {
    const char* how = flag_of(event, "complete") ? "is done" : flag_of(event, "left") ? "has left" : "has stopped";
    return fmt::format("{} at step {}", how, integer_of(event, "step"));
  }
  if (event.name == "progress") return progress(event);
  if (event.name == "evaluation") {
    return fmt::format("step {}  validation loss {}", integer_of(event, "step"), fixed(number_of(event, "loss"), 4));
  }
  if (event.name == "checkpoint.complete") return fmt::format("checkpoint {} is complete", integer_of(event, "version"));
  if (event.name == "warning") return "warning" + why(event, "message");
  if (event.name == "error") return "ends with an error" + why(event, "message");
  return {};
}

std::string words_of_link(const Event& event) {
  const std::string peer = text_of(event, "peer");
  if (event.name == "start.waiting") {
    return fmt::format("listens on {} and waits{}", text_of(event, "listening"), why(event, "message"));
  }
  if (event.name == "site.connected") {
    return fmt::format("is connected to {} at {}: {} streams, {}", peer, text_of(event, "address"),
                       integer_of(event, "streams"), text_of(event, "congestion_control"));
  }
  if (event.name == "connection.refused") return "refused a connection" + why(event, "message");
  if (event.name == "link.changed") {
    const std::string state = text_of(event, "state");
    if (state == "relayed") return fmt::format("reaches {} over {}{}", peer, text_of(event, "relay"), why(event, "message"));
    if (state == "cut") return fmt::format("has no way to {}{}", peer, why(event, "message"));
    return fmt::format("reaches {} directly again", peer);
  }
  if (event.name == "path.changed") {
    return fmt::format("path {} to {} is {}{}", integer_of(event, "path"), peer, text_of(event, "state"),
                       why(event, "message"));
  }
  if (event.name == "store.away") return fmt::format("cannot reach the store at {}{}", peer, why(event, "message"));
  if (event.name == "store.back") return fmt::format("reaches the store at {} again, after {}", peer, seconds(event));
  return {};
}

// A merge that was completed as it would have been anyway is none of a person's business.
std::string words_of_order(const Event& event) {
  const std::vector<std::string> without = names_of(event, "without");
  const std::vector<std::string> saved = names_of(event, "saved");
  if (without.empty() && saved.empty()) return {};
  std::string words = fmt::format("the open merge to {} is completed", version(event));
  if (!without.empty()) words += fmt::format(" without {}", fmt::join(without, ", "));
  if (!saved.empty()) {
    words +=
        fmt::format("{} with what {} had contributed before the end", without.empty() ? "" : ", but", fmt::join(saved, ", "));
  }
  return words;
}

std::string words_of_fence(const Event& event) {
  std::string out = fmt::format("was taken out of the members while it lived (view {})", integer_of(event, "view"));
  if (integer_of(event, "lost_tokens") <= 0) return out;
  return fmt::format("{} and gives up the {} that it trained on meanwhile", out, lost_tokens(event));
}

std::string words_of_members(const Event& event) {
  if (event.name == "view.entered") {
    const std::string reason = text_of(event, "reason");
    return fmt::format("view {} from version {} on: {}{}{}", integer_of(event, "view"), integer_of(event, "from_version"),
                       names(event, "members"), reason.empty() ? "" : "; ", reason);
  }
  if (event.name == "merge.ordered") return words_of_order(event);
  if (event.name == "samples.lost") {
    return fmt::format("{} of {} are in no merge ({})", lost_tokens(event), text_of(event, "peer"),
                       samples_in_words(names_of(event, "samples")));
  }
  if (event.name == "site.dies") return fmt::format("dies at {}, as planned: {}", version(event), text_of(event, "place"));
  if (event.name == "site.leaving") return "leaves the run" + why(event, "reason");
  if (event.name == "site.left") return fmt::format("{} has left the run{}", text_of(event, "peer"), why(event, "reason"));
  if (event.name == "site.fenced") return words_of_fence(event);
  if (event.name == "join.began") return fmt::format("fetches {} from {}", version(event), text_of(event, "donor"));
  if (event.name == "join.finished") {
    return fmt::format("holds {}: {} from {} in {}", version(event), bytes_to_string(number_of(event, "bytes")),
                       text_of(event, "donor"), seconds(event));
  }
  return {};
}

}  // namespace

const std::vector<EventKind>& event_kinds() {
  using enum Weight;
  constexpr bool kYes = true, kNo = false;
  static const std::vector<EventKind> kinds = {
      // name                lines view report of_run weight
      {"log.opened", kNo, kNo, kNo, kNo, usual},
      {"run.started", kYes, kNo, kYes, kNo, usual},
      {"run.resumed", kYes, kYes, kYes, kNo, notable},
      {"progress", kYes, kNo, kNo, kNo, usual},
      {"evaluation", kYes, kNo, kNo, kNo, usual},
      {"run.stopping", kYes, kYes, kYes, kYes, notable},
      {"site.leaving", kYes, kYes, kYes, kNo, notable},
      {"run.finished", kYes, kYes, kYes, kNo, usual},
      {"warning", kYes, kYes, kYes, kNo, notable},
      {"error", kNo, kNo, kYes, kNo, bad},  // whoever started the site is told of its end
      {"start.waiting", kYes, kYes, kNo, kNo, usual},
      {"site.connected", kYes, kNo, kNo, kNo, usual},
      {"connection.refused", kYes, kYes, kYes, kNo, usual},
      {"link.measured", kNo, kNo, kNo, kNo, usual},
      {"merge.committed", kNo, kNo, kNo, kNo, usual},
      {"checkpoint.written", kNo, kNo, kNo, kNo, usual},
      {"checkpoint.complete", kYes, kYes, kNo, kYes, usual},
      {"view.entered", kYes, kYes, kYes, kYes, notable},
      {"merge.ordered", kYes, kYes, kYes, kYes, notable},
      {"samples.lost", kYes, kYes, kYes, kYes, bad},
      {"link.changed", kYes, kYes, kYes, kNo, notable},
      {"path.changed", kYes, kYes, kYes, kNo, notable},
      {"flush.answered", kNo, kNo, kNo, kNo, usual},
      {"site.dies", kYes, kYes, kYes, kNo, bad},
      {"site.left", kYes, kYes, kYes, kYes, notable},
      {"site.fenced", kYes, kYes, kYes, kNo, bad},
      {"join.began", kYes, kYes, kYes, kNo, usual},
      {"join.finished", kYes, kYes, kYes, kNo, notable},
      {"store.away", kYes, kYes, kYes, kNo, bad},
      {"store.back", kYes, kYes, kYes, kNo, notable},
  };
  return kinds;
}

const EventKind& kind_of(const Event& event) {
  static const EventKind unknown{};
  const auto& kinds = event_kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const EventKind& kind) { return kind.name == event.name; });
  return found == kinds.end() ? unknown : *found;
}

Weight weight_of(const Event& event) {
  if (event.name == "link.changed" && text_of(event, "state") == "cut") return Weight::bad;
  return kind_of(event).weight;
}

std::string samples_in_words(const std::vector<std::string>& ranges) {
  if (ranges.size() < 4) return fmt::format("samples {}", fmt::join(ranges, ", "));
  return fmt::format("samples {} to {}, {} ranges", ranges.front(), ranges.back(), ranges.size());
}

std::string words_of(const Event& event) {
  std::string words = words_of_run(event);
  if (words.empty()) words = words_of_link(event);
  return words.empty() ? words_of_members(event) : words;
}

std::string detailed_words_of(const Event& event) {
  std::string words = words_of(event);
  if (event.name == "run.started") words += details_of_start(event);
  if (event.name == "run.finished") words += details_of_end(event);
  if (event.name == "run.resumed") words += fmt::format(" ({})", text_of(event, "checkpoint"));
  return words;
}

}  // namespace intertie::status
