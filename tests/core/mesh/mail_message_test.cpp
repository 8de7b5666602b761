// SPDX-License-Identifier: MIT
#include "core/mesh/mail_message.h"

#include <gtest/gtest.h>

namespace envmesh::mesh {
namespace {

constexpr RendezvousId rv{1, 2, 3};

TEST(MailMessage, EveryKindComesBackInItsOneForm) {
    const std::vector<MailMessage> messages{MailOpen{rv, 60},
                                            MailWrite{rv, MailSlot::j2, {1, 2}},
                                            MailRead{rv, MailSlot::a2},
                                            MailSlotFilled{rv, MailSlot::a1, {3}},
                                            MailClose{rv},
                                            MailError{rv, Code::denied}};
    for (const MailMessage& message : messages) {
        Bytes bytes = encode(message);
        EXPECT_TRUE(is_mail(bytes));
        EXPECT_EQ(bytes[0], 0x20 + message.index());
        const auto read = decode_mail(bytes);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->index(), message.index());
        EXPECT_EQ(encode(*read), bytes);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_mail(View(bytes).first(size))) << size;
        bytes.push_back(0);
        EXPECT_EQ(decode_mail(bytes).error().code, Code::protocol);
    }
}

TEST(MailMessage, ErrorsKeepTheirCode) {
    for (const Code code : {Code::not_found, Code::denied, Code::invalid, Code::conflict}) {
        const auto read = decode_mail(encode(MailError{rv, code}));
        EXPECT_EQ(std::get<MailError>(*read).code, code);
    }
}

TEST(MailMessage, RefusesUnknownTypesSlotsAndCodes) {
    Bytes read = encode(MailRead{rv, MailSlot::a2});
    for (const std::uint8_t slot : Bytes{0, 5, 255}) {
        read.back() = slot;
        EXPECT_FALSE(decode_mail(read));
    }
    Bytes error = encode(MailError{rv, Code::denied});
    error.back() = 5;
    EXPECT_FALSE(decode_mail(error));
    Bytes unknown = encode(MailClose{rv});
    unknown[0] = 0x26;
    EXPECT_TRUE(is_mail(unknown));
    EXPECT_FALSE(decode_mail(unknown));
    EXPECT_FALSE(is_mail({}));
    EXPECT_FALSE(is_mail(Bytes{0x1f}));
    EXPECT_FALSE(is_mail(Bytes{0x30}));
}

} // namespace
} // namespace envmesh::mesh
