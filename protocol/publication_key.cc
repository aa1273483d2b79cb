// SPDX-License-Identifier: MIT
#include "protocol/publication_key.h"

#include <string>

#include "protocol/json_reader.h"
#include "protocol/limits.h"

namespace chirm {

struct PublicationKeyDecoder::Impl {
  JsonParser parser{limits::kMessageBytes};
  std::string padded;
};

PublicationKeyDecoder::PublicationKeyDecoder() : impl_(std::make_unique<Impl>()) {}
PublicationKeyDecoder::~PublicationKeyDecoder() = default;

PublicationKey PublicationKeyDecoder::decode(std::string_view body) {
  // A body has no braces of its own (message.h), as an offset is added to it for each log.
  impl_->padded.assign(1, '{').append(body).append(1, '}');
  const std::size_t size = impl_->padded.size();
  impl_->padded.append(limits::kJsonPadding, ' ');
  simdjson::dom::element root;
  simdjson::dom::object members;
  PublicationKey key;
  if (impl_->parser.parse({impl_->padded.data(), size}, root) || root.get(members)) return key;
  // As CommandDecoder has read them when it was published, the last of equal keys included: a key
  // that differed would let a retry be stored twice.
  for (const auto& [name, value] : members) {
    if (name == "data") key.message_id = string_member(value, "id", limits::kMessageIdBytes);
    if (name == "info") key.user = string_member(value, "user", SIZE_MAX);
  }
  return key;
}

}  // namespace chirm
