// SPDX-License-Identifier: MIT
// Two ends of a connection in memory, for what runs over a link. Both are destroyed on the
// executor's thread; either may go first.
#pragma once

#include "core/net/link.h"

namespace envmesh::tests {

std::pair<std::unique_ptr<net::Link>, std::unique_ptr<net::Link>>
memory_links(const asio::any_io_executor& executor, std::string path);

} // namespace envmesh::tests
