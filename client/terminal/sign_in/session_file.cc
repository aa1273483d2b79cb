// SPDX-License-Identifier: MIT
#include "client/terminal/sign_in/session_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "core/loop/socket.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm::terminal {

namespace {

constexpr JsonFields::Range kFieldLength{0, 16 * 1024};

std::string config_directory() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return config;
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "/" : home) + "/.config";
}

}  // namespace

SessionFile::SessionFile(const client::Url& url)
    : directory_(config_directory() + "/chirm"),
      path_(directory_ + "/session-" + url.authority()) {}

std::optional<SessionFile::Content> SessionFile::load() const {
  // Through no link: that could lead to a file that others can change.
  const Socket file(open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file.is_open() || fstat(file.fd(), &status) != 0) return std::nullopt;
  // Asked of the open file, not of its name, which may stand for another one by now.
  const bool is_private = status.st_uid == geteuid() && (status.st_mode & 077) == 0;
  if (!is_private || !S_ISREG(status.st_mode)) return std::nullopt;
  std::array<char, 16 * 1024> buffer;
  const ssize_t size = read(file.fd(), buffer.data(), buffer.size());
  if (size <= 0) return std::nullopt;
  JsonFields fields({buffer.data(), static_cast<std::size_t>(size)});
  Content content{fields.text("name", kFieldLength), fields.text("user", kFieldLength),
                  fields.text("refresh_token", kFieldLength)};
  if (!fields.is_right()) return std::nullopt;
  return content;
}

std::optional<Error> SessionFile::save(const Content& content) const {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) return Error{"cannot make " + directory_ + ": " + error.message()};
  JsonWriter json;
  json.open();
  json.add("name", content.name);
  json.add("user", content.user);
  json.add("refresh_token", content.refresh_token);
  json.close();
  const std::string text = json.take();
  // Written beside it and renamed: a crash leaves the old one or the new one, and nothing less.
  std::string temporary = path_ + ".XXXXXX";
  const Socket file(mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!file.is_open()) return system_error("cannot write " + path_, errno);
  const bool is_written =
      write(file.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (is_written && rename(temporary.c_str(), path_.c_str()) == 0) return std::nullopt;
  const Error problem = system_error("cannot write " + path_, errno);
  (void)unlink(temporary.c_str());
  return problem;
}

void SessionFile::remove() const { (void)unlink(path_.c_str()); }

}  // namespace chirm::terminal
