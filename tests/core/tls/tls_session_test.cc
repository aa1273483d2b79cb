// SPDX-License-Identifier: MIT
// Two sessions that talk to each other, without sockets.
#include "core/tls/tls_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "tests/support/certificates.h"

namespace chirm {
namespace {

using testing::Certificates;
using ::testing::HasSubstr;

// One side, and what it has heard.
struct Side {
  explicit Side(TlsSession& its_session) : session(its_session) { session.set_output(output); }

  void hear(std::string_view bytes) {
    session.receive(bytes);
    char plain[TlsSession::kRecordBytes];
    while (const std::size_t got = session.read(plain, sizeof plain)) heard.append(plain, got);
  }

  TlsSession& session;
  std::string output;
  std::string heard;
};

// Carries what each has to say, in pieces of so many bytes, until nobody has anything.
void talk(Side& a, Side& b, std::size_t piece = SIZE_MAX) {
  while (!a.output.empty() || !b.output.empty()) {
    for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
      const std::string bytes = std::exchange(from->output, {});
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        to->hear(std::string_view(bytes).substr(at, piece));
    }
  }
}

class TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { certificates_ = new Certificates; }
  static void TearDownTestSuite() {
    delete certificates_;
    certificates_ = nullptr;
  }

  static std::shared_ptr<const TlsContext> server_for(const std::string& file,
                                                      const std::string& names) {
    const auto files = certificates_->make(file, names);
    return TlsContext::make_server({files.certificate, files.key}).value();
  }
  static std::shared_ptr<const TlsContext> client() {
    return TlsContext::make_client(certificates_->authority()).value();
  }

  static Certificates* certificates_;
};
Certificates* TlsTest::certificates_ = nullptr;

TEST_F(TlsTest, CarriesWhatBothSay) {
  const auto server_context = server_for("server", "DNS:localhost,IP:127.0.0.1");
  const auto client_context = client();
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}}) {
    TlsSession server_session(*server_context);
    TlsSession client_session(*client_context, "localhost");
    Side server(server_session);
    Side client(client_session);
    client_session.begin();
    talk(client, server, piece);
    ASSERT_EQ(client_session.state(), TlsSession::State::kOpen) << client_session.error();
    ASSERT_EQ(server_session.state(), TlsSession::State::kOpen);
    const std::string much(100'000, 'x');
    EXPECT_TRUE(server_session.write(much));
    EXPECT_TRUE(client_session.write("hello"));
    talk(client, server, piece);
    EXPECT_EQ(client.heard, much);
    EXPECT_EQ(server.heard, "hello");
    EXPECT_STREQ(server_session.version(), "TLSv1.3");
    server_session.close();
    talk(client, server, piece);
    EXPECT_EQ(client_session.state(), TlsSession::State::kEnded);
  }
}

TEST_F(TlsTest, BelievesAnAddressThatTheCertificateNames) {
  const auto server_context = server_for("address", "IP:127.0.0.1");
  const auto client_context = client();
  TlsSession server_session(*server_context);
  TlsSession client_session(*client_context, "127.0.0.1");
  Side server(server_session);
  Side client(client_session);
  client_session.begin();
  talk(client, server);
  EXPECT_EQ(client_session.state(), TlsSession::State::kOpen) << client_session.error();
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
  const auto server_context = server_for("other", "DNS:example.org");
  const auto client_context = client();
  TlsSession server_session(*server_context);
  TlsSession client_session(*client_context, "localhost");
  Side server(server_session);
  Side client(client_session);
  client_session.begin();
  talk(client, server);
  EXPECT_EQ(client_session.state(), TlsSession::State::kFailed);
  EXPECT_THAT(client_session.error(), HasSubstr("not believed: hostname mismatch"));
  EXPECT_FALSE(client_session.write("secret"));
}

TEST_F(TlsTest, RefusesAnAuthorityThatItDoesNotKnow) {
  const auto server_context = server_for("unknown", "DNS:localhost");
  Certificates others;
  const auto client_context = TlsContext::make_client(others.authority()).value();
  TlsSession server_session(*server_context);
  TlsSession client_session(*client_context, "localhost");
  Side server(server_session);
  Side client(client_session);
  client_session.begin();
  talk(client, server);
  EXPECT_EQ(client_session.state(), TlsSession::State::kFailed);
  EXPECT_THAT(client_session.error(), HasSubstr("not believed"));
  EXPECT_EQ(server_session.state(), TlsSession::State::kFailed);
}

TEST_F(TlsTest, GoesOnFromAnEarlierSession) {
  const auto server_context = server_for("resumed", "DNS:localhost");
  const auto client_context = client();
  std::shared_ptr<TlsSession::Ticket> ticket;
  for (const bool is_resumed : {false, true}) {
    TlsSession server_session(*server_context);
    TlsSession client_session(*client_context, "localhost");
    Side server(server_session);
    Side client(client_session);
    if (ticket) client_session.resume(*ticket);
    client_session.begin();
    talk(client, server);
    EXPECT_EQ(client_session.is_resumed(), is_resumed);
    EXPECT_EQ(server_session.is_resumed(), is_resumed);
    ticket = client_session.ticket();
    ASSERT_NE(ticket, nullptr);
  }
}

TEST_F(TlsTest, KnowsAPlainHttpRequest) {
  const auto server_context = server_for("plain", "DNS:localhost");
  TlsSession server_session(*server_context);
  Side server(server_session);
  server.hear("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(server_session.state(), TlsSession::State::kFailed);
  EXPECT_TRUE(server_session.is_plain_http());
}

TEST_F(TlsTest, FailsOnAnythingElse) {
  const auto server_context = server_for("garbage", "DNS:localhost");
  TlsSession server_session(*server_context);
  Side server(server_session);
  server.hear(std::string(100, '\xff'));
  EXPECT_EQ(server_session.state(), TlsSession::State::kFailed);
  EXPECT_FALSE(server_session.is_plain_http());
  server.hear("more");
  EXPECT_EQ(server.heard, "");
}

TEST_F(TlsTest, SaysWhatIsWrongWithItsFiles) {
  const auto one = certificates_->make("one", "DNS:localhost");
  const auto two = certificates_->make("two", "DNS:localhost");
  const auto error_of = [](const TlsFiles& files) {
    const auto made = TlsContext::make_server(files);
    return made ? std::string("none") : made.error().message;
  };
  EXPECT_EQ(error_of({one.certificate, one.key}), "none");
  EXPECT_EQ(error_of({"/nowhere.pem", one.key}),
            "TLS certificate /nowhere.pem: No such file or directory");
  EXPECT_EQ(error_of({one.certificate, "/nowhere.key"}),
            "TLS key /nowhere.key: No such file or directory");
  EXPECT_EQ(error_of({one.certificate, two.key}),
            "TLS key " + two.key + ": it is not that of the certificate " + one.certificate);
  const std::string text = certificates_->path("text");
  std::ofstream(text) << "no PEM\n";
  EXPECT_EQ(error_of({text, one.key}),
            "TLS certificate " + text + ": expected a certificate in PEM (no start line)");
  EXPECT_EQ(error_of({one.certificate, text}),
            "TLS key " + text + ": expected a key in PEM without a passphrase (unsupported)");
  const auto wrong = TlsContext::make_client("/nowhere.pem");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message,
            "certificate authorities /nowhere.pem: No such file or directory");
}

TEST_F(TlsTest, KnowsWhenTheCertificateExpires) {
  const auto files = certificates_->make("short", "DNS:localhost", 1);
  const auto context = TlsContext::make_server({files.certificate, files.key}).value();
  const std::int64_t now = time(nullptr);
  EXPECT_GT(context->expires_at(), now);
  EXPECT_LE(context->expires_at(), now + 24 * 3600 + 60);
}

}  // namespace
}  // namespace chirm
