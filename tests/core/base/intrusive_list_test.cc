// SPDX-License-Identifier: MIT
#include "core/base/intrusive_list.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace chirm {
namespace {

struct RedTag;
struct BlueTag;

struct Item : ListHook<RedTag>, ListHook<BlueTag> {
  explicit Item(int its_number) : number(its_number) {}
  int number;
};

using RedList = IntrusiveList<Item, RedTag>;
using BlueList = IntrusiveList<Item, BlueTag>;

bool is_red(const Item& item) { return static_cast<const ListHook<RedTag>&>(item).is_linked(); }
void leave_red(Item& item) { static_cast<ListHook<RedTag>&>(item).unlink(); }

template <class List>
std::vector<int> drain(List& list) {
  std::vector<int> numbers;
  while (const Item* item = list.pop_front()) numbers.push_back(item->number);
  return numbers;
}

TEST(IntrusiveList, GivesElementsBackInOrder) {
  Item one(1), two(2), three(3);
  RedList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.pop_front(), nullptr);
  for (Item* item : {&one, &two, &three}) list.push_back(*item);
  EXPECT_EQ(list.front(), &one);
  EXPECT_EQ(drain(list), (std::vector{1, 2, 3}));
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, MovesAnElementThatIsPushedAgainToTheEnd) {
  Item one(1), two(2);
  RedList list;
  list.push_back(one);
  list.push_back(two);
  list.push_back(one);
  EXPECT_EQ(drain(list), (std::vector{2, 1}));
  list.push_back(one);
  list.push_back(one);  // alone, onto itself
  EXPECT_EQ(drain(list), (std::vector{1}));
}

TEST(IntrusiveList, MovesAnElementOutOfTheListItWasOn) {
  Item one(1), two(2);
  RedList here;
  RedList there;
  here.push_back(one);
  here.push_back(two);
  there.push_back(one);
  EXPECT_EQ(drain(here), (std::vector{2}));
  EXPECT_EQ(drain(there), (std::vector{1}));
}

TEST(IntrusiveList, LosesAnElementThatUnlinksOrDies) {
  Item one(1), three(3);
  std::optional<Item> two(2);
  RedList list;
  list.push_back(one);
  list.push_back(*two);
  list.push_back(three);
  two.reset();
  leave_red(three);
  leave_red(three);  // again: nothing happens
  EXPECT_FALSE(is_red(three));
  EXPECT_EQ(drain(list), (std::vector{1}));
}

TEST(IntrusiveList, LeavesItsElementsAloneWhenItDies) {
  Item one(1);
  {
    RedList list;
    list.push_back(one);
    EXPECT_TRUE(is_red(one));
  }
  EXPECT_FALSE(is_red(one));
}

TEST(IntrusiveList, HoldsOneObjectInAListPerTag) {
  Item one(1);
  RedList red;
  BlueList blue;
  red.push_back(one);
  blue.push_back(one);
  leave_red(one);
  EXPECT_TRUE(red.empty());
  EXPECT_EQ(drain(blue), (std::vector{1}));
}

TEST(IntrusiveList, TakesAllOfAnotherInOrder) {
  Item one(1), two(2);
  RedList from;
  RedList to;
  from.push_back(one);
  from.push_back(two);
  to.take(from);
  EXPECT_TRUE(from.empty());
  EXPECT_EQ(drain(to), (std::vector{1, 2}));
}

TEST(IntrusiveList, TakesBehindWhatItHas) {
  Item one(1), two(2), three(3);
  RedList from;
  RedList to;
  to.push_back(one);
  to.take(from);  // nothing
  from.push_back(two);
  from.push_back(three);
  to.take(from);
  leave_red(two);
  from.push_back(two);
  EXPECT_EQ(drain(to), (std::vector{1, 3}));
  EXPECT_EQ(drain(from), (std::vector{2}));
}

template <class List>
std::vector<int> looked_at(const List& list, std::size_t count_max, std::size_t* count = nullptr) {
  std::vector<int> numbers;
  const std::size_t found =
      list.check(count_max, [&](const Item& item) { numbers.push_back(item.number); });
  if (count != nullptr) *count = found;
  return numbers;
}

TEST(IntrusiveList, ChecksAllOfAShortListAndBothEndsOfALongOne) {
  std::deque<Item> items;
  RedList list;
  std::size_t count = 0;
  EXPECT_EQ(looked_at(list, 3, &count), std::vector<int>());
  EXPECT_EQ(count, 0U);
  for (int i = 0; i < 9; ++i) list.push_back(items.emplace_back(i));
  EXPECT_EQ(looked_at(list, 10, &count), (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(count, 9U);
  EXPECT_EQ(looked_at(list, 3, &count), (std::vector{0, 1, 2, 8, 7, 6}));
  EXPECT_EQ(count, 3U);
}

// The links are private, so the list is broken from outside, as a stray write would do it.
TEST(IntrusiveListDeathTest, FindsALinkThatIsBroken) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Item one(1), two(2);
  RedList list;
  list.push_back(one);
  list.push_back(two);
  EXPECT_DEATH(
      {
        auto& hook = static_cast<ListHook<RedTag>&>(two);
        std::memset(static_cast<void*>(&hook), 0, sizeof hook);
        (void)looked_at(list, 10);
      },
      "does not hold");
  EXPECT_DEATH(list.take(list), "&other != this does not hold");
}

TEST(IntrusiveList, MatchesADequeUnderRandomOperations) {
  constexpr unsigned kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 20; ++i) items.push_back(std::make_unique<Item>(i));
  RedList list;
  std::deque<int> model;
  for (int step = 0; step < 10'000; ++step) {
    const int pick = static_cast<int>(random() % items.size());
    auto& item = items[static_cast<std::size_t>(pick)];
    if (const auto action = random() % 4; action == 3) {
      const Item* first = list.pop_front();
      ASSERT_EQ(first == nullptr, model.empty());
      if (first == nullptr) continue;
      ASSERT_EQ(first->number, model.front());
      model.pop_front();
    } else {
      std::erase(model, pick);
      if (action == 0) item = std::make_unique<Item>(pick);
      if (action == 1) leave_red(*item);
      if (action == 2) {
        list.push_back(*item);
        model.push_back(pick);
      }
    }
    ASSERT_EQ(looked_at(list, 100), std::vector<int>(model.begin(), model.end()));
  }
  EXPECT_EQ(drain(list), std::vector<int>(model.begin(), model.end()));
}

}  // namespace
}  // namespace chirm
