#pragma once

#include "trial/suite.hpp"
#include "workflow/parse/report.hpp"

#include <string>
#include <string_view>

/// The parts of read_suite, one file a concern. All of them report what is
/// wrong and carry on, so that every fault is found. A cursor without a value
/// stands for what is not written.
namespace pawl::trial::reading {

using parsing::cursor;
using parsing::object_reader;

/// What the parts share.
struct context {
  parsing::report& faults;
  const definition& of;
  timestamp start = {}; ///< Of the test that is read: where months begin.
};

/// A text that is not empty; "" after a fault or without a value.
std::string text_at(context& c, const cursor& where);
/// A duration as the DSL writes it.
std::optional<duration> duration_at(context& c, const cursor& where);
/// A whole number of at least `least`.
std::optional<std::int64_t> number_at(context& c, const cursor& where,
                                      std::int64_t least);
/// The task that `name`, written at `where`, means; null after a fault.
const task* task_at(context& c, const cursor& where, std::string_view name);

/// Calls `read` for each element of the list at `where`, or for `where` itself
/// if it is no list.
template <class F>
void for_one_or_all(const cursor& where, F&& read) {
  const auto* list = where.value != nullptr ? where.value->if_array() : nullptr;
  if (list == nullptr)
    return read(where);
  for (std::size_t i = 0; i < list->size(); ++i)
    read(where.item(i));
}

/// Calls `read` with name and place of each member of the object at `where`.
template <class F>
void for_members(context& c, const cursor& where, std::string_view what,
                 F&& read) {
  if (where.value == nullptr)
    return;
  const auto* members = where.value->if_object();
  if (members == nullptr)
    return c.faults.invalid(where, std::string{what} + " must be an object");
  for (std::size_t i = 0; i < members->size(); ++i)
    read(std::string{(members->begin() + i)->key()}, where.member(i));
}

/// `mocks`: by task.
void read_mocks(context& c, const cursor& where, test& out);
/// `approvals`: by task.
void read_approvals(context& c, const cursor& where, test& out);
/// `flags`: an object; null takes a flag away.
std::optional<json::object> read_flags(context& c, const cursor& where);
/// `events`: in the order in which they are written.
void read_events(context& c, const cursor& where, test& out);
/// `expect`.
void read_expectation(context& c, const cursor& where, expectation& out);

} // namespace pawl::trial::reading
