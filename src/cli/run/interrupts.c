#include "cli/run/interrupts.h"

#include <signal.h>
#include <stddef.h>

enum { PATIENCE = 3 };

static struct server_client *volatile interruptible;
static volatile sig_atomic_t n_interrupts; /* since the last aim */
static struct sigaction before;

static void on_interrupt(int signal_number)
{
    if (interruptible)
        server_client_stop(interruptible);
    n_interrupts = n_interrupts + 1;
    if (n_interrupts >= PATIENCE) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

void interrupts_catch(void)
{
    interrupts_aim(NULL);
    struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before);
}

void interrupts_release(void)
{
    sigaction(SIGINT, &before, NULL);
    interruptible = NULL;
}

void interrupts_aim(struct server_client *client)
{
    interruptible = client;
    n_interrupts = 0;
}
