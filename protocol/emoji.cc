// SPDX-License-Identifier: MIT
#include "protocol/emoji.h"

#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include <array>
#include <cstdint>

namespace chirm {

bool is_emoji(std::string_view text) {
  constexpr UChar kEmojiSelector = 0xFE0F;
  if (text.empty() || text.size() > kEmojiBytesMax) return false;
  // UTF-16 is never more units than UTF-8 has bytes; one more for the selector.
  std::array<UChar, kEmojiBytesMax + 1> units{};
  std::int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8(units.data(), static_cast<std::int32_t>(kEmojiBytesMax), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &error);
  if (U_FAILURE(error)) return false;
  if (u_stringHasBinaryProperty(units.data(), length, UCHAR_RGI_EMOJI)) return true;
  units[static_cast<std::size_t>(length)] = kEmojiSelector;
  return u_stringHasBinaryProperty(units.data(), length + 1, UCHAR_RGI_EMOJI);
}

}  // namespace chirm
