// SPDX-License-Identifier: MIT
#include "tests/chaos/lossy_network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/base/check.h"
#include "core/loop/socket.h"

namespace chirm::chaos {

namespace {

enum Refusal : std::uint8_t { kNone, kNamespace, kLoopback, kNetem };

// tc is in sbin, off an ordinary user's PATH.
bool run_tc(const std::string& arguments) {
  const std::string command =
      "PATH=$PATH:/usr/sbin:/sbin tc qdisc " + arguments + " >/dev/null 2>&1";
  return std::system(command.c_str()) == 0;
}

bool raise_loopback() {
  const Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ioctl(socket.fd(), SIOCSIFFLAGS, &request) == 0;
}

// Tries all of it, in a process that ends.
Refusal rehearse() {
  const pid_t pid = fork();
  CHIRM_CHECK(pid >= 0, errno);
  if (pid == 0) {
    if (unshare(CLONE_NEWNET) != 0) _exit(kNamespace);
    if (!raise_loopback()) _exit(kLoopback);
    _exit(run_tc("add dev lo root netem loss 1%") ? kNone : kNetem);
  }
  int status = 0;
  CHIRM_CHECK(waitpid(pid, &status, 0) == pid, errno);
  return WIFEXITED(status) ? static_cast<Refusal>(WEXITSTATUS(status)) : kNamespace;
}

}  // namespace

std::optional<std::string> enter_lossy_network() {
  switch (rehearse()) {
    case kNamespace:
      return "no right to make a network namespace";
    case kLoopback:
      return "no right to configure a network namespace";
    case kNetem:
      return "no tc, or a kernel without netem";
    case kNone:
      break;
  }
  CHIRM_CHECK(unshare(CLONE_NEWNET) == 0 && raise_loopback(), errno);
  return std::nullopt;
}

void lose_packets(unsigned percent) {
  CHIRM_CHECK(run_tc(percent == 0 ? "del dev lo root"
                                  : "add dev lo root netem loss " + std::to_string(percent) + "%"),
              percent);
}

std::uint64_t lost_packets() {
  std::FILE* const tc = popen("PATH=$PATH:/usr/sbin:/sbin tc -s qdisc show dev lo", "r");
  CHIRM_CHECK(tc != nullptr, errno);
  std::array<char, 4096> text{};
  const std::size_t size = std::fread(text.data(), 1, text.size() - 1, tc);
  (void)pclose(tc);
  const std::string output(text.data(), size);
  const std::size_t found = output.find("(dropped ");
  return found == output.npos ? 0 : std::strtoull(output.c_str() + found + 9, nullptr, 10);
}

}  // namespace chirm::chaos
