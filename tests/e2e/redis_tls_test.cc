// SPDX-License-Identifier: MIT
// chirmd whose Redis is reached over TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/loop.h"
#include "tests/support/certificates.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"
#include "tests/support/process.h"
#include "tests/support/redis_server.h"
#include "tests/support/reserved_port.h"

namespace chirm::testing {
namespace {

using ::testing::HasSubstr;

class NodeWithRedisOverTls : public ::testing::Test {
 protected:
  NodeWithRedisOverTls()
      : server_(certificates_.make("server", "DNS:localhost")),
        own_(certificates_.make("node", "DNS:node")),
        redis_({.configuration = {},
                .arguments = {"--tls-port", std::to_string(redis_port_.number()), "--tls-cert-file",
                              server_.certificate, "--tls-key-file", server_.key,
                              "--tls-ca-cert-file", certificates_.authority()}}) {}

  std::unique_ptr<Process> start(std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        CHIRM_BIN_DIR "/chirmd",
        "--port",
        std::to_string(port_.number()),
        "--redis",
        "rediss://localhost:" + std::to_string(redis_port_.number()),
        "--redis-ca",
        certificates_.authority(),
        "--redis-certificate",
        own_.certificate,
        "--redis-key",
        own_.key};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Process>(
        loop_, Process::Options{.arguments = std::move(arguments), .environment = {}});
  }
  bool run_until(const std::function<bool()>& is_done) {
    return testing::run_until(loop_, is_done);
  }
  static bool says(const Process& process, std::string_view text) {
    return process.errors().find(text) != std::string::npos;
  }
  // Puts other files in the place of the node's own.
  void renew_own(const Certificates::Files& files) const {
    for (const auto& [from, to] :
         {std::pair{files.certificate, own_.certificate}, std::pair{files.key, own_.key}}) {
      std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
    }
  }

  Loop loop_;
  Certificates certificates_;
  const Certificates::Files server_;
  const Certificates::Files own_;
  ReservedPort redis_port_;
  ReservedPort port_;
  RedisServer redis_;
};

TEST_F(NodeWithRedisOverTls, TakesARenewedCertificateAtSighup) {
  const Certificates::Files good = certificates_.make("renewed", "DNS:node");
  Certificates others;
  renew_own(others.make("node", "DNS:node"));
  const auto node = start({"--insecure"});
  ASSERT_TRUE(run_until([&] {
    return says(*node, "listening on") &&
           says(*node, "unknown ca: it does not know the authority of redis-certificate");
  })) << node->errors();
  const HttpAnswer away = http_get(port_.number(), "/readyz");
  EXPECT_EQ(away.status, 503);

  // Half of a renewal cannot be used, and is told.
  std::filesystem::copy_file(good.key, own_.key, std::filesystem::copy_options::overwrite_existing);
  node->send_signal(SIGHUP);
  ASSERT_TRUE(run_until([&] { return says(*node, "it is not that of the certificate"); }))
      << node->errors();
  renew_own(good);
  node->send_signal(SIGHUP);
  ASSERT_TRUE(run_until([&] { return says(*node, "commands connected to localhost"); }))
      << node->errors();
  EXPECT_TRUE(run_until([&] { return http_get(port_.number(), "/readyz").status == 200; }));
}

TEST_F(NodeWithRedisOverTls, HasPasswordsSetThroughIt) {
  const auto node = start({});
  ASSERT_TRUE(run_until([&] { return says(*node, "commands connected to localhost"); }))
      << node->errors();
  const auto setting = start({"--set-password", "ada"});
  setting->write_input("correct horse\n");
  setting->close_input();
  ASSERT_TRUE(run_until([&] { return setting->exit_code().has_value(); }));
  EXPECT_EQ(setting->exit_code(), 0) << setting->errors();
  EXPECT_THAT(setting->errors(), HasSubstr("the password of ada is set"));
}

}  // namespace
}  // namespace chirm::testing
