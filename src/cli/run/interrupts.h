/* interrupts.h: Ctrl-C for commands that answer: it ends the answer and not the program.
 *
 * Owns SIGINT between catch and release. Should the answer not end, the third Ctrl-C since the last
 * aim ends the program as usual. One thread. */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#include "cli/client/server_client.h"

void interrupts_catch(void);
void interrupts_release(void);

/* Whose answer Ctrl-C ends from now on; NULL: nobody's, and it is ignored. */
void interrupts_aim(struct server_client *client);

#endif
