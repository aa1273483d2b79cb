// SPDX-License-Identifier: MIT
#include "client/terminal/sign_in/sign_in.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "client/context.h"
#include "protocol/json_fields.h"
#include "tests/client/scripted_server.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_directory.h"

namespace chirm::terminal {
namespace {

using chirm::testing::run_until;
using chirm::testing::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SignInTest : public ::testing::Test {
 protected:
  SignInTest() {
    setenv("XDG_CONFIG_HOME", directory_.path().c_str(), 1);
    options_.url = server_.url();
    options_.name = "ada";
    settings_ = R"({"accounts":true,"registration":true,"guests":true,"external":false})";
    server_.on_http = [this](const HttpRequest& request, const std::string& body) {
      return answer(request, body);
    };
  }

  std::optional<HttpResponse> answer(const HttpRequest& request, const std::string& body) {
    requests_.push_back(request.method + " " + request.target + " " + body);
    if (request.target == "/auth/settings") {
      if (settings_.empty()) return std::nullopt;
      return json_response(200, settings_);
    }
    if (request.target == "/auth/register" && std::exchange(drops_register_, false)) {
      server_.last().drop();
      return std::nullopt;
    }
    if (!refusals_.empty()) {
      HttpResponse refusal = refusals_.front();
      refusals_.erase(refusals_.begin());
      return refusal;
    }
    if (request.target == "/auth/logout") return json_response(200, "{}");
    const std::string number = std::to_string(++sessions_);
    return json_response(200, R"({"user":"ada","name":"Ada","role":"user","token":"t)" + number +
                                  R"(","expires_in":600,"refresh_token":"r)" + number + R"("})");
  }

  // A person who types these, one after another.
  void answer_with(std::vector<std::string> lines) {
    lines_ = std::move(lines);
    prompts_.clear();
    options_.ask = [this](const std::string& prompt, Echo echo) {
      prompts_.push_back((echo == Echo::kShown ? "shown: " : "") + prompt);
      if (lines_.empty()) return std::optional<std::string>();
      const std::string line = lines_.front();
      lines_.erase(lines_.begin());
      return std::optional(line);
    };
  }
  // "user name", or the problem.
  std::string sign_in() {
    std::string result;
    sign_in_ = std::make_unique<SignIn>(
        loop_, options_, [this](std::string_view text) { statuses_.emplace_back(text); });
    sign_in_->start([&](Expected<Identity, std::string> who) {
      result = who ? who->user + " " + who->name : who.error();
    });
    EXPECT_TRUE(run_until(loop_, [&] { return !result.empty(); }));
    return result;
  }
  client::Options applied() const {
    client::Options options;
    sign_in_->apply_to(options);
    return options;
  }
  std::string file() const {
    return directory_.path() + "/chirm/session-" + options_.url.authority();
  }
  static HttpResponse refusal(int status, const std::string& code, const std::string& message) {
    return json_error(status, code, message);
  }

  chirm::testing::TempDirectory directory_;
  Loop loop_;
  ScriptedServer server_{loop_};
  SignInOptions options_;
  std::string settings_;
  std::vector<HttpResponse> refusals_;
  bool drops_register_ = false;  // the next request to register is not answered
  int sessions_ = 0;
  std::vector<std::string> requests_;
  std::vector<std::string> statuses_;
  std::vector<std::string> lines_;
  std::vector<std::string> prompts_;
  std::unique_ptr<SignIn> sign_in_;
};

TEST_F(SignInTest, NeedsNothingWhereThereAreNoAccounts) {
  settings_ = "";
  EXPECT_EQ(sign_in(), "ada ada");
  EXPECT_EQ(applied().name, "ada");
  EXPECT_EQ(applied().token, "");
  EXPECT_FALSE(applied().has_token_source);
  settings_ = R"({"accounts":false,"registration":false,"guests":false,"external":true})";
  EXPECT_EQ(sign_in(), "ada ada");
}

TEST_F(SignInTest, TakesATokenAsItIs) {
  options_.token = "mine";
  EXPECT_EQ(sign_in(), " ");
  EXPECT_EQ(applied().token, "mine");
  EXPECT_EQ(applied().name, "");
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(SignInTest, LogsInWithThePassword) {
  options_.password = "sec\"ret";
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(requests_, ElementsAre("GET /auth/settings ",
                                     R"(POST /auth/login {"name":"ada","password":"sec\"ret"})"));
  EXPECT_EQ(applied().token, "t1");
  EXPECT_TRUE(applied().has_token_source);
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(SignInTest, Registers) {
  options_.password = "12345678";
  options_.registers = true;
  refusals_.push_back(refusal(409, "name_taken", "That name is taken."));
  EXPECT_EQ(sign_in(), "cannot sign in: That name is taken.");
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(requests_.back(), HasSubstr("POST /auth/register"));
  settings_ = R"({"accounts":true,"registration":false,"guests":true})";
  EXPECT_EQ(sign_in(), "cannot sign in: the server does not let people register");
}

TEST_F(SignInTest, LogsInWhenOnlyTheAnswerToRegisteringWasLost) {
  options_.password = "12345678";
  options_.registers = true;
  drops_register_ = true;
  refusals_ = {refusal(409, "name_taken", "That name is taken.")};
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_EQ(requests_.back(), R"(POST /auth/login {"name":"ada","password":"12345678"})");
  // The same, but it is the account of somebody else.
  drops_register_ = true;
  refusals_ = {refusal(409, "name_taken", "That name is taken."),
               refusal(401, "unauthorized", "Wrong name or password.")};
  EXPECT_EQ(sign_in(), "cannot sign in: That name is taken.");
}

TEST_F(SignInTest, ComesInAsAGuestWithoutAPassword) {
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_EQ(requests_.back(), R"(POST /auth/guest {"name":"ada"})");
  settings_ = R"({"accounts":true,"registration":true,"guests":false})";
  EXPECT_THAT(sign_in(), HasSubstr("the server wants a password"));
  options_.is_guest = true;
  EXPECT_EQ(sign_in(), "cannot sign in: the server takes no guests");
}

TEST_F(SignInTest, AsksAPersonForThePasswordUpToThreeTimes) {
  settings_ = R"({"accounts":true,"registration":false,"guests":false})";
  answer_with({"guess1", "guess2", "guess3"});
  const HttpResponse wrong = refusal(401, "unauthorized", "Wrong name or password.");
  const HttpResponse busy = refusal(503, "busy", "Too busy.");
  refusals_ = {busy, wrong, wrong};
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(prompts_, ElementsAre("Password of ada: ", "Password of ada: ", "Password of ada: "));
  EXPECT_THAT(requests_.back(), HasSubstr("guess3"));
  answer_with({"guess1", "guess2", "guess3", "guess4"});
  refusals_ = {wrong, wrong, wrong};
  EXPECT_EQ(sign_in(), "cannot sign in: Wrong name or password.");
  EXPECT_EQ(prompts_.size(), 3);
  answer_with({});
  EXPECT_EQ(sign_in(), "cannot sign in: no password");
}

TEST_F(SignInTest, LetsAPersonWithoutAPasswordBeAGuestOrRegister) {
  answer_with({"", ""});
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(prompts_, ElementsAre("Password of ada (Enter alone: register or be a guest): ",
                                    "shown: Register ada (r) or be a guest (g)? [g] "));
  EXPECT_EQ(requests_.back(), R"(POST /auth/guest {"name":"ada"})");
  answer_with({"", "what?", "r", "correct horse", "correct horse"});
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_EQ(requests_.back(), R"(POST /auth/register {"name":"ada","password":"correct horse"})");
  answer_with({"", "what?"});
  EXPECT_EQ(sign_in(), "cannot sign in: no password");
}

TEST_F(SignInTest, OffersAPersonOnlyWhatTheServerHas) {
  settings_ = R"({"accounts":true,"registration":false,"guests":true})";
  answer_with({""});
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(prompts_, ElementsAre("Password of ada (Enter alone: be a guest): "));
  EXPECT_THAT(requests_.back(), HasSubstr("POST /auth/guest"));
  settings_ = R"({"accounts":true,"registration":true,"guests":false})";
  answer_with({"", "correct horse", "correct horse"});
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(prompts_, ElementsAre("Password of ada (Enter alone: register): ",
                                    "New password for ada: ", "The same again: "));
}

TEST_F(SignInTest, GoesOnAskingWhenRegisteringDoesNotWork) {
  answer_with({"", "r", "short", "short", "long enough", "long enough", "hers"});
  refusals_ = {refusal(400, "bad_request", "password: expected text of 8 to 128 characters"),
               refusal(409, "name_taken", "That name is taken.")};
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(statuses_,
              ElementsAre("password: expected text of 8 to 128 characters", "That name is taken."));
  EXPECT_EQ(requests_.back(), R"(POST /auth/login {"name":"ada","password":"hers"})");
  answer_with({"", "r", "long enough", "long enough"});
  refusals_ = {refusal(400, "bad_request", "name: expected 2 to 32 characters")};
  EXPECT_EQ(sign_in(), "cannot sign in: name: expected 2 to 32 characters");
}

TEST_F(SignInTest, AsksTwiceForANewPassword) {
  options_.registers = true;
  answer_with({"one", "other", "same", "same"});
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(statuses_, ElementsAre("the two are not the same"));
  EXPECT_THAT(requests_.back(), HasSubstr(R"("password":"same")"));
  answer_with({});
  EXPECT_EQ(sign_in(), "cannot sign in: no password");
}

TEST_F(SignInTest, WaitsForABusyServer) {
  options_.password = "12345678";
  HttpResponse busy = refusal(503, "busy", "Too busy.");
  refusals_ = {busy, busy};
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_THAT(statuses_, ElementsAre("not connected: Too busy.; trying again in 0.3 s"));
}

TEST_F(SignInTest, WaitsForAServerThatIsAway) {
  server_.stop_listening();
  bool is_listening = false;
  sign_in_ = std::make_unique<SignIn>(loop_, options_, [&](std::string_view text) {
    statuses_.emplace_back(text);
    server_.listen();
    is_listening = true;
  });
  bool has_signed_in = false;
  sign_in_->start([&](const auto& who) { has_signed_in = who.has_value(); });
  ASSERT_TRUE(run_until(loop_, [&] { return has_signed_in; }));
  EXPECT_TRUE(is_listening);
  EXPECT_THAT(statuses_.front(), HasSubstr("Connection refused; trying again in"));
}

TEST_F(SignInTest, RenewsTheTokenWithANewRefreshTokenEachTime) {
  options_.password = "12345678";
  sign_in();
  struct Nothing final : client::Events {
    void on_connected(std::string_view, std::string_view) override {}
    void on_disconnected(const client::Disconnected& why) override { reason = why.reason; }
    void on_subscribed(std::string_view, const client::Subscribed&) override {}
    void on_unsubscribed(std::string_view, std::uint32_t, std::string_view) override {}
    void on_publication(std::string_view, const PublicationView&) override {}
    void on_token_wanted() override { sign_in->renew(*client); }
    SignIn* sign_in = nullptr;
    client::Client* client = nullptr;
    std::string reason;
  } events;
  client::Context context(loop_, 1);
  client::Options options = applied();
  options.token.clear();  // as if it had expired
  options.backoff_max_ms = 20;
  client::Client client(context, options, events);
  events.sign_in = sign_in_.get();
  events.client = &client;
  client.connect();
  ASSERT_TRUE(run_until(loop_, [&] { return client.is_connected(); }));
  EXPECT_EQ(requests_.back(), R"(POST /auth/refresh {"refresh_token":"r1"})");
  server_.last().close(3005, "connection expired");
  ASSERT_TRUE(run_until(loop_, [&] { return sessions_ == 3; }));
  EXPECT_EQ(requests_.back(), R"(POST /auth/refresh {"refresh_token":"r2"})");
  ASSERT_TRUE(run_until(loop_, [&] { return client.is_connected(); }));
  refusals_.push_back(refusal(401, "unauthorized", "Signed out."));
  server_.last().close(3005, "connection expired");
  ASSERT_TRUE(run_until(loop_, [&] { return events.reason == "Signed out."; }));
}

TEST_F(SignInTest, LeavesTheSessionUnlessItIsRemembered) {
  options_.password = "12345678";
  sign_in();
  bool has_left = false;
  sign_in_->leave([&] { has_left = true; });
  ASSERT_TRUE(run_until(loop_, [&] { return has_left; }));
  EXPECT_EQ(requests_.back(), R"(POST /auth/logout {"refresh_token":"r1"})");
}

TEST_F(SignInTest, RemembersInAFileOfItsOwnersOnly) {
  options_.password = "12345678";
  options_.remembers = true;
  sign_in();
  struct stat status {};
  ASSERT_EQ(stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  bool has_left = false;
  sign_in_->leave([&] { has_left = true; });
  EXPECT_TRUE(has_left);

  options_.password.reset();
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_EQ(requests_.back(), R"(POST /auth/refresh {"refresh_token":"r1"})");
  EXPECT_EQ(applied().token, "t2");
  EXPECT_EQ(sign_in(), "ada Ada");
  EXPECT_EQ(requests_.back(), R"(POST /auth/refresh {"refresh_token":"r2"})");
}

TEST_F(SignInTest, UsesNoFileThatOthersCanReadOrThatIsAnotherPersons) {
  options_.password = "12345678";
  options_.remembers = true;
  sign_in();
  ASSERT_EQ(chmod(file().c_str(), 0640), 0);
  sign_in();
  EXPECT_THAT(requests_.back(), HasSubstr("/auth/login"));
  options_.name = "bob";
  sign_in();
  EXPECT_THAT(requests_.back(), HasSubstr("/auth/login"));
  std::ofstream(file()) << "garbage";
  sign_in();
  EXPECT_THAT(requests_.back(), HasSubstr("/auth/login"));
}

TEST_F(SignInTest, LogsInAgainWhenTheRememberedSessionHasEnded) {
  options_.password = "12345678";
  options_.remembers = true;
  sign_in();
  refusals_.push_back(refusal(401, "unauthorized", "Signed out."));
  EXPECT_EQ(sign_in(), "ada Ada");
  // The old token proves that it is no stranger who guesses.
  EXPECT_EQ(requests_.back(),
            R"(POST /auth/login {"name":"ada","password":"12345678","refresh_token":"r1"})");
}

}  // namespace
}  // namespace chirm::terminal
