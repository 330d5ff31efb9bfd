// Every key of the run file, declared once: from these tables files are read, unknown keys are found, the agreement between
// sites is written and docs/run-file.md is generated. Values, immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intertie/site/run_file.h"
#include "intertie/site/run_file_values.h"

namespace intertie::site {

enum class Scope {
  agreed,  // the same at all sites: part of the agreement
  local,   // each site may have its own
  later,   // accepted and checked, and no command uses it yet
};

// How a key is bound to a member of the struct that its section describes.
template <class T>
struct Binding {
  std::string words;
  std::function<Result<void>(const Node&, T&)> set;
  std::function<std::string(const T&)> show;
};

template <class T, class V>
Binding<T> bind(V T::*member, ValueType<V> type) {
  return {type.words,
          [=](const Node& node, T& target) -> Result<void> {
            INTERTIE_ASSIGN(target.*member, type.read(node));
            return {};
          },
          [=](const T& target) { return type.write(target.*member); }};
}

template <class T, class V>
Binding<T> bind(std::optional<V> T::*member, ValueType<V> type) {
  return {type.words,
          [=](const Node& node, T& target) -> Result<void> {
            INTERTIE_ASSIGN(target.*member, type.read(node));
            return {};
          },
          [=](const T& target) { return target.*member ? type.write(*(target.*member)) : std::string(); }};
}

// A value that is checked and not kept.
template <class T, class V>
Binding<T> checked(ValueType<V> type) {
  return {type.words,
          [=](const Node& node, T&) -> Result<void> {
            INTERTIE_RETURN_IF_ERROR(type.read(node));
            return {};
          },
          [](const T&) { return std::string(); }};
}

template <class T>
struct Key {
  std::string name;
  Binding<T> binding;
  Scope scope = Scope::agreed;
  std::string fallback;  // for the docs; empty: what binding.show says of a default T
  std::string meaning;
};

template <class T>
using Keys = std::vector<Key<T>>;

const Keys<RunSettings>& run_keys();
const Keys<train::ModelSettings>& model_keys();
const Keys<data::Settings>& data_keys();
const Keys<train::Settings>& train_keys();
const Keys<sync::Settings>& sync_keys();
const Keys<SiteSettings>& site_keys();
const Keys<LinkSettings>& link_keys();  // `paths` is read by the reader, with path_keys()
const Keys<PathSettings>& path_keys();

// docs/run-file.md.
std::string run_file_page();

}  // namespace intertie::site
