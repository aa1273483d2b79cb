// SPDX-License-Identifier: MIT
// One chirmd that serves clients over TLS itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/http_call.h"
#include "core/loop/loop.h"
#include "core/tls/tls_context.h"
#include "tests/support/certificates.h"
#include "tests/support/http_get.h"
#include "tests/support/loop_runner.h"
#include "tests/support/process.h"
#include "tests/support/reserved_port.h"

namespace chirm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsNode : public ::testing::Test {
 protected:
  TlsNode() : files_(certificates_.make("server", "DNS:localhost,IP:127.0.0.1")) {}

  void start(std::vector<std::string> more = {"--insecure"}) {
    std::vector<std::string> arguments = {CHIRM_BIN_DIR "/chirmd",
                                          "--port",
                                          std::to_string(port_.number()),
                                          "--tls-certificate",
                                          files_.certificate,
                                          "--tls-key",
                                          files_.key,
                                          "--store",
                                          "memory"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    node_ = start_process(std::move(arguments));
    ASSERT_TRUE(run_until([&] { return says(*node_, "listening on"); })) << node_->errors();
  }
  std::unique_ptr<Process> start_process(std::vector<std::string> arguments) {
    return std::make_unique<Process>(
        loop_, Process::Options{.arguments = std::move(arguments), .environment = {}});
  }
  std::unique_ptr<Process> chat(const std::string& name, const std::string& authority) {
    return start_process({CHIRM_BIN_DIR "/chirm", "--url", url_text(), "--ca", authority, "--name",
                          name, "--follow"});
  }
  bool run_until(const std::function<bool()>& is_done) {
    return testing::run_until(loop_, is_done);
  }
  static bool says(const Process& process, std::string_view text) {
    return process.errors().find(text) != std::string::npos;
  }
  std::string url_text() const { return "wss://localhost:" + std::to_string(port_.number()); }
  HttpReply get(const std::string& path) {
    client::Url url = client::parse_url(url_text()).value();
    url.tls = TlsContext::make_client(certificates_.authority()).value();
    std::optional<Expected<HttpReply, Error>> reply;
    client::HttpCall call(loop_, url, "GET", path, "", 60'000,
                          [&](Expected<HttpReply, Error> got) { reply = std::move(got); });
    EXPECT_TRUE(run_until([&] { return reply.has_value(); }));
    EXPECT_TRUE(*reply) << reply->error().message;
    return *reply ? **reply : HttpReply{};
  }

  Loop loop_;
  Certificates certificates_;
  Certificates::Files files_;
  ReservedPort port_;
  ReservedPort redirect_port_;
  std::unique_ptr<Process> node_;
};

TEST_F(TlsNode, DeliversAllInOrder) {
  start();
  auto load = start_process({CHIRM_BIN_DIR "/chirm-load", "--url", url_text(), "--ca",
                             certificates_.authority(), "--clients", "50", "--window", "64",
                             "--duration", "1", "--payload", "2000"});
  ASSERT_TRUE(run_until([&] { return load->exit_code().has_value(); }));
  EXPECT_EQ(load->exit_code(), 0) << load->output() << load->errors();
  EXPECT_THAT(load->output(), HasSubstr("violations   none"));
  EXPECT_THAT(load->output(), HasSubstr("TLS        1.3: 50, 1.2: 0; resumed 0"));
  EXPECT_THAT(get("/metrics").body, HasSubstr("chirm_tls_failures_total 0"));
}

TEST_F(TlsNode, IsComeBackToWithoutAnotherWholeHandshake) {
  start();
  auto load = start_process({CHIRM_BIN_DIR "/chirm-load", "--url", url_text(), "--ca",
                             certificates_.authority(), "--clients", "5", "--rate", "20", "--churn",
                             "20", "--duration", "2", "--json", "-"});
  ASSERT_TRUE(run_until([&] { return load->exit_code().has_value(); }));
  EXPECT_EQ(load->exit_code(), 0) << load->output() << load->errors();
  EXPECT_THAT(load->output(), HasSubstr("\"tls_resumed\": "));
  EXPECT_THAT(load->output(), ::testing::Not(HasSubstr("\"tls_resumed\": 0,")));
}

TEST_F(TlsNode, IsNotBelievedWithoutItsAuthority) {
  start();
  Certificates others;
  const auto load = start_process({CHIRM_BIN_DIR "/chirm-load", "--url", url_text(), "--ca",
                                   others.authority(), "--clients", "1", "--duration", "1"});
  ASSERT_TRUE(run_until([&] { return load->exit_code().has_value(); }));
  EXPECT_NE(load->exit_code(), 0);
  EXPECT_THAT(load->errors(), AllOf(HasSubstr("the server's certificate is not believed"),
                                    HasSubstr("give its authority's file (ca)")));
}

TEST_F(TlsNode, SignsPeopleInAtTheTerminal) {
  start({});
  Process ada(loop_,
              {.arguments = {CHIRM_BIN_DIR "/chirm", "--url",
                             "https://localhost:" + std::to_string(port_.number()), "--ca",
                             certificates_.authority(), "--name", "ada", "--register", "--follow"},
               .environment = {"CHIRM_PASSWORD=correct horse"}});
  EXPECT_TRUE(run_until([&] { return says(ada, "joined #lobby"); })) << ada.errors();
}

TEST_F(TlsNode, LetsNobodySignInWhoDoesNotBelieveIt) {
  start({});
  Certificates others;
  Process ada(loop_, {.arguments = {CHIRM_BIN_DIR "/chirm", "--url", url_text(), "--ca",
                                    others.authority(), "--name", "ada", "--register"},
                      .environment = {"CHIRM_PASSWORD=correct horse"}});
  EXPECT_TRUE(run_until([&] { return says(ada, "the server's certificate is not believed"); }))
      << ada.errors();
}

TEST_F(TlsNode, TakesARenewedCertificateWhileItsClientsStay) {
  start();
  const auto ada = chat("ada", certificates_.authority());
  ASSERT_TRUE(run_until([&] { return says(*ada, "joined #lobby"); })) << ada->errors();
  // Of another authority, so that who believes only that shows that the new one is there.
  Certificates others;
  const auto renewed = others.make("renewed", "DNS:localhost");
  for (const auto& [from, to] :
       {std::pair{renewed.certificate, files_.certificate}, std::pair{renewed.key, files_.key}}) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  }
  node_->send_signal(SIGHUP);
  ASSERT_TRUE(run_until([&] { return says(*node_, "read the certificate again"); }));
  const auto bob = chat("bob", others.authority());
  ASSERT_TRUE(run_until([&] { return says(*bob, "joined #lobby"); })) << bob->errors();
  bob->write_input("hello\n");
  EXPECT_TRUE(run_until([&] { return !ada->output().empty(); }));
  EXPECT_EQ(ada->output(), "#lobby bob: hello\n");
  EXPECT_FALSE(says(*ada, "lost")) << ada->errors();

  // One that cannot be used is told, and the one before stays.
  std::filesystem::copy_file(certificates_.authority(), files_.certificate,
                             std::filesystem::copy_options::overwrite_existing);
  node_->send_signal(SIGHUP);
  ASSERT_TRUE(run_until([&] { return says(*node_, "what was before stays"); }));
  const auto cyd = chat("cyd", others.authority());
  EXPECT_TRUE(run_until([&] { return says(*cyd, "joined #lobby"); })) << cyd->errors();
}

TEST_F(TlsNode, SendsPlainClientsToTls) {
  start({"--http-redirect-port", std::to_string(redirect_port_.number())});
  const HttpAnswer plain = http_get(port_.number(), "/");
  EXPECT_EQ(plain.status, 400);
  EXPECT_THAT(plain.body, HasSubstr("This port speaks TLS"));
  EXPECT_EQ(http_get(redirect_port_.number(), "/a?b=c").status, 308);
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(TlsNode, SaysWhatIsWrongWithItsSettings) {
  const auto error_of = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {CHIRM_BIN_DIR "/chirmd", "--store", "memory", "--port", "0"});
    auto process = start_process(std::move(arguments));
    EXPECT_TRUE(run_until([&] { return process->exit_code().has_value(); }));
    return std::to_string(process->exit_code().value_or(-1)) + " " + process->errors();
  };
  EXPECT_THAT(error_of({"--tls-certificate", files_.certificate}),
              HasSubstr("--tls-certificate: expected --tls-key beside it"));
  EXPECT_THAT(error_of({"--tls-key", files_.key}),
              HasSubstr("--tls-key: expected --tls-certificate beside it"));
  EXPECT_THAT(error_of({"--http-redirect-port", "80"}),
              HasSubstr("--http-redirect-port: expected --tls-certificate beside it"));
  EXPECT_THAT(error_of({"--tls-certificate", files_.key, "--tls-key", files_.key}),
              HasSubstr("TLS certificate " + files_.key));
}

}  // namespace
}  // namespace chirm::testing
