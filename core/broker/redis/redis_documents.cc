// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_documents.h"

#include <charconv>
#include <utility>

#include "core/base/pack.h"
#include "core/broker/redis/redis_document_scripts.h"

namespace chirm {

namespace {

constexpr char kChange = 'D';

// `<version>:<value>`; version 0 when it is none.
Document parse(std::string_view text) {
  Document document;
  const char* const end = text.data() + text.size();
  const auto [colon, error] = std::from_chars(text.data(), end, document.version);
  if (error != std::errc() || colon == end || *colon != ':') return {};
  document.value.assign(colon + 1, end);
  return document;
}

template <class T>
void fail(const DocumentStore::Callback<T>& done) {
  done(Unexpected<ErrorCode>(errors::kInternal));
}

}  // namespace

RedisDocuments::RedisDocuments(RedisContext& context, RedisCommands& commands,
                               std::string all_topic)
    : CheckedDocuments(context.loop),
      context_(context),
      commands_(commands),
      all_topic_(std::move(all_topic)) {}

std::string RedisDocuments::hash_key(std::string_view collection) const {
  return std::string(context_.key_prefix).append("{doc:").append(collection).append("}:h");
}

std::string RedisDocuments::ids_key(std::string_view collection) const {
  return std::string(context_.key_prefix).append("{doc:").append(collection).append("}:i");
}

void RedisDocuments::do_get(std::string_view collection, std::string_view id,
                            Callback<Document> done) {
  RedisCall::submit(
      context_, commands_,
      {.write = [key = hash_key(collection), id = std::string(id)](
                    auto& command, const auto&) { command.begin(3).add("HGET").add(key).add(id); },
       .done =
           [done = std::move(done)](const RedisReply* reply) {
             if (reply == nullptr) return fail<Document>(done);
             done(parse(reply->text()));
           },
       .is_repeatable = true,
       .bytes = collection.size() + id.size()});
}

// Not sent again when the answer is lost: should the first have been done, its own version would be
// in the way of the second, which would tell the caller that somebody else has changed the
// document.
void RedisDocuments::do_put(std::string_view collection, std::string_view id,
                            std::uint64_t expected, std::string_view value,
                            Callback<PutResult> done) {
  std::string head(1, kChange);
  pack::put_text(head, collection);
  pack::put_text(head, id);
  const std::size_t bytes = head.size() + value.size();
  RedisCall::submit(
      context_, commands_,
      {.write =
           [this, hash = hash_key(collection), ids = ids_key(collection), id = std::string(id),
            expected, value = std::string(value), head](auto& command, const auto& scripts) {
             command.begin(10).add("EVALSHA").add(scripts.put_document).add(2).add(hash).add(ids);
             command.add(id).add(expected).add(value).add(all_topic_).add(head);
           },
       .done =
           [done = std::move(done), value = std::string(value)](const RedisReply* reply) {
             if (reply == nullptr || reply->size() != 2) return fail<PutResult>(done);
             PutResult result;
             result.is_stored = (*reply)[0].integer() == 1;
             const std::string text((*reply)[1].text());
             result.current = parse(result.is_stored ? text + ':' + value : text);
             done(std::move(result));
           },
       .is_repeatable = false,
       .bytes = bytes});
}

void RedisDocuments::do_list(const ListRequest& request,
                             Callback<std::vector<NamedDocument>> done) {
  RedisCall::submit(
      context_, commands_,
      {.write =
           [hash = hash_key(request.collection), ids = ids_key(request.collection),
            from = request.after.empty() ? "-" : '(' + std::string(request.after),
            limit = request.limit](auto& command, const auto& scripts) {
             command.begin(7).add("EVALSHA").add(scripts.list_documents).add(2);
             command.add(hash).add(ids).add(from).add(limit);
           },
       .done =
           [done = std::move(done)](const RedisReply* reply) {
             if (reply == nullptr) return fail<std::vector<NamedDocument>>(done);
             std::vector<NamedDocument> listed;
             const RedisReply ids = (*reply)[0];
             const RedisReply values = (*reply)[1];
             for (std::size_t i = 0; i < ids.size(); ++i) {
               listed.push_back({std::string(ids[i].text()), parse(values[i].text())});
             }
             done(std::move(listed));
           },
       .is_repeatable = true,
       .bytes = request.collection.size() + request.after.size()});
}

void RedisDocuments::do_count(std::string_view collection, Callback<std::uint64_t> done) {
  RedisCall::submit(
      context_, commands_,
      {.write = [ids = ids_key(collection)](
                    auto& command, const auto&) { command.begin(2).add("ZCARD").add(ids); },
       .done =
           [done = std::move(done)](const RedisReply* reply) {
             if (reply == nullptr) return fail<std::uint64_t>(done);
             done(static_cast<std::uint64_t>(reply->integer()));
           },
       .is_repeatable = true,
       .bytes = collection.size()});
}

void RedisDocuments::do_clear(std::string_view collection, Callback<std::uint64_t> done) {
  RedisCall::submit(
      context_, commands_,
      {.write =
           [hash = hash_key(collection), ids = ids_key(collection)](auto& command, const auto&) {
             command.begin(5).add("EVAL").add(redis_scripts::kClearDocuments);
             command.add(2).add(hash).add(ids);
           },
       .done =
           [done = std::move(done)](const RedisReply* reply) {
             if (reply == nullptr) return fail<std::uint64_t>(done);
             done(static_cast<std::uint64_t>(reply->integer()));
           },
       .is_repeatable = true,
       .bytes = collection.size()});
}

void RedisDocuments::on_message(std::string_view message) {
  if (message.empty() || message.front() != kChange) return;
  message.remove_prefix(1);
  const auto collection = pack::take_text(message);
  const auto id = collection ? pack::take_text(message) : std::nullopt;
  if (id) tell_changed(*collection, *id, parse(message));
}

}  // namespace chirm
