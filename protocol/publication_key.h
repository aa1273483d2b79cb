// SPDX-License-Identifier: MIT
#pragma once
// Whose publication a body is, and under which message id: what a retry of it is recognised by.
// Pure.

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

  // Of a body that append_publication_body() made; of what is none, empty. Views are valid until
  // the next call.
  [[nodiscard]] PublicationKey decode(std::string_view body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
