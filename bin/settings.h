// SPDX-License-Identifier: MIT
#pragma once
// The settings of a program: flags (--port 1), environment (CHIRM_PORT=1) and a TOML file (port =
// 1), in that order of precedence. A bad one is named as it was given, with what was expected, in
// one line.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chirm {

class Settings {
 public:
  struct Texts {
    const char* program;
    const char* introduction;  // of --help
    const char* epilogue;
  };
  // Takes over a setting's text. Returns what is wrong with it ("expected …"), "" when nothing is.
  using Read = std::function<std::string(const std::string& text)>;

  explicit Settings(const Texts& texts);
  ~Settings();
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  // What is added next is shown below this heading in --help.
  void begin_group(const char* heading);
  // `value` must outlive the settings and holds the default, which --help shows. `placeholder`
  // stands for the value there.
  void add_number(const char* name, const char* placeholder, std::uint64_t low, std::uint64_t high,
                  std::uint64_t shown_default, std::function<void(std::uint64_t)> set,
                  const char* help);
  template <class Number>
  void add_number(const char* name, const char* placeholder, std::uint64_t low, std::uint64_t high,
                  Number& value, const char* help) {
    add_number(
        name, placeholder, low, high, value,
        [&value](std::uint64_t number) { value = static_cast<Number>(number); }, help);
  }
  void add_text(const char* name, const char* placeholder, std::string& value, const char* help);
  void add_choice(const char* name, const char* placeholder,
                  std::initializer_list<const char*> choices, std::string& value, const char* help);
  void add_switch(const char* name, bool& value, const char* help);
  void add(const char* name, const char* placeholder, const std::string& shown_default, Read read,
           const char* help);

  // One that may be given several times, in the file as an array, in the environment with spaces
  // between; `read` takes each in turn.
  void add_list(const char* name, const char* placeholder, Read read, const char* help);

  // nullopt: go on. Else the exit code: 0 after --help or --version, 2 after a bad setting.
  std::optional<int> parse(int argc, char** argv);

  // As it was given: "--port", "CHIRM_PORT" or "port in FILE"; "--port" when it was not.
  std::string source_of(std::string_view name) const;
  bool is_given(std::string_view name) const;
  // The file that settings were read from; "" when there was none.
  const std::string& file() const;
  // Tells a bad setting on stderr. Returns the exit code, 2.
  int complain(std::string_view what) const;

 private:
  struct Setting;
  struct Given {
    std::string text;
    std::string source;
  };
  struct Impl;

  Setting* find(std::string_view name) const;
  static std::string read(const Setting& setting);
  std::optional<std::string> take_file();
  std::optional<std::string> take_all();

  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
