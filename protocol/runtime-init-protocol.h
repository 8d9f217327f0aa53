/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The wire between an OCI runtime and its container init: everything of the protocol library.
 *
 * `pkg-config --cflags --libs runtime-init-protocol`, then
 * `#include "protocol/runtime-init-protocol.h"`.
 * PROTOCOL.md says what the messages mean.
 */
#ifndef RTI_PROTOCOL_RUNTIME_INIT_PROTOCOL_H
#define RTI_PROTOCOL_RUNTIME_INIT_PROTOCOL_H

#include "protocol/bootstrap.h"
#include "protocol/dialect.h"
#include "protocol/init-config.h"
#include "protocol/oci-spec.h"
#include "protocol/process-state.h"
#include "protocol/spec-convert.h"
#include "protocol/spec-validate.h"
#include "protocol/sync-socket.h"
#include "protocol/sync-state.h"
#include "protocol/sync.h"

#endif
