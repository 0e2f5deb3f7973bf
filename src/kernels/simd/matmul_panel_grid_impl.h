/* matmul_panel_grid_impl.h: one panel kernel for each kind, number of tiles and number of tokens;
 * included by one file an instruction set.
 *
 * The file defines before: ALWAYS_INLINE multiply(kind, tiles, tokens, panels, x, n_blocks, shift,
 * acc), in which the first three are constants, UNPACKER(type), DECODERS and KERNELS_FETCH. Here
 * follow `isa` and run_Q4_0, run_Q4_1, ... */

#define KERNEL(kind, tiles, tokens)                                                          \
    static void kernel_##kind##_##tiles##x##tokens(const struct panel *panels,               \
                                                   const struct panel_x *x, size_t n_blocks, \
                                                   int shift, float *acc)                    \
    {                                                                                        \
        multiply(PANEL_##kind, tiles, tokens, panels, x, n_blocks, shift, acc);              \
    }
#define KERNELS_OF_TILES(kind, tiles) \
    KERNEL(kind, tiles, 1)            \
    KERNEL(kind, tiles, 2)            \
    KERNEL(kind, tiles, 3)            \
    KERNEL(kind, tiles, 4)            \
    KERNEL(kind, tiles, 5)            \
    KERNEL(kind, tiles, 6)
#define KERNELS(kind) KERNELS_OF_TILES(kind, 1) KERNELS_OF_TILES(kind, 2)
KERNELS(OFFSET32)
KERNELS(MINIMUM32)
KERNELS(OFFSET16)
KERNELS(OFFSET256)
KERNELS(MINIMUM256)

#define NAMES_OF_TILES(kind, tiles)                                                               \
    {                                                                                             \
        kernel_##kind##_##tiles##x1, kernel_##kind##_##tiles##x2, kernel_##kind##_##tiles##x3,    \
            kernel_##kind##_##tiles##x4, kernel_##kind##_##tiles##x5, kernel_##kind##_##tiles##x6 \
    }
#define NAMES(kind)          [PANEL_##kind] = { NAMES_OF_TILES(kind, 1), NAMES_OF_TILES(kind, 2) }
#define UNPACKER_ENTRY(type) [DTYPE_##type] = UNPACKER(type),

static const struct panel_isa isa = {
    .unpack = { PANEL_TYPES(UNPACKER_ENTRY) },
    .decode = { DECODERS },
    .kernel = { NAMES(OFFSET32), NAMES(MINIMUM32), NAMES(OFFSET16), NAMES(OFFSET256),
                NAMES(MINIMUM256) },
    .kernels_fetch = KERNELS_FETCH,
};

#define RUN_FUNCTION(type)                                                                        \
    static void run_##type(const struct matmul *job, size_t n_begin, size_t n_end, void *scratch) \
    {                                                                                             \
        panel_matmul(&isa, DTYPE_##type, job, n_begin, n_end, scratch);                           \
    }
PANEL_TYPES(RUN_FUNCTION)

#define SET_RUN(type) matmul->run[DTYPE_##type] = run_##type;
