#include "workflow/folder.hpp"

namespace pawl {

void folder::operator()(const events::approval_voted& x) {
  frame_of(x.frame).votes.push_back({.by = x.by,
                                     .outcome = x.outcome,
                                     .comment = x.comment,
                                     .data = x.data ? x.data : null_datum(),
                                     .at = at_,
                                     .automatic = x.automatic,
                                     .group = x.group});
}

void folder::operator()(const events::approval_escalated& x) {
  auto& f = frame_of(x.frame);
  auto arguments = f.arguments->as_object();
  arguments["approvers"] = *x.approvers;
  arguments["escalated"] = true;
  f.arguments = make_datum(std::move(arguments));
}

} // namespace pawl
