// SPDX-License-Identifier: MIT
#include "client/terminal/plain/line_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "tests/support/loop_runner.h"

namespace chirm::terminal {
namespace {

using chirm::testing::run_until;
using ::testing::ElementsAre;

class LineReaderTest : public ::testing::Test {
 protected:
  // Opens a pair of connected descriptors: [0] to read, [1] to write.
  void open_pipe() {
    int fds[2];
    ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
    read_end_.reset(fds[0]);
    write_end_.reset(fds[1]);
  }
  void start() {
    reader_ = std::make_unique<LineReader>(
        loop_, read_end_.fd(),
        [this](std::string_view line, bool is_complete) {
          lines_.push_back(is_complete ? std::string(line)
                                       : "cut at " + std::to_string(line.size()));
          if (lines_.size() == pause_after_) reader_->pause();
        },
        [this] { has_ended_ = true; });
    reader_->resume();
  }
  void write(std::string_view bytes) {
    ASSERT_EQ(::write(write_end_.fd(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }
  bool run_to_end() {
    return run_until(loop_, [this] { return has_ended_; });
  }

  Loop loop_;
  Socket read_end_;
  Socket write_end_;
  std::vector<std::string> lines_;
  std::size_t pause_after_ = 0;
  bool has_ended_ = false;
  std::unique_ptr<LineReader> reader_;
};

TEST_F(LineReaderTest, ReadsAPipeAsItComes) {
  open_pipe();
  start();
  write("one\ntw");
  ASSERT_TRUE(run_until(loop_, [&] { return lines_.size() == 1; }));
  write("o\n\nlast");
  write_end_.reset();
  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("one", "two", "", "last"));
}

TEST_F(LineReaderTest, LeavesThePipeBlockingForOthers) {
  open_pipe();
  start();
  EXPECT_EQ(fcntl(read_end_.fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(LineReaderTest, ReadsASocket) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  read_end_.reset(fds[0]);
  write_end_.reset(fds[1]);
  write("one\n");
  write_end_.reset();
  start();
  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("one"));
}

TEST_F(LineReaderTest, ReadsAFile) {
  std::FILE* file = std::tmpfile();
  std::string expected_last;
  for (int i = 0; i < 20'000; ++i) std::fprintf(file, "line %d\n", i);
  std::rewind(file);
  read_end_.reset(dup(fileno(file)));
  std::fclose(file);
  start();
  ASSERT_TRUE(run_to_end());
  ASSERT_EQ(lines_.size(), 20'000);
  EXPECT_EQ(lines_.back(), "line 19999");
}

TEST_F(LineReaderTest, FindsDevNullEmpty) {
  read_end_.reset(open("/dev/null", O_RDONLY | O_CLOEXEC));
  start();
  ASSERT_TRUE(run_to_end());
  EXPECT_TRUE(lines_.empty());
}

TEST_F(LineReaderTest, GoesOnAfterAPause) {
  open_pipe();
  pause_after_ = 2;
  start();
  write("1\n2\n3\n4");
  write_end_.reset();
  ASSERT_TRUE(run_until(loop_, [&] { return lines_.size() == 2; }));
  bool is_next_turn = false;
  ASSERT_TRUE(run_until(loop_, [&] { return std::exchange(is_next_turn, true); }));
  EXPECT_EQ(lines_.size(), 2);
  EXPECT_FALSE(has_ended_);
  reader_->resume();
  ASSERT_TRUE(run_to_end());
  EXPECT_THAT(lines_, ElementsAre("1", "2", "3", "4"));
}

TEST_F(LineReaderTest, ReportsLinesThatAreTooLongOnce) {
  std::FILE* file = std::tmpfile();
  const std::string fits(LineReader::kLineBytesMax, 'f');
  const std::string long_line(LineReader::kLineBytesMax + 1, 'x');
  const std::string very_long_line(10 * LineReader::kLineBytesMax, 'x');
  std::fprintf(file, "%s\n%s\na\n%s\nb\n", fits.c_str(), long_line.c_str(), very_long_line.c_str());
  std::rewind(file);
  read_end_.reset(dup(fileno(file)));
  std::fclose(file);
  start();
  ASSERT_TRUE(run_to_end());
  const std::string cut = "cut at " + std::to_string(LineReader::kLineBytesMax);
  EXPECT_THAT(lines_, ElementsAre(fits, cut, "a", cut, "b"));
}

}  // namespace
}  // namespace chirm::terminal
