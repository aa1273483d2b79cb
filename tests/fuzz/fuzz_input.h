// SPDX-License-Identifier: MIT
#pragma once
// What fuzz targets share: taking an input apart, and cutting bytes as a network might.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace chirm {

// The bytes that libFuzzer gives, taken from the front.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  // 0 at the end.
  std::uint8_t take_byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  // Up to a line feed, which is dropped, or to the end.
  std::string_view take_line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return line;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Random numbers that are always the same for the same bytes: an input that fails fails again.
inline std::minstd_rand random_of(std::string_view bytes) {
  std::uint32_t hash = 1;
  for (const char byte : bytes) hash = hash * 31 + static_cast<unsigned char>(byte);
  return std::minstd_rand(hash);
}

// Sizes of the pieces into which `bytes` are cut: all at once, one by one, and at random places.
inline std::vector<std::vector<std::size_t>> ways_to_cut(std::string_view bytes) {
  std::minstd_rand random = random_of(bytes);
  std::vector<std::size_t> pieces;
  for (std::size_t sum = 0; sum < bytes.size(); sum += pieces.back()) {
    pieces.push_back(1 + random() % (1 + random() % 40));
  }
  const std::size_t one_cut = 1 + random() % (bytes.size() + 1);
  return {{bytes.size() + 1}, {1}, std::move(pieces), {one_cut, bytes.size() + 1}};
}

// Calls on_piece(std::string_view) for the pieces of those sizes, the last size again and again,
// until it returns false. Each is a copy on the heap, where AddressSanitizer sees reads beyond it.
template <class OnPiece>
void for_each_piece(std::string_view bytes, const std::vector<std::size_t>& sizes,
                    OnPiece&& on_piece) {
  for (std::size_t i = 0; !bytes.empty(); ++i) {
    const std::string_view cut =
        bytes.substr(0, std::max(std::size_t{1}, sizes[std::min(i, sizes.size() - 1)]));
    const std::vector<char> piece(cut.begin(), cut.end());
    if (!on_piece(std::string_view(piece.data(), piece.size()))) return;
    bytes.remove_prefix(cut.size());
  }
}

}  // namespace chirm
