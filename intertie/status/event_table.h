// Every event that a run records, with its fields, units and meanings: the schema of events.jsonl and the source of
// docs/events.md. A change that removes or reinterprets a field raises kEventSchema. Values; pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intertie/base/event.h"

namespace intertie::status {

inline constexpr int kEventSchema = 1;

enum class FieldType { flag, integer, number, text };

struct FieldDoc {
  std::string name;
  FieldType type = FieldType::text;
  std::string unit;  // empty: none
  std::string meaning;
};

struct EventDoc {
  std::string name;
  std::string meaning;
  std::vector<FieldDoc> fields;  // all of them are in every such event
};

const std::vector<EventDoc>& event_table();

// How the event differs from the table: an unknown name, or a field that is missing, unknown or of another type. Empty: not
// at all. For tests and checked builds of those who record.
std::string fault_of(const Event& event);

// docs/events.md.
std::string events_page();

// The field's value; a default value of the type when the event has no such field.
double number_of(const Event& event, const std::string& field);  // also of an integer
std::string text_of(const Event& event, const std::string& field);
std::int64_t integer_of(const Event& event, const std::string& field);
bool flag_of(const Event& event, const std::string& field);
// Of a text: "ashburn,columbus" or "ashburn, columbus" as names.
std::vector<std::string> names_of(const Event& event, const std::string& field);
std::vector<std::string> names_in(std::string_view list);

}  // namespace intertie::status
