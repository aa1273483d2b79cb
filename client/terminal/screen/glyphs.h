// SPDX-License-Identifier: MIT
#pragma once
// Text as a terminal shows it: glyphs of one or two cells, each with its style, and their wrapping
// into lines. Pure, but for the locale's wcwidth(). Private to client/terminal/.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chirm::terminal {

// What a colour is for; the screen knows which one that is. kNick and those that follow it, as many
// as kNickColours, are for people's names.
enum class Colour : std::uint8_t { kDefault, kFaint, kAccent, kGood, kBad, kMark, kNick };
inline constexpr std::uint8_t kNickColours = 12;
// Always the same for the same user.
Colour colour_of(std::string_view user);

struct Style {
  Colour colour = Colour::kDefault;
  bool is_bold = false;
  bool is_faint = false;
  bool is_underlined = false;
  bool is_reversed = false;

  friend bool operator==(const Style&, const Style&) = default;
};
inline constexpr Style kFaintStyle{.colour = Colour::kFaint};

struct Glyph {
  std::string text;  // a character and the marks combined with it; "\n" for a line break
  int width;         // cells: 1 or 2, 0 for a line break
  Style style;
};
using Glyphs = std::vector<Glyph>;

// Appends safe text (safe_text.h). What would be shown differently by different terminals, such as
// joiners and variation selectors, is left out.
void append_glyphs(Glyphs& out, std::string_view text, Style style = {});
Glyphs glyphs_of(std::string_view text, Style style = {});
int width_of(const Glyphs& glyphs);
int width_of(std::string_view text);
std::string text_of(const Glyphs& glyphs);

// Cuts to `columns` cells; what is cut ends with "…".
Glyphs fit(Glyphs glyphs, int columns);
// Breaks at blanks, and within words that are wider than a line. At least one line. Lines but the
// first are `indent` cells shorter, for the caller to indent them.
std::vector<Glyphs> wrap(const Glyphs& glyphs, int columns, int indent = 0);

}  // namespace chirm::terminal
