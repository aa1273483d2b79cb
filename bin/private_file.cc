// SPDX-License-Identifier: MIT
#include "bin/private_file.h"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace chirm {

namespace {
constexpr std::size_t kSecretBytesMax = 64 * 1024;  // a device or a wrong file is not read for ever
}

std::optional<std::string> exposure_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  // Group and others. A directory or a device is no file of ours: whoever opens it says so.
  if (!S_ISREG(status.st_mode) || (status.st_mode & 077) == 0) return std::nullopt;
  std::array<char, 8> mode{};
  (void)std::snprintf(mode.data(), mode.size(), "%04o", status.st_mode & 07777U);
  return path + " is open to other users of this machine (mode " + mode.data() + "): chmod 600 " +
         path;
}

Expected<std::string, std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kSecretBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || file.bad() || (text.empty() && file.fail() && !file.eof())) {
    return Unexpected<std::string>("expected a file to read, got '" + path + "'");
  }
  if (text.size() > kSecretBytesMax) {
    return Unexpected<std::string>("expected a file with one secret, got a longer one: '" + path +
                                   "'");
  }
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Unexpected<std::string>("expected a secret in '" + path + "'");
  // Of two lines nobody knows which one was meant.
  if (text.find_first_of(std::string_view("\n\r\0", 3)) != text.npos) {
    return Unexpected<std::string>("expected one line in '" + path + "'");
  }
  return text;
}

}  // namespace chirm
