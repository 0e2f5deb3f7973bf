#include "server/models/fingerprint.h"

#include <stdio.h>

/* The finalizer of splitmix64: every bit of the result depends on every bit of the argument. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void fingerprint(struct slice bytes, char out[FINGERPRINT_BYTES])
{
    for (unsigned lane = 0; lane < 4; lane++) {
        uint64_t state = mix(0x9e3779b97f4a7c15u * (lane + 1) + bytes.length);
        for (size_t i = 0; i < bytes.length; i++)
            state = mix(state + (unsigned char)bytes.data[i] + 1);
        snprintf(out + (size_t)16 * lane, 17, "%016" PRIx64, state);
    }
}
