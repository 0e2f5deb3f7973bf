/* matmul_q8_arm.h: the integer sums of 8 rows by up to 6 tokens; private to matmul_q8_*. */
#ifndef MATMUL_Q8_ARM_H
#define MATMUL_Q8_ARM_H

#include "kernels/arm/matmul_arm.h"

enum { ROWS = 8 };

/* How wide the codes are: EIGHT_BITS with a sign. */
enum width { FIVE_BITS, SIX_BITS, EIGHT_BITS };

struct integers {
    int32x4_t at[Q8_GROUP][2]; /* [token]: rows 0 to 3, rows 4 to 7 */
};

#endif
