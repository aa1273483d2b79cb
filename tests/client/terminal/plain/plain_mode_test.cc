// SPDX-License-Identifier: MIT
#include "client/terminal/plain/plain_mode.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/client/scripted_server.h"

namespace chirm::terminal {
namespace {

using chirm::testing::Peer;
using chirm::testing::ScriptedServer;
using ::testing::HasSubstr;

std::string read_all(std::FILE* file) {
  std::string text(1 << 20, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

class PlainModeTest : public ::testing::Test {
 protected:
  PlainModeTest() {
    sign_in_.url = server_.url();
    options_.rooms = {"lobby"};
    options_.history = 0;
    server_.on_command = [this](Peer& peer, const Command& command) {
      const auto* publish = std::get_if<PublishCommand>(&command.method);
      if (publish == nullptr) return false;
      peer.send_publication(publish->channel, ++top_, publish->data);
      return false;
    };
  }
  ~PlainModeTest() override {
    std::fclose(output_);
    std::fclose(status_);
  }
  int run(const std::string& input) {
    std::FILE* file = std::tmpfile();
    std::fwrite(input.data(), 1, input.size(), file);
    std::rewind(file);
    const int code =
        PlainMode(loop_, sign_in_, options_, false, {fileno(file), output_, status_}).run();
    std::fclose(file);
    return code;
  }

  Loop loop_;
  ScriptedServer server_{loop_};
  SignInOptions sign_in_;
  ChatOptions options_;
  std::uint64_t top_ = 0;
  std::FILE* output_ = std::tmpfile();
  std::FILE* status_ = std::tmpfile();
};

TEST_F(PlainModeTest, SendsLinesAndPrintsMessages) {
  EXPECT_EQ(run("hello\n/quit\n\nwith \\\r\nlast"), 0);
  EXPECT_EQ(read_all(output_),
            "#lobby ada: hello\n#lobby ada: /quit\n#lobby ada: with \\\\\n#lobby ada: last\n");
  EXPECT_THAT(read_all(status_), HasSubstr("chirm: joined #lobby\n"));
}

TEST_F(PlainModeTest, SendsAnyNumberOfLines) {
  std::string input;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    input += std::to_string(i) + "\n";
    expected += "#lobby ada: " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(run(input), 0);
  EXPECT_EQ(read_all(output_), expected);
}

TEST_F(PlainModeTest, SaysWhichLineIsTooLong) {
  EXPECT_EQ(run(std::string(100'000, 'x') + "\nshort\n"), 1);
  EXPECT_EQ(read_all(output_), "#lobby ada: short\n");
  EXPECT_THAT(read_all(status_), HasSubstr("chirm: not sent: a line longer than 49152 bytes\n"));
}

TEST_F(PlainModeTest, GoesOnBehindALineThatCannotBeSent) {
  std::string unsendable(48 * 1024, '\x01');  // as JSON six times as long
  EXPECT_EQ(run(unsendable + "\nlast\n"), 1);
  EXPECT_EQ(read_all(output_), "#lobby ada: last\n");
  EXPECT_THAT(read_all(status_), HasSubstr("chirm: not sent: the publication is too large\n"));
}

TEST_F(PlainModeTest, ExitsWith1WhenTheServerRefuses) {
  server_.on_command = [](Peer& peer, const Command&) {
    peer.close(3500, "invalid token");
    return true;
  };
  EXPECT_EQ(run("hello\n"), 1);
  EXPECT_THAT(read_all(status_), HasSubstr("invalid token (3500)"));
}

}  // namespace
}  // namespace chirm::terminal
