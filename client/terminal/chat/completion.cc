// SPDX-License-Identifier: MIT
#include "client/terminal/chat/completion.h"

#include <algorithm>

#include "client/terminal/chat/command_table.h"
#include "protocol/ascii.h"

namespace chirm::terminal {

namespace {

bool starts_with(std::string_view text, std::string_view start) {
  return ascii::equals_ignoring_case(text.substr(0, start.size()), start);
}

void add_matching(std::vector<std::string>& out, const std::vector<std::string>& words,
                  std::string_view start, std::string_view before, std::string_view behind) {
  for (const std::string& word : words) {
    if (starts_with(word, start)) out.push_back(std::string(before) + word + std::string(behind));
  }
}

// The first argument of a command.
void add_arguments(Completions& found, std::string_view command, std::string_view word,
                   const CompletionSources& sources) {
  using enum ChatCommand::Argument;
  const ChatCommand* known = parse_line(command).command;
  if (known == nullptr) return;
  // With its sign or without, commands take both.
  if (word.starts_with('#') || word.starts_with('@')) word.remove_prefix(1);
  if (known->first == kRoom) add_matching(found.words, sources.rooms, word, "", " ");
  if (known->first == kUser) add_matching(found.words, sources.users, word, "", " ");
}

void add_role(Completions& found, std::string_view word) {
  add_matching(found.words, {"member", "moderator", "owner"}, word, "", "");
}

}  // namespace

Completions completions_of(std::string_view text, const CompletionSources& sources) {
  Completions found;
  const std::size_t blank = text.find_last_of(" \n");
  found.start = blank == std::string_view::npos ? 0 : blank + 1;
  const std::string_view word = text.substr(found.start);
  // Which argument it is, blanks tell: two in a row make one that no command has.
  const std::size_t words_before =
      static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
  const bool is_command = text.starts_with('/') && !text.starts_with("//");
  if (is_command && found.start == 0) {
    for (const ChatCommand& command : chat_commands()) {
      if (command.word.starts_with(word)) found.words.push_back(std::string(command.word) + " ");
    }
  } else if (is_command && words_before == 1) {
    add_arguments(found, text.substr(0, blank), word, sources);
  } else if (text.starts_with("/role ") && words_before == 2) {
    add_role(found, word);
  }
  // Within a command's text only what has the sign of a name, for most words are none.
  const bool is_in_text = !is_command || (found.words.empty() && word.starts_with('@'));
  if (is_in_text && word.starts_with('@')) {
    add_matching(found.words, sources.users, word.substr(1), "@", " ");
  } else if (is_in_text && word.starts_with('#')) {
    add_matching(found.words, sources.rooms, word.substr(1), "#", " ");
  } else if (is_in_text && !word.empty()) {
    add_matching(found.words, sources.users, word, found.start == 0 ? "@" : "", " ");
  }
  std::sort(found.words.begin(), found.words.end());
  found.words.erase(std::unique(found.words.begin(), found.words.end()), found.words.end());
  return found;
}

std::string Completer::complete(InputLine& input, const CompletionSources& sources, int direction) {
  const std::string before = input.text_before_cursor();
  // The line is as the last Tab has left it: another one means the next choice, not a new question.
  const bool goes_on = !completed_.empty() && before == completed_;
  if (goes_on) {
    const std::size_t count = found_.words.size();
    index_ = (index_ + (direction < 0 ? count - 1 : 1)) % count;
  } else {
    found_ = completions_of(before, sources);
    completed_.clear();
    if (found_.words.empty()) return "";
    behind_ = input.text_behind_cursor();
    index_ = direction < 0 ? found_.words.size() - 1 : 0;
  }
  completed_ = before.substr(0, found_.start) + found_.words[index_];
  input.set(completed_, behind_);
  if (found_.words.size() == 1) {
    completed_.clear();  // the next one is about what comes behind it
    return "";
  }
  std::string all;
  for (std::size_t i = 0; i < found_.words.size(); ++i) {
    std::string word = found_.words[i];
    while (word.ends_with(' ')) word.pop_back();
    all += (i == 0 ? "" : " ") + (i == index_ ? "[" + word + "]" : word);
  }
  return all;
}

}  // namespace chirm::terminal
