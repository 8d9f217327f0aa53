/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The OCI configuration as tables of keys. Internal to the protocol library.
 */
#ifndef RTI_PROTOCOL_OCI_SPEC_TABLES_H
#define RTI_PROTOCOL_OCI_SPEC_TABLES_H

#include "protocol/schema.h"

extern const struct rti_object rti_spec_object;		  /* struct rti_spec: config.json */
extern const struct rti_object rti_spec_process_object;	  /* struct rti_spec_process */

#endif
