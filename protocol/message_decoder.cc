// SPDX-License-Identifier: MIT
#include "protocol/json_reader.h"
#include "protocol/limits.h"
#include "protocol/message.h"

namespace chirm {
namespace {

namespace dom = simdjson::dom;

// What the views of a ServerMessage look at.
struct Lists {
  std::vector<PublicationView> publications;
  std::vector<ClientInfoView> clients;
  std::vector<ServerSubscriptionView> subs;
  // Of each of subs. Apart from them, as a span into a vector that still grows would dangle.
  std::vector<std::vector<PublicationView>> sub_publications;

  void clear() {
    publications.clear();
    clients.clear();
    clear_subs();
  }
  void clear_subs() {
    subs.clear();
    sub_publications.clear();
  }
};

// Fills one ServerMessage from one line. The functions return false at a value of a wrong type.
class MessageReader {
 public:
  MessageReader(ServerMessage& message, Lists& lists) : message_(message), lists_(lists) {}

  bool read(dom::object root, RawCursor cursor);

 private:
  // Skips null, refuses what is not an object, else calls on_member for each member.
  template <class OnMember>
  bool each(dom::element value, RawCursor& cursor, OnMember&& on_member) {
    if (value.is_null()) return true;
    dom::object object;
    return !value.get(object) && for_each_member(object, cursor, on_member);
  }

  bool has_what_its_kind_promises() const;
  bool read_error(dom::element value, RawCursor& cursor);
  bool read_push(dom::element value, RawCursor& cursor);
  bool read_ending(dom::element value, RawCursor& cursor);
  bool read_result(dom::element value, RawCursor& cursor);
  bool read_result_field(std::string_view key, dom::element value, RawCursor& cursor);
  bool read_publications(dom::element value, RawCursor& cursor,
                         std::vector<PublicationView>& publications);
  bool read_publication(dom::element value, RawCursor& cursor,
                        std::vector<PublicationView>& publications);
  bool read_subs(dom::element value, RawCursor& cursor);
  bool read_sub(std::string_view channel, dom::element value, RawCursor& cursor);
  bool read_presence(dom::element value, RawCursor& cursor);
  bool read_presence_change(dom::element value, RawCursor& cursor);
  bool read_client_info(dom::element value, RawCursor& cursor, ClientInfoView& info);

  ServerMessage& message_;
  Lists& lists_;
};

// The reply does not say which command it answers, but one of these keys does. All are read alike:
// the client has noted the command by its id.
bool is_result(std::string_view key) {
  return key == "connect" || key == "subscribe" || key == "unsubscribe" || key == "publish" ||
         key == "presence" || key == "presence_stats" || key == "history" || key == "rpc" ||
         key == "refresh" || key == "sub_refresh";
}

bool MessageReader::read(dom::object root, RawCursor cursor) {
  bool is_push = false;
  ServerMessage::Kind push_kind{};
  const bool is_right =
      for_each_member(root, cursor, [&](std::string_view key, dom::element value) {
        if (key == "id") return read_field(value, message_.id);
        if (key == "error") return read_error(value, cursor);
        if (key == "push") {
          is_push = !value.is_null();
          message_.kind = ServerMessage::Kind::kOtherPush;
          const bool is_right_push = read_push(value, cursor);
          push_kind = message_.kind;
          return is_right_push;
        }
        return is_result(key) ? read_result(value, cursor) : true;
      });
  // A reply is what has an id, everything without id and push is a ping.
  message_.kind = message_.id != 0 ? ServerMessage::Kind::kReply
                  : is_push        ? push_kind
                                   : ServerMessage::Kind::kPing;
  // Spans only now, when nothing is added to the lists any more.
  for (std::size_t i = 0; i < lists_.subs.size(); ++i) {
    lists_.subs[i].publications = lists_.sub_publications[i];
  }
  message_.publications = lists_.publications;
  message_.clients = lists_.clients;
  message_.subs = lists_.subs;
  return is_right && has_what_its_kind_promises();
}

// Results fill the same lists as pushes do, so that a result behind a push in one object can empty
// what the push has brought. No server sends that, but who takes the front of a list relies on us.
bool MessageReader::has_what_its_kind_promises() const {
  using enum ServerMessage::Kind;
  switch (message_.kind) {
    case kPublication:
      return !lists_.publications.empty();
    case kSubscribe:
      return !lists_.subs.empty();
    case kJoin:
    case kLeave:
      return !lists_.clients.empty();
    default:
      return true;
  }
}

bool MessageReader::read_error(dom::element value, RawCursor& cursor) {
  // A null is no error; an empty object is one, of which nothing more is known.
  if (value.is_null()) return true;
  ReplyError& error = message_.error.emplace();
  return each(value, cursor, [&](std::string_view key, dom::element field) {
    if (key == "code") return read_field(field, error.code);
    if (key == "message") return read_field(field, error.message);
    if (key == "temporary") return read_field(field, error.temporary);
    return true;
  });
}

bool MessageReader::read_push(dom::element push, RawCursor& cursor) {
  using enum ServerMessage::Kind;
  const bool is_right = each(push, cursor, [&](std::string_view key, dom::element value) {
    if (key == "channel") return read_field(value, message_.channel);
    if (value.is_null()) return true;
    if (key == "pub") {
      message_.kind = kPublication;
      // The key may stand there twice: of equal keys the last counts.
      lists_.publications.clear();
      return read_publication(value, cursor, lists_.publications);
    }
    if (key == "subscribe") {
      message_.kind = kSubscribe;
      lists_.clear_subs();
      return read_sub({}, value, cursor);
    }
    if (key == "unsubscribe" || key == "disconnect") {
      message_.kind = key == "unsubscribe" ? kUnsubscribe : kDisconnect;
      return read_ending(value, cursor);
    }
    if (key == "join" || key == "leave") {
      message_.kind = key == "join" ? kJoin : kLeave;
      lists_.clients.clear();
      return read_presence_change(value, cursor);
    }
    return true;
  });
  // Pushes may name a channel by a number, but only for who asked for that.
  if (message_.channel.empty() && message_.kind != kDisconnect) message_.kind = kOtherPush;
  if (message_.kind == kSubscribe) lists_.subs.front().channel = message_.channel;
  return is_right;
}

bool MessageReader::read_ending(dom::element value, RawCursor& cursor) {
  return each(value, cursor, [&](std::string_view key, dom::element field) {
    if (key == "code") return read_field(field, message_.code);
    if (key == "reason") return read_field(field, message_.reason);
    return true;
  });
}

bool MessageReader::read_result(dom::element value, RawCursor& cursor) {
  return each(value, cursor, [&](std::string_view key, dom::element field) {
    return read_result_field(key, field, cursor);
  });
}

// A field means the same in all results that have it.
bool MessageReader::read_result_field(std::string_view key, dom::element value, RawCursor& cursor) {
  if (key == "offset") return read_field(value, message_.offset);
  if (key == "epoch") return read_field(value, message_.epoch);
  if (key == "recoverable") return read_field(value, message_.recoverable);
  if (key == "recovered") return read_field(value, message_.recovered);
  if (key == "was_recovering") return read_field(value, message_.was_recovering);
  if (key == "publications") return read_publications(value, cursor, lists_.publications);
  if (key == "subs") return read_subs(value, cursor);
  if (key == "client") return read_field(value, message_.client);
  if (key == "version") return read_field(value, message_.version);
  if (key == "ping") return read_field(value, message_.ping_s);
  if (key == "pong") return read_field(value, message_.pong);
  if (key == "expires") return read_field(value, message_.expires);
  if (key == "ttl") return read_field(value, message_.ttl_s);
  if (key == "presence") return read_presence(value, cursor);
  if (key == "num_clients") return read_field(value, message_.num_clients);
  if (key == "num_users") return read_field(value, message_.num_users);
  if (key == "data") message_.data = cursor.skip_value();
  return true;
}

bool MessageReader::read_publications(dom::element value, RawCursor& cursor,
                                      std::vector<PublicationView>& publications) {
  publications.clear();
  if (value.is_null()) return true;
  dom::array array;
  return !value.get(array) && for_each_element(array, cursor, [&](dom::element element) {
    return read_publication(element, cursor, publications);
  });
}

bool MessageReader::read_subs(dom::element value, RawCursor& cursor) {
  lists_.clear_subs();
  return each(value, cursor, [&](std::string_view channel, dom::element result) {
    return read_sub(channel, result, cursor);
  });
}

bool MessageReader::read_sub(std::string_view channel, dom::element value, RawCursor& cursor) {
  ServerSubscriptionView& sub = lists_.subs.emplace_back();
  auto& publications = lists_.sub_publications.emplace_back();
  sub.channel = channel;
  return each(value, cursor, [&](std::string_view key, dom::element field) {
    if (key == "offset") return read_field(field, sub.position.offset);
    if (key == "epoch") return read_field(field, sub.position.epoch);
    if (key == "recoverable") return read_field(field, sub.recoverable);
    if (key == "recovered") return read_field(field, sub.recovered);
    if (key == "was_recovering") return read_field(field, sub.was_recovering);
    if (key == "publications") return read_publications(field, cursor, publications);
    return true;
  });
}

bool MessageReader::read_publication(dom::element value, RawCursor& cursor,
                                     std::vector<PublicationView>& publications) {
  PublicationView publication;
  const bool is_right = each(value, cursor, [&](std::string_view key, dom::element field) {
    if (key == "offset") return read_field(field, publication.offset);
    if (key == "info") return read_client_info(field, cursor, publication.info);
    if (key == "data") publication.data = cursor.skip_value();
    // Another server's clock may stand anywhere; what is no time is none.
    if (key == "time" && !read_field(field, publication.time_ms)) publication.time_ms = 0;
    return true;
  });
  publications.push_back(publication);
  return is_right;
}

bool MessageReader::read_presence(dom::element value, RawCursor& cursor) {
  lists_.clients.clear();
  return each(value, cursor, [&](std::string_view key, dom::element field) {
    ClientInfoView& info = lists_.clients.emplace_back();
    const bool is_right = read_client_info(field, cursor, info);
    // Some servers say it only by the key.
    if (info.client.empty()) info.client = key;
    return is_right;
  });
}

bool MessageReader::read_presence_change(dom::element value, RawCursor& cursor) {
  ClientInfoView& info = lists_.clients.emplace_back();
  return each(value, cursor, [&](std::string_view key, dom::element field) {
    return key == "info" ? read_client_info(field, cursor, info) : true;
  });
}

bool MessageReader::read_client_info(dom::element value, RawCursor& cursor, ClientInfoView& info) {
  return each(value, cursor, [&](std::string_view key, dom::element field) {
    if (key == "user") return read_field(field, info.user);
    if (key == "client") return read_field(field, info.client);
    if (key == "conn_info") info.conn_info = cursor.skip_value();
    if (key == "chan_info") info.chan_info = cursor.skip_value();
    return true;
  });
}

}  // namespace

struct MessageDecoder::Impl {
  JsonParser parser{limits::kMessageBytes};
  Lists lists;
};

MessageDecoder::MessageDecoder() : impl_(std::make_unique<Impl>()) {}
MessageDecoder::~MessageDecoder() = default;

Expected<ServerMessage, std::string> MessageDecoder::decode(std::string_view line) {
  dom::element root;
  dom::object members;
  if (const auto error = impl_->parser.parse(line, root)) {
    return Unexpected<std::string>(simdjson::error_message(error));
  }
  if (root.get(members)) return Unexpected<std::string>("A message must be a JSON object.");

  impl_->lists.clear();
  ServerMessage message;
  MessageReader reader(message, impl_->lists);
  if (!reader.read(members, RawCursor(line))) {
    return Unexpected<std::string>("A field of the message has a wrong type.");
  }
  return message;
}

}  // namespace chirm
