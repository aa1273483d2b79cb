// SPDX-License-Identifier: MIT
#include "core/server/admin/node_survey.h"

#include <optional>
#include <utility>

#include "core/base/check.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr std::string_view kSurveyKind = "survey";
// A node that is slower than this is left out: more than it takes to write a big room.
constexpr std::uint64_t kDeadlineMs = 2'000;
constexpr JsonFields::Range kIds{1, limits::kOffsetMax};
constexpr JsonFields::Range kNames{1, 64};

std::string question_text(std::uint64_t id, std::string_view name, std::string_view params) {
  JsonWriter json;
  json.open();
  json.add("id", id);
  json.add("ask", name);
  json.add_raw("params", params);
  json.close();
  return json.take();
}

// `answer` is empty where there is none.
std::string answer_text(std::uint64_t id, std::string_view answer, bool is_last) {
  JsonWriter json;
  json.open();
  json.add("id", id);
  if (!answer.empty()) json.add_raw("answer", answer);
  if (is_last) json.add("last", true);
  json.close();
  return json.take();
}

}  // namespace

NodeSurvey::NodeSurvey(Loop& loop, NodeBus& bus) : loop_(loop), bus_(bus) {
  bus_.add_listener(kSurveyKind, *this);
}
NodeSurvey::~NodeSurvey() = default;

void NodeSurvey::add_question(std::string_view name, Answerer answer) {
  const bool is_new = questions_.emplace(name, std::move(answer)).second;
  CHIRM_CHECK(is_new, name);
}

void NodeSurvey::ask(std::string_view name, std::string_view params,
                     std::function<void(Result)> done) {
  const std::uint64_t id = ++last_id_;
  Pending& pending = pending_[id];
  for (std::string& node : bus_.nodes()) pending.missing.insert(std::move(node));
  pending.done = std::move(done);
  pending.deadline = std::make_unique<Timer>(loop_, [this, id] { finish(id); });
  // Where the link is down, nobody will answer. It is told by a timer all the same, for `done` must
  // not be called before this has returned.
  const bool is_sent = bus_.send_all(kSurveyKind, question_text(id, name, params));
  pending.deadline->start(is_sent ? kDeadlineMs : 0);
}

void NodeSurvey::on_node_message(std::string_view node, std::string_view message) {
  if (JsonFields(message).has("ask")) {
    on_question(node, message);
  } else {
    on_answer(node, message);
  }
}

void NodeSurvey::on_question(std::string_view node, std::string_view message) {
  JsonFields fields(message);
  const std::uint64_t id = fields.number("id", kIds);
  const std::string name = fields.text("ask", kNames);
  const std::string params = fields.raw("params");
  const auto found = questions_.find(name);
  if (!fields.is_right() || found == questions_.end()) return;
  // One message for each answer and not one for all: the bus has a limit for messages, and the list
  // of ten thousand channels is longer.
  const std::vector<std::string> answers = found->second(params);
  if (answers.empty()) (void)bus_.send(node, kSurveyKind, answer_text(id, {}, true));
  for (const std::string& answer : answers) {
    // Where it is lost, who asked finds that this node has not answered.
    (void)bus_.send(node, kSurveyKind, answer_text(id, answer, &answer == &answers.back()));
  }
}

void NodeSurvey::on_answer(std::string_view node, std::string_view message) {
  JsonFields fields(message);
  const std::uint64_t id = fields.number("id", kIds);
  const auto found = pending_.find(id);
  if (!fields.is_right() || found == pending_.end()) return;
  Pending& pending = found->second;
  // Who has joined since the question was asked may not have got it, and is not waited for.
  const auto missing = pending.missing.find(node);
  if (missing == pending.missing.end()) return;
  std::string answer = fields.raw("answer");
  if (!answer.empty()) pending.result.answers.push_back({std::string(node), std::move(answer)});
  if (!fields.flag_or("last", false)) return;
  pending.missing.erase(missing);
  if (pending.missing.empty()) finish(id);
}

void NodeSurvey::on_node_gone(std::string_view node) {
  // Noted first: `done` may ask the next question, which adds to the map that is being walked.
  std::vector<std::uint64_t> complete;
  for (auto& [id, pending] : pending_) {
    const auto missing = pending.missing.find(node);
    if (missing == pending.missing.end()) continue;
    pending.missing.erase(missing);
    if (pending.missing.empty()) complete.push_back(id);
  }
  for (const std::uint64_t id : complete) finish(id);
}

void NodeSurvey::finish(std::uint64_t id) {
  // Taken out before it is told, so that an answer that comes too late, or `done` itself, finds
  // nothing to finish a second time.
  auto node = pending_.extract(id);
  if (node.empty()) return;
  Pending& pending = node.mapped();
  pending.result.is_complete = pending.missing.empty();
  pending.done(std::move(pending.result));
}

}  // namespace chirm
