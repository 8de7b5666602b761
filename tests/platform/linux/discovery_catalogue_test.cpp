// SPDX-License-Identifier: MIT
#include "platform/linux/discovery_catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envmesh::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct DiscoveryCatalogue : testing::Test {
    std::map<std::string, FoundService> known;
    int calls = 0;
    Catalogue catalogue{{[this](FoundService service) {
                             ++calls;
                             const auto name = service.instance;
                             known[name] = std::move(service);
                         },
                         [this](const std::string& name) { known.erase(name); }}};

    void answer(const Sighting& sighting, const std::string& address, std::uint16_t port = 1) {
        catalogue.answered(sighting, address, port, {});
    }
};

TEST_F(DiscoveryCatalogue, OneServiceHasTheAddressesOfAllPlaces) {
    catalogue.appeared({"a", 2, 0});
    catalogue.appeared({"a", 2, 1});
    EXPECT_THAT(known, IsEmpty());
    answer({"a", 2, 1}, "fe80::1%eth0");
    answer({"a", 2, 0}, "10.0.0.1");
    answer({"a", 2, 0}, "10.0.0.1"); // nothing has changed
    EXPECT_EQ(calls, 2);
    EXPECT_THAT(known["a"].addresses, ElementsAre("10.0.0.1", "fe80::1%eth0"));
    catalogue.vanished({"a", 2, 0});
    EXPECT_THAT(known["a"].addresses, ElementsAre("fe80::1%eth0"));
    catalogue.vanished({"a", 2, 1});
    EXPECT_THAT(known, IsEmpty());
    EXPECT_EQ(catalogue.services(), 0U);
}

TEST_F(DiscoveryCatalogue, NamesPlacesAndAddressesAreBounded) {
    for (int i = 0; i < 5000; ++i)
        catalogue.appeared({"n" + std::to_string(i), 2, 0});
    std::size_t waiting = 0;
    for (; catalogue.has_next(); ++waiting)
        answer(catalogue.next().sighting, "10.0.0.1");
    EXPECT_EQ(waiting, Catalogue::most_names);
    EXPECT_EQ(catalogue.services(), Catalogue::most_names);
    for (int i = 0; i < 100; ++i)
        catalogue.appeared({"n0", i, 0});
    for (waiting = 0; catalogue.has_next(); ++waiting)
        answer(catalogue.next().sighting, "10.0.0." + std::to_string(waiting));
    EXPECT_LE(waiting, Catalogue::most_places);
    EXPECT_THAT(known["n0"].addresses, SizeIs(Catalogue::most_addresses));
}

TEST_F(DiscoveryCatalogue, TheNewestIsLookedUpFirstAndRetriesComeLastAndEnd) {
    for (const auto* name : {"first", "second"})
        catalogue.appeared({name, 2, 0});
    catalogue.appeared({"first", 2, 0}); // again: it waits once
    auto lookup = catalogue.next();
    EXPECT_EQ(lookup.sighting.instance, "first");
    catalogue.failed(lookup);
    EXPECT_EQ(catalogue.next().sighting.instance, "second");
    for (int tries = 1; tries < Catalogue::most_tries; ++tries) {
        ASSERT_TRUE(catalogue.has_next());
        lookup = catalogue.next();
        EXPECT_EQ(lookup.tries, tries);
        catalogue.failed(lookup);
    }
    EXPECT_FALSE(catalogue.has_next());
    answer({"first", 2, 0}, "10.0.0.1"); // nobody asked any more
    EXPECT_THAT(known, IsEmpty());
}

TEST_F(DiscoveryCatalogue, AnotherStartKeepsWhatAppearsAgain) {
    for (const auto* name : {"stays", "goes"}) {
        catalogue.appeared({name, 2, 0});
        answer({name, 2, 0}, "10.0.0.1");
    }
    catalogue.start_over();
    EXPECT_FALSE(catalogue.has_next());
    EXPECT_THAT(known, SizeIs(2));
    catalogue.appeared({"stays", 2, 0});
    catalogue.everything_appeared();
    EXPECT_THAT(known, SizeIs(1));
    EXPECT_EQ(calls, 2); // "stays" was not told again
    EXPECT_EQ(catalogue.next().sighting.instance, "stays");
}

TEST_F(DiscoveryCatalogue, OurOwnIsNotToldUntilItIsAnothers) {
    catalogue.appeared({"same", 2, 0});
    answer({"same", 2, 0}, "10.0.0.1");
    catalogue.leave_out("same");
    EXPECT_THAT(known, IsEmpty());
    answer({"same", 2, 0}, "10.0.0.2");
    EXPECT_THAT(known, IsEmpty());
    catalogue.leave_out("another");
    catalogue.appeared({"same", 2, 0});
    answer({"same", 2, 0}, "10.0.0.1");
    EXPECT_THAT(known, SizeIs(1));
}

TEST_F(DiscoveryCatalogue, NamesThatCannotBePrintedAreIgnored) {
    for (const std::string name : {"", "a\nb", "\x1b[2J", "\xff", "\xc3\xa4"})
        catalogue.appeared({name, 2, 0});
    catalogue.appeared({std::string(64, 'x'), 2, 0});
    EXPECT_FALSE(catalogue.has_next());
}

TEST(DiscoveryText, TakesWhatTheLimitsAllow) {
    using Pairs = std::vector<std::string>;
    const auto text =
        text_of(Pairs{"v=1", "V=2", "flag", "=x", "toolongakey=1", "t=a=b", "n=\n", ""});
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, (std::map<std::string, std::string>{{"v", "1"}, {"flag", ""}, {"t", "a=b"}}));
    EXPECT_TRUE(text_of(Pairs(13, std::string(99, 'x')))); // 1,300 bytes with their lengths
    EXPECT_FALSE(text_of(Pairs(13, std::string(100, 'x'))));
}

TEST(DiscoveryText, WhatIsAnnouncedKeepsTheLimits) {
    EXPECT_TRUE(check({"a", 1, {{"v", "1"}}}));
    for (const auto& service :
         {Service{"", 1, {}}, Service{std::string(64, 'x'), 1, {}}, Service{"a\n", 1, {}},
          Service{"a", 0, {}}, Service{"a", 1, {{"K", ""}}}, Service{"a", 1, {{"", ""}}},
          Service{"a", 1, {{"k", std::string(254, 'x')}}}, Service{"a", 1, {{"k", "\n"}}}}) {
        const auto checked = check(service);
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, Code::invalid);
    }
}

} // namespace
} // namespace envmesh::platform
