// SPDX-License-Identifier: MIT
#include "bin/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace chirm {

bool is_root() { return geteuid() == 0; }

Expected<void, std::string> become_user(const std::string& name) {
  const passwd* user = getpwnam(name.c_str());
  if (user == nullptr)
    return Unexpected<std::string>("expected a user of this system, got '" + name + "'");
  if (user->pw_uid == geteuid() && user->pw_uid == getuid()) return {};
  if (!is_root()) {
    return Unexpected<std::string>("only root can become '" + name + "'; start it as that user");
  }
  // The groups first: without root's rights they could not be changed any more.
  if (initgroups(name.c_str(), user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
      setuid(user->pw_uid) != 0) {
    return Unexpected<std::string>("cannot become '" + name + "': " + std::strerror(errno));
  }
  return {};
}

}  // namespace chirm
