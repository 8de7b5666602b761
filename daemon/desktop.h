// SPDX-License-Identifier: MIT
// What joins a member to the login that it runs in: the keychain that opens its vault, the news
// that lock it, the environment of programs that no shell starts.
#pragma once

#include "daemon/keychain.h"
#include "daemon/login.h"
#include "daemon/publisher.h"
#include "daemon/surroundings.h"

namespace envmesh::daemon {

class Desktop {
  public:
    /// All of them outlive it.
    Desktop(Surroundings& around, node::Service& service, const platform::Paths& paths);

    void start();
    /// What front ends are told.
    void told(const api::Event& event);
    void stop_asking() { keychain_.stop_asking(); } // calls wait for the answer
    Task<> stop();

  private:
    SystemKeychain keychain_;
    Login login_;
    Publisher publisher_;
};

} // namespace envmesh::daemon
