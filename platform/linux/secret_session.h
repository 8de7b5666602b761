// SPDX-License-Identifier: MIT
// What carries a secret to the Secret Service and back: libsecret's session, which encrypts it on
// the bus (Diffie-Hellman) where the service knows how.
#pragma once

#include "platform/linux/bus.h"

#include <libsecret/secret.h>

namespace envmesh::platform {

struct SecretValueUnref {
    void operator()(SecretValue* value) const { secret_value_unref(value); }
};
using CarriedSecret = std::unique_ptr<SecretValue, SecretValueUnref>;

/// On our connection, with whoever offers the Secret Service.
Result<Owned<SecretService>> open_secret_session(const Bus& bus, Moment deadline);

} // namespace envmesh::platform
