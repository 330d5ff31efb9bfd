#include "intertie/status/event_history.h"

#include <algorithm>
#include <set>
#include <utility>

#include "intertie/status/event_table.h"

namespace intertie::status {
namespace {

// The event, and whom it concerns; empty for those that no view of the run is made of.
std::string subject_of(const Event& event) {
  static const std::set<std::string_view> shown = {
      "run.started",         "run.resumed",  "run.stopping",  "run.finished",   "progress",       "evaluation",
      "view.entered",        "join.began",   "join.finished", "site.leaving",   "site.fenced",    "site.left",
      "checkpoint.complete", "link.changed", "link.measured", "site.connected", "merge.committed"};
  return shown.count(event.name) != 0 ? event.name + " " + text_of(event, "peer") : std::string();
}

}  // namespace

void EventHistory::add(const Record& record, std::string line) {
  bytes_ += line.size();
  newest_.push_back({.number = next_number_++, .about = subject_of(record.event), .text = std::move(line)});
  while (bytes_ > most_bytes_ && newest_.size() > 1) forget_oldest();
}

void EventHistory::forget_oldest() {
  Line oldest = std::move(newest_.front());
  newest_.pop_front();
  bytes_ -= oldest.text.size();
  if (oldest.about.empty()) return;
  std::string about = oldest.about;
  last_words_.insert_or_assign(std::move(about), std::move(oldest));
}

std::vector<std::string> EventHistory::lines() const {
  std::vector<const Line*> all;
  for (const auto& [about, line] : last_words_) all.push_back(&line);
  std::sort(all.begin(), all.end(), [](const Line* a, const Line* b) { return a->number < b->number; });
  for (const Line& line : newest_) all.push_back(&line);
  std::vector<std::string> texts;
  texts.reserve(all.size());
  for (const Line* line : all) texts.push_back(line->text);
  return texts;
}

}  // namespace intertie::status
