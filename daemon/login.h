// SPDX-License-Identifier: MIT
// Opens the vault with the login and locks it when the login's person leaves: by the keychain at
// the start, and again where sleep, the screen or a logout had locked it and that is over. What a
// person locked by hand stays locked.
#pragma once

#include "core/config/config.h"
#include "core/node/service.h"
#include "platform/session.h"

namespace envmesh::daemon {

class Login {
  public:
    using News = std::function<void(platform::SessionNews)>;
    using Watch = std::function<Result<std::unique_ptr<platform::SessionWatch>>(News)>;
    /// All of them outlive it.
    Login(asio::any_io_executor executor, node::Service& service, const config::Config& config,
          Watch watch = platform::SessionWatch::start);

    void start();
    /// After it nothing new begins; `join` waits for what has begun.
    void stop();
    Task<> join();
    /// The vault was opened, by whoever.
    void opened() { ++attempt_; }
    /// A person has locked it, open or not: nothing opens it but a person.
    void locked_by_person();
    /// Why news that are to lock it do not come, a sentence; empty: they do, or none is to.
    [[nodiscard]] std::string unheard() const;

  private:
    void heard(platform::SessionNews news); // on the owner thread
    Task<> lock(std::string reason);
    /// Asks nobody. The keychain may come, or be opened, later than the daemon starts.
    Task<> open();
    void open_after(std::string_view reason);

    asio::any_io_executor executor_;
    node::Service& service_;
    const config::Config& config_;
    Watch start_watch_;
    std::unique_ptr<platform::SessionWatch> watch_;
    std::string not_watching_;  // why there is none
    std::string locked_by_;     // what we have locked it for; empty: for nothing
    std::uint64_t attempt_ = 0; // an older one ends
    bool is_trying_ = false;    // to open it
    Signal stopping_;
    bool is_stopping_ = false;
    TaskGroup tasks_;
};

} // namespace envmesh::daemon
