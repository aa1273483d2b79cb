// SPDX-License-Identifier: MIT
#include "bin/chirm_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>

#include "client/terminal/plain/plain_chat.h"
#include "client/terminal/sign_in/prompt.h"
#include "core/base/version.h"
#include "core/tls/tls_context.h"
#include "protocol/json.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr const char* kIntroduction =
    "Chat in a terminal. Reconnects by itself, goes on where it was, and sends what was typed\n"
    "meanwhile once.\n";
constexpr const char* kEpilogue =
    "Where the server has accounts, the password comes from --password-file, CHIRM_PASSWORD, or\n"
    "is asked for at the terminal, where Enter alone leads to registering or being a guest. A\n"
    "script without one, and --guest, come in as a guest.\n\n"
    "At a terminal it fills the screen: type /help. When stdin or stdout is no terminal, each "
    "line\n"
    "of stdin is a message to the (first) room, each message received is one line on stdout, and\n"
    "what happens to the connection is told on stderr:\n"
    "  #lobby ada: first line\\nsecond line, and a backslash: \\\\\n"
    "In the name, blanks, colons and backslashes have a backslash before them. Lines that start\n"
    "with a slash are messages, too. At the end of stdin, chirm waits until all messages are\n"
    "acknowledged and ends; with --follow it stays.\n\n"
    "Colours are left out when NO_COLOR is set.\n\n"
    "Exit codes: 0 after /quit, the end of the input, Ctrl-C; 1 when the server refuses, a room\n"
    "cannot be joined or a message could not be sent; 2 for a bad setting.\n\n"
    "Examples:\n"
    "  chirm --name ada --room lobby\n"
    "  chirm --name ada --register --remember\n"
    "  uptime | chirm --name cron --password-file cron.secret --room ops\n"
    "  chirm --name log --room ops --follow < /dev/null >> ops.txt\n";

// Services and containers often run without $USER.
std::string default_name() {
  const char* user = std::getenv("USER");
  return user == nullptr || *user == '\0' ? "anonymous" : user;
}

// In one line: scripts keep what a program says at its end.
int complain(std::string_view what) {
  std::string line(what);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::cerr << "chirm: " << line << " (see chirm --help)\n";
  return 2;
}

// A name stands in lines of others' terminals.
bool is_line(std::string_view text) {
  return json::is_utf8(text) && std::none_of(text.begin(), text.end(),
                                             [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// The first line, which ends with the file; nullopt when it cannot be read.
std::optional<std::string> read_secret(const std::string& path) {
  // Without a line feed at its end the line is read, too, and yet getline() may call it a failure.
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) && line.empty()) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// Whether there is a person at a terminal that can move its cursor.
bool is_at_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && kind != nullptr &&
         *kind != '\0' && std::string_view(kind) != "dumb";
}

struct Settings {
  std::string url = "ws://127.0.0.1:8080/connection/websocket";
  std::string authorities;
  std::string name = default_name();
  std::string token;
  std::string password_file;
  std::string password;
  std::vector<std::string> rooms;
  std::optional<std::uint32_t> history;
  bool registers = false;
  bool is_guest = false;
  bool remembers = false;
  bool is_plain = false;
  bool stays = false;
};

void add_options(CLI::App& app, Settings& settings) {
  app.add_option("--url", settings.url,
                 "Where the server is: ws://HOST[:PORT][/PATH], wss:// with TLS, or its\n"
                 "page's address (CHIRM_URL)\n"
                 "[ws://127.0.0.1:8080/connection/websocket]")
      ->option_text("URL")
      ->envname("CHIRM_URL");
  app.add_option("--ca", settings.authorities,
                 "PEM file with the authorities whose certificates are believed, instead of\n"
                 "the system's (CHIRM_CA)")
      ->option_text("FILE")
      ->envname("CHIRM_CA");
  app.add_option("--name", settings.name, "Your name (CHIRM_NAME) [$USER]")
      ->option_text("NAME")
      ->envname("CHIRM_NAME");
  app.add_option("--room", settings.rooms,
                 "Room to join; give it again for more rooms. What you type goes to\n"
                 "the first one [lobby]")
      ->option_text("ROOM")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--password-file", settings.password_file,
                 "File whose first line is your password (or CHIRM_PASSWORD is it)")
      ->option_text("FILE");
  app.add_flag("--register", settings.registers, "Create the account");
  app.add_flag("--guest", settings.is_guest, "Come in without an account");
  app.add_flag("--remember", settings.remembers,
               "Keep the session in ~/.config/chirm for the next time");
  app.add_option("--token", settings.token,
                 "Token of another system that says who you are (CHIRM_TOKEN; better\n"
                 "there, for flags show in ps)")
      ->option_text("TOKEN")
      ->envname("CHIRM_TOKEN");
  app.add_option("--history", settings.history,
                 "Messages of the past to show on joining [50 at a terminal, else 0]")
      ->option_text("N")
      ->check(CLI::Range(0, 300));
  app.add_flag("--plain", settings.is_plain, "Lines in, lines out, also at a terminal");
  app.add_flag("--follow", settings.stays, "Go on listening after the end of stdin");
}

// Empty when all is well.
std::string first_problem(const Settings& settings) {
  // What the server would refuse for sure is refused here, where the flag can be named.
  for (const std::string& room : settings.rooms) {
    if (!terminal::is_room_name(room)) {
      return "--room: expected a name of printable characters without blanks and #";
    }
  }
  if (settings.name.size() > limits::kUserBytes || !is_line(settings.name)) {
    return "--name: expected at most " + std::to_string(limits::kUserBytes) +
           " bytes of UTF-8 without control characters";
  }
  if (!json::is_utf8(settings.token)) return "--token: expected a JSON Web Token";
  if (!json::is_utf8(settings.password)) return "CHIRM_PASSWORD: expected UTF-8";
  if (settings.is_guest && settings.registers) {
    return "--guest: expected without --register, for a guest has no account";
  }
  return {};
}

// In the order given, for the first one is where one talks.
std::vector<std::string> without_repetitions(const std::vector<std::string>& rooms) {
  std::vector<std::string> result;
  for (const std::string& room : rooms) {
    if (std::find(result.begin(), result.end(), room) == result.end()) result.push_back(room);
  }
  return result;
}

terminal::SignInOptions sign_in_options(const Settings& settings) {
  terminal::SignInOptions sign_in;
  sign_in.name = settings.name;
  sign_in.token = settings.token;
  sign_in.registers = settings.registers;
  sign_in.is_guest = settings.is_guest;
  sign_in.remembers = settings.remembers;
  if (!settings.password.empty()) sign_in.password = settings.password;
  // A person who is asked sits at the terminal; in a script nobody would answer.
  if (isatty(STDIN_FILENO) == 1) sign_in.ask = terminal::ask_for_line;
  return sign_in;
}

}  // namespace

std::variant<ChirmOptions, int> parse_chirm_options(int argc, char** argv) {
  Settings settings;
  CLI::App app(kIntroduction, "chirm");
  app.footer(kEpilogue);
  app.get_formatter()->column_width(28);
  app.set_version_flag("--version", std::string(kVersion));
  add_options(app, settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    return complain(error.what());
  }
  auto url = client::parse_url(settings.url);
  if (!url) return complain("--url: " + url.error().message);
  if (url->is_tls) {
    auto tls = TlsContext::make_client(settings.authorities);
    if (!tls) return complain("--ca: " + tls.error().message);
    url->tls = std::move(*tls);
  } else if (!settings.authorities.empty() && app.count("--ca") > 0) {
    return complain("--ca: expected a --url with wss:// beside it");
  }
  // No flag, for those show in ps. A file that is named wins: the variable may be left over.
  if (const char* password = std::getenv("CHIRM_PASSWORD")) settings.password = password;
  if (!settings.password_file.empty()) {
    const auto secret = read_secret(settings.password_file);
    if (!secret || !json::is_utf8(*secret)) {
      return complain("--password-file: cannot read a password from " + settings.password_file);
    }
    settings.password = *secret;
  }
  if (const std::string problem = first_problem(settings); !problem.empty()) {
    return complain(problem);
  }
  ChirmOptions options;
  options.is_plain = settings.is_plain || !is_at_terminal();
  options.stays = settings.stays;
  options.has_chosen_rooms = !settings.rooms.empty();
  options.rooms = without_repetitions(settings.rooms);
  if (options.rooms.empty()) options.rooms.emplace_back("lobby");
  // A person wants to know what is being talked of, a script what is said from now on.
  options.history = settings.history.value_or(options.is_plain ? 0 : 50);
  options.sign_in = sign_in_options(settings);
  options.sign_in.url = *url;
  return options;
}

}  // namespace chirm
