/* check-kernels: compares every variant that this machine can run with the reference.
 *
 * check-kernels [--bench] [--seed N] [--filter NAME] [--every N]
 *
 * --every N leaves out all but one of N shapes that cost much, for emulators. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct level {
    const char *name;
    unsigned features;
} levels[] = {
    { "avx2", CPU_AVX2 },
    { "avxvnni", CPU_AVX2 | CPU_AVXVNNI },
    { "avx512", CPU_AVX2 | CPU_AVX512 },
    { "vnni", CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI },
    { "neon", CPU_NEON },
    { "dotprod", CPU_NEON | CPU_DOTPROD },
    { "i8mm", CPU_NEON | CPU_DOTPROD | CPU_I8MM },
};

#define FAMILY(name)                                                                \
    {                                                                               \
        check_##name, offsetof(struct kernels, name), sizeof(struct name##_kernels) \
    }
static const struct family {
    void (*check)(struct check *c);
    size_t offset, size; /* of its part of the table */
} families[] = {
    FAMILY(norm), FAMILY(rope), FAMILY(elementwise), FAMILY(attention), FAMILY(matmul),
};

/* Families that the level has variants of its own for. */
static void run_level(struct check *c, const struct level *level, const struct level *below)
{
    c->level = level->name;
    kernels_init(&c->tested, level->features);
    kernels_init(&c->below, below ? below->features : level->features);
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        const struct family *f = &families[i];
        const uint8_t *tested = (const uint8_t *)&c->tested, *old = (const uint8_t *)&c->below;
        if (below && memcmp(tested + f->offset, old + f->offset, f->size) == 0)
            continue;
        f->check(c);
        check_release(c);
    }
}

static bool read_arguments(struct check *c, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--bench") == 0)
            c->bench = true;
        else if (strcmp(argv[i], "--seed") == 0 && has_value)
            c->seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--filter") == 0 && has_value)
            c->filter = argv[++i];
        else if (strcmp(argv[i], "--every") == 0 && has_value)
            c->every = strtoull(argv[++i], NULL, 10);
        else
            return false;
    }
    return c->every > 0;
}

int main(int argc, char **argv)
{
    struct check c = { .seed = (uint64_t)time(NULL), .every = 1 };
    if (!read_arguments(&c, argc, argv)) {
        fprintf(stderr, "usage: check-kernels [--bench] [--seed N] [--filter NAME] [--every N]\n");
        return 2;
    }
    unsigned features = cpu_features();
    printf("best level %s, seed %" PRIu64 "\n", cpu_features_name(features), c.seed);
    kernels_init(&c.reference, 0);
    const struct level *below = NULL;
    for (size_t i = 0; i < COUNT_OF(levels); i++)
        if ((features & levels[i].features) == levels[i].features) {
            run_level(&c, &levels[i], below);
            below = &levels[i];
        }
    if (!below)
        printf("this machine has no vector level that hearth knows: nothing to compare\n");
    printf("%zu passed, %zu failed\n", c.n_passed, c.n_failed);
    return c.n_failed ? 1 : 0;
}
