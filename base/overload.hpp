#pragma once

namespace pawl {

/// One visitor out of several lambdas, for std::visit.
template <class... Fs>
struct overload : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overload(Fs...) -> overload<Fs...>; // Clang 14 still needs this.

} // namespace pawl
