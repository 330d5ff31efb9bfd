#include "intertie/base/json_fields.h"

namespace intertie {

std::string JsonFields::text(const char* name) {
  if (const std::string* text = object_[name].text()) return *text;
  remember(name);
  return {};
}

Hash64 JsonFields::hash(const char* name) {
  const std::string* text = object_[name].text();
  if (const std::optional<Hash64> hash = text ? parse_hash(*text) : std::nullopt) return *hash;
  remember(name);
  return {};
}

bool JsonFields::flag(const char* name) {
  if (const std::optional<bool> flag = object_[name].boolean()) return *flag;
  remember(name);
  return false;
}

const Json::Object& JsonFields::object(const char* name) {
  if (!object_[name].is_object()) remember(name);
  return object_[name].members();
}

const Json::Array& JsonFields::array(const char* name) {
  if (!object_[name].is_array()) remember(name);
  return object_[name].items();
}

void JsonFields::remember(const char* name) {
  if (problem_.empty()) problem_ = std::string("\"") + name + "\" is missing or not what it should be";
}

}  // namespace intertie
