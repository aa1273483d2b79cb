// SPDX-License-Identifier: MIT
#pragma once
// Who published a body, and under which message id. A retry is recognised by the two. Pure.

#include <memory>
#include <string_view>

namespace chirm {

struct PublicationKey {
  std::string_view user;        // info.user; "" when the server published
  std::string_view message_id;  // data.id as in PublishCommand; "": none
};

class PublicationKeyDecoder {
 public:
  PublicationKeyDecoder();
  ~PublicationKeyDecoder();
  PublicationKeyDecoder(const PublicationKeyDecoder&) = delete;
  PublicationKeyDecoder& operator=(const PublicationKeyDecoder&) = delete;

  // `body` is what append_publication_body() made; anything else gives an empty key. Views are
  // valid until the next call.
  [[nodiscard]] PublicationKey decode(std::string_view body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
