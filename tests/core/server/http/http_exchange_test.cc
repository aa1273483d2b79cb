// SPDX-License-Identifier: MIT
// An exchange without a socket: what it answers, when it gives time, and what becomes of it.
#include "core/server/http/http_exchange.h"
#include "core/audit/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/chat/authenticator.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/server/admission.h"
#include "core/server/server_counters.h"
#include "core/server/server_settings.h"
#include "tests/support/fake_broker.h"
#include "tests/support/raw_client.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kGetA = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

// A connection that takes `room` bytes and writes down the rest of what is asked of it.
class FakeHttpTransport final : public HttpTransport {
 public:
  std::optional<std::size_t> send(std::string_view bytes) override {
    const std::size_t taken = std::min(room, bytes.size());
    sent += bytes.substr(0, taken);
    room -= taken;
    return taken;
  }
  void set_input_wanted(bool is_wanted) override { is_input_wanted = is_wanted; }
  void set_deadline(std::uint32_t seconds) override { deadlines.push_back(seconds); }
  std::string peer() const override { return "192.0.2.1"; }
  HttpService service() const override { return service_now; }
  bool is_tls() const override { return is_tls_now; }
  bool claim(const std::string&) override { return may_claim; }
  void on_upgraded(std::string input) override {
    upgraded_with = std::move(input);
    exchange.reset();
  }
  void on_all_written() override { is_all_written = true; }
  void end() override {
    is_ended = true;
    exchange->abandon();
  }
  // Of sessions.
  std::size_t write(std::span<const iovec>, std::size_t) override { return 0; }
  void on_closing() override {}

  std::optional<HttpExchange> exchange;
  std::size_t room = SIZE_MAX;
  std::string sent;
  std::vector<std::uint32_t> deadlines;
  bool is_input_wanted = true;
  HttpService service_now = HttpService::kAll;
  bool is_tls_now = false;
  bool may_claim = true;
  bool is_all_written = false;
  bool is_ended = false;
  std::optional<std::string> upgraded_with;
};

class HttpExchangeTest : public ::testing::Test {
 protected:
  HttpExchangeTest() {
    server_settings_.request_timeout_s = 1;
    server_settings_.answer_timeout_s = 2;
    server_settings_.keep_alive_s = 3;
    chat_settings_.is_insecure = true;
    const auto echo = [](const HttpCall& call, const HttpAnswer& answer) {
      answer(text_response(200, call.request.target + " <" + call.body + ">"));
    };
    router_.add({"GET", "/a", echo});
    router_.add({"GET", "/large", [](const HttpCall&, const HttpAnswer& answer) {
                   answer(text_response(200, std::string(100'000, 'x')));
                 }});
    router_.add({"POST", "/echo", echo, 1'000});
    router_.add({"POST", "/later",
                 [this](const HttpCall&, HttpAnswer answer) { late_ = std::move(answer); }});
    begin();
  }
  void begin() {
    transport_.exchange.emplace(context_, transport_);
    transport_.deadlines.clear();
  }
  HttpExchange& exchange() { return *transport_.exchange; }
  static std::string post(const std::string& path, const std::string& body) {
    return "POST " + path +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
  }

  Loop loop_;
  ServerSettings server_settings_;
  ChatSettings chat_settings_;
  ServerCounters counters_;
  ChatCounters chat_counters_;
  testing::FakeBroker broker_;
  Authenticator authenticator_{loop_, chat_settings_};
  Admission admission_{loop_, server_settings_, chat_counters_, broker_, authenticator_};
  HttpRouter router_;
  AuditLog audit_{loop_, "n1"};
  HttpContext context_{server_settings_, counters_, router_, admission_, audit_};
  HttpAnswer late_;
  FakeHttpTransport transport_;
};

TEST_F(HttpExchangeTest, GivesAnAnswerTimeAsLongAsItIsRead) {
  transport_.room = 10;
  exchange().on_bytes("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(transport_.deadlines, ElementsAre(2, 1));  // handling, answering
  transport_.deadlines.clear();
  exchange().on_writable();  // nothing is taken
  EXPECT_THAT(transport_.deadlines, IsEmpty());
  for (int i = 0; i < 3; ++i) {
    transport_.room = 4096;
    exchange().on_writable();
  }
  EXPECT_THAT(transport_.deadlines, ElementsAre(1, 1, 1));
  transport_.deadlines.clear();
  // Not for each byte: a client that takes one a second would have it for ever.
  for (int i = 0; i < 300; ++i) {
    transport_.room = 1;
    exchange().on_writable();
  }
  EXPECT_THAT(transport_.deadlines, IsEmpty());
  exchange().on_deadline();
  EXPECT_TRUE(transport_.is_ended);
}

TEST_F(HttpExchangeTest, GivesARequestNoMoreTimeForEachOfItsBytes) {
  exchange().on_bytes(kGetA);
  transport_.deadlines.clear();
  const std::string head = kGetA;
  for (std::size_t i = 0; i + 1 < head.size(); ++i) exchange().on_bytes(head.substr(i, 1));
  EXPECT_THAT(transport_.deadlines, ElementsAre(1));  // from its first byte
  exchange().on_deadline();
  EXPECT_THAT(transport_.sent, HasSubstr("HTTP/1.1 408 "));
}

TEST_F(HttpExchangeTest, AnswersTheSameHoweverItsInputIsCut) {
  constexpr unsigned kSeed = 17;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const std::string all = kGetA + post("/echo", "one") + post("/echo", "") + kGetA +
                          post("/nothing", "") + post("/echo", std::string(900, 'z')) + kGetA;
  exchange().on_bytes(all);
  const std::string whole = std::exchange(transport_.sent, {});
  EXPECT_THAT(whole, HasSubstr("/echo <one>"));
  for (int round = 0; round < 200; ++round) {
    begin();
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t size = 1 + random() % (round % 2 == 0 ? 9 : 400);
      transport_.room = random() % 300;  // and however the output is taken
      exchange().on_bytes(std::string_view(all).substr(at, size));
      at += size;
      exchange().on_writable();
    }
    transport_.room = SIZE_MAX;
    while (transport_.sent.size() < whole.size()) {
      const std::size_t before = transport_.sent.size();
      exchange().on_writable();
      ASSERT_GT(transport_.sent.size(), before) << "round " << round;
    }
    ASSERT_EQ(std::exchange(transport_.sent, {}), whole) << "round " << round;
  }
}

TEST_F(HttpExchangeTest, DropsAnAnswerThatComesTooLate) {
  exchange().on_bytes(post("/later", ""));
  exchange().on_deadline();
  EXPECT_THAT(transport_.sent, HasSubstr("HTTP/1.1 503 "));
  EXPECT_TRUE(transport_.is_all_written);
  transport_.sent.clear();
  late_(text_response(200, "late"));
  EXPECT_EQ(transport_.sent, "");
}

TEST_F(HttpExchangeTest, DropsAnAnswerWhenItHasGoneOrTheConnectionHas) {
  exchange().on_bytes(post("/later", ""));
  exchange().abandon();
  late_(text_response(200, "late"));
  EXPECT_EQ(transport_.sent, "");
  begin();
  exchange().on_bytes(post("/later", ""));
  transport_.exchange.reset();
  late_(text_response(200, "late"));
  EXPECT_EQ(transport_.sent, "");
}

TEST_F(HttpExchangeTest, HandsWhatIsBehindAnUpgradeOnAndGoes) {
  exchange().on_bytes(kGetA + testing::RawClient::upgrade_text() + "frames");
  EXPECT_THAT(transport_.sent, HasSubstr("HTTP/1.1 101 "));
  EXPECT_EQ(transport_.upgraded_with, "frames");
  EXPECT_FALSE(transport_.exchange.has_value());
  EXPECT_EQ(counters_.responses[101], 1U);
}

TEST_F(HttpExchangeTest, WantsNoMoreInputWhileMuchWaitsForAnAnswer) {
  exchange().on_bytes(post("/later", ""));
  exchange().on_bytes(std::string(60'000, 'x'));
  EXPECT_TRUE(transport_.is_input_wanted);
  exchange().on_bytes(std::string(10'000, 'x'));
  EXPECT_FALSE(transport_.is_input_wanted);
}

TEST_F(HttpExchangeTest, StillAnswersAPeerThatWillSayNoMore) {
  EXPECT_FALSE(exchange().on_end_of_input());  // nothing was asked
  exchange().on_bytes(post("/later", ""));
  EXPECT_TRUE(exchange().on_end_of_input());
  late_(text_response(200, "answer"));
  EXPECT_THAT(transport_.sent, HasSubstr("Connection: close"));
  EXPECT_TRUE(transport_.is_all_written);
}

TEST_F(HttpExchangeTest, ASpareConnectionAnswersQuestionsAfterHealthAlone) {
  transport_.service_now = HttpService::kHealth;
  exchange().on_bytes(kGetA);
  EXPECT_EQ(transport_.sent.substr(0, 13), "HTTP/1.1 503 ");
  EXPECT_TRUE(transport_.is_all_written);
}

TEST_F(HttpExchangeTest, RefusesAnUpgradeOfAnAddressThatHasTooMany) {
  transport_.may_claim = false;
  exchange().on_bytes(testing::RawClient::upgrade_text());
  EXPECT_EQ(transport_.sent.substr(0, 13), "HTTP/1.1 429 ");
}

}  // namespace
}  // namespace chirm
