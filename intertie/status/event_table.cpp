#include "intertie/status/event_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace intertie::status {
namespace {

using enum FieldType;

// Fields that more than one event has.
const FieldDoc kStep{"step", integer, "steps", "Inner steps that the site has done in the run."};
const FieldDoc kTokens{"tokens", integer, "tokens", "Counted by the run, over all sites."};
const FieldDoc kPeer{"peer", text, "", "The other site."};
const FieldDoc kVersion{"version", integer, "", "Of the anchor."};
const FieldDoc kRestart{"restart", integer, "", "How often the run was resumed."};
const FieldDoc kSeconds{"seconds", number, "s", "How long it took."};
const FieldDoc kComputing{"computing_share", number, "", "Share of the time in which the site computed steps."};
const FieldDoc kWaiting{"waiting_share", number, "", "Share of the time in which it waited for other sites."};
const FieldDoc kEncoding{"encoding_share", number, "", "Share of the time in which it encoded, decoded and summed."};
const FieldDoc kSent{"bytes_sent", integer, "B", "Sent since the program's start, with frames and heartbeats, without TLS."};
const FieldDoc kReceived{"bytes_received", integer, "B",
                         "Received since the program's start, with frames and heartbeats, without TLS."};
const FieldDoc kRate{"tokens_per_second", number, "tokens/s", "Of this site."};

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<EventDoc> run_events() {
  return {
      {"log.opened",
       "The first line of a log, and again when a later start appends to it.",
       {{"schema", integer, "", "Version of this page's table."}, {"program", text, "", "Name and version."}}},
      {"run.started",
       "The site has read its run file and data and begins.",
       {{"run", text, "", "Name of the run."},
        {"method", text, "", "synchronous or diloco."},
        {"num_sites", integer, "", "Sites of the run."},
        {"num_steps", integer, "steps", "Inner steps that the run takes."},
        {"tokens_per_step", integer, "tokens", "Over all sites."},
        {"num_parameters", integer, "", "Of the model."},
        {"trainer", text, "", "What computes: model, device, precision, threads."},
        {"threads", integer, "", "CPU threads of this site."},
        {"agreement", text, "", "Hash of what all sites agree on."},
        {"data", text, "", "Hash of the text."},
        {"emulated", flag, "", "Links are emulated on this machine."},
        {"paced", flag, "", "The site's steps are paced."}}},
      {"run.resumed",
       "The run goes on from a checkpoint.",
       {kStep, kTokens, kVersion, kRestart, {"checkpoint", text, "", "Its folder."}}},
      {"progress",
       "Once an interval. All shares and rates are of the interval.",
       {kStep,
        {"num_steps", integer, "steps", "Inner steps that the run takes."},
        kTokens,
        {"loss", number, "nats/token", "Mean training loss."},
        {"lr", number, "", "Learning rate of the last step."},
        {"gradient_norm", number, "", "Of the last step, before clipping."},
        kRate,
        kComputing,
        kWaiting,
        kEncoding,
        {"eta_seconds", number, "s",
         "Time to the end of the run at this pace; null before a merge, and while the run stands."}}},
      {"evaluation",
       "The loss on held-out text.",
       {kStep,
        kTokens,
        {"loss", number, "nats/token", "Mean validation loss."},
        {"num_batches", integer, "", "How many batches it is a mean of."},
        kSeconds}},
      {"run.stopping",
       "Someone asked to stop; the run goes on to the named version, writes a checkpoint and ends.",
       {kStep, kVersion, {"reason", text, "", "Who asked, and how."}}},
      {"site.leaving",
       "Someone asked this site to leave: it does its part in what is open, writes a checkpoint and ends, and the others go "
       "on.",
       {{"reason", text, "", "Who asked, and how."}}},
      {"run.finished",
       "The site is done. Seconds, shares, rates and bytes are of all that its program has done since it took part: where it "
       "came back by itself, of the time before too, and of the pause.",
       {kStep,
        kTokens,
        {"complete", flag, "", "The run reached its end, and did not stop before."},
        {"left", flag, "", "The site left the run, and the others go on."},
        {"loss", number, "nats/token", "Mean training loss of the last interval."},
        {"validation_loss", number, "nats/token", "Of the last evaluation; null if there was none."},
        kSeconds,
        kRate,
        kComputing,
        kWaiting,
        kEncoding,
        kSent,
        kReceived,
        {"parameters_hash", text, "", "Hash of the final parameters."}}},
      {"warning", "Something that the run goes on with, but a person should know.", {{"message", text, "", "What and where."}}},
      {"error",
       "The site cannot go on and ends.",
       {{"code", text, "", "retry, reconfigure, give up, cancelled or store away."}, {"message", text, "", "What and where."}}},
  };
}

std::vector<EventDoc> link_events() {
  return {
      {"start.waiting",
       "Not all sites are connected yet. Two seconds after the start, and then once an interval.",
       {{"listening", text, "", "Where this site can be reached, host:port."},
        {"message", text, "", "Whom it waits for, and what the last attempt said."}}},
      {"site.connected",
       "The links to another site are up and both agree.",
       {kPeer,
        {"address", text, "", "host:port."},
        {"streams", integer, "", "TCP connections."},
        {"congestion_control", text, "", "What the operating system gave."}}},
      {"connection.refused",
       "Someone connected who is not a site of this run as it is now.",
       {{"message", text, "", "Who, and why."}}},
      {"link.measured",
       "Once an interval and link.",
       {kPeer,
        {"mbit_per_second", number, "Mbit/s",
         "Of the merge streams, over the time in which they had more than 64 KiB to send; null if that was below 1 ms."},
        {"rtt_ms", number, "ms", "The shortest of the last ten round trips; 0 before the first."},
        kSent,
        kReceived}},
      {"merge.committed",
       "One agreed update of one fragment was applied.",
       {{"fragment", integer, "", "Of the model; 0 when it is merged whole."},
        kVersion,
        kStep,
        {"set_size", integer, "sites", "How many contributions it contains."},
        {"set", text, "", "Whose contributions they are, in site order, separated by commas."},
        {"steps", integer, "steps", "Inner steps of each contribution."},
        {"merge_tokens", integer, "tokens", "That all contributions were trained on."},
        {"loss", number, "nats/token", "Mean training loss of this site's inner steps."},
        {"gradient_norm", number, "", "Mean over the inner steps, before clipping."},
        {"lr", number, "", "Inner learning rate of the last step."},
        {"seconds_computing", number, "s", "In the inner steps (and pacing)."},
        {"seconds_waiting", number, "s", "From the contribution's last byte handed over to the commit."},
        {"seconds_encoding", number, "s", "Outer gradient, encoding, outer optimiser."},
        {"duplicates", integer, "", "Chunks and headers that came again since the commit before, and were dropped."},
        {"bytes_sent", integer, "B", "Since the commit before, over all links, with frames and heartbeats, without TLS."},
        {"bytes_received", integer, "B", "Since the commit before, over all links, with frames and heartbeats, without TLS."}}},
      {"checkpoint.written",
       "This site's part of a checkpoint is on disk.",
       {kStep, kVersion, kRestart, {"folder", text, "", "Where."}, {"bytes", integer, "B", "Its size."}, kSeconds}},
      {"checkpoint.complete", "Every site's part is on disk: the run can be resumed from it.", {kVersion, kRestart}},
  };
}

std::vector<EventDoc> member_events() {
  return {
      {"view.entered",
       "The run begins, or its members have changed: from the named version on, merges are made by these sites.",
       {{"view", integer, "", "Number of the membership."},
        {"members", text, "", "Names of the sites, in site order, separated by commas."},
        {"num_members", integer, "sites", "How many they are."},
        {"from_version", integer, "", "The first version that they make."},
        {"reason", text, "", "Why the members changed."}}},
      {"merge.ordered",
       "A merge that a change of members found open is completed as the store's holder ordered.",
       {kVersion,
        {"order", text, "", "adopt: what a member has applied, or all together hold; re-sum: over the named contributions."},
        {"set", text, "", "Whose contributions it contains, separated by commas."},
        {"without", text, "", "Whose contributions it was to contain and does not, separated by commas."},
        {"saved", text, "", "Who of the set is no member any more, separated by commas."}}},
      {"samples.lost",
       "Samples that a site trained on, or was to train on, are in no merge, because it is gone. Whoever makes the merge says "
       "so.",
       {kPeer,
        kVersion,
        {"samples", text, "", "Their numbers, first-last, separated by commas."},
        {"lost_tokens", integer, "tokens", "How many tokens that is."}}},
      {"link.changed",
       "The way to another site is another one than before.",
       {kPeer,
        {"state", text, "", "direct, relayed, or cut: no way."},
        {"relay", text, "", "The member that relays; empty if none does."},
        {"message", text, "", "What ended the direct way; empty if it is there again, or nothing did."}}},
      {"path.changed",
       "A path of a link that has several is up or down, while another one is up.",
       {kPeer,
        {"path", integer, "", "Its place among the link's paths in the run file, from 0."},
        {"state", text, "", "up or down."},
        {"message", text, "", "Why it is down; empty if it is up."}}},
      {"flush.answered",
       "The members are about to change, and this site has told the store's holder what it holds. Until the new view it "
       "applies nothing.",
       {{"view", integer, "", "Number that the new membership is to have."},
        {"applied", integer, "", "The newest version that this site has applied; the merge after it is open."},
        {"chunks", integer, "", "Chunks of the open merge; 0: the run ends with the version applied."},
        {"results", integer, "", "Chunks of its result that are here."},
        {"contributions", text, "", "Whose contribution to it is here, with how many chunks, separated by commas."}}},
  };
}

std::vector<EventDoc> site_events() {
  return {
      {"site.dies",
       "This site was told to die at this place (--die-at), and ends its process. What left it has arrived.",
       {kVersion,
        {"place", text, "", "Where in the merge."},
        {"arrived", text, "", "Site by site: chunks of the contribution and of results, of how many."}}},
      {"site.left", "Another site left the run politely.", {kPeer, {"reason", text, "", "In its own words."}}},
      {"site.fenced",
       "This site was taken out of the members while it lived. It comes back as a new start and fetches what the run has.",
       {{"view", integer, "", "The membership that it is not in."},
        kVersion,
        {"lost_tokens", integer, "tokens", "That it trained on since the last merge which the members have, too."}}},
      {"join.began",
       "The run goes on elsewhere; this site fetches its state from a member.",
       {{"donor", text, "", "The member that gives it."}, kVersion, kRestart}},
      {"join.finished",
       "This site holds what the members hold.",
       {{"donor", text, "", "The member that gave it."},
        kVersion,
        {"step", integer, "steps", "Inner steps of the run that are in it."},
        {"bytes", integer, "B", "Fetched."},
        kSeconds}},
      {"store.away",
       "The site that holds the store cannot be reached: the members cannot change. Once, and then once an interval.",
       {kPeer, kSeconds, {"message", text, "", "What goes on meanwhile, and when this site gives up."}}},
      {"store.back", "The site that holds the store can be reached again.", {kPeer, kSeconds}},
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
    for (EventDoc& event : member_events()) events.push_back(std::move(event));
    for (EventDoc& event : site_events()) events.push_back(std::move(event));
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

Every line has `time` (wall clock, UTC), `elapsed` (seconds since the site's program started), `site`, `event`, and the event's own fields.
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

std::vector<std::string> names_of(const Event& event, const std::string& field) { return names_in(text_of(event, field)); }

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view name = list.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return names;
}

}  // namespace intertie::status
