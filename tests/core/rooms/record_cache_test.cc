// SPDX-License-Identifier: MIT
// A cache beside the store whose copies it keeps, with calls, answers and news in random order.
#include "core/rooms/record_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/rooms/rules/records.h"
#include "tests/support/fake_documents.h"

namespace chirm {
namespace {

constexpr const char* kTea = "tea";

// What a document was, one after the other: versions, with 0 where there was none.
using Past = std::vector<std::uint64_t>;

class RecordCacheTest : public ::testing::Test, private DocumentListener {
 protected:
  RecordCacheTest() {
    documents.add_listener(*this);
    documents.on_change = [this](std::string_view id, const Document& document) {
      past_of(std::string(id)).push_back(document.version);
    };
  }
  ~RecordCacheTest() override { documents.remove_listener(*this); }

  static std::string title(const std::string& text) {
    RoomRecord record;
    record.title = text;
    return record.encode();
  }
  Past& past_of(const std::string& id) { return past_.try_emplace(id, Past{0}).first->second; }
  std::size_t pick(std::size_t count) { return random() % count; }

  // Reads, and looks whether the answer is of no earlier than now.
  void read(const std::string& id) {
    const std::size_t now = past_of(id).size() - 1;
    scope.start(cache.read("room", id), [this, id, now](const Result<Kept<RoomRecord>>& read) {
      if (!read) return;
      const Past& past = past_of(id);
      const auto since = past.begin() + static_cast<std::ptrdiff_t>(now);
      EXPECT_NE(std::find(since, past.end(), read->version), past.end())
          << id << " was read as version " << read->version << ", which was over by then";
      ++reads;
    });
  }
  void put(const std::string& id) {
    const auto* known = cache.find("room", id);
    const std::uint64_t version = known == nullptr ? 0 : known->version;
    const std::string value = pick(3) == 0 ? "" : title(std::to_string(random()));
    scope.start(cache.put("room", id, version, value));
  }
  void act(const std::string& id) {
    switch (pick(8)) {
      case 0:
        return read(id);
      case 1:
        return scope.start(cache.get("room", id));
      case 2:
        return put(id);
      case 3:
        return documents.change("room", id, pick(2) == 0 ? "" : title(std::to_string(random())));
      case 4:
        if (pick(20) == 0) documents.lose_news();
        return;
      default:
        (void)documents.step();
    }
  }
  // What the cache knows is what the store has.
  void expect_right(const std::string& id) {
    const auto* known = cache.find("room", id);
    if (known == nullptr) return;
    const Document& document = documents.document("room", id);
    EXPECT_EQ(known->version, document.version) << id;
    EXPECT_EQ(known->record.title, RoomRecord::decode(document.value).title) << id;
    ++right;
  }

  std::mt19937 random;
  testing::FakeDocuments documents;
  RecordCache<RoomRecord> cache{documents, 3};
  TaskScope scope;
  int reads = 0;
  int right = 0;

 private:
  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override {
    (void)cache.on_document(collection, id, document);
  }
  void on_documents_maybe_missed() override { cache.on_maybe_missed(); }

  std::map<std::string, Past> past_;
};

TEST_F(RecordCacheTest, KeepsCopiesAsTheyAreInTheStore) {
  const std::vector<std::string> ids{"a", "b", "c", "d", "e"};
  for (std::uint32_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    random.seed(seed);
    documents.seed(seed);
    documents.failures_percent = seed % 2 == 0 ? 10 : 0;
    for (int i = 0; i < 200 && !HasFailure(); ++i) {
      act(ids[pick(ids.size())]);
      cache.check();
    }
    documents.settle();
    for (const std::string& id : ids) expect_right(id);
  }
  EXPECT_GT(reads, 1'000);
  EXPECT_GT(right, 500);
}

TEST_F(RecordCacheTest, ReadsAnewWhatALateRemovalHides) {
  documents.change("room", kTea, title("first"));
  scope.start(cache.get("room", kTea));
  documents.settle();
  // Removed and made again; the answer to a read comes between the news of the two.
  documents.change("room", kTea, "");
  documents.change("room", kTea, title("second"));
  std::string found;
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    documents.seed(seed);
    scope.start(cache.read("room", kTea), [&](const Result<Kept<RoomRecord>>& read) {
      found = read ? read->record.title : read.error().message;
    });
    documents.settle();
    EXPECT_EQ(found, "second") << "seed " << seed;
    cache.on_maybe_missed();
    documents.change("room", kTea, "");
    documents.change("room", kTea, title("second"));
  }
}

TEST_F(RecordCacheTest, ForgetsWhatWasUsedLongestAgo) {
  for (const char* id : {"a", "b", "c"}) {
    documents.change("room", id, title(id));
    scope.start(cache.get("room", id));
    documents.settle();
  }
  EXPECT_NE(cache.find("room", "a"), nullptr);
  scope.start(cache.get("room", "d"));
  documents.settle();
  EXPECT_NE(cache.find("room", "a"), nullptr);
  EXPECT_EQ(cache.find("room", "b"), nullptr);
  EXPECT_EQ(cache.size(), 3U);
}

}  // namespace
}  // namespace chirm
