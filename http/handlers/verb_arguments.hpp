#pragma once

#include "actors/orders.hpp"
#include "http/members.hpp"

namespace pawl::http::handlers {

/// Takes the members that the verb `wish.what` has of its own.
void read_verb_arguments(member_reader& members, actors::act_on_instance& wish);

} // namespace pawl::http::handlers
