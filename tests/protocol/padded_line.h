// SPDX-License-Identifier: MIT
#pragma once
// A line as the JSON decoders want it. Its padding is exact, so that AddressSanitizer sees a read
// beyond it, and it is filled with a quote, which a decoder that uses it would take as JSON.

#include <string_view>
#include <vector>

#include "protocol/limits.h"

namespace chirm {

class PaddedLine {
 public:
  explicit PaddedLine(std::string_view text)
      : bytes_(text.begin(), text.end()), length_(text.size()) {
    bytes_.resize(length_ + limits::kJsonPadding, '"');
    bytes_.shrink_to_fit();
  }

  std::string_view text() const { return {bytes_.data(), length_}; }

 private:
  std::vector<char> bytes_;
  std::size_t length_;
};

}  // namespace chirm
