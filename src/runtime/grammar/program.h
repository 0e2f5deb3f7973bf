/* program.h: a grammar in the form that is run; private to the grammar folder.
 *
 * Owns the nodes: a network per rule. Matching walks it with stacks of the places to return to. */
#ifndef GRAMMAR_PROGRAM_H
#define GRAMMAR_PROGRAM_H

#include "runtime/grammar/grammar.h"

enum node_kind {
    NODE_SET,    /* one byte of sets[set], then `next` */
    NODE_SPLIT,  /* any of targets[first .. first + count) */
    NODE_CALL,   /* `body`, then `next` */
    NODE_REPEAT, /* `body` at_least to at_most times, then `next` */
    NODE_RETURN, /* to what the stack says; at its end the text may end */
};

struct grammar_node {
    enum node_kind kind;
    uint32_t next;
    union {
        uint32_t set;
        uint32_t body;
        uint32_t first;
    };
    uint32_t count;
    bool is_nullable; /* REPEAT: of the body; at_least is 0 then */
    uint32_t at_least, at_most;
};

struct byte_set {
    uint64_t bits[4];
};

static inline bool byte_set_has(const struct byte_set *set, uint8_t byte)
{
    return set->bits[byte / 64] >> (byte % 64) & 1;
}

struct grammar_program {
    const struct grammar_node *nodes;
    const struct byte_set *sets;
    const uint32_t *targets;
    size_t n_nodes;
    uint32_t start;
};

/* Of a finished grammar. */
struct grammar_program grammar_program(const struct grammar *grammar);

/* Bytes that no set tells apart get one number; how many numbers there are. */
size_t grammar_byte_classes(const struct grammar *grammar, uint8_t class_of[256]);

#endif
