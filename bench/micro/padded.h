// SPDX-License-Identifier: MIT
#pragma once
// Input for decoders, which may read limits::kJsonPadding bytes behind it.

#include <string>
#include <string_view>

#include "protocol/limits.h"

namespace chirm::bench {

class Padded {
 public:
  explicit Padded(std::string_view text) : size_(text.size()), bytes_(text) {
    bytes_.append(limits::kJsonPadding, '\0');
  }
  std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string bytes_;
};

// A chat message with that many bytes of text.
inline std::string chat_payload(std::size_t text_bytes) {
  return R"({"id":"0123456789abcdef","type":"message","text":")" + std::string(text_bytes, 'x') +
         R"("})";
}

}  // namespace chirm::bench
