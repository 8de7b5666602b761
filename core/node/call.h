// SPDX-License-Identifier: MIT
// What calls of front ends need while they wait: to be counted, so that nothing is destroyed under
// them, and to see that their front end has left.
#pragma once

#include <boost/asio/cancellation_state.hpp>

namespace envmesh::node {

/// On the stack of a call that waits in an object; `users` is the object's.
class Use {
  public:
    explicit Use(int& users) : users_(users) { ++users_; }
    ~Use() { --users_; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

  private:
    int& users_;
};

/// The front end has left: its waits were cut short once, and it is for the call to end.
inline bool is_given_up(const boost::asio::cancellation_state& call) {
    return call.cancelled() != boost::asio::cancellation_type::none;
}

} // namespace envmesh::node
