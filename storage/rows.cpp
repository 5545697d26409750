#include "storage/rows.hpp"

#include "base/bytes.hpp"

namespace pawl::storage {

void row_list::add(const row& what) {
  bytes_.push_back(static_cast<char>(what.where));
  bytes_.push_back(static_cast<char>(what.change));
  put_u32(bytes_, static_cast<std::uint32_t>(what.key.size()));
  put_u32(bytes_, static_cast<std::uint32_t>(what.value.size()));
  bytes_.append(what.key).append(what.value);
  ++count_;
}

row_list::row row_list::take(std::string_view& rest) {
  constexpr std::size_t header = 10;
  const auto key_size = get_u32(rest.substr(2));
  const auto value_size = get_u32(rest.substr(6));
  const row out{static_cast<family>(rest[0]), static_cast<row_change>(rest[1]),
                rest.substr(header, key_size),
                rest.substr(header + key_size, value_size)};
  rest.remove_prefix(header + key_size + value_size);
  return out;
}

} // namespace pawl::storage
