// JsonFields: reads the fields of one JSON object that must all be there and be of one kind each. The first that is not is
// remembered in `problem`, and what is returned for it means nothing; ask `problem` once, at the end.
//
//   std::string problem;
//   JsonFields fields(json, problem);
//   const Step step = {fields.number<std::uint64_t>("step")};
//   if (!problem.empty()) return wrong(problem);
//
// One thread.
#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "intertie/base/hash.h"
#include "intertie/base/json.h"

namespace intertie {

class JsonFields {
 public:
  // Both outlive this.
  JsonFields(const Json& object, std::string& problem) : object_(object), problem_(problem) {}

  std::string text(const char* name);
  Hash64 hash(const char* name);
  bool flag(const char* name);
  template <std::integral Number>
  Number number(const char* name) {  // of at least 0
    const std::optional<std::uint64_t> value = object_[name].whole();
    if (value && std::in_range<Number>(*value)) return static_cast<Number>(*value);
    remember(name);
    return 0;
  }
  const Json::Object& object(const char* name);
  const Json::Array& array(const char* name);

 private:
  void remember(const char* name);

  const Json& object_;
  std::string& problem_;
};

}  // namespace intertie
