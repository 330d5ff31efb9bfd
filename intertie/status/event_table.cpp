#include "intertie/status/event_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::status {
namespace {

using enum FieldType;

// Fields that more than one event has.
const FieldDoc kStep{"step", integer, "steps", "Inner steps that were done in the run."};
const FieldDoc kTokens{"tokens", integer, "tokens", "Counted by the run, over all sites."};
const FieldDoc kPeer{"peer", text, "", "The other site."};
const FieldDoc kVersion{"version", integer, "", "Of the anchor: how many merges were applied."};
const FieldDoc kSeconds{"seconds", number, "s", "How long it took."};
const FieldDoc kComputing{"computing", number, "", "Share of the time in which the site computed steps."};
const FieldDoc kWaiting{"waiting", number, "", "Share of the time in which it waited for other sites."};
const FieldDoc kEncoding{"encoding", number, "", "Share of the time in which it encoded, decoded and summed."};
const FieldDoc kSent{"bytes_sent", integer, "B", "Payload sent to other sites since the start."};
const FieldDoc kReceived{"bytes_received", integer, "B", "Payload received from other sites since the start."};

EventDoc site_started() {
  return {"site.started",
          "The site has read its run file and data, and looks for the others.",
          {{"run", text, "", "Name of the run."},
           {"method", text, "", "synchronous or diloco."},
           {"num_sites", integer, "", "Sites of the run."},
           {"num_steps", integer, "steps", "Inner steps that the run takes."},
           {"tokens_per_step", integer, "tokens", "Over all sites."},
           {"threads", integer, "", "CPU threads of this site."},
           {"agreement", text, "", "Hash of what all sites agree on."},
           {"data", text, "", "Hash of the text."},
           {"emulated", flag, "", "Links are emulated on this machine."},
           {"paced", flag, "", "The site's steps are paced."}}};
}

EventDoc run_finished() {
  return {"run.finished",
          "The site is done. Shares are of the whole time since the run began here.",
          {kVersion,
           kTokens,
           {"complete", flag, "", "The run reached its end, and did not stop before."},
           {"loss", number, "nats/token", "Training loss of the last step, over this site's samples."},
           {"validation_loss", number, "nats/token", "Of the last evaluation at this site; null if there was none."},
           kSeconds,
           kComputing,
           kEncoding,
           kWaiting,
           kSent,
           kReceived,
           {"parameters", text, "", "Hash of the final parameters."}}};
}

std::vector<EventDoc> run_events() {
  return {
      {"log.opened",
       "The first line of a log, and again when a later start appends to it.",
       {{"schema", integer, "", "Version of this page's table."}, {"program", text, "", "Name and version."}}},
      site_started(),
      {"run.started",
       "All sites are connected and the run begins, or goes on from a checkpoint.",
       {kVersion,
        {"last_version", integer, "", "The run ends with it."},
        {"restart", integer, "", "How often the run was resumed."},
        {"incarnation", integer, "", "How often this site was started."},
        {"parameters", integer, "", "Of the model."},
        {"model", text, "", "What computes: model, device, precision, threads."}}},
      {"progress",
       "Once an interval. Shares and rates are of the interval.",
       {kStep,
        {"steps", integer, "steps", "Inner steps that the run takes."},
        kVersion,
        {"loss", number, "nats/token", "Training loss of the last step, over this site's samples."},
        kTokens,
        {"tokens_per_second", number, "tokens/s", "Of the run, over all sites."},
        kComputing,
        kEncoding,
        kWaiting}},
      {"evaluation",
       "The loss on held-out text, at the site that evaluates.",
       {kVersion,
        kStep,
        kTokens,
        {"samples", integer, "", "Sequences that it is a mean of."},
        {"loss", number, "nats/token", "Mean validation loss."}}},
      {"run.stopping",
       "Someone asked to stop; the run goes on to the named version, writes a checkpoint and ends.",
       {kVersion, {"reason", text, "", "Who asked, and how."}}},
      run_finished(),
      {"error",
       "Something is wrong; the site ends, or goes on where it can.",
       {{"message", text, "", "Where, what, and what to do."}}},
  };
}

std::vector<EventDoc> link_events() {
  return {
      {"site.connected", "The links to another site are up and both agree.", {kPeer}},
      {"link.measured",
       "Once an interval and link.",
       {kPeer,
        {"mbit_per_second", number, "Mbit/s", "Payload sent to the peer, over the time in which something was to be sent."},
        {"rtt_ms", number, "ms", "Round trip, smoothed."},
        kSent,
        kReceived}},
      {"merge.committed",
       "One agreed update of one fragment was applied.",
       {{"fragment", integer, "", "Of the model; 0 when it is merged whole."},
        kVersion,
        {"steps", integer, "steps", "Inner steps since the merge before."},
        {"tokens", integer, "tokens", "Of these steps, over all sites."},
        {"loss", number, "nats/token", "Mean training loss of these steps at this site."},
        {"gradient_norm", number, "", "Mean over these steps, before clipping."},
        {"learning_rate", number, "", "Of the last step."},
        {"computing", number, "s", "Time in which this site computed steps."},
        {"encoding", number, "s", "Time in which it encoded, decoded and summed."},
        {"waiting", number, "s", "Time in which it waited for other sites."}}},
      {"checkpoint.written",
       "This site's part of a checkpoint is on disk.",
       {kVersion, {"bytes", integer, "B", "Its size."}, kSeconds, {"folder", text, "", "Where."}}},
      {"checkpoint.complete", "Every site's part is on disk: the run can be resumed from it.", {kVersion}},
  };
}

const char* to_string(FieldType type) {
  switch (type) {
    case flag: return "true or false";
    case integer: return "whole number";
    case number: return "number";
    case text: return "text";
  }
  return "";
}

const FieldDoc* find_field(const EventDoc& event, const std::string& name) {
  const auto at = std::find_if(event.fields.begin(), event.fields.end(), [&](const FieldDoc& f) { return f.name == name; });
  return at == event.fields.end() ? nullptr : &*at;
}

const Event::Value* find_value(const Event& event, const std::string& name) {
  const auto at = std::find_if(event.fields.begin(), event.fields.end(), [&](const auto& f) { return f.first == name; });
  return at == event.fields.end() ? nullptr : &at->second;
}

}  // namespace

const std::vector<EventDoc>& event_table() {
  static const std::vector<EventDoc> table = [] {
    std::vector<EventDoc> events = run_events();
    for (EventDoc& event : link_events()) events.push_back(std::move(event));
    return events;
  }();
  return table;
}

std::string fault_of(const Event& event) {
  const auto& table = event_table();
  const auto doc = std::find_if(table.begin(), table.end(), [&](const EventDoc& e) { return e.name == event.name; });
  if (doc == table.end()) return fmt::format("event {} is not in the table", event.name);
  for (const auto& [name, value] : event.fields) {
    const FieldDoc* field = find_field(*doc, name);
    if (!field) return fmt::format("field {} of {} is not in the table", name, event.name);
    // The types are declared in the order of the variant's alternatives.
    if (static_cast<std::size_t>(field->type) != value.index()) {
      return fmt::format("field {} of {} must be a {}", name, event.name, to_string(field->type));
    }
  }
  for (const FieldDoc& field : doc->fields) {
    if (!find_value(event, field.name)) return fmt::format("field {} of {} is missing", field.name, event.name);
  }
  return {};
}

std::string events_page() {
  std::string page = fmt::format(R"(# The event log

Each site writes `events.jsonl` into its folder of the run: one JSON object a line, appended to when a run is resumed. This page is
generated (`intertie docs events`); the table's version is {}, written into the log's first line.

Every line has `time` (wall clock, UTC), `seconds` (since the site's program started), `site`, `event`, and the event's own fields.
A number that is not finite is written as `null`. Shares are between 0 and 1.
)",
                                 kEventSchema);
  for (const EventDoc& event : event_table()) {
    page += fmt::format("\n## {}\n\n{}\n\n| field | type | unit | meaning |\n|---|---|---|---|\n", event.name, event.meaning);
    for (const FieldDoc& field : event.fields) {
      page += fmt::format("| `{}` | {} | {} | {} |\n", field.name, to_string(field.type), field.unit, field.meaning);
    }
  }
  return page;
}

double number_of(const Event& event, const std::string& field) {
  const Event::Value* value = find_value(event, field);
  if (const auto* number_value = value ? std::get_if<double>(value) : nullptr) return *number_value;
  return static_cast<double>(integer_of(event, field));
}

std::string text_of(const Event& event, const std::string& field) {
  const Event::Value* value = find_value(event, field);
  const auto* text_value = value ? std::get_if<std::string>(value) : nullptr;
  return text_value ? *text_value : std::string();
}

std::int64_t integer_of(const Event& event, const std::string& field) {
  const Event::Value* value = find_value(event, field);
  const auto* integer_value = value ? std::get_if<std::int64_t>(value) : nullptr;
  return integer_value ? *integer_value : 0;
}

bool flag_of(const Event& event, const std::string& field) {
  const Event::Value* value = find_value(event, field);
  const auto* flag_value = value ? std::get_if<bool>(value) : nullptr;
  return flag_value && *flag_value;
}

}  // namespace intertie::status
