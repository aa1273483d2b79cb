// SPDX-License-Identifier: MIT
#pragma once
// What all document stores have in common: they check names and values, and tell the listeners.
// Private to core/broker; loop's thread.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/broker/document_store.h"
#include "core/loop/later_calls.h"

namespace chirm {

class Loop;

class CheckedDocuments : public DocumentStore {
 public:
  explicit CheckedDocuments(Loop& loop) : later_(loop) {}

  void add_listener(DocumentListener& listener) final { listeners_.push_back(&listener); }
  void remove_listener(DocumentListener& listener) final { std::erase(listeners_, &listener); }
  void get(std::string_view collection, std::string_view id, Callback<Document> done) final;
  void put(std::string_view collection, std::string_view id, std::uint64_t expected,
           std::string_view value, Callback<PutResult> done) final;
  void list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) final;
  void count(std::string_view collection, Callback<std::uint64_t> done) final;
  void clear(std::string_view collection, Callback<std::uint64_t> done) final;

 protected:
  // Tell all listeners; a listener may remove itself or others meanwhile.
  void tell_changed(std::string_view collection, std::string_view id, const Document& document);
  void tell_maybe_missed();

  LaterCalls& later() { return later_; }

 private:
  // The calls above, with names and values of allowed sizes.
  virtual void do_get(std::string_view collection, std::string_view id,
                      Callback<Document> done) = 0;
  virtual void do_put(std::string_view collection, std::string_view id, std::uint64_t expected,
                      std::string_view value, Callback<PutResult> done) = 0;
  virtual void do_list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) = 0;
  virtual void do_count(std::string_view collection, Callback<std::uint64_t> done) = 0;
  virtual void do_clear(std::string_view collection, Callback<std::uint64_t> done) = 0;

  template <class T>
  void refuse(Callback<T> done);

  LaterCalls later_;
  std::vector<DocumentListener*> listeners_;
};

}  // namespace chirm
