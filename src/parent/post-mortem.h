/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Who has died: what the parent notices of it is an end of file, or some errno.
 */
#ifndef PARENT_POST_MORTEM_H
#define PARENT_POST_MORTEM_H

#include "parent/conversation.h"

/**
 * post_mortem_tell() - add to an error which of the init's processes have ended without a reason
 * @r: what the failed start gives; where it may be a death, one that is under way is waited for
 *
 * Nothing is added where a stage has told another reason: then it has killed the others itself.
 * Call it before any process is killed or reaped because of the error.
 */
void post_mortem_tell(struct conversation *conversation, int r, struct rti_error *err);

#endif
