#include "workflow/parse/context.hpp"

namespace pawl::parsing {

tasks::worker_job read_call_worker(context& c, const cursor& with) {
  tasks::worker_job out;
  object_reader arguments{c.faults, with, "'with' of 'call: worker'"};
  // What only the daemon reads is kept, so it cannot hold secrets; the input
  // leaves it.
  const auto value = [&](std::string_view name, site at) {
    const auto found = arguments.take(name);
    return found.value == nullptr ? std::nullopt
                                  : std::optional{read_dynamic(c, found, at)};
  };
  if (const auto queue = arguments.need("queue"); queue.value != nullptr)
    if (auto name = read_text_or_expression(c, queue, site::task_body))
      out.queue = std::move(*name);
  out.input = value("input", site::task_arguments);
  out.lease = read_duration(c, arguments.take("lease"), site::task_body);
  const auto labels = arguments.take("labels");
  if (labels.value != nullptr && !labels.value->is_string()
      && !labels.value->is_object())
    c.faults.invalid(labels, "labels are an object of texts");
  else if (labels.value != nullptr)
    out.labels = read_dynamic(c, labels, site::task_body);
  out.priority = value("priority", site::task_body);
  out.key = value("key", site::task_body);
  arguments.close();
  return out;
}

} // namespace pawl::parsing
