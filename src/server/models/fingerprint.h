/* fingerprint.h: 64 hexadecimal digits that stand for some bytes, the same in every process.
 *
 * For telling files apart that nobody forges; no cryptographic hash. Owns nothing. Any thread. */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include "base/base.h"

enum { FINGERPRINT_BYTES = 65 }; /* with the NUL */

void fingerprint(struct slice bytes, char out[FINGERPRINT_BYTES]);

#endif
