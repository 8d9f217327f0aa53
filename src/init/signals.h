/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_SIGNALS_H
#define INIT_SIGNALS_H

/**
 * signals_prepare() - give every signal the action that the container's program shall start with
 *
 * Signals that the caller ignored are set to their default, so that no container inherits, say, an
 * ignored SIGPIPE; SIGHUP and SIGINT stay ignored, for nohup(1) and as with runc. Until execve(2),
 * which resets handlers by itself, a write to a closed pipe or socket gives EPIPE instead of a
 * signal, and a request to terminate ends an init that is pid 1 too, which the kernel would
 * otherwise shield.
 */
void signals_prepare(void);

#endif
