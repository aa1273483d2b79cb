// SPDX-License-Identifier: MIT
#pragma once
// What a run of chirm-load does, from its flags.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "client/url.h"

namespace chirm::load {

// Plain values, and what follows from them for each client.
struct Settings {
  std::vector<client::Url> urls;
  std::string authorities;            // a file; "": the system's
  std::string token;                  // connection JWT, "" for none
  std::string name = "load";          // users are <name>-<number>
  std::string channel = "room:load";  // rooms are <channel>-<run>-<number>

  std::uint32_t clients = 1000;
  std::uint32_t rooms = 1;
  std::uint32_t workers =
      0;  // processes without that of the probes, 0: as many as the limit of open files demands
  std::uint32_t source_addresses = 0;  // in 127.0.0.0/8, 0: as many as ports demand

  double rate = 0;           // messages a second, open loop; 0: closed loop
  std::uint32_t window = 0;  // messages in flight, closed loop; 0: open loop
  std::uint32_t publishers =
      0;  // 0: one a room (open loop), one for each message in flight (closed)
  std::size_t payload_bytes = 128;
  double silence_s = 0;      // for so long, every other time, every third room says nothing
  bool is_idle = false;      // connect and subscribe, publish nothing
  bool is_watching = false;  // subscribe with join_leave
  double churn = 0;          // disconnects a second
  double vanish = 0;         // clients a second that go away without closing
  double stall = 0;          // clients a second that stop reading
  double stall_s = 3;        // for so long
  std::uint32_t receive_buffer_bytes = 0;  // of the sockets, 0: the system's choice

  bool allows_resets = false;  // a run in which subscribers were told recovered:false is good

  std::uint32_t probe_rooms = 0;  // of two clients each, beside the others
  double probe_rate = 10;         // messages a second in each of them

  double ramp_s = 0;
  double warmup_s = 1;
  double duration_s = 10;
  double drain_s = 10;
  double connect_timeout_s = 15;  // without any progress

  std::vector<pid_t> server_pids;
  std::string json;     // file, "-" for stdout, "" for none
  std::string journal;  // file, "" for none
  std::uint64_t seed = 1;
  bool is_quiet = false;

  bool is_closed_loop() const { return window != 0; }
  std::uint32_t all_rooms() const { return rooms + probe_rooms; }
  std::uint32_t all_clients() const { return clients + 2 * probe_rooms; }

  // Whether what is due at that time in a room is left out.
  bool is_silent(std::uint32_t room, std::uint64_t due_us) const {
    if (silence_s == 0 || room % 3 != 0) return false;
    return due_us / static_cast<std::uint64_t>(silence_s * 1e6) % 2 == 1;
  }

  // Clients 0 … clients-1 go round the rooms; then two for each probe room.
  bool is_probe(std::uint32_t client) const { return client >= clients; }
  std::uint32_t room_of(std::uint32_t client) const {
    return is_probe(client) ? rooms + (client - clients) / 2 : client % rooms;
  }
  bool is_publisher(std::uint32_t client) const {
    return is_probe(client) ? (client - clients) % 2 == 0 : client < publishers;
  }
  // The probes have a process of their own, so that the load does not get in their way.
  std::uint32_t processes() const { return workers + (probe_rooms > 0 ? 1 : 0); }
  std::uint32_t worker_of(std::uint32_t client) const {
    return is_probe(client) ? workers : client % workers;
  }
  // The members of each room, and the first members of all rooms, are spread over the nodes.
  const client::Url& url_of(std::uint32_t client) const {
    const std::uint32_t room = room_of(client);
    const std::uint32_t member = is_probe(client) ? (client - clients) % 2 : client / rooms;
    return urls[(room + member) % urls.size()];
  }
  // "" leaves the choice to the system.
  std::string local_address_of(std::uint32_t client) const;
};

// The settings, or the exit code when the program is to end at once: 0 after --help, 2 after a bad
// setting, which has been named on stderr in one line.
std::variant<Settings, int> parse_settings(int argc, const char* const* argv);

}  // namespace chirm::load
