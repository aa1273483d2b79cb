// SPDX-License-Identifier: MIT
#pragma once
// A document store whose calls a test carries out step by step, in any order that a real store may
// show: calls are done in their order, and answered in their order; changes are told in their order
// on a link of their own, earlier or later than the answers, or not at all.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/broker/document_store.h"

namespace chirm::testing {

class FakeDocuments final : public DocumentStore {
 public:
  void add_listener(DocumentListener& listener) override { listeners_.push_back(&listener); }
  void remove_listener(DocumentListener& listener) override { std::erase(listeners_, &listener); }

  void get(std::string_view collection, std::string_view id, Callback<Document> done) override {
    calls_.emplace_back([this, key = key_of(collection, id), done = std::move(done)] {
      answer(std::move(done), documents_[key]);
    });
  }
  void put(std::string_view collection, std::string_view id, std::uint64_t expected,
           std::string_view value, Callback<PutResult> done) override {
    calls_.emplace_back([this, key = key_of(collection, id), expected, text = std::string(value),
                         done = std::move(done)] {
      const bool is_stored = documents_[key].version == expected;
      if (is_stored) set(key, text);
      answer(std::move(done), PutResult{is_stored, documents_[key]});
    });
  }
  void list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override {
    calls_.emplace_back([this, collection = std::string(request.collection),
                         after = std::string(request.after), limit = request.limit,
                         done = std::move(done)] {
      std::vector<NamedDocument> listed;
      for (const auto& [key, document] : documents_) {
        const bool is_wanted =
            key.first == collection && key.second > after && document.version != 0;
        if (is_wanted && listed.size() < limit) listed.push_back({key.second, document});
      }
      answers_.emplace_back([done, listed = std::move(listed)] { done(listed); });
    });
  }
  void count(std::string_view, Callback<std::uint64_t>) override { std::abort(); }
  void clear(std::string_view, Callback<std::uint64_t>) override { std::abort(); }

  // ---- For the test

  // Of gets and puts, so many of a hundred are answered with an error. What they do is done.
  unsigned failures_percent = 0;

  // Another node's change; "" removes.
  void change(std::string_view collection, std::string_view id, const std::string& value) {
    set(key_of(collection, id), value);
  }
  const Document& document(std::string_view collection, std::string_view id) {
    return documents_[key_of(collection, id)];
  }
  // What was told until now and has not arrived never does, and the listeners are told so.
  void lose_news() {
    news_.clear();
    for (DocumentListener* listener : listeners_) listener->on_documents_maybe_missed();
  }
  // Does one thing that is under way: a call, an answer or what is told. False: nothing is.
  bool step() {
    std::vector<std::deque<std::function<void()>>*> ready;
    for (auto* queue : {&calls_, &answers_, &news_}) {
      if (!queue->empty()) ready.push_back(queue);
    }
    if (ready.empty()) return false;
    auto& queue = *ready[random_() % ready.size()];
    const auto next = std::move(queue.front());
    queue.pop_front();
    next();
    return true;
  }
  void settle() {
    while (step()) {
    }
  }
  void seed(std::uint32_t seed) { random_.seed(seed); }

  // Is told of every change of a document when it is done.
  std::function<void(std::string_view id, const Document&)> on_change;

 private:
  using Key = std::pair<std::string, std::string>;
  static Key key_of(std::string_view collection, std::string_view id) {
    return {std::string(collection), std::string(id)};
  }

  template <class T>
  void answer(Callback<T> done, T result) {
    if (random_() % 100 < failures_percent) {
      answers_.emplace_back([done] { done(Unexpected<ErrorCode>(errors::kInternal)); });
    } else {
      answers_.emplace_back([done, result = std::move(result)] { done(result); });
    }
  }
  void set(const Key& key, const std::string& value) {
    Document& document = documents_[key];
    if (value.empty() && document.version == 0) return;
    document = value.empty() ? Document() : Document{++version_, value};
    if (on_change) on_change(key.second, document);
    news_.emplace_back([this, key, document] {
      for (DocumentListener* listener : listeners_) {
        listener->on_document(key.first, key.second, document);
      }
    });
  }

  std::map<Key, Document> documents_;
  std::uint64_t version_ = 0;
  std::vector<DocumentListener*> listeners_;
  std::deque<std::function<void()>> calls_;
  std::deque<std::function<void()>> answers_;
  std::deque<std::function<void()>> news_;
  std::mt19937 random_;
};

}  // namespace chirm::testing
