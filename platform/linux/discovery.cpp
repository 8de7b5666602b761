// SPDX-License-Identifier: MIT
#include "platform/discovery.h"

#include "core/base/log.h"
#include "platform/linux/discovery_interfaces.h"
#include "platform/linux/discovery_library.h"
#include "platform/linux/discovery_log.h"
#include "platform/linux/discovery_responder.h"
#include "platform/network.h"

#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/thread-watch.h>
#include <avahi-common/timeval.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <random>
#include <utility>

namespace envmesh::platform {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Browsing begins afresh now and then: a name left out under a limit gets another chance, and a
// service whose lookup had to make room is asked again.
constexpr milliseconds browse_interval = std::chrono::minutes(10);
constexpr milliseconds least_address_life{3'000}; // before it is announced
constexpr milliseconds most_probing{25'000};      // it takes 1 s, or 20 s when there were many
// Avahi's default leaves no place for an honest service beside 1,000 names with all their records.
constexpr unsigned most_cached_records = 8192; // for each interface and protocol

struct Backoff {
    static constexpr milliseconds least{1000}, most{64000};
    milliseconds next = least;
    milliseconds take() { return std::exchange(next, std::min(next * 2, most)); }
    void reset() { next = least; }
};

std::string random_hex() {
    std::array<char, 9> text{};
    std::snprintf(text.data(), text.size(), "%08x", std::random_device()());
    return text.data();
}

// Never the machine's own: that is nobody's business.
std::string random_host() { return "envmesh-" + random_hex(); }

struct Freeing {
    void operator()(AvahiThreadedPoll* poll) const { avahi_threaded_poll_free(poll); }
    void operator()(AvahiServer* server) const { core_library()->free_server(server); }
    void operator()(AvahiClient* client) const { client_library()->free_client(client); }
};

class AvahiDiscovery final : public Discovery {
  public:
    explicit AvahiDiscovery(Hooks hooks) : catalogue_(std::move(hooks)) {
        timer_ = api_->timeout_new(api_, nullptr, on_timer, this);
        later(milliseconds(0));
    }
    AvahiDiscovery(const AvahiDiscovery&) = delete;
    AvahiDiscovery& operator=(const AvahiDiscovery&) = delete;
    ~AvahiDiscovery() override {
        network_.reset(); // first: it calls us
        avahi_threaded_poll_stop(poll_.get());
        leave();
        client_.reset();
        api_->timeout_free(timer_);
    }

    Result<> run() {
        if (avahi_threaded_poll_start(poll_.get()) != 0)
            return fail(Code::internal,
                        "Cannot start the thread that looks for servers on the network.",
                        "Raise the limit on threads (ulimit -u).");
        auto watch = NetworkWatch::start([this] {
            const Lock lock(*this);
            later(milliseconds(1000)); // there are more to come
        });
        if (!watch) return std::unexpected(watch.error());
        network_ = std::move(*watch);
        return {};
    }

    Result<> announce(Service service) override {
        if (auto checked = check(service); !checked) return checked;
        const Lock lock(*this);
        name_ = service.instance;
        wanted_ = std::move(service);
        is_published_ = false;
        later(milliseconds(0));
        return {};
    }

    void withdraw() override {
        const Lock lock(*this);
        wanted_.reset();
        name_.clear();
        catalogue_.leave_out({});
        if (responder_) responder_->withdraw();
    }

    void search() override {
        const Lock lock(*this);
        browse_due_ = Clock::now();
        later(milliseconds(0));
    }

    State state() const override {
        const Lock lock(*this);
        auto all = interfaces();
        for (Interface& one : all)
            one.services = catalogue_.services_on(interface_number(one.name));
        return {responder_name_, name_, std::move(all), catalogue_.services()};
    }

  private:
    struct Lock {
        explicit Lock(const AvahiDiscovery& owner) : poll(owner.poll_.get()) {
            avahi_threaded_poll_lock(poll);
        }
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;
        ~Lock() { avahi_threaded_poll_unlock(poll); }
        AvahiThreadedPoll* poll;
    };

    // Avahi's callbacks neither make nor free a responder: they ask for `settle`.
    void later(milliseconds pause) {
        const auto due = Clock::now() + pause;
        if (is_timer_set_ && due_ <= due) return;
        due_ = due;
        is_timer_set_ = true;
        timeval when{};
        avahi_elapse_time(&when, static_cast<unsigned>(pause.count()), 0);
        api_->timeout_update(timer_, &when);
    }

    static void on_timer(AvahiTimeout*, void* data) {
        auto& self = *static_cast<AvahiDiscovery*>(data);
        self.is_timer_set_ = false;
        self.settle();
    }

    /// Brings what runs into line with what there is and what is wanted.
    void settle() {
        later(browse_interval);
        connect();
        const bool by_daemon = daemon_answers();
        if (!responder_ || is_broken_ || by_daemon == (server_ != nullptr)) {
            leave();
            by_daemon ? enter_daemon() : enter_process();
        } else if (Clock::now() >= browse_due_) {
            retry_.reset();
            browse();
        }
        if (server_ && core_library()->state(server_.get()) == AVAHI_SERVER_COLLISION)
            core_library()->set_host_name(server_.get(), random_host().c_str());
        if (server_) follow_addresses();
        if (wanted_ && !is_published_ && is_ready()) publish();
    }

    // A client without a daemon costs nothing and hears when one comes. Without a system bus there
    // is no client.
    void connect() {
        if (client_ && client_library()->state(client_.get()) == AVAHI_CLIENT_FAILURE) {
            if (!server_) leave();
            client_.reset();
        }
        if (client_ || client_library() == nullptr) return;
        if (Clock::now() >= connect_due_) {
            connect_due_ = Clock::now() + reconnect_.take();
            int error = 0;
            client_.reset(client_library()->new_client(api_, AVAHI_CLIENT_NO_FAIL, on_client_state,
                                                       this, &error));
        }
        if (!client_) later(std::chrono::ceil<milliseconds>(connect_due_ - Clock::now()));
    }

    bool daemon_answers() const {
        if (!client_) return false;
        const auto state = client_library()->state(client_.get());
        return state != AVAHI_CLIENT_CONNECTING && state != AVAHI_CLIENT_FAILURE;
    }

    void leave() {
        responder_.reset();
        server_.reset();
        is_published_ = is_broken_ = false;
    }

    void enter_daemon() {
        reconnect_.reset();
        enter(make_responder(client_.get(), catalogue_, listener()), "avahi-daemon");
    }

    void enter_process() {
        const auto* const core = core_library();
        if (core == nullptr) return stay_out("libavahi-core is not installed");
        AvahiServerConfig config{};
        core->config_init(&config);
        config.host_name = avahi_strdup(random_host().c_str());
        config.deny_interfaces = avahi_string_list_new(interface_name(loopback).c_str(), nullptr);
        config.publish_domain = config.publish_addresses = 0; // see InProcess::add
        config.check_response_ttl = 1; // RFC 6762 §11: all send 255, and a router lowers it
        config.n_cache_entries_max = most_cached_records;
        int error = 0;
        server_.reset(core->new_server(api_, &config, on_server_state, this, &error));
        core->config_free(&config);
        if (!server_) return stay_out(avahi_strerror(error));
        enter(make_responder(server_.get(), catalogue_, listener()), "built in");
    }

    void stay_out(const std::string& reason) {
        if (std::exchange(responder_name_, "none: " + reason) != responder_name_)
            log_warning("nothing is found on the local network", "cause", reason);
        later(retry_.take());
    }

    void enter(std::unique_ptr<Responder> responder, const std::string& name) {
        responder_ = std::move(responder);
        if (std::exchange(responder_name_, name) != name)
            log_info("discovery on the local network", "responder", name);
        browse();
    }

    void browse() {
        browse_due_ = Clock::now() + browse_interval;
        responder_->browse();
    }

    bool is_ready() const {
        if (!responder_) return false;
        return server_ ? core_library()->state(server_.get()) == AVAHI_SERVER_RUNNING
                       : client_library()->state(client_.get()) == AVAHI_CLIENT_S_RUNNING;
    }

    // Avahi probes an announcement anew. It forgets to end that when an interface goes meanwhile:
    // so interfaces that come and go do not begin it, and one that does not end is begun again.
    void follow_addresses() {
        const auto now = Clock::now();
        auto present = own_addresses();
        if (present != present_) {
            present_ = std::move(present);
            present_since_ = now;
        }
        const auto due = addresses_ != present_              ? present_since_ + least_address_life
                         : is_published_ && !is_established_ ? published_at_ + most_probing
                                                             : Clock::time_point::max();
        if (due == Clock::time_point::max()) return;
        if (due <= now)
            is_published_ = false;
        else
            later(std::chrono::ceil<milliseconds>(due - now));
    }

    void publish() {
        is_published_ = true;
        is_established_ = false;
        published_at_ = Clock::now();
        later(most_probing);
        addresses_ = present_ = own_addresses();
        Service service = *wanted_;
        service.instance = name_;
        catalogue_.leave_out(name_);
        responder_->publish(service);
        browse(); // who had this name before us, or has the one that we had
    }

    Responder::Listener listener() {
        return [this](Responder::News news) { hear(news); };
    }

    void hear(Responder::News news) {
        if (news == Responder::News::published) {
            is_established_ = true;
            return retry_.reset();
        }
        if (news == Responder::News::failed) is_broken_ = true;
        if (news == Responder::News::name_taken && wanted_) {
            name_ = wanted_->instance.substr(0, 54) + "-" + random_hex();
            is_published_ = false;
        }
        later(retry_.take());
    }

    static void on_client_state(AvahiClient*, AvahiClientState state, void* data) {
        auto& self = *static_cast<AvahiDiscovery*>(data);
        if (state != AVAHI_CLIENT_S_RUNNING && !self.server_) self.is_published_ = false;
        self.later(milliseconds(0));
    }

    static void on_server_state(AvahiServer*, AvahiServerState state, void* data) {
        auto& self = *static_cast<AvahiDiscovery*>(data);
        if (state != AVAHI_SERVER_RUNNING) self.is_published_ = false;
        if (state == AVAHI_SERVER_FAILURE) return self.hear(Responder::News::failed);
        self.later(milliseconds(0));
    }

    Catalogue catalogue_;
    std::unique_ptr<AvahiThreadedPoll, Freeing> poll_{avahi_threaded_poll_new()};
    const AvahiPoll* api_ = avahi_threaded_poll_get(poll_.get());
    AvahiTimeout* timer_ = nullptr;
    bool is_timer_set_ = false;
    Clock::time_point due_, browse_due_, connect_due_, published_at_, present_since_;
    Backoff retry_, reconnect_;

    std::unique_ptr<AvahiClient, Freeing> client_;
    std::unique_ptr<AvahiServer, Freeing> server_; // in process, or none
    std::unique_ptr<Responder> responder_; // of the server where there is one, else of the client
    std::string responder_name_ = "none: starting";
    bool is_broken_ = false;

    std::optional<Service> wanted_;
    std::string name_;
    std::vector<OwnAddress> addresses_; // announced with it
    std::vector<OwnAddress> present_;   // when they were looked at last
    bool is_published_ = false;         // asked for
    bool is_established_ = false;       // and nobody else has the name
    std::unique_ptr<NetworkWatch> network_;
};

} // namespace

Result<std::unique_ptr<Discovery>> Discovery::start(Hooks hooks) {
    route_avahi_log();
    auto discovery = std::make_unique<AvahiDiscovery>(std::move(hooks));
    if (auto running = discovery->run(); !running) return std::unexpected(running.error());
    return discovery;
}

} // namespace envmesh::platform
