#include "sandbox/jq_programs.hpp"

extern "C" { // libjq's headers do not say so themselves.
#include <jq.h>
#include <jv.h>
}
#include <unistd.h>

namespace pawl::sandbox {

namespace {

// A jv with an owner.
class value {
public:
  explicit value(jv v) : v_{v} {}
  value(const value&) = delete;
  value& operator=(const value&) = delete;
  ~value() { jv_free(v_); }
  [[nodiscard]] jv copy() const { return jv_copy(v_); }
  [[nodiscard]] jv_kind kind() const { return jv_get_kind(v_); }
  [[nodiscard]] value field(const char* name) const {
    return value{jv_object_get(copy(), jv_string(name))};
  }
  [[nodiscard]] std::string text() const {
    if (kind() != JV_KIND_STRING)
      return {};
    return {jv_string_value(v_),
            static_cast<std::size_t>(jv_string_length_bytes(copy()))};
  }

private:
  jv v_;
};

std::string dump(jv v) {
  return value{jv_dump_string(v, 0)}.text();
}

void collect_fault(void* into, jv message) {
  auto& fault = *static_cast<std::string*>(into);
  const value text{jq_format_error(message)};
  if (!fault.empty())
    fault += "; ";
  fault += text.text();
}

// Without these `input` and `debug` end the process.
jv no_input(jq_state*, void*) {
  return jv_invalid_with_msg(jv_string("There is no further input"));
}
void no_debug(void*, jv message) {
  jv_free(message);
}

[[noreturn]] void out_of_memory(void*) {
  _exit(exit_out_of_memory);
}

std::string error_answer(const std::string& sentence) {
  return "{\"error\":"
         + dump(
           jv_string_sized(sentence.data(), static_cast<int>(sentence.size())))
         + "}";
}

// Binds the variables when it runs, so that one compilation serves all data.
std::string wrapped(const value& names, const std::string& program) {
  std::string made = ". as $__p|$__p.n as $__now|";
  const int n = jv_array_length(names.copy());
  for (int i = 0; i < n; ++i)
    made += "$__p.v[" + std::to_string(i) + "] as $"
            + value{jv_array_get(names.copy(), i)}.text() + "|";
  // The line break ends a comment at the end of the program.
  return made + "$__p.d|def now: $__now; (" + program + "\n)";
}

std::string failure(const value& message) {
  if (message.kind() == JV_KIND_STRING)
    return message.text();
  return "The expression raised " + dump(message.copy()) + ".";
}

} // namespace

void jq_programs::state_deleter::operator()(jq_state* jq) const {
  jq_teardown(&jq);
}

jq_state* jq_programs::find(const std::string& key, std::string& fault) {
  if (const auto at = by_key_.find(key); at != by_key_.end()) {
    recent_.splice(recent_.begin(), recent_, at->second);
    return recent_.front().jq.get();
  }
  state made{jq_init()};
  if (!made)
    _exit(exit_out_of_memory);
  jq_set_nomem_handler(made.get(), out_of_memory, nullptr);
  jq_set_error_cb(made.get(), collect_fault, &fault);
  jq_set_input_cb(made.get(), no_input, nullptr);
  jq_set_debug_cb(made.get(), no_debug, nullptr);
  jq_set_attr(made.get(), jv_string("JQ_LIBRARY_PATH"), jv_array());
  if (jq_compile(made.get(), key.c_str()) == 0)
    return nullptr;
  recent_.push_front({key, std::move(made)});
  by_key_.emplace(recent_.front().key, recent_.begin());
  if (recent_.size() > size_max_) {
    by_key_.erase(recent_.back().key);
    recent_.pop_back();
  }
  return recent_.front().jq.get();
}

std::string jq_programs::answer(std::string_view request) {
  const value parsed{
    jv_parse_sized(request.data(), static_cast<int>(request.size()))};
  if (parsed.kind() != JV_KIND_OBJECT)
    return error_answer("The data nests too deeply or is no JSON.");
  std::string fault;
  const auto names = parsed.field("names");
  const auto program = parsed.field("program");
  jq_state* const jq = find(wrapped(names, program.text()), fault);
  if (jq == nullptr)
    return error_answer(fault.empty() ? "The expression does not compile."
                                      : fault);
  jv input = jv_object();
  input = jv_object_set(input, jv_string("v"), parsed.field("values").copy());
  input = jv_object_set(input, jv_string("d"), parsed.field("data").copy());
  input = jv_object_set(input, jv_string("n"), parsed.field("now").copy());
  jq_set_error_cb(jq, no_debug, nullptr);
  jq_start(jq, input, 0);
  std::string results;
  for (;;) {
    jv next = jq_next(jq);
    if (!jv_is_valid(next)) {
      const bool failed = jv_invalid_has_msg(jv_copy(next)) != 0;
      const value message{jv_invalid_get_msg(next)};
      if (failed)
        return error_answer(failure(message));
      break;
    }
    if (!results.empty())
      results += ',';
    results += dump(next);
  }
  if (jq_halted(jq) != 0)
    return error_answer("The expression halted.");
  return "{\"results\":[" + results + "]}";
}

} // namespace pawl::sandbox
