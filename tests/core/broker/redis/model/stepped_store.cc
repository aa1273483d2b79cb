// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/stepped_store.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm::model {

namespace {

// Where the clock is. Not a part of the content.
constexpr std::string_view kTimeKey = "model:time";
constexpr std::string_view kTimeCall = "redis.call('TIME')";
constexpr std::string_view kModelTime = "{redis.call('GET', 'model:time'), 0}";

constexpr std::string_view kDump = R"lua(
local answer, names = {}, redis.call('KEYS', '*')
table.sort(names)
for _, name in ipairs(names) do
  local kind, items = redis.call('TYPE', name).ok, nil
  if kind == 'hash' then
    items = redis.call('HGETALL', name)
  elseif kind == 'zset' then
    items = redis.call('ZRANGE', name, 0, -1, 'WITHSCORES')
  elseif kind == 'string' then
    items = {redis.call('GET', name)}
  else
    items = {}
    for _, entry in ipairs(redis.call('XRANGE', name, '-', '+')) do
      items[#items + 1] = entry[1]
      items[#items + 1] = entry[2][2]
    end
  end
  if name ~= 'model:time' then answer[#answer + 1] = {name, kind, items} end
end
return answer
)lua";

Answer answer_of(const redisReply& reply) {
  Answer answer;
  answer.is_error = reply.type == REDIS_REPLY_ERROR;
  if (reply.type == REDIS_REPLY_INTEGER) answer.integer = reply.integer;
  if (reply.str != nullptr) answer.text.assign(reply.str, reply.len);
  for (std::size_t i = 0; i < reply.elements; ++i) {
    answer.elements.push_back(answer_of(*reply.element[i]));
  }
  return answer;
}

// Name and value, name and value …: by name.
void sort_pairs(std::vector<std::string>& items) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) pairs.emplace_back(items[i], items[i + 1]);
  std::sort(pairs.begin(), pairs.end());
  items.clear();
  for (auto& [name, value] : pairs) {
    items.push_back(std::move(name));
    items.push_back(std::move(value));
  }
}

void add_word(std::string& text, std::string_view word) { text.append(word).push_back('\0'); }

}  // namespace

const Answer& Answer::operator[](std::size_t index) const {
  static const Answer kAbsent;
  return index < elements.size() ? elements[index] : kAbsent;
}

SteppedStore::SteppedStore() {
  redis_ = redisConnectUnix(server_.socket_path().c_str());
  CHIRM_CHECK(redis_ != nullptr && redis_->err == 0, server_.socket_path());
  dump_hash_ = hash_of(kDump);
  CHIRM_CHECK(number_of({}) == kEmpty);
}

SteppedStore::~SteppedStore() { redisFree(redis_); }

const SteppedStore::Step& SteppedStore::run(Content from, const Call& call) {
  std::string key = std::to_string(from);
  key.push_back('\0');
  add_word(key, std::to_string(call.time_s));
  add_word(key, std::to_string(reinterpret_cast<std::uintptr_t>(call.script.data())));
  for (const std::string& word : call.words) add_word(key, word);
  const auto found = steps_.find(key);
  if (found != steps_.end()) return found->second;
  return steps_.emplace(std::move(key), run_in_redis(from, call)).first->second;
}

// In one round trip: the content is put in place, the script runs, and what it left is read.
SteppedStore::Step SteppedStore::run_in_redis(Content from, const Call& call) {
  const std::string hash = hash_of(call.script);
  std::size_t before = 1;
  if (current_ != from) before += append_content(from);
  append({"SET", std::string(kTimeKey), std::to_string(call.time_s)});
  std::vector<std::string> words = {"EVALSHA", hash, std::to_string(call.keys)};
  words.insert(words.end(), call.words.begin(), call.words.end());
  append(words);
  append({"EVALSHA", dump_hash_, "0"});
  for (; before > 0; --before) take_reply();
  Step step{};
  redisReply* const answer = next_reply();
  step.answer = answer_of(*answer);
  freeReplyObject(answer);
  redisReply* const dump = next_reply();
  CHIRM_CHECK(dump->type == REDIS_REPLY_ARRAY, dump->str);
  step.content = current_ = number_of(read_keys(dump));
  freeReplyObject(dump);
  return step;
}

void SteppedStore::append(const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    argv.push_back(word.data());
    sizes.push_back(word.size());
  }
  CHIRM_CHECK(redisAppendCommandArgv(redis_, static_cast<int>(argv.size()), argv.data(),
                                     sizes.data()) == REDIS_OK);
}

redisReply* SteppedStore::next_reply() {
  void* reply = nullptr;
  CHIRM_CHECK(redisGetReply(redis_, &reply) == REDIS_OK, redis_->errstr);
  return static_cast<redisReply*>(reply);
}

void SteppedStore::take_reply() {
  redisReply* const reply = next_reply();
  CHIRM_CHECK(reply->type != REDIS_REPLY_ERROR, reply->str);
  freeReplyObject(reply);
}

// Times to live are not put back: nothing in the model lasts so long.
std::size_t SteppedStore::append_content(Content content) {
  std::size_t commands = 1;
  append({"FLUSHDB"});
  for (const Key& key : contents_[content]) {
    if (key.type == "stream") {
      for (std::size_t i = 0; i < key.items.size(); i += 2, ++commands) {
        append({"XADD", key.name, key.items[i], "b", key.items[i + 1]});
      }
      continue;
    }
    std::vector<std::string> words = {"SET", key.name};
    if (key.type == "hash") words[0] = "HSET";
    if (key.type == "zset") {
      words[0] = "ZADD";
      for (std::size_t i = 0; i < key.items.size(); i += 2) {
        words.push_back(key.items[i + 1]);
        words.push_back(key.items[i]);
      }
    } else {
      words.insert(words.end(), key.items.begin(), key.items.end());
    }
    append(words);
    ++commands;
  }
  return commands;
}

const std::string& SteppedStore::hash_of(std::string_view script) {
  std::string& hash = hashes_[script];
  if (!hash.empty()) return hash;
  std::string text(script);
  for (std::size_t at = text.find(kTimeCall); at != text.npos; at = text.find(kTimeCall)) {
    text.replace(at, kTimeCall.size(), kModelTime);
  }
  append({"SCRIPT", "LOAD", text});
  redisReply* const reply = next_reply();
  CHIRM_CHECK(reply->type == REDIS_REPLY_STRING, reply->str);
  hash.assign(reply->str, reply->len);
  freeReplyObject(reply);
  return hash;
}

SteppedStore::Keys SteppedStore::read_keys(const redisReply* reply) const {
  Keys keys;
  const Answer dump = answer_of(*reply);
  for (const Answer& one : dump.elements) {
    Key key{one[0].text, one[1].text, {}};
    for (const Answer& item : one[2].elements) key.items.push_back(item.text);
    if (key.type == "hash" || key.type == "zset") sort_pairs(key.items);
    keys.push_back(std::move(key));
  }
  return keys;
}

SteppedStore::Content SteppedStore::number_of(Keys keys) {
  std::string text;
  for (const Key& key : keys) {
    add_word(text, key.name);
    add_word(text, std::to_string(key.items.size()));
    for (const std::string& item : key.items) add_word(text, item);
  }
  const auto [item, is_new] =
      numbers_.try_emplace(std::move(text), static_cast<Content>(contents_.size()));
  if (is_new) {
    views_.push_back(view_of(keys));
    contents_.push_back(std::move(keys));
  }
  return item->second;
}

StoreView SteppedStore::view_of(const Keys& keys) {
  StoreView view;
  for (const Key& key : keys) {
    for (std::size_t i = 0; i + 1 < key.items.size(); i += 2) {
      const std::string& name = key.items[i];
      const std::string& value = key.items[i + 1];
      if (key.name.ends_with(":life")) view.life[name] = value;
      if (key.name.ends_with("}:s")) view.entries[std::stoull(name)] = value;
      if (!key.name.ends_with("}:m")) continue;
      if (name == "e") view.epoch = value;
      if (name == "o") view.top = std::stoull(value);
      if (name == "l") view.found_true = std::stoull(value);
    }
  }
  return view;
}

std::string SteppedStore::describe(Content content) const {
  std::string text;
  for (const Key& key : contents_[content]) {
    text += "    " + key.name + ":";
    for (const std::string& item : key.items) text += " " + item;
    text += "\n";
  }
  return text;
}

}  // namespace chirm::model
