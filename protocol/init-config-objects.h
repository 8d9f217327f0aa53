/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Tables of the init configuration that its files share.
 */
#ifndef RTI_PROTOCOL_INIT_CONFIG_OBJECTS_H
#define RTI_PROTOCOL_INIT_CONFIG_OBJECTS_H

#include "protocol/schema.h"

/* Both in the container's configuration and for the process */
extern const struct rti_object rti_rlimit_object;
extern const struct rti_object rti_io_priority_object;
extern const struct rti_object rti_scheduler_object;
extern const struct rti_object rti_cpu_affinity_object;

extern const struct rti_object rti_id_map_object;

extern const struct rti_object rti_device_object;

/* A rule of the devices cgroup; the same five keys begin a device. */
extern const struct rti_object rti_device_rule_object;

/* An entry of config.networks, and one of the top-level list, which has a key more */
extern const struct rti_object rti_network_object;
extern const struct rti_object rti_peer_network_object;

#endif
