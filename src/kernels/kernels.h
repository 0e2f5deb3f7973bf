/* kernels.h: one table of function pointers for all kernel families.
 *
 * Owns the grid: the reference fills every slot, better variants overwrite upward (dispatch.c).
 * Kernels work on plain memory, cannot fail and allocate nothing; their callers have checked
 * shapes. The table is immutable after kernels_init. */
#ifndef KERNELS_H
#define KERNELS_H

#include "base/base.h"
#include "kernels/attention.h"
#include "kernels/cpu_features.h"
#include "kernels/elementwise.h"
#include "kernels/matmul.h"
#include "kernels/norm.h"
#include "kernels/peak.h"
#include "kernels/rope.h"

struct kernels {
    unsigned features; /* what the table was filled for */
    struct matmul_kernels matmul;
    struct norm_kernels norm;
    struct rope_kernels rope;
    struct elementwise_kernels elementwise;
    struct attention_kernels attention;
    struct peak_kernels peak;
};

/* Fill for the features in the mask (cpu_features() for this machine). */
void kernels_init(struct kernels *k, unsigned features);

/* One function a family and level, called by kernels_init only. */
void kernels_init_reference(struct kernels *k);
void kernels_init_isa(struct kernels *k, unsigned features);

#endif
