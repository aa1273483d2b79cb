// SPDX-License-Identifier: MIT
#include "client/terminal/screen/glyphs.h"

#include <algorithm>
#include <cwchar>
#include <iterator>

#include "client/terminal/text/utf8.h"

namespace chirm::terminal {

namespace {

constexpr std::size_t kGlyphBytesMax = 20;  // a character and four marks: more is mischief

// Joiners, variation selectors and tags change how wide terminals think a character is.
bool is_disputed(char32_t c) {
  return (c >= 0x200B && c <= 0x200D) || c == 0x2060 || (c >= 0xFE00 && c <= 0xFE0F) ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

std::size_t count_cut(const Glyphs& glyphs, int columns) {
  int width = 0;
  std::size_t count = 0;
  while (count < glyphs.size() && width + glyphs[count].width <= columns) {
    width += glyphs[count++].width;
  }
  return count;
}

}  // namespace

// Not std::hash, which may differ from one build to the next: people know others by their colour.
Colour colour_of(std::string_view user) {
  std::uint32_t hash = 0;
  for (const char c : user) hash = hash * 31 + static_cast<unsigned char>(c);
  hash ^= hash >> 16;
  return static_cast<Colour>(static_cast<std::uint8_t>(Colour::kNick) + hash % kNickColours);
}

void append_glyphs(Glyphs& out, std::string_view text, Style style) {
  const std::size_t start = out.size();
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    if (c == U'\n') {
      out.push_back({"\n", 0, style});
      continue;
    }
    const int width = wcwidth(static_cast<wchar_t>(c));
    // Unknown to the locale: nobody can tell how wide the terminal would show it.
    if (width < 0 || is_disputed(c)) continue;
    if (width > 0) {
      std::string glyph;
      append_code_point(glyph, c);
      out.push_back({std::move(glyph), width, style});
      // Marks on what stands there before belong to other text, and are left out.
    } else if (out.size() > start && out.back().width > 0 &&
               out.back().text.size() < kGlyphBytesMax) {
      append_code_point(out.back().text, c);
    }
  }
}

Glyphs glyphs_of(std::string_view text, Style style) {
  Glyphs glyphs;
  append_glyphs(glyphs, text, style);
  return glyphs;
}

int width_of(const Glyphs& glyphs) {
  int width = 0;
  for (const Glyph& glyph : glyphs) width += glyph.width;
  return width;
}

int width_of(std::string_view text) { return width_of(glyphs_of(text)); }

std::string text_of(const Glyphs& glyphs) {
  std::string text;
  for (const Glyph& glyph : glyphs) text += glyph.text;
  return text;
}

Glyphs fit(Glyphs glyphs, int columns) {
  if (columns <= 0) return {};
  // One line: its breaks are blanks.
  for (Glyph& glyph : glyphs) {
    if (glyph.width == 0) glyph = {" ", 1, glyph.style};
  }
  if (width_of(glyphs) <= columns) return glyphs;
  glyphs.resize(count_cut(glyphs, columns - 1));
  glyphs.push_back({"…", 1, glyphs.empty() ? Style{} : glyphs.back().style});
  return glyphs;
}

std::vector<Glyphs> wrap(const Glyphs& glyphs, int columns, int indent) {
  std::vector<Glyphs> lines;
  Glyphs line;
  int width = 0;
  int columns_left = std::max(columns, 2);  // a wide character fits, or it would never end
  const auto end_line = [&](Glyphs rest) {
    // Blanks at the end are not seen, but would be copied with the text.
    while (!line.empty() && line.back().text == " ") line.pop_back();
    lines.push_back(std::move(line));
    line = std::move(rest);
    width = width_of(line);
    columns_left = std::max(columns - indent, 2);
  };
  for (const Glyph& glyph : glyphs) {
    if (glyph.width == 0) {
      end_line({});
      continue;
    }
    if (width + glyph.width > columns_left) {
      if (glyph.text == " ") {  // where the line breaks anyway
        end_line({});
        continue;
      }
      const auto blank = std::find_if(line.rbegin(), line.rend(),
                                      [](const Glyph& one) { return one.text == " "; });
      const auto word = blank == line.rend() ? line.end() : blank.base();
      Glyphs rest(std::make_move_iterator(word), std::make_move_iterator(line.end()));
      line.erase(word, line.end());
      end_line(std::move(rest));
      // The word has begun in the first line, which is longer: it may not fit into this one.
      while (!line.empty() && width + glyph.width > columns_left) {
        const auto cut = line.begin() + static_cast<std::ptrdiff_t>(count_cut(line, columns_left));
        Glyphs over(std::make_move_iterator(cut), std::make_move_iterator(line.end()));
        line.erase(cut, line.end());
        end_line(std::move(over));
      }
    }
    line.push_back(glyph);
    width += glyph.width;
  }
  lines.push_back(std::move(line));
  return lines;
}

}  // namespace chirm::terminal
