// SPDX-License-Identifier: MIT
#include "tests/support/redis_server.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/base/check.h"

namespace chirm::testing {

namespace {

constexpr int kStartDeadlineMs = 60'000;

std::string text_of(const redisReply* reply) {
  switch (reply->type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply->integer);
    case REDIS_REPLY_NIL:
      return "(nil)";
    case REDIS_REPLY_ARRAY: {
      std::string text;
      for (std::size_t i = 0; i < reply->elements; ++i) {
        text += (i == 0 ? "" : " ") + text_of(reply->element[i]);
      }
      return text;
    }
    default:
      return {reply->str, reply->len};
  }
}

// Frees the context. nullopt when the connection was lost before the answer came.
std::optional<std::string> run_on(redisContext* context,
                                  const std::vector<std::string>& arguments) {
  CHIRM_CHECK(context != nullptr && context->err == 0);
  std::vector<const char*> argv;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : arguments) {
    argv.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  auto* reply = static_cast<redisReply*>(
      redisCommandArgv(context, static_cast<int>(argv.size()), argv.data(), sizes.data()));
  std::optional<std::string> text;
  if (reply != nullptr) text = text_of(reply);
  freeReplyObject(reply);
  redisFree(context);
  return text;
}

}  // namespace

RedisServer::RedisServer(Options options) : options_(std::move(options)) {
  signal(SIGPIPE, SIG_IGN);  // as chirmd does; hiredis writes without MSG_NOSIGNAL
  if (options_.has_tcp) port_.emplace();
  if (options_.is_started) start();
}

RedisServer::~RedisServer() { kill(); }

void RedisServer::start(const std::vector<std::string>& more) {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    std::to_string(port()),
                                    "--bind",
                                    "127.0.0.1",
                                    "--unixsocket",
                                    socket_path(),
                                    "--dir",
                                    directory(),
                                    "--save",
                                    "",
                                    "--logfile",
                                    "",
                                    "--enable-debug-command",
                                    "yes"};
  if (!options_.configuration.empty()) {
    // A copy: Sentinels have Redis rewrite its file.
    const std::string copy = directory() + "/redis.conf";
    std::filesystem::copy_file(options_.configuration, copy,
                               std::filesystem::copy_options::overwrite_existing);
    words.insert(words.begin() + 1, copy);
  }
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const std::size_t log_begin = log().size();
  const int log_fd =
      open(log_path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  CHIRM_CHECK(log_fd >= 0, log_path());
  const int watch_fd = inotify_init1(IN_CLOEXEC);
  CHIRM_CHECK(inotify_add_watch(watch_fd, log_path().c_str(), IN_MODIFY) >= 0, log_path());
  pid_ = fork();
  CHIRM_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves nothing behind
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    for (std::string& variable : options_.environment) putenv(variable.data());
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(log_fd);
  wait_until_ready(log_begin, watch_fd);
  close(watch_fd);
}

std::string RedisServer::log() const {
  std::ifstream file(log_path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Redis says so in its log. `watch_fd` tells when something is written there.
void RedisServer::wait_until_ready(std::size_t log_begin, int watch_fd) {
  pollfd changed{.fd = watch_fd, .events = POLLIN, .revents = 0};
  while (log().find("The server is now ready to accept connections at", log_begin) ==
         std::string::npos) {
    CHIRM_CHECK(death().empty(), death(), log());
    CHIRM_CHECK(poll(&changed, 1, kStartDeadlineMs) == 1, "redis-server does not start:", log());
    alignas(inotify_event) std::array<char, 4096> events{};
    CHIRM_CHECK(read(watch_fd, events.data(), events.size()) > 0);
  }
}

// The process is left for kill() to be waited for.
std::string RedisServer::death() const {
  if (pid_ < 0) return {};
  siginfo_t end{};
  const auto id = static_cast<id_t>(pid_);
  if (waitid(P_PID, id, &end, WEXITED | WNOHANG | WNOWAIT) != 0 || end.si_pid == 0) return {};
  return "redis-server " + std::to_string(pid_) + " has ended by itself, with " +
         (end.si_code == CLD_EXITED ? "code " : "signal ") + std::to_string(end.si_status);
}

void RedisServer::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  if (blocker_fd_ >= 0) close(std::exchange(blocker_fd_, -1));
}

void RedisServer::lose_data() {
  CHIRM_CHECK(pid_ < 0);
  for (const auto& entry : std::filesystem::directory_iterator(directory())) {
    std::filesystem::remove_all(entry.path());
  }
}

void RedisServer::suspend() { CHIRM_CHECK(::kill(pid_, SIGSTOP) == 0); }

void RedisServer::resume() { CHIRM_CHECK(::kill(pid_, SIGCONT) == 0); }

std::optional<std::string> RedisServer::try_command(
    const std::vector<std::string>& arguments) const {
  return run_on(redisConnectUnix(socket_path().c_str()), arguments);
}

std::string RedisServer::command(const std::vector<std::string>& arguments) const {
  const auto answer = try_command(arguments);
  CHIRM_CHECK(answer.has_value(), arguments[0], "was not answered");
  return *answer;
}

std::string redis_command_over_tcp(std::uint16_t port, const std::vector<std::string>& arguments) {
  const auto answer = run_on(redisConnect("127.0.0.1", port), arguments);
  CHIRM_CHECK(answer.has_value(), arguments[0], "was not answered");
  return *answer;
}

bool RedisServer::answers(int patience_ms) const {
  const timeval patience{.tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000};
  redisContext* context = redisConnectUnixWithTimeout(socket_path().c_str(), patience);
  CHIRM_CHECK(context != nullptr);
  void* reply = nullptr;
  if (context->err == 0 && redisSetTimeout(context, patience) == REDIS_OK) {
    reply = redisCommand(context, "PING");
  }
  const bool is_answered = reply != nullptr;
  freeReplyObject(reply);
  redisFree(context);
  return is_answered;
}

void RedisServer::block_with_a_script() {
  redisContext* context = redisConnectUnix(socket_path().c_str());
  CHIRM_CHECK(context != nullptr && context->err == 0, socket_path());
  int is_written = 0;
  redisAppendCommand(context, "EVAL %s 0", "while true do end");
  while (is_written == 0) CHIRM_CHECK(redisBufferWrite(context, &is_written) == REDIS_OK);
  blocker_fd_ = redisFreeKeepFd(context);
  while (command({"PING"}) == "PONG") {
  }
}

}  // namespace chirm::testing
