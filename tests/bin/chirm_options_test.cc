// SPDX-License-Identifier: MIT
// chirm's settings, seen from outside: a bad one ends it with exit code 2 and one line on stderr.
#include <gmock/gmock.h>

#include <fstream>

#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace chirm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Process;

class ChirmOptions : public ::testing::Test {
 protected:
  std::string complaint(std::vector<std::string> arguments,
                        std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), CHIRM);
    Process chirm(loop_,
                  {.arguments = std::move(arguments), .environment = std::move(environment)});
    EXPECT_TRUE(testing::run_until(loop_, [&] { return chirm.exit_code().has_value(); }));
    EXPECT_EQ(chirm.exit_code(), 2);
    EXPECT_EQ(chirm.output(), "");
    return chirm.errors();
  }

  Loop loop_;
  testing::TempDirectory directory_;
};

TEST_F(ChirmOptions, NamesWhatIsWrong) {
  EXPECT_THAT(complaint({"--url", "ftp://x"}), HasSubstr("chirm: --url: bad URL 'ftp://x'"));
  EXPECT_THAT(complaint({"--room", "a b"}), HasSubstr("--room: expected a name"));
  EXPECT_THAT(complaint({"--history", "301"}), HasSubstr("--history"));
  EXPECT_THAT(complaint({"--guest", "--register"}), HasSubstr("--guest: expected without"));
  EXPECT_THAT(complaint({}, {"CHIRM_PASSWORD=\xff"}), HasSubstr("CHIRM_PASSWORD: expected UTF-8"));
}

TEST_F(ChirmOptions, TakesPasswordsFromFilesOnly) {
  const std::string path = directory_.path() + "/none";
  EXPECT_THAT(complaint({"--password-file", path}), HasSubstr("cannot read a password from"));
  EXPECT_THAT(complaint({"--password", "hunter2"}), HasSubstr("--password"));
  std::ofstream(path) << "hunter2\xff\n";
  EXPECT_THAT(complaint({"--password-file", path}), Not(HasSubstr("hunter2")));
}

TEST_F(ChirmOptions, ExplainsAll) {
  Process chirm(loop_, {.arguments = {CHIRM, "--help"}, .environment = {}});
  ASSERT_TRUE(testing::run_until(loop_, [&] { return chirm.exit_code().has_value(); }));
  EXPECT_EQ(chirm.exit_code(), 0);
  for (const char* option : {"--url", "--name", "--room", "--password-file", "--register",
                             "--guest", "--remember", "--token", "--history", "--plain"}) {
    EXPECT_THAT(chirm.output(), HasSubstr(option));
  }
}

}  // namespace
}  // namespace chirm
