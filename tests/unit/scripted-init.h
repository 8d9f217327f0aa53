/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An init that does what a script says, for testing the parent against every kind of init.
 *
 * A script is words separated by spaces; a word is a letter and what it works on. Stage 0 runs the
 * part before "|" and stage 2 the part behind it.
 *
 *   stage 0:  b  read the bootstrap data          stage 2:  c  read the init configuration
 *             s  make stages 1 and 2                        S  send the packet that follows
 *             h  make a stage 1 that hangs                  R  receive a packet, which must be this
 *             p  send their pids                            F  receive a packet and an fd so named
 *             P  send the text that follows                 Z  send a packet of no bytes
 *             x  exit with the status that follows          C  close the sync socket
 *             k  SIGKILL oneself                            l  close the log pipe
 *   both:     L  write a log line with this message at level fatal
 *             D  write this much to the log, in kilobytes, as debug lines
 *             e  print arguments, environment, open fds and working directory on fd 1
 *             H  hang
 *             w  wait a tenth of a second
 *             O  leave a process behind that holds the sync socket and the log pipe
 *             x, k as above
 *
 * "~" in an argument stands for a space.
 */
#ifndef TESTS_UNIT_SCRIPTED_INIT_H
#define TESTS_UNIT_SCRIPTED_INIT_H

/**
 * scripted_init_run() - be that init; does not return
 *
 * Ends with status 0 at the end of the script, with 90 when something is not as the script says,
 * which it tells on stderr.
 */
void scripted_init_run(const char *script) __attribute__((noreturn));

#endif
