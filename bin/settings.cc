// SPDX-License-Identifier: MIT
#include "bin/settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "core/base/version.h"

namespace chirm {

namespace {

// CLI11's own formatter neither wraps descriptions nor leaves out what our groups say.
constexpr std::size_t kHelpColumns = 100;
constexpr std::size_t kHelpIndent = 31;

// A column of names, and descriptions that are wrapped beside it.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool) const override {
    std::string line = "  " + option->get_name(false, true);
    if (!option->get_option_text().empty()) line += ' ' + option->get_option_text();
    if (line.size() + 2 > kHelpIndent) {
      line += '\n' + std::string(kHelpIndent, ' ');
    } else {
      line.resize(kHelpIndent, ' ');
    }
    std::size_t column = kHelpIndent;
    std::istringstream words(option->get_description());
    for (std::string word; words >> word; line += word, column += word.size()) {
      if (column == kHelpIndent) continue;
      if (column + 1 + word.size() > kHelpColumns) {
        line += '\n' + std::string(kHelpIndent, ' ');
        column = kHelpIndent;
      } else {
        line += ' ';
        ++column;
      }
    }
    return line + '\n';
  }
  std::string make_group(std::string group, bool,
                         std::vector<const CLI::Option*> options) const override {
    std::string text = '\n' + group + ":\n";
    for (const CLI::Option* option : options) text += make_option(option, false);
    text.pop_back();  // CLI11 ends the group's last line itself
    return text;
  }
  std::string make_usage(const CLI::App*, std::string name) const override {
    return "\nUsage: " + name + " [OPTIONS]\n";
  }
};

std::string variable_of(std::string_view name) {
  std::string variable = "CHIRM_" + std::string(name);
  for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return variable;
}

std::string expected(const std::string& what, const std::string& text) {
  return "expected " + what + ", got '" + text + "'";
}

// from_chars and not stoull: that takes " 1", "-1" and "1x".
std::string read_number(const std::string& text, std::uint64_t low, std::uint64_t high,
                        std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && number >= low && number <= high) return {};
  return expected("a number from " + std::to_string(low) + " to " + std::to_string(high), text);
}

std::string environment(const std::string& variable) {
  const char* text = std::getenv(variable.c_str());
  return text == nullptr ? "" : text;
}

std::string join(std::initializer_list<const char*> words) {
  std::string text;
  for (const char* word : words) {
    if (!text.empty()) text += word == *(words.end() - 1) ? " or " : ", ";
    text += word;
  }
  return text;
}

// A list is kept as one text with spaces between, as it stands in the environment: whatever it came
// from, it is read in one way. No value of a list may have a space in it.
std::string words_of(const std::vector<std::string>& texts) {
  std::string words;
  for (const std::string& text : texts) words += (words.empty() ? "" : " ") + text;
  return words;
}

}  // namespace

struct Settings::Setting {
  std::string name;
  Read read;
  CLI::Option* option;
  std::optional<Given> given = {};
  bool is_list = false;
};

struct Settings::Impl {
  explicit Impl(const Texts& its_texts)
      : texts(its_texts), app(texts.introduction, texts.program) {}

  Texts texts;
  CLI::App app;
  std::string group;
  std::vector<std::unique_ptr<Setting>> settings;
  std::string config;
  std::string file;  // that was read
};

Settings::Settings(const Texts& texts) : impl_(std::make_unique<Impl>(texts)) {
  impl_->app.formatter(std::make_shared<HelpFormatter>());
  impl_->app.footer(std::string("\n") + texts.epilogue);
  // CLI11 adds one of its own at the beginning; ours comes last, in parse().
  impl_->app.set_help_flag();
}

Settings::~Settings() = default;

void Settings::begin_group(const char* heading) { impl_->group = heading; }

void Settings::add(const char* name, const char* placeholder, const std::string& shown_default,
                   Read read, const char* help) {
  std::string text = help;
  if (!shown_default.empty()) text += " [" + shown_default + "]";
  // Only noted by CLI11 and read in take_all(), when flags, environment and file have been put in
  // their order: a value that a stronger one overrides may be nonsense without harm.
  auto* option = impl_->app.add_option(std::string("--") + name)
                     ->description(text)
                     ->option_text(placeholder)
                     ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
                     ->group(impl_->group);
  impl_->settings.push_back(std::make_unique<Setting>(Setting{name, std::move(read), option}));
}

void Settings::add_list(const char* name, const char* placeholder, Read read, const char* help) {
  add(name, placeholder, "", std::move(read), help);
  impl_->settings.back()->is_list = true;
  impl_->settings.back()->option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Settings::add_number(const char* name, const char* placeholder, std::uint64_t low,
                          std::uint64_t high, std::uint64_t shown_default,
                          std::function<void(std::uint64_t)> set, const char* help) {
  const auto read = [=](const std::string& text) {
    std::uint64_t number = 0;
    std::string wrong = read_number(text, low, high, number);
    if (wrong.empty()) set(number);
    return wrong;
  };
  add(name, placeholder, std::to_string(shown_default), read, help);
}

void Settings::add_text(const char* name, const char* placeholder, std::string& value,
                        const char* help) {
  // An empty text is what a variable of a script that was never set looks like.
  const auto read = [&value](const std::string& text) {
    value = text;
    return text.empty() ? expected("a text", text) : "";
  };
  add(name, placeholder, value, read, help);
}

void Settings::add_choice(const char* name, const char* placeholder,
                          std::initializer_list<const char*> choices, std::string& value,
                          const char* help) {
  const std::vector<std::string> all(choices.begin(), choices.end());
  const auto read = [&value, all, what = join(choices)](const std::string& text) {
    value = text;
    return std::find(all.begin(), all.end(), text) == all.end() ? expected(what, text) : "";
  };
  add(name, placeholder, value, read, help);
}

void Settings::add_switch(const char* name, bool& value, const char* help) {
  const auto read = [&value](const std::string& text) {
    value = text == "true" || text == "1";
    return value || text == "false" || text == "0" ? "" : expected("true or false", text);
  };
  auto* option =
      impl_->app.add_flag(std::string("--") + name)->description(help)->group(impl_->group);
  impl_->settings.push_back(std::make_unique<Setting>(Setting{name, read, option}));
}

std::optional<int> Settings::parse(int argc, char** argv) {
  CLI::App& app = impl_->app;
  begin_group("General");
  app.add_option("--config", impl_->config, "TOML file with settings")
      ->option_text("FILE")
      ->group(impl_->group);
  app.set_help_flag("-h,--help", "Show this help and end")->group(impl_->group);
  app.set_version_flag("--version", std::string(kVersion), "Show the version and end")
      ->group(impl_->group);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ExtrasError&) {
    // CLI11's messages are paragraphs; ours are one line that names what was given.
    return complain(app.remaining().front() + ": expected one of the options");
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();
    return complain(text.substr(0, text.find(':')) + ": expected a value behind it");
  } catch (const CLI::Error& error) {
    return complain(error.what());
  }
  if (const auto wrong = take_file()) return complain(*wrong);
  if (const auto wrong = take_all()) return complain(*wrong);
  return std::nullopt;
}

// Notes what stands in the file, if there is one. Returns what is wrong with it.
std::optional<std::string> Settings::take_file() {
  const bool is_by_flag = !impl_->config.empty();
  const std::string path = is_by_flag ? impl_->config : environment("CHIRM_CONFIG");
  if (path.empty()) return std::nullopt;
  impl_->file = path;
  std::ifstream file(path);
  std::ostringstream text;
  if (!(text << file.rdbuf())) {
    return (is_by_flag ? "--config: " : "CHIRM_CONFIG: ") + expected("a file to read", path);
  }
  std::istringstream lines(text.str());
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(lines)) {
      if (item.name == "++" || item.name == "--") continue;  // a section begins or ends
      const std::string name = item.fullname();
      const std::string source = name + " in " + path;
      Setting* setting = find(name);
      // An error, and not ignored: whoever mistyped the name would believe that it is set.
      if (setting == nullptr) return source + ": expected the long name of an option";
      const bool is_right = item.inputs.size() == 1 || (setting->is_list && !item.inputs.empty());
      if (!is_right) return source + ": expected one value";
      setting->given = Given{words_of(item.inputs), source};
    }
  } catch (const CLI::Error& error) {
    return path + ": expected TOML: " + error.what();
  }
  return std::nullopt;
}

// Takes over a value, or the words of a list. Returns what is wrong with it.
std::string Settings::read(const Setting& setting) {
  if (!setting.is_list) return setting.read(setting.given->text);
  std::istringstream words(setting.given->text);
  std::string wrong;
  for (std::string word; wrong.empty() && words >> word;) wrong = setting.read(word);
  return wrong;
}

// Takes over what was given. Returns what is wrong with the first that is.
std::optional<std::string> Settings::take_all() {
  for (const auto& setting : impl_->settings) {
    if (setting->option->count() > 0) {
      const std::vector<std::string>& given = setting->option->results();
      setting->given =
          Given{setting->is_list ? words_of(given) : given.back(), "--" + setting->name};
    } else if (const std::string text = environment(variable_of(setting->name)); !text.empty()) {
      // An empty variable counts as none: there is no other way to take one back in a unit file.
      setting->given = Given{text, variable_of(setting->name)};
    }
    if (!setting->given) continue;
    const std::string wrong = read(*setting);
    if (!wrong.empty()) return setting->given->source + ": " + wrong;
  }
  return std::nullopt;
}

Settings::Setting* Settings::find(std::string_view name) const {
  for (const auto& setting : impl_->settings) {
    if (setting->name == name) return setting.get();
  }
  return nullptr;
}

std::string Settings::source_of(std::string_view name) const {
  const Setting* setting = find(name);
  if (setting != nullptr && setting->given) return setting->given->source;
  return "--" + std::string(name);
}

bool Settings::is_given(std::string_view name) const {
  const Setting* setting = find(name);
  return setting != nullptr && setting->given.has_value();
}

const std::string& Settings::file() const { return impl_->file; }

int Settings::complain(std::string_view what) const {
  std::string line(what);
  // What was given is shown as it was, but for line feeds and escape sequences: one line, and the
  // terminal stays as it is.
  for (char& c : line) c = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  std::cerr << impl_->texts.program << ": " << line << " (see " << impl_->texts.program
            << " --help)\n";
  return 2;
}

}  // namespace chirm
