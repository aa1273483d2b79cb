// SPDX-License-Identifier: MIT
// An input line beside the simplest thing that behaves like one, with random calls: the text as
// what stands before the cursor and what stands behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client/terminal/screen/input_line.h"
#include "core/base/random.h"

namespace chirm::terminal {
namespace {

bool is_gap(char c) { return c == ' ' || c == '\n'; }

struct LineModel {
  void insert(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\r') before += '\n';
      if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) before += '\n';
      if (text[i] == '\t') before += ' ';
      if (text[i] >= ' ') before += text[i];
    }
  }
  std::size_t word_before() const {
    std::size_t at = before.size();
    while (at > 0 && is_gap(before[at - 1])) --at;
    while (at > 0 && !is_gap(before[at - 1])) --at;
    return at;
  }
  std::size_t word_behind() const {
    std::size_t at = 0;
    while (at < behind.size() && is_gap(behind[at])) ++at;
    while (at < behind.size() && !is_gap(behind[at])) ++at;
    return at;
  }
  void cut_before(std::size_t from) {
    if (from == before.size()) return;
    cut = before.substr(from);
    before.erase(from);
  }
  void cut_behind(std::size_t count) {
    if (count == 0) return;
    cut = behind.substr(0, count);
    behind.erase(0, count);
  }
  void go_to(std::size_t at) {
    const std::string all = before + behind;
    before = all.substr(0, at);
    behind = all.substr(at);
  }
  void browse(int direction) {
    const std::size_t wanted =
        direction < 0 ? std::min(back + 1, past.size()) : (back == 0 ? 0 : back - 1);
    if (wanted == back) return;
    if (back == 0) present = before + behind;
    back = wanted;
    before = back == 0 ? present : past[past.size() - back];
    behind.clear();
  }
  std::string take() {
    const std::string text = before + behind;
    if (!text.empty()) {
      std::erase(past, text);
      past.push_back(text);
    }
    before.clear();
    behind.clear();
    back = 0;
    return text;
  }

  std::string before;
  std::string behind;
  std::string cut;
  std::string present;
  std::vector<std::string> past;
  std::size_t back = 0;
};

std::string random_text(Random& random) {
  static const std::string kCharacters = "ab  \n\t\rc\x07";
  std::string text;
  for (std::uint64_t length = random.between(0, 6); length > 0; --length) {
    text += kCharacters[random.between(0, kCharacters.size() - 1)];
  }
  return text;
}

void step(InputLine& line, LineModel& model, Random& random) {
  const std::string text = random_text(random);
  switch (random.between(0, 14)) {
    case 0:
      return line.erase_before(), model.before.erase(model.before.size() - !model.before.empty()),
             void();
    case 1:
      return line.erase_at(), model.behind.erase(0, 1), void();
    case 2:
      return line.erase_word_before(), model.cut_before(model.word_before());
    case 3:
      return line.erase_word_at(), model.cut_behind(model.word_behind());
    case 4:
      return line.erase_to_start(), model.cut_before(0);
    case 5:
      return line.erase_to_end(), model.cut_behind(model.behind.size());
    case 6:
      return line.yank(), model.insert(model.cut);
    case 7:
      return line.move(-1), model.go_to(model.before.size() - !model.before.empty());
    case 8:
      return line.move(1), model.go_to(model.before.size() + !model.behind.empty());
    case 9:
      return line.move_word(-1), model.go_to(model.word_before());
    case 10:
      return line.move_word(1), model.go_to(model.before.size() + model.word_behind());
    case 11: {
      const int direction = random.between(0, 2) == 0 ? 1 : -1;
      return line.browse(direction), model.browse(direction);
    }
    case 12:
      EXPECT_EQ(line.take(), model.take());
      return;
    default:
      return line.insert(text), model.insert(text);
  }
}

TEST(InputLineWithRandomCalls, ShowsWhatTheModelShows) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    InputLine line;
    LineModel model;
    for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) {
      step(line, model, random);
      line.check();
      EXPECT_EQ(line.text_before_cursor(), model.before);
      EXPECT_EQ(line.text_behind_cursor(), model.behind);
    }
  }
}

}  // namespace
}  // namespace chirm::terminal
