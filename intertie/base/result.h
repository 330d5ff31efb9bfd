// Result<T>: a value, or an Error that says where it happened, what happened and what to do about it.
//
// Used by everything that the world can make fail: network, peers, disk, input. Our own bugs go to INTERTIE_CHECK
// (base/check.h). Nothing here throws. Values; any thread.
//
//   Result<Bytes> size = disk.size(path);
//   if (!size) return size.error().in("reading the manifest");
//   INTERTIE_ASSIGN(auto bytes, disk.read(path));
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "intertie/base/check.h"

namespace intertie {

enum class ErrorCode : std::uint8_t {  // what the caller should do about it
  retry,                               // transient: the same call may succeed later
  rejoin,                              // this site is not (or no longer) a member as it is: come back under a new incarnation
  reconfigure,                         // the input is wrong: a person has to change a file, a flag or a machine
  give_up,                             // nothing that the program can do; state on disk is intact
  cancelled,                           // someone asked to stop; always passed on
  store_away,                          // the site that decides on the members cannot be reached; retry when it is back
};

const char* to_string(ErrorCode code);
inline bool is_known(ErrorCode code) { return code <= ErrorCode::store_away; }

struct Error {
  ErrorCode code = ErrorCode::give_up;
  std::string where;  // "run.toml:14", or "site columbus (127.0.0.1:7402), phase hello"
  std::string what;   // what is wrong, in words
  std::string fix;    // what to do; may be empty
  std::shared_ptr<const Error> cause;

  // One line: "where: what; fix (cause)".
  std::string message() const;
  // The same error as the cause of a wider operation.
  Error in(std::string operation) const;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& value() & {
    INTERTIE_CHECK(*this);
    return std::get<0>(state_);
  }
  const T& value() const& {
    INTERTIE_CHECK(*this);
    return std::get<0>(state_);
  }
  T&& value() && {
    INTERTIE_CHECK(*this);
    return std::get<0>(std::move(state_));
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::make_shared<const Error>(std::move(error))) {}
  explicit operator bool() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::shared_ptr<const Error> error_;
};

}  // namespace intertie

#define INTERTIE_CONCAT_INNER(a, b) a##b
#define INTERTIE_CONCAT(a, b) INTERTIE_CONCAT_INNER(a, b)

// Evaluates `expression` (a Result); returns its error from the enclosing function.
#define INTERTIE_RETURN_IF_ERROR(expression)                     \
  do {                                                           \
    if (auto intertie_result = (expression); !intertie_result) { \
      return intertie_result.error();                            \
    }                                                            \
  } while (false)

// Declares or assigns `target` from a Result, or returns its error.
#define INTERTIE_ASSIGN(target, expression) \
  INTERTIE_ASSIGN_INNER(INTERTIE_CONCAT(intertie_result_, __LINE__), target, expression)
#define INTERTIE_ASSIGN_INNER(name, target, expression) \
  auto name = (expression);                             \
  if (!name) return name.error();                       \
  target = std::move(*name)

// The same two inside a coroutine.
#define INTERTIE_CO_RETURN_IF_ERROR(expression)              \
  do {                                                       \
    auto intertie_result = (expression);                     \
    if (!intertie_result) co_return intertie_result.error(); \
  } while (false)
#define INTERTIE_CO_ASSIGN(target, expression) \
  INTERTIE_CO_ASSIGN_INNER(INTERTIE_CONCAT(intertie_result_, __LINE__), target, expression)
#define INTERTIE_CO_ASSIGN_INNER(name, target, expression) \
  auto name = (expression);                                \
  if (!name) co_return name.error();                       \
  target = std::move(*name)
