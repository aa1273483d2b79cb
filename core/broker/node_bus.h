// SPDX-License-Identifier: MIT
#pragma once
// Messages between the nodes of a cluster, and which nodes there are: when one dies, the others
// learn of it within 5 s. All calls are on the loop's thread, and no call calls back before it has
// returned.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chirm {

// A receiver of one kind of message. Messages of one node come in the order they were sent, as long
// as the links hold; each at most once, and those of a node behind its on_node_joined().
class NodeListener {
 public:
  // `node` is the sender's id; this node's own messages come, too.
  virtual void on_node_message(std::string_view node, std::string_view message) = 0;
  // A node is heard for the first time. Not told of this node itself.
  virtual void on_node_joined(std::string_view node) = 0;
  // A node was silent for 4 s, or said goodbye. Should it be heard again, it joins again. Not told
  // of this node itself.
  virtual void on_node_gone(std::string_view node) = 0;
  // Messages of all nodes may have been lost.
  virtual void on_node_messages_maybe_missed() = 0;

 protected:
  ~NodeListener() = default;
};

class NodeBus {
 public:
  virtual ~NodeBus() = default;

  // The listener gets messages of that kind, and must outlive the bus. A kind must not have one
  // already.
  virtual void add_listener(std::string_view kind, NodeListener& listener) = 0;

  // Sent at the end of the turn, together with what else the turn has for the node(s). False when
  // the link is down: nobody gets it, and on_node_messages_maybe_missed() follows when it is up.
  virtual bool send_all(std::string_view kind, std::string_view message) = 0;
  virtual bool send(std::string_view node, std::string_view kind, std::string_view message) = 0;

  // No other process has ever had this id.
  virtual const std::string& node_id() const = 0;
  // The ids of the nodes that live, this one included.
  virtual std::vector<std::string> nodes() const = 0;
};

}  // namespace chirm
