#include "runtime/grammar/regular.h"

#include "base/interruption.h"
#include "base/memory.h"
#include "base/table.h"
#include "runtime/grammar/grammar_expression.h"
#include "runtime/grammar/matcher.h"

enum { MAX_STATES = 20000, FIRST_SLOTS = 1024, MATCHER_BYTES = 64 << 20 };

#define DEAD UINT32_MAX

/* Bytes that no state tells apart are one class. State 0 is the start. */
struct regular {
    uint8_t class_of[256];
    size_t n_classes;
    size_t n_states, states_capacity, next_capacity;
    uint32_t *next; /* [n_states][n_classes] */
    bool *accepts;  /* [n_states] */
};

void regular_close(struct regular **regular)
{
    if (!*regular)
        return;
    memory_free((*regular)->next);
    memory_free((*regular)->accepts);
    memory_free(*regular);
    *regular = NULL;
}

static bool too_large(struct error *err)
{
    return fail(err, ERROR_UNSUPPORTED, "its automaton has more than %d states", MAX_STATES);
}

static bool add_state(struct regular *r, bool accepts, struct error *err)
{
    if (!interruption_check(err))
        return false;
    if (r->n_states >= MAX_STATES)
        return too_large(err);
    if (!grow((void **)&r->next, &r->next_capacity, r->n_states * r->n_classes, r->n_classes,
              sizeof *r->next) ||
        !grow((void **)&r->accepts, &r->states_capacity, r->n_states, 1, sizeof *r->accepts))
        return fail_memory(err, r->n_classes * sizeof *r->next, "an automaton");
    for (size_t i = 0; i < r->n_classes; i++)
        r->next[r->n_states * r->n_classes + i] = DEAD;
    r->accepts[r->n_states++] = accepts;
    return true;
}

static void representatives(const struct regular *r, uint8_t *byte_of)
{
    for (unsigned byte = 256; byte-- > 0;)
        byte_of[r->class_of[byte]] = (uint8_t)byte;
}

/* States are numbered in the order in which they are met; `key_of` [n_states] says what they are.
 */
struct walk {
    struct regular *r;
    uint64_t *key_of;
    size_t capacity;
    uint64_t *slots; /* key + 1 */
    uint32_t *numbers;
    size_t n_slots;
};

static bool walk_begin(struct walk *w, struct regular *r, struct error *err)
{
    *w = (struct walk){ .r = r, .n_slots = FIRST_SLOTS };
    w->slots = memory_zeroed(w->n_slots, sizeof *w->slots);
    w->numbers = memory_zeroed(w->n_slots, sizeof *w->numbers);
    return (w->slots && w->numbers) || fail_memory(err, w->n_slots * 12, "an automaton");
}

static void walk_end(struct walk *w)
{
    memory_free(w->key_of);
    memory_free(w->slots);
    memory_free(w->numbers);
}

static size_t free_slot(const struct walk *w, uint64_t key)
{
    size_t at = hash_u64(key) & (w->n_slots - 1);
    while (w->slots[at])
        at = (at + 1) & (w->n_slots - 1);
    return at;
}

/* Twice the slots, once half of them are taken. */
static bool walk_grow(struct walk *w, struct error *err)
{
    struct walk wider = *w;
    wider.n_slots = 2 * w->n_slots;
    wider.slots = memory_zeroed(wider.n_slots, sizeof *wider.slots);
    wider.numbers = memory_zeroed(wider.n_slots, sizeof *wider.numbers);
    if (!wider.slots || !wider.numbers) {
        memory_free(wider.slots);
        memory_free(wider.numbers);
        return fail_memory(err, wider.n_slots * 12, "an automaton");
    }
    for (size_t i = 0; i < w->n_slots; i++)
        if (w->slots[i]) {
            size_t at = free_slot(&wider, w->slots[i] - 1);
            wider.slots[at] = w->slots[i];
            wider.numbers[at] = w->numbers[i];
        }
    memory_free(w->slots);
    memory_free(w->numbers);
    *w = wider;
    return true;
}

static bool walk_number(struct walk *w, uint64_t key, bool accepts, uint32_t *number,
                        struct error *err)
{
    size_t at = hash_u64(key) & (w->n_slots - 1);
    for (; w->slots[at]; at = (at + 1) & (w->n_slots - 1))
        if (w->slots[at] == key + 1) {
            *number = w->numbers[at];
            return true;
        }
    *number = (uint32_t)w->r->n_states;
    if (!grow((void **)&w->key_of, &w->capacity, w->r->n_states, 1, sizeof key))
        return fail_memory(err, sizeof key, "an automaton");
    if (!add_state(w->r, accepts, err))
        return false;
    if (2 * w->r->n_states > w->n_slots) {
        if (!walk_grow(w, err))
            return false;
        at = free_slot(w, key);
    }
    w->key_of[*number] = key;
    w->slots[at] = key + 1;
    w->numbers[at] = *number;
    return true;
}

static bool explore(struct walk *w, struct matcher *m, struct error *err)
{
    struct regular *r = w->r;
    uint8_t byte_of[256];
    uint32_t number;
    representatives(r, byte_of);
    if (!walk_number(w, matcher_start(m), matcher_may_end(m, matcher_start(m)), &number, err))
        return false;
    for (size_t i = 0; i < r->n_states; i++)
        for (size_t c = 0; c < r->n_classes; c++) {
            matcher_state to;
            struct slice byte = { (const char *)&byte_of[c], 1 };
            if (!matcher_advance(m, (matcher_state)w->key_of[i], byte, &to, err))
                return err && err->code == ERROR_MEMORY ? false : too_large(err);
            if (to == MATCHER_DEAD)
                continue;
            if (!walk_number(w, to, matcher_may_end(m, to), &number, err))
                return false;
            r->next[i * r->n_classes + c] = number;
        }
    return true;
}

bool regular_from(struct regular **out, const struct grammar *grammar, struct error *err)
{
    *out = NULL;
    struct regular *r = memory_zeroed(1, sizeof *r);
    struct matcher *m = NULL;
    struct walk w = { 0 };
    if (!r)
        return fail_memory(err, sizeof *r, "an automaton");
    r->n_classes = grammar_byte_classes(grammar, r->class_of);
    bool ok = matcher_open(&m, grammar, MATCHER_BYTES, err) && walk_begin(&w, r, err) &&
              explore(&w, m, err);
    walk_end(&w);
    matcher_close(&m);
    if (ok)
        *out = r;
    else
        regular_close(&r);
    return ok;
}

bool regular_copy(struct regular **out, const struct regular *r, struct error *err)
{
    struct regular *copy = *out = memory_zeroed(1, sizeof *copy);
    size_t n_next = r->n_states * r->n_classes;
    uint32_t *next = copy ? memory_zeroed(n_next + 1, sizeof *next) : NULL;
    bool *accepts = copy ? memory_zeroed(r->n_states + 1, sizeof *accepts) : NULL;
    if (!next || !accepts) {
        memory_free(next);
        memory_free(accepts);
        regular_close(out);
        return fail_memory(err, n_next * sizeof *next, "an automaton");
    }
    *copy = *r;
    copy->next = memcpy(next, r->next, n_next * sizeof *next);
    copy->accepts = memcpy(accepts, r->accepts, r->n_states * sizeof *accepts);
    copy->next_capacity = n_next + 1;
    copy->states_capacity = r->n_states + 1;
    return true;
}

/* ---- combining ---- */

static uint32_t next_of(const struct regular *r, uint32_t state, uint8_t byte)
{
    return state == DEAD ? DEAD : r->next[state * r->n_classes + r->class_of[byte]];
}

/* The classes that both tell apart. */
static void merge_classes(struct regular *r, const struct regular *a, const struct regular *b)
{
    uint8_t number[256][2];
    r->n_classes = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        size_t c = 0;
        while (c < r->n_classes &&
               (number[c][0] != a->class_of[byte] || number[c][1] != b->class_of[byte]))
            c++;
        if (c == r->n_classes) {
            number[c][0] = a->class_of[byte];
            number[c][1] = b->class_of[byte];
            r->n_classes++;
        }
        r->class_of[byte] = (uint8_t)c;
    }
}

static bool pair_number(struct walk *w, const struct regular *a, const struct regular *b,
                        uint32_t x, uint32_t y, bool without, uint32_t *number, struct error *err)
{
    bool in_b = y != DEAD && b->accepts[y];
    bool accepts = a->accepts[x] && (without ? !in_b : in_b);
    return walk_number(w, (uint64_t)x << 32 | y, accepts, number, err);
}

static bool combine(struct walk *w, const struct regular *a, const struct regular *b, bool without,
                    struct error *err)
{
    struct regular *r = w->r;
    uint8_t byte_of[256];
    uint32_t number;
    merge_classes(r, a, b);
    representatives(r, byte_of);
    if (!pair_number(w, a, b, 0, 0, without, &number, err))
        return false;
    for (size_t i = 0; i < r->n_states; i++)
        for (size_t c = 0; c < r->n_classes; c++) {
            uint32_t x = next_of(a, (uint32_t)(w->key_of[i] >> 32), byte_of[c]);
            uint32_t y = next_of(b, (uint32_t)w->key_of[i], byte_of[c]);
            if (x == DEAD || (y == DEAD && !without))
                continue;
            if (!pair_number(w, a, b, x, y, without, &number, err))
                return false;
            r->next[i * r->n_classes + c] = number;
        }
    return true;
}

static bool leads_on(const struct regular *r, const bool *is_alive, size_t state)
{
    const uint32_t *next = r->next + state * r->n_classes;
    for (size_t c = 0; c < r->n_classes; c++)
        if (next[c] != DEAD && is_alive[next[c]])
            return true;
    return r->accepts[state];
}

/* Leave out states that no text of the language passes through; the start stays. */
static bool prune(struct regular *r, struct error *err)
{
    bool *is_alive = memory_zeroed(r->n_states + 1, sizeof *is_alive);
    uint32_t *number = memory_zeroed(r->n_states + 1, sizeof *number);
    size_t n = 0;
    if (!is_alive || !number) {
        memory_free(is_alive);
        memory_free(number);
        return fail_memory(err, r->n_states * sizeof *number, "an automaton");
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = r->n_states; i-- > 0;)
            if (!is_alive[i] && leads_on(r, is_alive, i))
                is_alive[i] = changed = true;
    }
    for (size_t i = 0; i < r->n_states; i++)
        number[i] = is_alive[i] || i == 0 ? (uint32_t)n++ : DEAD;
    for (size_t i = 0; i < r->n_states; i++) {
        if (number[i] == DEAD)
            continue;
        for (size_t c = 0; c < r->n_classes; c++) {
            uint32_t to = r->next[i * r->n_classes + c];
            r->next[number[i] * r->n_classes + c] = to == DEAD || !is_alive[to] ? DEAD : number[to];
        }
        r->accepts[number[i]] = r->accepts[i];
    }
    r->n_states = n;
    memory_free(is_alive);
    memory_free(number);
    return true;
}

static bool combined(struct regular **out, const struct regular *a, const struct regular *b,
                     bool without, struct error *err)
{
    *out = NULL;
    struct regular *r = memory_zeroed(1, sizeof *r);
    struct walk w = { 0 };
    if (!r)
        return fail_memory(err, sizeof *r, "an automaton");
    bool ok = walk_begin(&w, r, err) && combine(&w, a, b, without, err) && prune(r, err);
    walk_end(&w);
    if (ok)
        *out = r;
    else
        regular_close(&r);
    return ok;
}

bool regular_both(struct regular **out, const struct regular *a, const struct regular *b,
                  struct error *err)
{
    return combined(out, a, b, false, err);
}

bool regular_without(struct regular **out, const struct regular *a, const struct regular *b,
                     struct error *err)
{
    return combined(out, a, b, true, err);
}

/* Every state was reached from the start. */
bool regular_is_empty(const struct regular *r)
{
    for (size_t i = 0; i < r->n_states; i++)
        if (r->accepts[i])
            return false;
    return true;
}

bool regular_has(const struct regular *r, struct slice text)
{
    uint32_t state = 0;
    for (size_t i = 0; i < text.length && state != DEAD; i++)
        state = next_of(r, state, (uint8_t)text.data[i]);
    return state != DEAD && r->accepts[state];
}

/* ---- back to a grammar ---- */

/* The bytes of each class. */
static void list_classes(const struct regular *r, struct byte_set classes[256])
{
    memset(classes, 0, 256 * sizeof *classes);
    for (unsigned byte = 0; byte < 256; byte++)
        classes[r->class_of[byte]].bits[byte / 64] |= 1ull << (byte % 64);
}

/* What follows in a state: for each next state the bytes that lead there. */
static grammar_expr state_expr(struct grammar *g, const struct regular *r,
                               const struct byte_set classes[256], size_t state,
                               grammar_rule first_rule)
{
    grammar_expr choices[257];
    size_t n = 0;
    bool is_done[256] = { false };
    const uint32_t *next = r->next + state * r->n_classes;
    if (r->accepts[state])
        choices[n++] = grammar_sequence(g, NULL, 0);
    for (size_t c = 0; c < r->n_classes; c++) {
        if (next[c] == DEAD || is_done[c])
            continue;
        struct byte_set set = { 0 };
        for (size_t same = c; same < r->n_classes; same++)
            if (next[same] == next[c]) {
                is_done[same] = true;
                for (size_t i = 0; i < COUNT_OF(set.bits); i++)
                    set.bits[i] |= classes[same].bits[i];
            }
        grammar_expr both[] = { grammar_set(g, set), grammar_call(g, first_rule + next[c]) };
        choices[n++] = grammar_sequence(g, both, 2);
    }
    return grammar_choice(g, choices, n);
}

grammar_expr regular_expr(struct grammar *g, const struct regular *r)
{
    grammar_rule first = GRAMMAR_NONE;
    struct byte_set classes[256];
    list_classes(r, classes);
    for (size_t i = 0; i < r->n_states; i++) {
        grammar_rule rule = grammar_declare(g, slice_of("state"));
        if (rule == GRAMMAR_NONE)
            return GRAMMAR_NONE;
        if (i == 0)
            first = rule;
    }
    for (size_t i = 0; i < r->n_states; i++)
        grammar_define(g, first + (grammar_rule)i, state_expr(g, r, classes, i, first));
    return grammar_call(g, first);
}
