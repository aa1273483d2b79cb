// SPDX-License-Identifier: MIT
#pragma once
// A session that is remembered from one start to the next: a file that only its owner can read.
// Private to client/terminal/.

#include <optional>
#include <string>
#include <string_view>

#include "client/url.h"
#include "core/base/error.h"

namespace chirm::terminal {

class SessionFile {
 public:
  // One for each server: $XDG_CONFIG_HOME/chirm/session-<host:port>, or below ~/.config.
  explicit SessionFile(const client::Url& url);

  struct Content {
    std::string name;  // that was asked for
    std::string user;  // that one became
    std::string refresh_token;
  };
  // nullopt when there is none, or others could have read or written it.
  std::optional<Content> load() const;
  // Replaces it as a whole.
  [[nodiscard]] std::optional<Error> save(const Content& content) const;
  void remove() const;

 private:
  std::string directory_;
  std::string path_;
};

}  // namespace chirm::terminal
