// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_mark.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace chirm {

namespace {

// Always so long, so that nothing is left of a longer one. Within one page of the file system's
// cache: a process that is killed has written all of it or nothing.
constexpr std::size_t kMarkBytes = 256;

SqliteFileTrace trace_from(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

// FNV-1a. A page that was half written, when the power failed, is not to be taken for a mark.
std::uint32_t checksum_of(const char* text, std::size_t length) {
  std::uint32_t sum = 2166136261U;
  for (std::size_t i = 0; i < length; ++i) {
    sum = (sum ^ static_cast<unsigned char>(text[i])) * 16777619U;
  }
  return sum;
}

// `own_inode` is that of the file which it is for: a copy of it is not a mark.
std::string text_of_mark(const SqliteMark& mark, std::uint64_t own_inode) {
  std::array<char, kMarkBytes> text{};
  int length =
      std::snprintf(text.data(), text.size(),
                    "chirm mark 1: life=%s newest=%" PRId64 ":%" PRIu64 " file=%" PRIu64 ":%" PRIu64
                    ":%" PRId64 " wal=%d checkpoint=%d touched=%d own=%" PRIu64 " ",
                    mark.life.c_str(), mark.newest.channel, mark.newest.offset, mark.file.inode,
                    mark.file.bytes, mark.file.modified_ns, int{mark.has_wal},
                    int{mark.is_checkpoint}, int{mark.is_touched}, own_inode);
  const auto written = static_cast<std::size_t>(length);
  length += std::snprintf(text.data() + length, text.size() - written, "sum=%08" PRIx32,
                          checksum_of(text.data(), written));
  std::string padded(text.data(), static_cast<std::size_t>(length));
  padded.resize(kMarkBytes - 1, ' ');
  return padded += '\n';
}

}  // namespace

std::optional<SqliteFileTrace> trace_of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return trace_from(status);
}

Expected<SqliteMarkFile, Error> SqliteMarkFile::take(const std::string& path,
                                                     const std::string& database) {
  SqliteMarkFile file(path, Socket(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
  struct stat status {};
  if (!file.file_.is_open() || fstat(file.file_.fd(), &status) != 0) {
    return Unexpected<Error>(system_error("cannot open " + path, errno));
  }
  file.trace_ = trace_from(status);
  if (flock(file.file_.fd(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) {
    return Unexpected<Error>(Error{database + " is in use by another chirmd"});
  }
  return Unexpected<Error>(system_error("cannot lock " + path, errno));
}

std::optional<SqliteMark> SqliteMarkFile::read() const {
  std::array<char, kMarkBytes + 1> text{};
  if (pread(file_.fd(), text.data(), kMarkBytes, 0) != std::ssize(text) - 1) return std::nullopt;
  SqliteMark mark;
  std::array<char, SqliteMark::kLifeLength + 1> life{};
  int wal = 0;
  int checkpoint = 0;
  int touched = 0;
  const int fields =
      std::sscanf(text.data(),
                  "chirm mark 1: life=%16[A-Za-z0-9] newest=%" SCNd64 ":%" SCNu64 " file=%" SCNu64
                  ":%" SCNu64 ":%" SCNd64 " wal=%d checkpoint=%d touched=%d",
                  life.data(), &mark.newest.channel, &mark.newest.offset, &mark.file.inode,
                  &mark.file.bytes, &mark.file.modified_ns, &wal, &checkpoint, &touched);
  if (fields != 9) return std::nullopt;
  mark.life = life.data();
  mark.has_wal = wal == 1;
  mark.is_checkpoint = checkpoint == 1;
  mark.is_touched = touched == 1;
  // With the checksum, and all that was not looked at above.
  if (text_of_mark(mark, trace_.inode) != text.data()) return std::nullopt;
  return mark;
}

Expected<void, Error> SqliteMarkFile::write(const SqliteMark& mark) {
  std::string text = text_of_mark(mark, trace_.inode);
  if (text == written_) return {};
  const ssize_t count = pwrite(file_.fd(), text.data(), text.size(), 0);
  if (count != std::ssize(text)) {
    return Unexpected<Error>(
        system_error("cannot write " + path_, count < 0 ? errno : int{ENOSPC}));
  }
  written_ = std::move(text);
  return {};
}

}  // namespace chirm
