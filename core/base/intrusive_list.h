// SPDX-License-Identifier: MIT
#pragma once
// A doubly linked list whose links are in its elements: no allocation, O(1) removal of an element
// that knows only itself. An element leaves its list when it is destroyed.
//
//   root ⇄ first ⇄ … ⇄ last ⇄ root      an empty list is a root that points to itself

#include <cstddef>

#include "core/base/check.h"

namespace chirm {

// Base class of an element. Tag tells apart the lists that one object can be on.
template <class Tag>
class ListHook {
 public:
  ListHook() = default;
  ~ListHook() { unlink(); }
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;

  bool is_linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, class U>
  friend class IntrusiveList;
  ListHook* next_ = nullptr;
  ListHook* previous_ = nullptr;
};

// T derives from ListHook<Tag>. A list that is destroyed lets its elements go.
template <class T, class Tag>
class IntrusiveList {
 public:
  IntrusiveList() { root_.next_ = root_.previous_ = &root_; }
  ~IntrusiveList() {
    clear();
    root_.next_ = root_.previous_ = nullptr;
  }

  bool empty() const { return root_.next_ == &root_; }
  T* front() { return empty() ? nullptr : to_element(root_.next_); }
  // Moves an element that is on a list of this tag already.
  void push_back(T& element) {
    Hook& hook = element;
    hook.unlink();
    hook.next_ = &root_;
    hook.previous_ = root_.previous_;
    root_.previous_->next_ = &hook;
    root_.previous_ = &hook;
  }
  T* pop_front() {
    T* element = front();
    if (element != nullptr) static_cast<Hook*>(element)->unlink();
    return element;
  }
  void clear() {
    while (pop_front() != nullptr) {
    }
  }
  // Calls visit(element) for each, in order. `visit` must not change the list.
  template <class Visit>
  void for_each(Visit visit) const {
    for (Hook* hook = root_.next_; hook != &root_; hook = hook->next_) visit(*to_element(hook));
  }
  // Moves all elements of `other`, which is another list, behind those of this one, in O(1).
  void take(IntrusiveList& other) {
    CHIRM_CHECK(&other != this);
    if (other.empty()) return;
    Hook* first = other.root_.next_;
    Hook* last = other.root_.previous_;
    first->previous_ = root_.previous_;
    root_.previous_->next_ = first;
    last->next_ = &root_;
    root_.previous_ = last;
    other.root_.next_ = other.root_.previous_ = &other.root_;
  }

  // Ends the process unless the links are sound. Calls visit(element) for each element that is
  // looked at: all, or of a long list the first and the last `count_max`. Returns how many elements
  // there are, but `count_max` where there are that many or more.
  template <class Visit>
  std::size_t check(std::size_t count_max, Visit visit) const {
    const std::size_t count = check_from(&Hook::next_, count_max, visit);
    if (count == count_max) check_from(&Hook::previous_, count_max, visit);
    return count;
  }

 private:
  using Hook = ListHook<Tag>;

  template <class Visit>
  std::size_t check_from(Hook* Hook::*direction, std::size_t count_max, Visit& visit) const {
    std::size_t count = 0;
    for (const Hook* hook = root_.*direction; hook != &root_; hook = hook->*direction) {
      if (count == count_max) break;
      CHIRM_CHECK(hook != nullptr && hook->is_linked(), count);
      CHIRM_CHECK(hook->next_->previous_ == hook && hook->previous_->next_ == hook, count);
      visit(*static_cast<const T*>(hook));
      ++count;
    }
    CHIRM_CHECK(root_.next_->previous_ == &root_ && root_.previous_->next_ == &root_);
    return count;
  }
  static T* to_element(Hook* hook) { return static_cast<T*>(hook); }
  Hook root_;
};

// One pass over a list whose elements are worked off: who joins the list during the pass waits for
// the next one, and so does, before them, whom this pass has not come to.
template <class T, class Tag>
class ListPass {
 public:
  explicit ListPass(IntrusiveList<T, Tag>& list) : list_(list) { left_.take(list); }
  ~ListPass() {
    left_.take(list_);
    list_.take(left_);
  }
  ListPass(const ListPass&) = delete;
  ListPass& operator=(const ListPass&) = delete;

  // The next element, which is on no list any more; null at the end.
  T* next() { return left_.pop_front(); }

 private:
  IntrusiveList<T, Tag>& list_;
  IntrusiveList<T, Tag> left_;
};

// A look at some elements of a list, which keeps them all: the next look begins behind the last one
// that this one has seen, so that in the end everybody is looked at.
template <class T, class Tag>
class ListLook {
 public:
  explicit ListLook(IntrusiveList<T, Tag>& list) : list_(list) {}
  ~ListLook() { list_.take(seen_); }
  ListLook(const ListLook&) = delete;
  ListLook& operator=(const ListLook&) = delete;

  // The next element; null when all have been seen.
  T* next() {
    T* element = list_.front();
    if (element != nullptr) seen_.push_back(*element);
    return element;
  }

 private:
  IntrusiveList<T, Tag>& list_;
  IntrusiveList<T, Tag> seen_;
};

}  // namespace chirm
