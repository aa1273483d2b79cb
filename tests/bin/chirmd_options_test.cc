// SPDX-License-Identifier: MIT
// chirmd's settings, seen from outside: a bad one ends it with exit code 2 and one line on stderr
// that names the setting as it was given, and says what was expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "core/loop/loop.h"
#include "core/loop/socket.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Process;
using testing::run_until;
using ::testing::StartsWith;
using testing::TempDirectory;

using Texts = std::vector<std::string>;

const std::string kSecret = "sixteen bytes of";

struct Ended {
  int code = -1;
  std::string output;
  std::string errors;
};

// Without the one that says it runs as root, which tests may do.
std::ptrdiff_t lines_but_of_root(const std::string& text) {
  const bool has_warning = text.find("running as root") != std::string::npos;
  return std::count(text.begin(), text.end(), '\n') - (has_warning ? 1 : 0);
}

class ChirmdOptions : public ::testing::Test {
 protected:
  static Process::Options options(Texts arguments, Texts environment) {
    arguments.insert(arguments.begin(), CHIRMD);
    Process::Options result;
    result.arguments = std::move(arguments);
    result.environment = std::move(environment);
    return result;
  }
  Ended run(Texts arguments, Texts environment = {}) {
    Process chirmd(loop, options(std::move(arguments), std::move(environment)));
    EXPECT_TRUE(run_until(loop, [&] { return chirmd.exit_code().has_value(); }));
    return {chirmd.exit_code().value_or(-1), chirmd.output(), chirmd.errors()};
  }
  // The one line that a bad setting gives, without what all such lines have.
  std::string complaint(Texts arguments, Texts environment = {}) {
    const Ended ended = run(std::move(arguments), std::move(environment));
    EXPECT_EQ(ended.code, 2);
    EXPECT_EQ(ended.output, "");
    const std::string start = "chirmd: ";
    const std::string end = " (see chirmd --help)\n";
    EXPECT_TRUE(ended.errors.starts_with(start) && ended.errors.ends_with(end)) << ended.errors;
    if (ended.errors.size() < start.size() + end.size()) return "";
    const std::string line =
        ended.errors.substr(start.size(), ended.errors.size() - start.size() - end.size());
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    return line;
  }
  // Starts it with --port 0 and what is given, and ends it. What it says where it listens.
  std::string listening(Texts arguments, Texts environment = {}) {
    for (const char* more : {"--port", "0", "--drain", "0"}) arguments.emplace_back(more);
    Process chirmd(loop, options(std::move(arguments), std::move(environment)));
    EXPECT_TRUE(run_until(loop, [&] {
      return chirmd.errors().find(" listening on ") != std::string::npos || chirmd.exit_code();
    })) << chirmd.errors();
    chirmd.send_signal(SIGTERM);
    EXPECT_TRUE(run_until(loop, [&] { return chirmd.exit_code().has_value(); }));
    EXPECT_EQ(chirmd.exit_code(), 0) << chirmd.errors();
    const std::size_t at = chirmd.errors().find(" listening on ");
    return at == std::string::npos ? "" : chirmd.errors().substr(at + 14);
  }
  // All that it says from its start to its end.
  std::string said(Texts arguments) {
    for (const char* more : {"--port", "0", "--drain", "0"}) arguments.emplace_back(more);
    Process chirmd(loop, options(std::move(arguments), {}));
    EXPECT_TRUE(run_until(loop, [&] {
      return chirmd.errors().find(" listening on ") != std::string::npos || chirmd.exit_code();
    }));
    chirmd.send_signal(SIGTERM);
    EXPECT_TRUE(run_until(loop, [&] { return chirmd.exit_code().has_value(); }));
    EXPECT_EQ(chirmd.exit_code(), 0) << chirmd.errors();
    return chirmd.errors();
  }
  // What it says of signing in, over HTTP.
  std::string sign_in_settings(Texts arguments) {
    for (const char* more : {"--port", "0", "--drain", "0"}) arguments.emplace_back(more);
    Process chirmd(loop, options(std::move(arguments), {}));
    const std::string sign = " listening on 127.0.0.1:";
    EXPECT_TRUE(run_until(loop, [&] { return chirmd.errors().find(sign) != std::string::npos; }));
    const int port = std::atoi(chirmd.errors().c_str() + chirmd.errors().find(sign) + sign.size());
    return testing::http_get(static_cast<std::uint16_t>(port), "/auth/settings").body;
  }
  std::string file(const std::string& text) {
    const std::string path = directory.path() + "/chirmd.toml";
    std::ofstream(path) << text;
    return path;
  }

  Loop loop;
  TempDirectory directory;
};

TEST_F(ChirmdOptions, NameABadNumberAndItsRange) {
  EXPECT_EQ(complaint({"--port", "99999"}),
            "--port: expected a number from 0 to 65535, got '99999'");
  EXPECT_EQ(complaint({"--port=65536"}), "--port: expected a number from 0 to 65535, got '65536'");
  for (const char* bad : {"-1", "x", "1x", "1.5", "0x10", "+1", " 1", "18446744073709551616"}) {
    EXPECT_EQ(complaint({"--port", bad}),
              "--port: expected a number from 0 to 65535, got '" + std::string(bad) + "'");
  }
}

TEST_F(ChirmdOptions, HaveTheirRanges) {
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {"connections-max", "100000001"},
      {"drain", "3601"},
      {"ping", "3601"},
      {"pong-timeout", "0"},
      {"channels-per-client", "0"},
      {"channels-max", "0"},
      {"tail-bytes-max", "65535"},
      {"tails-bytes-max", "1048575"},
      {"channel-linger", "86401"},
      {"history-size", "0"},
      {"memory-bytes-max", "1048575"},
      {"history-ttl", "0"},
      {"idempotency-ttl", "86401"},
      {"hold", "0"},
      {"ack-replicas", "11"},
  };
  for (const auto& [name, value] : kCases) {
    EXPECT_THAT(complaint({"--insecure", "--" + name, value}),
                AllOf(StartsWith("--" + name + ": expected a number from "),
                      HasSubstr(", got '" + value + "'")));
  }
}

TEST_F(ChirmdOptions, NameABadChoiceAndTheChoices) {
  EXPECT_EQ(complaint({"--log-level", "loud"}),
            "--log-level: expected debug, info, warn or error, got 'loud'");
  EXPECT_EQ(complaint({"--store-sync", "never"}),
            "--store-sync: expected full or normal, got 'never'");
  EXPECT_EQ(complaint({"--listen", "localhost"}),
            "--listen: expected an IPv4 or IPv6 address, got 'localhost'");
}

TEST_F(ChirmdOptions, NameWhatIsMissing) {
  EXPECT_EQ(complaint({"--accounts", "off"}),
            "--accounts: expected on, or a key of connection tokens (--token-hmac-secret)");
  EXPECT_EQ(complaint({"--set-password", "ada"}),
            "--set-password: expected --store FILE or --redis beside it");
  EXPECT_EQ(complaint({"--insecure", "--port"}), "--port: expected a value behind it");
  EXPECT_EQ(complaint({"--insecure", "--redis-prefix", ""}),
            "--redis-prefix: expected a text, got ''");
  EXPECT_EQ(complaint({"--insecure", "--store", ""}), "--store: expected a text, got ''");
}

TEST_F(ChirmdOptions, NameAnUnknownFlag) {
  EXPECT_EQ(complaint({"--insecure", "--prot", "1"}), "--prot: expected one of the options");
  EXPECT_EQ(complaint({"--insecure", "-p"}), "-p: expected one of the options");
  EXPECT_EQ(complaint({"--insecure", "8080"}), "8080: expected one of the options");
}

TEST_F(ChirmdOptions, NameWhatDoesNotGoTogether) {
  EXPECT_EQ(
      complaint({"--insecure", "--token-hmac-secret", "x"}),
      "--insecure: expected no --token-hmac-secret beside it, for no token would be looked at");
  EXPECT_EQ(complaint({"--insecure", "--redis", "redis://h", "--store", "memory"}),
            "--redis: expected no --store beside it");
  EXPECT_EQ(complaint({"--insecure", "--redis", "redis://h"}, {"CHIRM_STORE=memory"}),
            "--redis: expected no CHIRM_STORE beside it");
  EXPECT_EQ(complaint({"--insecure", "--ack-replicas", "1"}),
            "--ack-replicas: expected --redis beside it, which has replicas");
  EXPECT_EQ(complaint({"--insecure", "--pong-timeout", "25"}),
            "--pong-timeout: expected a pong-timeout (25) below ping (25)");
  EXPECT_EQ(complaint({"--insecure", "--ping", "8"}),
            "--ping: expected a pong-timeout (8) below ping (8)");
  EXPECT_EQ(
      complaint({"--insecure", "--redis", "redis://h", "--hold", "60", "--idempotency-ttl", "119"}),
      "--hold: expected an idempotency-ttl (119) of twice hold (60) or more, or what is sent "
      "again may be stored twice");
}

TEST_F(ChirmdOptions, TakeShardsFromFlagsVariableAndFileAndEachOnce) {
  const std::string kAgain =
      ": expected each shard once, got b:6379 again (#NAME behind a URL gives it a name)";
  EXPECT_EQ(complaint({"--insecure", "--redis", "redis://a", "--redis", "redis://b", "--redis",
                       "redis://b/0"}),
            "--redis" + kAgain);
  EXPECT_EQ(complaint({"--insecure"}, {"CHIRM_REDIS=redis://a redis://b  redis://b"}),
            "CHIRM_REDIS" + kAgain);
  const std::string path = directory.path() + "/chirmd.toml";
  std::ofstream(path) << "redis = [\"redis://a\", \"redis://b\", \"redis://b\"]\n";
  EXPECT_EQ(complaint({"--insecure", "--config", path}), "redis in " + path + kAgain);
  EXPECT_THAT(complaint({"--insecure", "--redis", "redis://a", "--redis", "redis://b:x"}),
              StartsWith("--redis: Redis URL: the port"));
}

TEST_F(ChirmdOptions, NameWhatDoesNotGoWithAccounts) {
  EXPECT_EQ(complaint({"--insecure", "--accounts", "on"}),
            "--insecure: expected no --accounts beside it, for nobody would have to sign in");
  EXPECT_EQ(complaint({"--registration", "maybe"}),
            "--registration: expected on or off, got 'maybe'");
  EXPECT_THAT(complaint({"--admins", "ada,-b"}),
              AllOf(StartsWith("--admins: expected names of 2 to 32"), HasSubstr("got '-b'")));
  EXPECT_THAT(complaint({"--store", directory.path() + "/x", "--set-password", "~ada"}),
              StartsWith("--set-password: expected a name of 2 to 32"));
}

TEST_F(ChirmdOptions, TakePublicKeysFromFiles) {
  const std::string path = directory.path() + "/key.pem";
  EXPECT_EQ(complaint({"--token-rsa-public-key", path}),
            "--token-rsa-public-key: expected a file to read, got '" + path + "'");
  std::ofstream(path) << "nonsense\n";
  EXPECT_EQ(complaint({"--token-ecdsa-public-key", path}),
            "--token-ecdsa-public-key: expected a public key in PEM in '" + path + "'");
  std::ofstream(path) << "-----BEGIN PUBLIC KEY-----\n"
                         "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
                         "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n"
                         "-----END PUBLIC KEY-----\n";
  EXPECT_THAT(complaint({"--token-rsa-public-key", path}),
              StartsWith("--token-rsa-public-key: expected an RSA public key of 2048 bits"));
  EXPECT_THAT(listening({"--accounts", "off", "--token-ecdsa-public-key", path}),
              StartsWith("127.0.0.1:"));
}

TEST_F(ChirmdOptions, TakeTrustedProxiesAsAddressesOrRanges) {
  EXPECT_EQ(complaint({"--insecure", "--trusted-proxies", "10.0.0.0/8,proxy"}),
            "--trusted-proxies: expected an address or ADDRESS/BITS, got 'proxy'");
  EXPECT_EQ(complaint({"--insecure", "--trusted-proxies", "10.0.0.0/33"}),
            "--trusted-proxies: expected an address or ADDRESS/BITS, got '10.0.0.0/33'");
  EXPECT_THAT(listening({"--insecure", "--trusted-proxies", "10.0.0.0/8,::1"}),
              StartsWith("127.0.0.1:"));
}

TEST_F(ChirmdOptions, NeverShowThePasswordOfABadUrl) {
  EXPECT_THAT(complaint({"--insecure", "--redis", "redis://:hidden@host:port"}),
              AllOf(StartsWith("--redis: "), HasSubstr("port"), Not(HasSubstr("hidden"))));
  EXPECT_THAT(complaint({"--insecure", "--redis", "http://x"}),
              HasSubstr("must start with redis://, unix:// or redis+sentinel://"));
}

TEST_F(ChirmdOptions, NameABadVariable) {
  EXPECT_EQ(complaint({"--insecure"}, {"CHIRM_PORT=99999"}),
            "CHIRM_PORT: expected a number from 0 to 65535, got '99999'");
  EXPECT_EQ(complaint({"--insecure"}, {"CHIRM_TAIL_BYTES_MAX=1"}),
            "CHIRM_TAIL_BYTES_MAX: expected a number from 65536 to 1073741824, got '1'");
  EXPECT_EQ(complaint({}, {"CHIRM_INSECURE=maybe"}),
            "CHIRM_INSECURE: expected true or false, got 'maybe'");
  EXPECT_EQ(complaint({"--insecure"}, {"CHIRM_CONFIG=/no/such/file"}),
            "CHIRM_CONFIG: expected a file to read, got '/no/such/file'");
}

TEST_F(ChirmdOptions, NameABadEntryOfTheFile) {
  const std::string path = file("port = 99999\n");
  EXPECT_EQ(complaint({"--insecure", "--config", path}),
            "port in " + path + ": expected a number from 0 to 65535, got '99999'");
  (void)file("prot = 1\n");
  EXPECT_EQ(complaint({"--insecure", "--config", path}),
            "prot in " + path + ": expected the long name of an option");
  (void)file("[server]\nport = 1\n");
  EXPECT_EQ(complaint({"--insecure", "--config", path}),
            "server.port in " + path + ": expected the long name of an option");
  (void)file("port = [1, 2]\n");
  EXPECT_EQ(complaint({"--insecure", "--config", path}),
            "port in " + path + ": expected one value");
  (void)file("config = \"x\"\n");
  EXPECT_EQ(complaint({"--insecure", "--config", path}),
            "config in " + path + ": expected the long name of an option");
}

TEST_F(ChirmdOptions, NameAFileThatCannotBeRead) {
  for (const std::string& path : {directory.path() + "/missing", directory.path()}) {
    EXPECT_EQ(complaint({"--insecure", "--config", path}),
              "--config: expected a file to read, got '" + path + "'");
  }
}

TEST_F(ChirmdOptions, AreTakenFromFlagsThenTheEnvironmentThenTheFile) {
  const std::string path = file(
      "# A comment.\n"
      "listen = \"127.0.0.4\"\n"
      "insecure = true\n"
      "drain = 1\n");
  const Texts environment = {"CHIRM_CONFIG=" + path, "CHIRM_LISTEN=127.0.0.3", "CHIRM_HOLD="};
  EXPECT_THAT(listening({"--listen", "127.0.0.2"}, environment), StartsWith("127.0.0.2:"));
  EXPECT_THAT(listening({}, environment), StartsWith("127.0.0.3:"));
  EXPECT_THAT(listening({"--config", path}), StartsWith("127.0.0.4:"));
  EXPECT_THAT(listening({"--insecure"}), StartsWith("127.0.0.1:"));
  EXPECT_THAT(listening({"--insecure", "--listen", "127.0.0.2", "--listen", "::1"}),
              StartsWith("::1:"));
}

TEST_F(ChirmdOptions, ReadTheSecretFromTheEnvironment) {
  EXPECT_THAT(listening({}, {"CHIRM_TOKEN_HMAC_SECRET=" + kSecret}), Not(HasSubstr("insecure")));
  EXPECT_THAT(listening({}, {"CHIRM_INSECURE=1"}), HasSubstr("insecure"));
}

TEST_F(ChirmdOptions, TakeSecretsFromFiles) {
  const std::string path = directory.path() + "/secret";
  std::ofstream(path) << kSecret << '\n';
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_THAT(sign_in_settings({"--token-hmac-secret-file", path}),
              HasSubstr(R"("external":true)"));
  EXPECT_THAT(said({"--token-hmac-secret-file", path, "--api-key-file", path}),
              Not(HasSubstr("chmod")));
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  EXPECT_THAT(
      said({"--api-key-file", path}),
      HasSubstr(path + " is open to other users of this machine (mode 0640): chmod 600 " + path));
  EXPECT_EQ(complaint({"--api-key-file", path, "--api-key", kSecret}),
            "--api-key-file: expected no --api-key beside it");
  EXPECT_EQ(complaint({"--api-key-file", directory.path() + "/none"}),
            "--api-key-file: expected a file to read, got '" + directory.path() + "/none'");
  EXPECT_EQ(complaint({"--api-key-file", directory.path()}),
            "--api-key-file: expected a file to read, got '" + directory.path() + "'");
  EXPECT_EQ(complaint({"--redis-password-file", path}),
            "--redis-password-file: expected --redis beside it");
  std::ofstream(path) << "\n";
  EXPECT_EQ(complaint({"--api-key-file", path}),
            "--api-key-file: expected a secret in '" + path + "'");
  std::ofstream(path) << kSecret << '\n' << kSecret << '\n';
  EXPECT_EQ(complaint({"--api-key-file", path}),
            "--api-key-file: expected one line in '" + path + "'");
}

TEST_F(ChirmdOptions, TakeNoSecretThatCanBeGuessed) {
  const std::string kShort =
      ": expected a secret of 16 bytes or more, got 15 (openssl rand -hex 32 makes one)";
  const std::string secret = kSecret.substr(1);
  const std::string path = directory.path() + "/secret";
  std::ofstream(path) << secret << '\n';
  EXPECT_EQ(complaint({"--api-key", secret}), "--api-key" + kShort);
  EXPECT_EQ(complaint({"--api-key-file", path}), "--api-key-file" + kShort);
  EXPECT_EQ(complaint({"--token-hmac-secret", secret}), "--token-hmac-secret" + kShort);
  EXPECT_EQ(complaint({}, {"CHIRM_TOKEN_HMAC_SECRET=" + secret}),
            "CHIRM_TOKEN_HMAC_SECRET" + kShort);
  EXPECT_THAT(listening({"--insecure", "--api-key", "k"}), StartsWith("127.0.0.1:"));
}

TEST_F(ChirmdOptions, WarnOfSecretsInASettingsFileThatOthersCanRead) {
  const std::string path = file("api-key = \"" + kSecret + "\"\n");
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  EXPECT_THAT(said({"--config", path}), HasSubstr(path + " is open to other users"));
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_THAT(said({"--config", path}), Not(HasSubstr("is open to")));
  (void)file("hold = 5\n");
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  EXPECT_THAT(said({"--config", path}), Not(HasSubstr("is open to")));
}

TEST_F(ChirmdOptions, KeepTheStoreFromOtherUsers) {
  const std::string store = directory.path() + "/chirm.db";
  const auto mode = [&](const std::string& suffix) {
    return static_cast<unsigned>(std::filesystem::status(store + suffix).permissions());
  };
  {
    for (const char* more : {"", "-wal", "-shm", ".lock"})
      EXPECT_FALSE(std::ifstream(store + more));
    Process chirmd(loop, options({"--port", "0", "--store", store}, {}));
    ASSERT_TRUE(
        run_until(loop, [&] { return chirmd.errors().find("listening") != std::string::npos; }));
    for (const char* suffix : {"", "-wal", "-shm", ".lock"})
      EXPECT_EQ(mode(suffix), 0600U) << suffix;
    EXPECT_THAT(chirmd.errors(), Not(HasSubstr("is open to")));
  }
  std::filesystem::permissions(store, std::filesystem::perms(0644));
  EXPECT_THAT(said({"--store", store}),
              HasSubstr(store + " is open to other users of this machine (mode 0644): chmod 600 " +
                        store + "\n"));
}

TEST_F(ChirmdOptions, WarnOfListeningWithoutTls) {
  const std::string kWarning = "without TLS";
  EXPECT_THAT(said({"--listen", "0.0.0.0"}), HasSubstr("clients reach 0.0.0.0 without TLS"));
  EXPECT_THAT(said({"--listen", "0.0.0.0", "--behind-proxy"}), Not(HasSubstr(kWarning)));
  EXPECT_THAT(said({}), Not(HasSubstr(kWarning)));
  EXPECT_THAT(said({"--insecure", "--listen", "127.0.0.9"}), Not(HasSubstr(kWarning)));
}

TEST_F(ChirmdOptions, MakeRootAnOrdinaryUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  EXPECT_THAT(said({}), HasSubstr("running as root; --user NAME"));
  EXPECT_EQ(run({"--user", "no-such-user"}).code, 1);
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  const std::string home = directory.path() + "/home";
  std::filesystem::create_directory(home);
  const passwd* nobody = getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  ASSERT_EQ(chown(home.c_str(), nobody->pw_uid, nobody->pw_gid), 0);
  Process chirmd(loop,
                 options({"--port", "0", "--user", "nobody", "--store", home + "/chirm.db"}, {}));
  ASSERT_TRUE(run_until(loop, [&] {
    return chirmd.errors().find("listening") != std::string::npos || chirmd.exit_code();
  }));
  EXPECT_THAT(chirmd.errors(), Not(HasSubstr("running as root")));
  std::ifstream status("/proc/" + std::to_string(chirmd.pid()) + "/status");
  const std::string text((std::istreambuf_iterator<char>(status)), {});
  const std::string id = std::to_string(nobody->pw_uid);
  EXPECT_THAT(text, HasSubstr("Uid:\t" + id + "\t" + id + "\t" + id + "\t" + id));
  EXPECT_THAT(text, HasSubstr("CapEff:\t0000000000000000"));
  struct stat store {};
  ASSERT_EQ(stat((home + "/chirm.db").c_str(), &store), 0);
  EXPECT_EQ(store.st_uid, nobody->pw_uid);
}

TEST_F(ChirmdOptions, TakeAllowedOriginsAsBrowsersSendThem) {
  for (const std::string bad : {"app.example", "https://app.example/", "https://", "null"}) {
    EXPECT_EQ(complaint({"--allowed-origins", "https://a.example," + bad}),
              "--allowed-origins: expected SCHEME://HOST or SCHEME://HOST:PORT, got '" + bad + "'");
  }
  EXPECT_THAT(listening({"--allowed-origins", "https://a.example,http://b.example:8080"}),
              StartsWith("127.0.0.1:"));
}

TEST_F(ChirmdOptions, IncludeTheExampleFile) {
  // What it changes is Redis; the other settings are as good as the defaults.
  const Ended ended =
      run({"--config", CHIRM_SOURCE_DIR "/conf/chirmd.toml", "--log-level", "loud"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, StartsWith("chirmd: --log-level: "));
}

TEST_F(ChirmdOptions, AreExplainedOnStdout) {
  for (const char* flag : {"--help", "-h"}) {
    const Ended ended = run({flag});
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.errors, "");
    for (const char* heading : {"Listening:", "Security:", "Store:", "Limits:", "Logging:"}) {
      EXPECT_THAT(ended.output, HasSubstr(std::string("\n") + heading + "\n"));
    }
    EXPECT_THAT(ended.output, HasSubstr("[8080]"));
    EXPECT_THAT(ended.output, Not(HasSubstr("Env:")));
    std::istringstream lines(ended.output);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
  // … whatever else is wrong.
  EXPECT_EQ(run({"--help"}, {"CHIRM_PORT=x"}).code, 0);
}

// Whoever registered the name of a token's user would be that user.
TEST_F(ChirmdOptions, TakeNoNewAccountsBesideTokensUnlessAskedFor) {
  EXPECT_THAT(sign_in_settings({}), HasSubstr(R"("registration":true,"guests":true)"));
  EXPECT_THAT(sign_in_settings({"--token-hmac-secret", kSecret}),
              HasSubstr(R"("accounts":true,"registration":false,"guests":true,"external":true)"));
  EXPECT_THAT(sign_in_settings({"--token-hmac-secret", kSecret, "--registration", "on"}),
              HasSubstr(R"("registration":true)"));
}

TEST_F(ChirmdOptions, TellTheVersionOnStdout) {
  const Ended ended = run({"--version"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.errors, "");
  EXPECT_THAT(ended.output, StartsWith("chirm "));
}

TEST_F(ChirmdOptions, EndItWhenTlsToRedisCannotBeWhatTheySay) {
  const auto error_of = [&](Texts arguments) {
    arguments.insert(arguments.begin(), {"--insecure", "--port", "0"});
    const Ended ended = run(std::move(arguments));
    EXPECT_EQ(ended.code, 2) << ended.errors;
    EXPECT_EQ(lines_but_of_root(ended.errors), 1) << ended.errors;
    return ended.errors;
  };
  for (const std::string name : {"--redis-ca", "--redis-certificate", "--redis-key"}) {
    EXPECT_THAT(error_of({"--redis", "redis://host", name, "file"}),
                HasSubstr(name + ": expected a --redis with rediss:// beside it"));
  }
  EXPECT_THAT(error_of({"--redis", "rediss://host", "--redis-certificate", "file"}),
              HasSubstr("--redis-certificate: expected --redis-key beside it"));
  EXPECT_THAT(error_of({"--redis", "rediss://host", "--redis-key", "file"}),
              HasSubstr("--redis-key: expected --redis-certificate beside it"));
  EXPECT_THAT(error_of({"--redis", "rediss://host", "--redis-ca", "/no/such/file"}),
              HasSubstr("TLS to Redis: certificate authorities /no/such/file: No such file"));
}

TEST_F(ChirmdOptions, EndItWithOneLineWhenThePortIsTaken) {
  const auto taken = listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(taken.has_value());
  const std::string port = std::to_string(local_port(*taken));
  const Ended ended = run({"--insecure", "--port", port});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors,
              HasSubstr("cannot listen on 127.0.0.1:" + port + ": Address already in use\n"));
  EXPECT_EQ(lines_but_of_root(ended.errors), 1);
}

TEST_F(ChirmdOptions, EndItWithOneLineWhenTheStoreCannotBeOpened) {
  const Ended ended = run({"--insecure", "--port", "0", "--store", "/no/such/directory/store"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("/no/such/directory/store"));
  EXPECT_EQ(lines_but_of_root(ended.errors), 1);
}

}  // namespace
}  // namespace chirm
